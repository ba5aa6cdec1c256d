//! A connection that speaks TLS, over any stream of bytes.
//!
//! Errors of TLS that come up after the handshake carry a
//! [`TlsError`](crate::TlsError) as their cause. The most common one: under
//! TLS 1.3 a client learns only from its first read that the server refused
//! its certificate.
//!
//! What passes through does so in the buffers of the thread; an idle connection has none.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::{Error as RustlsError, HandshakeKind, ProtocolVersion, SupportedCipherSuite};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::asked;
use crate::error::Side;
use crate::explain::stream_error;
use crate::opening::Opening;
use crate::records::{Connection, Say};
use crate::scratch::{self, LONGEST_KEPT, LONGEST_RECORD, Outgoing, Queue};

/// How much is encrypted at once: four whole records.
const WRITE_AT_ONCE: usize = 64 * 1024;

/// What the two sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The version, as `TLS 1.3`.
    pub version: String,
    /// The cipher suite by its registered name, as `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The application protocol, if one was agreed on.
    pub alpn: Option<Vec<u8>>,
    /// On a server, the DNS name that the client asked for (SNI), if it did;
    /// on a client, the name or address that the server proved.
    pub server_name: Option<String>,
    /// The peer's certificates in DER form, its own first; empty if it gave none.
    pub peer_certificates: Vec<Vec<u8>>,
    /// An earlier connection was taken up again, without a full handshake.
    pub resumed: bool,
}

/// A TLS connection over the stream `S`.
///
/// The end of the stream below without TLS's own end (`close_notify`) reads as
/// [`io::ErrorKind::UnexpectedEof`]: somebody may have cut the data short.
/// What is dropped without `shutdown` ends like that for the peer.
pub struct TlsStream<S> {
    stream: Opening<S>,
    connection: Connection,
    /// What a client asked for, or a server proved.
    server_name: Option<Box<str>>,
    /// The beginning of a record, or of a handshake message, whose end has not come.
    kept: Vec<u8>,
    /// Data for which the reader had no room.
    unread: Queue,
    /// Records that the stream below did not take.
    unsent: Queue,
    /// What has ended the connection; every read and write says so again.
    failure: Option<Box<RustlsError>>,
    /// Whether a record went out in part and the rest never will: whatever came behind it would be
    /// noise.
    is_torn: bool,
    /// The peer has said that nothing more will come.
    ended: bool,
    /// We have.
    closing: bool,
}

impl<S> TlsStream<S> {
    pub(crate) fn new(connection: Connection, stream: S, server_name: Option<&str>) -> Self {
        Self {
            stream: Opening::new(stream),
            connection,
            server_name: server_name.map(Box::from),
            kept: Vec::new(),
            unread: Queue::default(),
            unsent: Queue::default(),
            failure: None,
            is_torn: false,
            ended: false,
            closing: false,
        }
    }

    /// The stream below.
    pub fn get_ref(&self) -> &S {
        self.stream.get_ref()
    }

