//! A server: a transport, a strategy and a handler, and the life that they have together.

mod build;
mod serving;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use build::Builder;
pub use serving::Handled;

use crate::address::Address;
use crate::handler::RequestHandler;
use crate::job::Shared;
use crate::live::Live;
use crate::options::Options;
use crate::platform::{BorrowedFd, Spare};
use crate::shutdown::ShutdownHandle;
use crate::signals::Signals;
use crate::strategy::Strategy;
use crate::transport::Transport;

/// How often a server that waits for requests looks round, unless it is told otherwise.
pub const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long requests whose sockets were ended have to notice it: far longer than a busy machine keeps one of
/// their threads from running.
const NOTICE: Duration = Duration::from_secs(5);

/// A server of requests that come by `T`, are handled by an `H` each, where `S` has it.
///
/// ```
/// use std::io::Write;
///
/// use lariat_socketserver::{POLL_INTERVAL, Server, StreamRequest, Tcp, Threading, handler};
///
/// # fn main() -> std::io::Result<()> {
/// let shout = handler(|request: &mut StreamRequest| {
///     while let Some(line) = request.rfile.read_line(1024)? {
///         request.wfile.write_all(&line.to_ascii_uppercase())?;
///     }
///     Ok(())
/// });
/// let server = Server::<Tcp, Threading, _>::bind("localhost:0", shout)?;
/// # server.shutdown_handle().request();
/// server.serve_forever(POLL_INTERVAL)?;
/// # Ok(()) }
/// ```
///
/// Dropping it closes it, as [`server_close`](Self::server_close) does.
pub struct Server<T: Transport, S: Strategy, H> {
    transport: Option<T>,
    /// Where that is, which is not asked again for each request.
    address: Address,
    strategy: S,
    /// What each request gets a clone of.
    handler: Mutex<H>,
    shared: Arc<Shared<T>>,
    live: Arc<Live>,
    shutdown: ShutdownHandle,
    /// Taken back when the server is gone.
    signals: Mutex<Option<Signals>>,
    spare: Spare,
    is_closed: bool,
}

/// How the requests of a server that was closed ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Were finished in the time that they had.
    pub finished: usize,
    /// Had their sockets, or their processes, ended.
    pub forced: usize,
    /// Did not even notice that within five seconds, and go on: a handler that waits for something
    /// else.
    pub left: usize,
}

impl<T: Transport, S: Strategy + Default, H: RequestHandler<T::Request>> Server<T, S, H> {
    /// A server that is bound and listens (`bind_and_activate`), with the usual
    /// [options](Options).
    ///
    /// # Errors
    ///
    /// The address cannot be read, or the system does not let us have it.
    pub fn bind(address: impl AsRef<std::ffi::OsStr>, handler: H) -> io::Result<Self> {
        Server::builder(handler).bind(address)
    }

    /// A server that is to be made otherwise.
    pub fn builder(handler: H) -> Builder<T, S, H> {
        Builder::new(handler)
    }
}

impl<T: Transport, S: Strategy, H: RequestHandler<T::Request>> Server<T, S, H> {
    /// Makes the socket, at an address (`server_bind`). One that was there is closed.
    ///
    /// # Errors
    ///
    /// The address cannot be read, or the system does not let us have it.
    pub fn server_bind(&mut self, address: impl AsRef<std::ffi::OsStr>) -> io::Result<()> {
        self.transport = None;
        let transport = T::bind(address.as_ref(), &self.shared.options)?;
        self.address = transport.server_address()?;
        self.transport = Some(transport);
        Ok(())
    }

    /// Lets clients come (`server_activate`).
    ///
    /// # Errors
    ///
    /// The system's, or there is no socket yet.
    pub fn server_activate(&self) -> io::Result<()> {
        self.transport()?.activate(&self.shared.options)
    }

    /// Where the server is: with its port, where any was asked for.
    ///
    /// # Errors
    ///
    /// The system's, or there is no socket yet.
    pub fn server_address(&self) -> io::Result<Address> {
        self.transport()?.server_address()
    }

    /// The listening socket's descriptor, to wait for it together with others (`fileno`).
    ///
    /// # Errors
    ///
    /// There is no socket yet.
    pub fn fileno(&self) -> io::Result<BorrowedFd<'_>> {
        Ok(self.transport()?.as_fd())
    }

    /// What ends [`serve_forever`](Self::serve_forever) from elsewhere.
    pub fn shutdown_handle(&self) -> ShutdownHandle {
        self.shutdown.clone()
    }

    /// Ends [`serve_forever`](Self::serve_forever), which runs on another thread, and waits until
    /// it has ended. Requests that are being handled go on. A
    /// [`handle_request`](Self::handle_request) is ended too, and not waited for.
    pub fn shutdown(&self) {
        self.shutdown.shutdown();
    }

    /// Has SIGTERM and SIGINT (^C) end [`serve_forever`](Self::serve_forever); a second one ends
    /// the process, also while the server is closed. Once it is, signals do what they did before;
    /// of a program that has other servers, each is ended.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn shutdown_on_signals(&self) -> io::Result<()> {
        let signals = Signals::end(&self.shutdown)?;
        let mut kept = self.signals.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(signals);
        Ok(())
    }

    /// How many requests are being handled, or wait for it.
    pub fn active_requests(&self) -> usize {
        self.live.count()
    }

    /// How the server is.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Closes the server: its socket at once, and then it waits for its requests, for as long as
    /// they take, unless the strategy says otherwise (`block_on_close`). Clients that have
    /// connected and were not accepted yet are reset.
    pub fn server_close(mut self) {
        self.close(None);
    }

    /// Closes the server, and gives its requests so long to be finished. Then their sockets are
    /// ended, and forked processes are; what waits for something else and does not notice within
    /// five seconds is counted as left.
    pub fn drain(mut self, patience: Duration) -> DrainReport {
        self.close(Some(patience))
    }

    fn transport(&self) -> io::Result<&T> {
        let missing = || io::Error::new(io::ErrorKind::NotConnected, "the server has no socket");
        self.transport.as_ref().ok_or_else(missing)
    }

    fn handler(&self) -> H {
        let handler = self.handler.lock();
        handler.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<T: Transport, S: Strategy, H> Server<T, S, H> {
    fn close(&mut self, patience: Option<Duration>) -> DrainReport {
        if std::mem::replace(&mut self.is_closed, true) {
            return DrainReport::default();
        }
        let began = self.live.count();
        if let Some(transport) = self.transport.take() {
            transport.deactivate();
        }
        if patience.is_none() && !self.strategy.blocks_on_close() {
            self.strategy.stop(false);
            return DrainReport {
                left: began,
                ..DrainReport::default()
            };
        }
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        let late = self.strategy.wait_until_none(&self.live, until);
        let mut report = DrainReport {
            finished: began.saturating_sub(late),
            ..DrainReport::default()
        };
        if late > 0 {
            self.strategy.end_at_once();
            self.live.cut_all();
            let until = Instant::now() + NOTICE;
            report.left = self.strategy.wait_until_none(&self.live, Some(until));
            report.forced = late - report.left;
        }
        self.strategy.stop(report.left == 0);
        self.shared.lingering.wait_until_none(until);
        report
    }
}

impl<T: Transport, S: Strategy, H> Drop for Server<T, S, H> {
    fn drop(&mut self) {
        self.close(None);
    }
}

impl<T: Transport, S: Strategy, H> fmt::Debug for Server<T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.transport.as_ref().map(Transport::server_address);
        f.debug_struct("Server")
            .field("address", &address.and_then(Result::ok))
            .field("active_requests", &self.live.count())
            .finish_non_exhaustive()
    }
}
