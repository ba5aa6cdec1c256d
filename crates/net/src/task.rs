//! The task of a connection whose service is an async function.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use lariat_protocol::ConnectionInfo;
use tokio::sync::oneshot;

use crate::carrier::Carrier;
use crate::connection::Connection;
use crate::driver::closing::Closing;
use crate::driver::hub::{Place, Signals};
use crate::open;
use crate::service::{AsyncFunction, ServiceState};

/// Opens the connection's layers and runs the function until it ends, panics, or the
/// server's patience is over; then closes in order what the function has dropped.
pub(crate) async fn run(
    carrier: Carrier,
    mut info: ConnectionInfo,
    place: Place,
    service: Arc<ServiceState>,
    function: AsyncFunction,
) {
    let peer = info.peer.clone();
    let (home, returned) = oneshot::channel();
    let running = async {
        let mut carrier = carrier;
        if !service.layers.is_empty() {
            (carrier, info.tls) = open::open(carrier, &service.layers).await?;
        }
        let layers = service.layers.clone();
        let connection = Connection::new(carrier, info, layers, service.draining.clone());
        function(connection.returning(home)).await
    };
    let running = AssertUnwindSafe(running).catch_unwind();
    let ended = unless_forced(&place, running).await;
    match ended {
        Some(Ok(Ok(()))) => tracing::debug!(service = service.name, %peer, "connection ended"),
        Some(Ok(Err(error))) => service.log_failure(&peer, error),
        Some(Err(_)) => return service.log_panic(&peer),
        None => {
            tracing::info!(service = service.name, %peer, "connection ended by draining");
            return;
        }
    }
    // A task that the function has started may have the connection for longer than itself.
    unless_forced(&place, close(returned)).await;
}

/// Waits for the carrier to be dropped, and closes it in order; nothing if somebody else does.
async fn close(returned: oneshot::Receiver<Carrier>) {
    if let Ok(mut carrier) = returned.await {
        let mut closing = Closing::new(false);
        poll_fn(|context| closing.poll(context, &mut carrier)).await;
    }
}

/// Waits for a future, or gives it up when the server's patience is over.
async fn unless_forced<T>(place: &Place, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut begun = false;
    poll_fn(|context| {
        if !std::mem::replace(&mut begun, true) {
            place.set_waker(context.waker());
        }
        let forced = place.has_signal(Signals::FORCE);
        match future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if forced => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
