//! When a server reads its files again: at SIGHUP, and when one of them has changed.

use std::sync::Arc;
use std::time::Duration;

use lariat_net::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::failure::Failure;
use crate::serve::server::Server;
use crate::signals::Hangups;

/// Files are read when nothing has happened to any of them for so long: a certificate and its
/// key are two files, and one without the other is wrong.
const QUIET: Duration = Duration::from_millis(300);

/// Files that are never quiet are read all the same, after so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads the files again whenever it is time, on a thread of this reactor. SIGHUP is caught
/// when this returns.
///
/// # Errors
///
/// When the system gives no signal.
pub fn begin(reactor: &Handle, server: Arc<Server>) -> Result<(), Failure> {
    let mut hangups = reactor.wait(async { Hangups::new() })?;
    let changed = Arc::new(Notify::new());
    for path in server.files() {
        let told = Arc::clone(&changed);
        let watched = reactor.watch_file(&path, move |_| told.notify_one());
        if let Err(error) = watched {
            // SIGHUP and `lariat ctl reload` are left.
            tracing::warn!("changes are not noticed: {error}");
        }
    }
    reactor.spawn(async move {
        loop {
            tokio::select! {
                () = hangups.next() => {}
                () = changed.notified() => wait_for_quiet(&changed).await,
            }
            server.reload();
        }
    });
    Ok(())
}

/// Waits until nothing has changed for a while.
async fn wait_for_quiet(changed: &Notify) {
    let end = Instant::now() + PATIENCE;
    loop {
        let quiet = (Instant::now() + QUIET).min(end);
        if timeout_at(quiet, changed.notified()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long it takes until files are read that change so often, each 200 ms.
    async fn time_to_quiet(times: u32) -> Duration {
        let changed = Notify::new();
        let begun = Instant::now();
        let changes = async {
            for _ in 0..times {
                tokio::time::sleep(Duration::from_millis(200)).await;
                changed.notify_one();
            }
            std::future::pending().await
        };
        tokio::select! {
            () = wait_for_quiet(&changed) => begun.elapsed(),
            () = changes => unreachable!(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn files_are_read_when_they_are_quiet_or_never_will_be() {
        assert_eq!(time_to_quiet(0).await, QUIET);
        assert_eq!(time_to_quiet(3).await, Duration::from_millis(900));
        assert_eq!(time_to_quiet(1000).await, PATIENCE);
    }
}
