//! Blocking handlers under the reactor.

mod datagrams;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use lariat_net::Connection;
use lariat_protocol::Address;
use lariat_socketserver::{self as socketserver, RequestHandler, StreamRequest};
use tokio_util::io::SyncIoBridge;

pub use datagrams::blocking_datagrams;

type Served = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// A [`RequestHandler`] of streams as a service of the [`Reactor`](crate::Reactor): the same
/// handler, each on a thread of the runtime's pool for blocking work, over every endpoint of streams, under
/// the engine's limits, deadlines and draining. Handlers of datagrams are served by
/// [`blocking_datagrams`].
///
/// It is what a program that has outgrown a [`socketserver::Server`] changes first: connections that
/// wait for their handler cost a thread still, of which the pool has 512; what is rewritten
/// as a [`Protocol`](crate::Protocol) costs none. A handler that returns only when it likes is not
/// waited for when the reactor has drained; its thread goes on until it returns.
///
/// ```
/// use std::io::Write;
///
/// use lariat::socketserver::{StreamRequest, handler};
/// use lariat::{Reactor, blocking};
///
/// # fn main() -> Result<(), lariat::Error> {
/// let shout = handler(|request: &mut StreamRequest| {
///     while let Some(line) = request.rfile.read_line(1024)? {
///         request.wfile.write_all(&line.to_ascii_uppercase())?;
///     }
///     Ok(())
/// });
/// let reactor = Reactor::builder().build()?;
/// reactor.listen("tcp://localhost:0", blocking(shout))?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
pub fn blocking<H>(handler: H) -> impl Fn(Connection) -> Served + Send + Sync + 'static
where
    H: RequestHandler<StreamRequest>,
{
    let handler = Mutex::new(handler);
    move |connection| {
        let own = handler.lock();
        let own = own.unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let (client, server) = (address(connection.peer()), address(connection.local()));
            let handled = tokio::task::spawn_blocking(move || {
                // Dropped with the request, it is closed as every connection is.
                let stream = SyncIoBridge::new(connection);
                let request = StreamRequest::over(stream).between(client, server);
                request.handle_with(own)
            });
            let handled = handled.await.map_err(io::Error::other)?;
            handled.map_err(io::Error::other)
        })
    }
}

/// An address as the blocking handlers know it; what has none there is without a name.
fn address(address: &Address) -> socketserver::Address {
    match address {
        Address::Inet(address) => socketserver::Address::Inet(*address),
        Address::Unix(path) => {
            socketserver::Address::Unix(path.as_deref().map(std::path::Path::to_path_buf))
        }
        _ => socketserver::Address::Unix(None),
    }
}
