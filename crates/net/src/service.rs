//! What can be served: a factory of protocols, an async function, or a datagram protocol.

use std::borrow::Cow;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use lariat_protocol::{ConnectionInfo, DatagramProtocol, Error, Factory, Protocol, Refusal};

use crate::connection::Connection;

type AsyncFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;
pub(crate) type AsyncFunction = Arc<dyn Fn(Connection) -> AsyncFuture + Send + Sync>;

type Words = Box<dyn Fn(&ConnectionInfo, Refusal) -> Option<Cow<'static, [u8]>> + Send + Sync>;

/// Something that an endpoint can be given to: see [`IntoService`].
pub struct Service {
    pub(crate) kind: Kind,
    /// What a service without a factory says to whom it does not take.
    pub(crate) refusal: Option<Words>,
}

pub(crate) enum Kind {
    Events(Arc<dyn Factory>),
    Async(AsyncFunction),
    Datagrams(Box<dyn DatagramProtocol>),
}

impl Service {
    /// A service in which one protocol is given every peer's datagrams.
    pub fn datagrams(protocol: impl DatagramProtocol) -> Self {
        Service::of(Kind::Datagrams(Box::new(protocol)))
    }

    fn of(kind: Kind) -> Self {
        Service {
            kind,
            refusal: None,
        }
    }

    /// The same, with words for whom it does not take: what
    /// [`Factory::refusal`] is to a factory, for an async function, which has none.
    ///
    /// ```
    /// use std::borrow::Cow;
    ///
    /// use lariat_net::{Connection, IntoService};
    ///
    /// async fn serve(connection: Connection) -> std::io::Result<()> {
    ///     # let _ = connection;
    ///     Ok(())
    /// }
    ///
    /// let service = serve
    ///     .into_service()
    ///     .refusing(|_, why| Some(format!("421 {why}\r\n").into_bytes().into()));
    /// ```
    pub fn refusing(
        mut self,
        words: impl Fn(&ConnectionInfo, Refusal) -> Option<Cow<'static, [u8]>> + Send + Sync + 'static,
    ) -> Self {
        self.refusal = Some(Box::new(words));
        self
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
        Service::of(Kind::Events(Arc::new(self)))
    }
}

impl<F, R, E> IntoService<(ByAsync, R, E)> for F
where
    F: Fn(Connection) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    fn into_service(self) -> Service {
        Service::of(Kind::Async(Arc::new(move |connection| {
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

/// The factory of connections whose protocol is built elsewhere or that have none.
#[derive(Default)]
pub(crate) struct NoFactory(pub(crate) Option<Words>);

impl Factory for NoFactory {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        None
    }

    fn refusal(&self, connection: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        self.0.as_ref()?(connection, why)
    }
}
