//! The same TLS over a stream that blocks, for programs without a runtime.
//!
//! A stream that blocks is one that is always ready, so the one implementation that there is
//! is driven by polling it once: it never has to be waited for.

use std::fmt;
use std::future::Future;
use std::io::{self, Read, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::error::TlsError;
use crate::server::ServerTls;
use crate::stream::{Session, TlsStream};

/// A TLS connection over a stream that blocks.
///
/// Reading and writing take the time that the stream below takes, and fail as it does: a
/// time-out that is set there is one here.
pub struct BlockingTlsStream<S>(TlsStream<Blocking<S>>);

impl ServerTls {
    /// Makes the handshake with a client over a stream that blocks.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::net::{TcpListener, TcpStream};
    ///
    /// use lariat_tls::{Authority, ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Trust};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let authority = Authority::create("Example authority")?;
    /// let issued = authority.issue_server(&["localhost"])?;
    /// let identity = Identity::from_pem(issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes())?;
    /// let server = ServerTls::new(ServerOptions::new(identity))?;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let address = listener.local_addr()?;
    /// let served = std::thread::spawn(move || -> std::io::Result<()> {
    ///     let (stream, _) = listener.accept()?;
    ///     let mut stream = server.accept_blocking(stream).map_err(std::io::Error::other)?;
    ///     stream.write_all(b"hi")?;
    ///     stream.close()
    /// });
    ///
    /// let trust = Trust::Authorities(authority.certificate_pem().into());
    /// let client = ClientTls::new(ClientOptions { trust, ..ClientOptions::default() })?;
    /// let mut stream = client.connect_blocking("localhost", TcpStream::connect(address)?)?;
    /// let mut said = String::new();
    /// stream.read_to_string(&mut said)?;
    /// assert_eq!(said, "hi");
    /// served.join().expect("no panic")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`accept`](Self::accept); a time-out of the stream is [`TlsError::Io`].
    pub fn accept_blocking<S>(&self, stream: S) -> Result<BlockingTlsStream<S>, TlsError>
    where
        S: Read + Write + Unpin + Send,
    {
        at_once(self.accept(Blocking(stream))).map(BlockingTlsStream)
    }
}

impl crate::client::ClientTls {
    /// Makes the handshake with a server over a stream that blocks.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect); a time-out of the stream is [`TlsError::Io`].
    pub fn connect_blocking<S>(
        &self,
        server_name: &str,
        stream: S,
    ) -> Result<BlockingTlsStream<S>, TlsError>
    where
        S: Read + Write + Unpin + Send,
    {
        at_once(self.connect(server_name, Blocking(stream))).map(BlockingTlsStream)
    }
}

impl<S: Read + Write + Unpin> BlockingTlsStream<S> {
    /// What the two sides agreed on.
    pub fn session(&self) -> Session {
        self.0.session()
    }

    /// The stream below.
    pub fn get_ref(&self) -> &S {
        &self.0.get_ref().0
    }

    /// The stream below; reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.0.get_mut().0
    }

    /// Says that nothing more will be written, so that the peer knows that it has everything.
    ///
    /// # Errors
    ///
    /// Those of the stream below.
    pub fn close(&mut self) -> io::Result<()> {
        self.polled(|stream, context| stream.poll_shutdown(context))
    }

    fn polled<T>(
        &mut self,
        poll: impl FnOnce(Pin<&mut TlsStream<Blocking<S>>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let mut context = Context::from_waker(Waker::noop());
        ready(poll(Pin::new(&mut self.0), &mut context))?
    }
}

impl<S: Read + Write + Unpin> Read for BlockingTlsStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        self.polled(|stream, context| stream.poll_read(context, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl<S: Read + Write + Unpin> Write for BlockingTlsStream<S> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.polled(|stream, context| stream.poll_write(context, data))?;
        // What blocks keeps nothing back.
        self.flush()?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.polled(|stream, context| stream.poll_flush(context))
    }
}

impl<S> fmt::Debug for BlockingTlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingTlsStream").finish_non_exhaustive()
    }
}

/// What a future comes to that only waits for a stream that blocks.
fn at_once<T>(future: impl Future<Output = Result<T, TlsError>>) -> Result<T, TlsError> {
    let mut context = Context::from_waker(Waker::noop());
    let polled = pin!(future).as_mut().poll(&mut context);
    ready(polled).map_err(|source| TlsError::Io {
        doing: "make the TLS handshake".into(),
        source,
    })?
}

fn ready<T>(polled: Poll<T>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => Ok(result),
        // Only what does not block has nothing now and something later.
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// A stream that blocks, as one that is always ready.
struct Blocking<S>(S);

impl<S: Read + Unpin> AsyncRead for Blocking<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &mut self.get_mut().0;
        let read = again(|| stream.read(buffer.initialize_unfilled()));
        Poll::Ready(read.map(|length| buffer.advance(length)))
    }
}

impl<S: Write + Unpin> AsyncWrite for Blocking<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = &mut self.get_mut().0;
        Poll::Ready(again(|| stream.write(data)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.get_mut().0.flush())
    }

    /// Half of a stream is closed by who owns it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A signal that comes meanwhile is no reason to fail.
fn again(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
