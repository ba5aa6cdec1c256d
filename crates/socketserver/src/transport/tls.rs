//! TLS over the stream sockets.

use std::ffi::OsStr;
use std::io;
use std::sync::Arc;

use lariat_tls::ServerTls;

use crate::address::Address;
use crate::options::Options;
use crate::platform::{AsFd, BorrowedFd};
use crate::request::{Cut, StreamRequest, TlsWire, Wire};
use crate::transport::{Accepted, Transport, tls_missing};

/// TLS over [`Tcp`](crate::Tcp) or [`Unix`](crate::Unix). What it shows its clients is
/// [`Options::tls`]. The handshake is made where the request is handled, so a client that is slow
/// at it holds up nobody else under any strategy but the sequential one, and nobody for longer
/// than [`first_byte`](crate::Deadlines::first_byte).
///
/// Reading and writing take turns: what a handler writes in one thread waits while another of its threads
/// reads, until that has got something or is late, where without TLS both go on at once. Who has to speak while
/// nothing comes is better served by the reactor.
///
/// ```no_run
/// use std::io::Write;
///
/// use lariat_socketserver::{Options, Server, StreamRequest, Tcp, Threading, Tls, handler};
/// use lariat_tls::{Identity, ServerOptions, ServerTls};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let identity = Identity::from_pem(&std::fs::read("server.pem")?, &std::fs::read("server.key")?)?;
/// let greet = handler(|request: &mut StreamRequest| Ok(request.wfile.write_all(b"hi\r\n")?));
/// let server = Server::<Tls<Tcp>, Threading, _>::builder(greet)
///     .options(Options {
///         tls: Some(ServerTls::new(ServerOptions::new(identity))?),
///         ..Options::default()
///     })
///     .bind(":9443")?;
/// server.serve_forever(lariat_socketserver::POLL_INTERVAL)?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Tls<T> {
    below: T,
    tls: ServerTls,
}

/// A connection whose handshake is to be made.
#[derive(Debug)]
pub struct TlsSocket<S> {
    below: S,
    tls: ServerTls,
}

impl<T, S> Transport for Tls<T>
where
    T: Transport<Socket = Arc<S>, Request = StreamRequest>,
    S: StreamSocket,
{
    type Socket = TlsSocket<Arc<S>>;
    type Request = StreamRequest;

    fn bind(address: &OsStr, options: &Options) -> io::Result<Self> {
        let tls = options.tls.clone().ok_or_else(tls_missing)?;
        Ok(Tls {
            below: T::bind(address, options)?,
            tls,
        })
    }

    fn activate(&self, options: &Options) -> io::Result<()> {
        self.below.activate(options)
    }

    fn deactivate(&self) {
        self.below.deactivate();
    }

    fn server_address(&self) -> io::Result<Address> {
        self.below.server_address()
    }

    fn get_request(&self, options: &Options) -> io::Result<(Self::Socket, Address)> {
        let (below, client) = self.below.get_request(options)?;
        let tls = self.tls.clone();
        Ok((TlsSocket { below, tls }, client))
    }

    fn open(
        socket: Self::Socket,
        accepted: &Accepted,
        options: &Options,
    ) -> io::Result<Self::Request> {
        let below = socket.below.into_wire();
        if accepted.is_refused() {
            below.dont_wait()?;
            return Ok(StreamRequest::new(below, accepted, options));
        }
        below.set_timeouts(None, options.deadlines.idle)?;
        let wire = TlsWire::accept(below, &socket.tls, options.deadlines, accepted.at)?;
        Ok(StreamRequest::new(Arc::new(wire), accepted, options))
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.end()
    }

    // Who is refused before the handshake cannot be told anything.

    fn cutter(socket: &Self::Socket) -> Option<Arc<dyn Cut>> {
        T::cutter(&socket.below)
    }
}

impl<T: AsFd> AsFd for Tls<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.below.as_fd()
    }
}

/// The sockets that TLS can be spoken over.
pub trait StreamSocket: sealed::IntoWire {}

impl<S: Wire + 'static> StreamSocket for S {}

mod sealed {
    use std::sync::Arc;

    use crate::request::Wire;

    /// What carries bytes, as one of the kinds that there are.
    pub trait IntoWire: Send + Sync + 'static {
        fn into_wire(self: Arc<Self>) -> Arc<dyn Wire>;
    }

    impl<S: Wire + 'static> IntoWire for S {
        fn into_wire(self: Arc<Self>) -> Arc<dyn Wire> {
            self
        }
    }
}
