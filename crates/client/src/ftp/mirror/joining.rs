//! What the transfers of a mirror need to be waited for together.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::ftp::Client;

/// Keeps a connection from being idle for too long where others are not done yet. What the server says when it ends it all the
/// same, whoever uses it next hears.
pub(super) async fn keep_alive(client: &mut Client, mut until: oneshot::Receiver<()>) {
    let Some(after) = client.options.keep_alive else {
        return;
    };
    while client.is_idle() && timeout(after, &mut until).await.is_err() {
        if client.noop().await.is_err() {
            return;
        }
    }
}

/// Takes a panic for an error, as that of a task is one.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.map_or_else(
            |_| Poll::Ready(Err(io::Error::other("it panicked"))),
            |polled| polled.map(Ok),
        )
    })
    .await
}
