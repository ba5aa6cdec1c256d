//! What can be served: a factory of protocols, an async function, or a datagram protocol.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lariat_protocol::{
    Address, ConnectionInfo, DatagramProtocol, Error, Factory, Protocol, Reason,
};
use tokio_util::sync::CancellationToken;

use crate::connection::Connection;
use crate::open::Layers;
use crate::platform::clock;

/// A callback that holds its thread for longer is logged: it stops every other connection
/// of the thread.
const SLOW_MS: i64 = 50;

type AsyncFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;
pub(crate) type AsyncFunction = Arc<dyn Fn(Connection) -> AsyncFuture + Send + Sync>;

/// Something that an endpoint can be given to: see [`IntoService`].
pub struct Service(pub(crate) Kind);

pub(crate) enum Kind {
    Events(Arc<dyn Factory>),
    Async(AsyncFunction),
    Datagrams(Box<dyn DatagramProtocol>),
}

impl Service {
    /// A service in which one protocol is given every peer's datagrams.
    pub fn datagrams(protocol: impl DatagramProtocol) -> Self {
        Service(Kind::Datagrams(Box::new(protocol)))
    }
}

/// The ways to write a service, all of which [`Reactor::listen`](crate::Reactor::listen)
/// takes: a [`Factory`] (also any `Fn() -> impl Protocol`), an async function of a
/// [`Connection`], or a [`Service`].
///
/// The type parameter only keeps these ways apart; the compiler finds it.
pub trait IntoService<Way> {
    /// The service.
    fn into_service(self) -> Service;
}

/// Marks a [`Factory`] as a service.
pub enum ByEvents {}

/// Marks an async function as a service.
pub enum ByAsync {}

impl<F: Factory> IntoService<ByEvents> for F {
    fn into_service(self) -> Service {
        Service(Kind::Events(Arc::new(self)))
    }
}

impl<F, R, E> IntoService<(ByAsync, R, E)> for F
where
    F: Fn(Connection) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    fn into_service(self) -> Service {
        Service(Kind::Async(Arc::new(move |connection| {
            let running = self(connection);
            Box::pin(async move {
                running.await.map_err(|error| {
                    let error = error.into();
                    match error.downcast::<io::Error>() {
                        Ok(error) => Error::Io(*error),
                        Err(error) => Error::Io(io::Error::other(error)),
                    }
                })
            })
        })))
    }
}

impl IntoService<Service> for Service {
    fn into_service(self) -> Service {
        self
    }
}

/// What all connections of one endpoint share.
pub(crate) struct ServiceState {
    pub(crate) name: String,
    pub(crate) layers: Layers,
    pub(crate) factory: Arc<dyn Factory>,
    /// Cancelled when the server goes down.
    pub(crate) draining: CancellationToken,
    slow_callbacks: AtomicU64,
}

impl ServiceState {
    pub(crate) fn new(
        name: impl Into<String>,
        layers: Layers,
        factory: Arc<dyn Factory>,
        draining: CancellationToken,
    ) -> Self {
        ServiceState {
            name: name.into(),
            layers,
            factory,
            draining,
            slow_callbacks: AtomicU64::new(0),
        }
    }

    pub(crate) fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        self.factory.build(connection)
    }

    /// The moment at which callbacks are about to run.
    pub(crate) fn watch(&self) -> i64 {
        clock::coarse_ms()
    }

    /// Looks whether callbacks have held the thread for too long.
    pub(crate) fn watched(&self, since_ms: i64, peer: &Address) {
        let held_ms = clock::coarse_ms() - since_ms;
        if held_ms > SLOW_MS {
            let count = self.slow_callbacks.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(
                service = self.name, %peer, held_ms, count,
                "a callback held its thread; work that takes long belongs into call_in_thread"
            );
        }
    }

    pub(crate) fn log_end(&self, peer: &Address, reason: &Reason) {
        match reason {
            Reason::Failed(error) => self.log_failure(peer, error),
            reason => tracing::debug!(service = self.name, %peer, %reason, "connection ended"),
        }
    }

    /// One line for a connection that went wrong: what it was, with its cause.
    pub(crate) fn log_failure(&self, peer: &Address, error: impl Display) {
        tracing::info!(service = self.name, %peer, "connection ended: {error}");
    }

    pub(crate) fn log_panic(&self, peer: &Address) {
        tracing::error!(service = self.name, %peer, "a callback panicked; its connection ends");
    }
}

/// The factory of connections whose protocol is built elsewhere or that have none.
pub(crate) struct NoFactory;

impl Factory for NoFactory {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        None
    }
}
