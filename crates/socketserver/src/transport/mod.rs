//! What a server listens on: a type for each kind of socket.

mod inet;
mod stream;
mod tcp;
mod tls;
mod udp;
mod unix;
mod unix_datagram;

use std::ffi::OsStr;
use std::io;
use std::sync::Arc;
use std::time::Instant;

pub use tcp::Tcp;
pub use tls::{Tls, TlsSocket};
pub use udp::Udp;
pub use unix::Unix;
pub use unix_datagram::UnixDatagram;

pub use crate::request::Cut;

use crate::address::Address;
use crate::options::Options;
use crate::platform::AsFd;
use crate::request::Lingering;

/// A kind of socket that a server can listen on. A new one is an implementation of this, and
/// every [`Strategy`](crate::Strategy) serves it.
///
/// The descriptor is one that `poll` says of that a request waits.
pub trait Transport: AsFd + Sized + Send + Sync + 'static {
    /// What [`get_request`](Self::get_request) hands over: a request that nobody has looked at.
    type Socket: Send + 'static;
    /// What a handler is lent.
    type Request: Send + 'static;

    /// Makes a socket at an address (`server_bind`).
    ///
    /// # Errors
    ///
    /// The address cannot be read, or the system does not let us have it.
    fn bind(address: &OsStr, options: &Options) -> io::Result<Self>;

    /// Lets clients come (`server_activate`).
    ///
    /// # Errors
    ///
    /// The system's.
    fn activate(&self, options: &Options) -> io::Result<()>;

    /// Lets nobody come any more, also not to a forked process that still has the socket.
    fn deactivate(&self) {}

    /// Where it is: with its port, where any was asked for.
    ///
    /// # Errors
    ///
    /// The system's.
    fn server_address(&self) -> io::Result<Address>;

    /// Takes a request that waits, and who it is from.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when none does, else the system's.
    fn get_request(&self, options: &Options) -> io::Result<(Self::Socket, Address)>;

    /// Makes of it what a handler is lent. This may take its time: it runs where the handler does.
    ///
    /// A request that is [refused](Accepted::is_refused) is opened too, to be
    /// [shut down](Self::shutdown_request). That is done where requests are waited for, and so must
    /// not wait for anything.
    ///
    /// # Errors
    ///
    /// The handshake's, or the system's.
    fn open(
        socket: Self::Socket,
        accepted: &Accepted,
        options: &Options,
    ) -> io::Result<Self::Request>;

    /// Ends a request, so that its client has all of the answer
    /// (`shutdown_request`).
    ///
    /// # Errors
    ///
    /// The system's.
    fn shutdown_request(request: &mut Self::Request) -> io::Result<()>;

    /// Says something to who is refused, as far as that can be done without waiting.
    fn refuse(socket: &Self::Socket, words: &[u8]) {
        let _ = (socket, words);
    }

    /// What ends a request from another thread, where that is possible.
    fn cutter(socket: &Self::Socket) -> Option<Arc<dyn Cut>> {
        let _ = socket;
        None
    }
}

/// What is known of a request when it is taken.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Where the client is.
    pub client: Address,
    /// Where the server is.
    pub server: Address,
    /// When its handling began; its deadlines count from then. Until then it was not the client
    /// that was waited for.
    pub at: Instant,
    is_refused: bool,
    lingering: Option<Arc<Lingering>>,
}

impl Accepted {
    /// A request whose handling begins now.
    pub fn new(client: Address, server: Address) -> Self {
        Accepted {
            client,
            server,
            at: Instant::now(),
            is_refused: false,
            lingering: None,
        }
    }

    /// Whether it is only opened to be shut down.
    pub fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// It is a server's, which waits for the ends of its connections.
    pub(crate) fn of(mut self, lingering: &Arc<Lingering>) -> Self {
        self.lingering = Some(Arc::clone(lingering));
        self
    }

    pub(crate) fn refused(mut self) -> Self {
        self.is_refused = true;
        self
    }

    pub(crate) fn lingering(&self) -> Option<&Lingering> {
        self.lingering.as_deref()
    }
}

fn wrong(words: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, words)
}

/// The option that only some transports have.
fn tls_missing() -> io::Error {
    wrong("a server of TLS needs Options::tls, which says what certificate it shows".into())
}
