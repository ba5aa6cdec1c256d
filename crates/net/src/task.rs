//! The task of a connection whose service is an async function.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use lariat_protocol::ConnectionInfo;

use crate::carrier::Carrier;
use crate::connection::Connection;
use crate::driver::hub::{Place, Signals};
use crate::open;
use crate::service::{AsyncFunction, ServiceState};

/// Opens the connection's layers and runs the function until it ends, panics, or the
/// server's patience is over.
pub(crate) async fn run(
    carrier: Carrier,
    mut info: ConnectionInfo,
    place: Place,
    service: Arc<ServiceState>,
    function: AsyncFunction,
) {
    let peer = info.peer.clone();
    let running = async {
        let mut carrier = carrier;
        if !service.layers.is_empty() {
            (carrier, info.tls) = open::open(carrier, &service.layers).await?;
        }
        let layers = service.layers.clone();
        let connection = Connection::new(carrier, info, layers, service.draining.clone());
        function(connection).await
    };
    let mut running = pin!(AssertUnwindSafe(running).catch_unwind());
    let mut begun = false;
    let ended = poll_fn(|context| {
        if !std::mem::replace(&mut begun, true) {
            place.set_waker(context.waker());
        }
        let forced = place.has_signal(Signals::FORCE);
        match running.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if forced => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    match ended.await {
        Some(Ok(Ok(()))) => tracing::debug!(service = service.name, %peer, "connection ended"),
        Some(Ok(Err(error))) => service.log_failure(&peer, error),
        Some(Err(_)) => service.log_panic(&peer),
        None => tracing::info!(service = service.name, %peer, "connection ended by draining"),
    }
}
