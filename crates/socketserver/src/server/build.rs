//! Making a server otherwise than usual.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use crate::address::Address;
use crate::handler::RequestHandler;
use crate::hooks::{Hooks, Usual};
use crate::job::Shared;
use crate::live::Live;
use crate::options::Options;
use crate::platform::Spare;
use crate::server::Server;
use crate::shutdown::ShutdownHandle;
use crate::strategy::Strategy;
use crate::transport::Transport;

/// A server that is to be made.
///
/// ```
/// use lariat_socketserver::{Options, Server, StreamRequest, Tcp, Threading, handler};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Server::<Tcp, Threading, _>::builder(handler(|_: &mut StreamRequest| Ok(())))
///     .options(Options { max_per_address: Some(20), ..Options::default() })
///     .strategy(Threading { max_threads: 100, ..Threading::default() })
///     .bind("localhost:0")?;
/// assert_ne!(server.server_address()?.port(), Some(0));
/// # Ok(()) }
/// ```
pub struct Builder<T: Transport, S, H> {
    handler: H,
    options: Options,
    strategy: S,
    hooks: Box<dyn Hooks<T>>,
    shutdown: Option<ShutdownHandle>,
}

impl<T, S, H> Builder<T, S, H>
where
    T: Transport,
    S: Strategy + Default,
    H: RequestHandler<T::Request>,
{
    pub(super) fn new(handler: H) -> Self {
        Builder {
            handler,
            options: Options::default(),
            strategy: S::default(),
            hooks: Box::new(Usual),
            shutdown: None,
        }
    }
}

impl<T, S, H> Builder<T, S, H>
where
    T: Transport,
    S: Strategy,
    H: RequestHandler<T::Request>,
{
    /// How it and its sockets are to be.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Where its requests are handled, with other numbers than the usual ones.
    #[must_use]
    pub fn strategy(mut self, strategy: S) -> Self {
        self.strategy = strategy;
        self
    }

    /// What it does in a way of its own.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks<T>) -> Self {
        self.hooks = Box::new(hooks);
        self
    }

    /// What is to end it, made before it, so that its handlers may have one too.
    #[must_use]
    pub fn shutdown_handle(mut self, handle: ShutdownHandle) -> Self {
        self.shutdown = Some(handle);
        self
    }

    /// A server that is bound and listens.
    ///
    /// # Errors
    ///
    /// The address cannot be read, or the system does not let us have it.
    pub fn bind(self, address: impl AsRef<OsStr>) -> io::Result<Server<T, S, H>> {
        let mut server = self.unbound()?;
        server.server_bind(address)?;
        server.server_activate()?;
        Ok(server)
    }

    /// A server without a socket yet (`bind_and_activate=False`): see
    /// [`server_bind`](Server::server_bind) and [`server_activate`](Server::server_activate).
    ///
    /// # Errors
    ///
    /// The system has no descriptors left.
    pub fn unbound(self) -> io::Result<Server<T, S, H>> {
        Ok(Server {
            transport: None,
            address: Address::Unix(None),
            strategy: self.strategy,
            handler: Mutex::new(self.handler),
            shared: Arc::new(Shared {
                options: self.options,
                hooks: self.hooks,
                lingering: Arc::default(),
            }),
            live: Live::new()?,
            shutdown: self.shutdown.map_or_else(ShutdownHandle::new, Ok)?,
            signals: Mutex::new(None),
            spare: Spare::new(),
            is_closed: false,
        })
    }
}

impl<T: Transport, S: fmt::Debug, H> fmt::Debug for Builder<T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("options", &self.options)
            .field("strategy", &self.strategy)
            .finish_non_exhaustive()
    }
}
