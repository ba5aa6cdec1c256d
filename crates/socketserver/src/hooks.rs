//! What a program may do otherwise at each step of a request's life.

use std::fmt;
use std::io;

use crate::address::Address;
use crate::handler::{HandlerError, HandlerResult};
use crate::options::Options;
use crate::transport::Transport;

/// The steps of a server and its requests, each of which a program may take in its own way: the
/// methods that Python's servers are subclassed for. What is not written stays as it is.
///
/// They are called on the thread that serves, but for [`finish_request`](Self::finish_request),
/// [`shutdown_request`](Self::shutdown_request), [`close_request`](Self::close_request) and
/// [`handle_error`](Self::handle_error), which are called where the request is handled. One that
/// panics ends its request and not the server; but a panic of
/// [`handle_timeout`](Self::handle_timeout) or [`service_actions`](Self::service_actions), which
/// are of no request, comes out where the server is served.
///
/// ```
/// use std::net::TcpStream;
/// use std::sync::Arc;
///
/// use lariat_socketserver::{Address, Hooks, StreamRequest, Tcp, ThreadingTcpServer, handler};
///
/// struct OnlyThisMachine;
///
/// impl Hooks<Tcp> for OnlyThisMachine {
///     fn verify_request(&self, _: &Arc<TcpStream>, client: &Address) -> bool {
///         client.ip().is_some_and(|ip| ip.is_loopback())
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// let server = ThreadingTcpServer::builder(handler(|_: &mut StreamRequest| Ok(())))
///     .hooks(OnlyThisMachine)
///     .bind("localhost:0")?;
/// # Ok(()) }
/// ```
pub trait Hooks<T: Transport>: Send + Sync + 'static {
    /// Takes a request that waits.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when none does, else the system's. None ends the
    /// server; after one that is not about a single client, as
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) is, taking requests pauses for 100 ms.
    fn get_request(&self, transport: &T, options: &Options) -> io::Result<(T::Socket, Address)> {
        transport.get_request(options)
    }

    /// Whether the request is handled; else it is [refused](Self::refuse_request), and then
    /// [shut down](Self::shutdown_request).
    fn verify_request(&self, socket: &T::Socket, client: &Address) -> bool {
        let _ = (socket, client);
        true
    }

    /// Handles the request: `setup`, `handle`, `finish`.
    ///
    /// # Errors
    ///
    /// The handler's.
    fn finish_request(
        &self,
        request: &mut T::Request,
        handle: &mut dyn FnMut(&mut T::Request) -> HandlerResult,
    ) -> HandlerResult {
        handle(request)
    }

    /// Ends a request: what was written leaves, a stream is ended in order, and a datagram is
    /// replied to. One that is refused is ended too, on the thread that serves, where it waits for
    /// nothing.
    ///
    /// # Errors
    ///
    /// The system's.
    fn shutdown_request(&self, request: &mut T::Request) -> io::Result<()> {
        T::shutdown_request(request)
    }

    /// Closes a request, the last that is done with it.
    fn close_request(&self, request: T::Request) {
        drop(request);
    }

    /// A request was ended by an error or a panic; the server goes on. It is told on standard
    /// error, in one line.
    fn handle_error(&self, client: &Address, failure: &Failure) {
        eprintln!("request from {client}: {failure}");
    }

    /// There is no place for the request, which is then [shut down](Self::shutdown_request). What is
    /// returned is said to its client first.
    fn refuse_request(&self, client: &Address, why: Refusal) -> Option<Vec<u8>> {
        let _ = (client, why);
        None
    }

    /// [`handle_request`](crate::Server::handle_request) has waited in vain.
    fn handle_timeout(&self) {}

    /// After each request and each [poll interval](crate::Server::serve_forever).
    fn service_actions(&self) {}
}

/// Everything as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usual;

impl<T: Transport> Hooks<T> for Usual {}

/// Why a request failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It could not be taken, or begun: the handshake failed, say.
    Open(io::Error),
    /// The handler returned an error.
    Handler(HandlerError),
    /// The handler panicked, and said this.
    Panic(String),
    /// The answer could not be sent whole.
    Shutdown(io::Error),
    /// There was no thread or process for it.
    Start(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Open(error) => write!(f, "cannot begin: {error}"),
            Failure::Handler(error) => error.fmt(f),
            Failure::Panic(words) => write!(f, "the handler panicked: {words}"),
            Failure::Shutdown(error) => write!(f, "cannot end in order: {error}"),
            Failure::Start(error) => write!(f, "cannot handle it: {error}"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Failure::Open(error) | Failure::Shutdown(error) | Failure::Start(error) => Some(error),
            Failure::Handler(error) => Some(&**error),
            Failure::Panic(_) => None,
        }
    }
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// [`Hooks::verify_request`] said no.
    NotVerified,
    /// Its address has as many requests as it may
    /// ([`max_per_address`](crate::Options::max_per_address)).
    PerAddress,
    /// As many wait as may ([`Pooled::queue`](crate::Pooled::queue)).
    Queue,
}
