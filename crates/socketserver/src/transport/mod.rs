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
    /// # Errors
    ///
    /// The handshake's, or the system's.
    fn open(
        socket: Self::Socket,
        accepted: &Accepted,
        options: &Options,
    ) -> io::Result<Self::Request>;

    /// Ends a request that was handled, so that its client has all of the answer
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
    /// When the request was taken; its deadlines count from then.
    pub at: Instant,
}

fn wrong(words: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, words)
}

/// The option that only some transports have.
fn tls_missing() -> io::Error {
    wrong("a server of TLS needs Options::tls, which says what certificate it shows".into())
}