    /// The stream below; reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut S {
        self.stream.get_mut()
    }

    /// What the two sides agreed on.
    pub fn session(&self) -> Session {
        let state = self.connection.state();
        Session {
            version: state.protocol_version().map_or_else(String::new, version),
            cipher: state
                .negotiated_cipher_suite()
                .map_or_else(String::new, cipher),
            alpn: state.alpn_protocol().map(<[u8]>::to_vec),
            server_name: self.server_name.as_deref().map(String::from),
            peer_certificates: state
                .peer_certificates()
                .unwrap_or_default()
                .iter()
                .map(|certificate| certificate.to_vec())
                .collect(),
            resumed: state.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }

    fn side(&self) -> Side {
        match self.connection {
            Connection::Server(_) => Side::Server,
            Connection::Client(_) => Side::Client,
        }
    }

    fn check(&self) -> io::Result<()> {
        match &self.failure {
            Some(failure) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                RustlsError::clone(failure),
            )),
            None => Ok(()),
        }
    }

    /// Takes in what is at the front of `records`; true if what was to be said is in `outgoing`.
    fn advance(
        &mut self,
        records: &mut [u8],
        say: Say<'_>,
        outgoing: &mut Outgoing,
        buffer: &mut ReadBuf<'_>,
    ) -> bool {
        let unread = &mut self.unread;
        let taken = self
            .connection
            .advance(records, say, outgoing, &mut |data: &[u8]| {
                let (fitting, rest) = data.split_at(data.len().min(buffer.remaining()));
                buffer.put_slice(fitting);
                unread.push(rest);
            });
        self.ended |= taken.ended;
        self.failure = taken.failure.map(Box::new);
        let rest = &records[taken.used..];
        // Behind the end, and behind an error, nothing counts.
        if rest.is_empty() || self.ended || self.failure.is_some() {
            self.kept = Vec::new();
        } else {
            self.kept.clear();
            self.kept.extend_from_slice(rest);
        }
        taken.sent
    }

    /// Says something, now that nothing has come; false if it cannot be said any more.
    fn say(&mut self, say: Say<'_>, incoming: &mut [u8], outgoing: &mut Outgoing) -> bool {
        // The library looks at what it has begun to read whenever it is called.
        let records = &mut incoming[..self.kept.len()];
        records.copy_from_slice(&self.kept);
        self.advance(records, say, outgoing, &mut ReadBuf::new(&mut []))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Makes the handshake; all that the library says in it has been sent then.
    pub(crate) async fn handshake(mut self) -> io::Result<Self> {
        scratch::with(|scratch| {
            self.say(Say::Nothing, &mut [], &mut scratch.outgoing);
            self.unsent.push(scratch.outgoing.filled());
        });
        poll_fn(|context| self.poll_handshake(context)).await?;
        Ok(self)
    }

    fn poll_handshake(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_send(context))?;
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            if !self.connection.state().is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            // Data may already come behind the peer's last word of the handshake.
            ready!(self.poll_take(context, &mut ReadBuf::new(&mut [])))?;
            if self.failure.is_some() {
                self.send_alert(context);
                return Poll::Ready(self.check());
            }
        }
    }

    /// Reads once from below, and takes in what came: into `buffer` what fits.
    fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let kept = self.kept.len();
        if kept >= LONGEST_KEPT {
            let problem = "a message of the handshake is too long";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, problem)));
        }
        scratch::with(|scratch| {
            let incoming = &mut scratch.incoming;
            let room = (incoming.len() - kept).min(buffer.remaining().max(LONGEST_RECORD));
            let mut below = ReadBuf::new(&mut incoming[kept..kept + room]);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut below))?;
            let length = below.filled().len();
            if length == 0 {
                return Poll::Ready(Err(cut_short()));
            }
            incoming[..kept].copy_from_slice(&self.kept);
            let records = &mut incoming[..kept + length];
            if self.connection.state().is_handshaking() {
                let (_, asked) = asked::during(|| {
                    self.advance(records, Say::Nothing, &mut scratch.outgoing, buffer)
                });
                self.server_name = asked.or(self.server_name.take());
            } else {
                self.advance(records, Say::Nothing, &mut scratch.outgoing, buffer);
            }
            // Not sent from here: the task that writes may be another one, and is woken for
            // what it sends itself.
            self.unsent.push(scratch.outgoing.filled());
            Poll::Ready(Ok(()))
        })
    }

    /// Sends what waits.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let sent = Pin::new(&mut self.stream).poll_write(context, self.unsent.waiting());
            match ready!(sent)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                length => self.unsent.consume(length),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Tries once to tell the peer what was wrong. Nothing waits for a peer in the wrong.
    fn send_alert(&mut self, context: &mut Context<'_>) {
        let sent = self.poll_send(context);
        if sent.is_ready() {
            let _ = Pin::new(&mut self.stream).poll_flush(context);
        }
    }

    fn poll_data(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            if !self.unread.is_empty() {
                let waiting = self.unread.waiting();
                let length = waiting.len().min(buffer.remaining());
                buffer.put_slice(&waiting[..length]);
                self.unread.consume(length);
                return Poll::Ready(Ok(()));
            }
            self.check()?;
            if self.ended || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_take(context, buffer))?;
            if self.failure.is_some() {
                self.send_alert(context);
            }
            if buffer.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn poll_encrypt(&mut self, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        if self.closing || self.is_torn {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        ready!(self.poll_send(context))?;
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let data = &data[..data.len().min(WRITE_AT_ONCE)];
        scratch::with(|scratch| {
            self.say(
                Say::Data(data),
                &mut scratch.incoming,
                &mut scratch.outgoing,
            );
            let mut records = scratch.outgoing.filled();
            while !records.is_empty() {
                match Pin::new(&mut self.stream).poll_write(context, records) {
                    Poll::Ready(Ok(0)) => {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    Poll::Ready(Ok(length)) => records = &records[length..],
                    Poll::Ready(Err(error)) => {
                        self.is_torn = true;
                        return Poll::Ready(Err(error));
                    }
                    Poll::Pending => {
                        self.unsent.push(records);
                        break;
                    }
                }
            }
            self.check()?;
            Poll::Ready(Ok(data.len()))
        })
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let says_so = self.failure.is_none() && !self.is_torn;
        if !mem::replace(&mut self.closing, true) && says_so {
            scratch::with(|scratch| {
                self.say(Say::End, &mut scratch.incoming, &mut scratch.outgoing);
                self.unsent.push(scratch.outgoing.filled());
            });
        }
        ready!(self.poll_send(context))?;
        match ready!(Pin::new(&mut self.stream).poll_shutdown(context)) {
            // It has ended already, which was the aim.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("side", &self.side())
            .field("session", &self.session())
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_data(cx, buf)
            .map_err(|error| stream_error(self.side(), error))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_encrypt(cx, buf)
            .map_err(|error| stream_error(self.side(), error))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = bufs.iter().filter(|slice| !slice.is_empty());
        match (filled.next(), filled.next()) {
            (None, _) => self.poll_write(cx, &[]),
            (Some(only), None) => self.poll_write(cx, only),
            _ => {
                // In one record, which costs less than the copy.
                let mut together = Vec::new();
                for slice in bufs {
                    let room = WRITE_AT_ONCE - together.len();
                    together.extend_from_slice(&slice[..slice.len().min(room)]);
                }
                self.poll_write(cx, &together)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()
            .map_err(|error| stream_error(self.side(), error))?;
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_end(cx)
            .map_err(|error| stream_error(self.side(), error))
    }
}

fn cut_short() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the stream ended without TLS's own end (close_notify)",
    )
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => String::from("TLS 1.2"),
        ProtocolVersion::TLSv1_3 => String::from("TLS 1.3"),
        other => format!("{other:?}"),
    }
}

fn cipher(suite: SupportedCipherSuite) -> String {
    // The library writes TLS13_ where the registry has TLS_.
    format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use crate::{Authority, ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Trust};

    #[tokio::test]
    async fn an_idle_connection_has_no_buffer() {
        let authority = Authority::create("Test authority").expect("an authority");
        let issued = authority.issue_server(&["localhost"]).expect("issued");
        let (certificate, key) = (issued.certificate_pem, issued.key_pem);
        let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes());
        let options = ServerOptions::new(identity.expect("an identity"));
        let server = ServerTls::new(options).expect("a server");
        let client = ClientTls::new(ClientOptions {
            trust: Trust::Authorities(authority.certificate_pem().into()),
            ..ClientOptions::default()
        })
        .expect("a client");

        // Little room between them, so that records are cut and wait on both sides.
        let (near, far) = tokio::io::duplex(1000);
        let (accepted, connected) =
            tokio::join!(server.accept(far), client.connect("localhost", near));
        let (mut accepted, mut connected) =
            (accepted.expect("accepted"), connected.expect("connected"));
        let sent = vec![b'x'; 100_000];
        let mut heard = vec![0; sent.len()];
        let (written, read) = tokio::join!(
            async {
                connected.write_all(&sent).await?;
                connected.flush().await
            },
            async {
                accepted.read_exact(&mut heard[..50]).await?;
                assert!(!accepted.kept.is_empty() || !accepted.unread.is_empty());
                accepted.read_exact(&mut heard[50..]).await
            }
        );
        written.expect("written");
        read.expect("read");
        for stream in [&accepted, &connected] {
            assert_eq!(stream.kept.capacity(), 0);
            assert!(stream.unread.is_empty() && stream.unsent.is_empty());
        }
    }
}
