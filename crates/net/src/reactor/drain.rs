//! Stopping without losing anybody's answer.

use std::sync::Arc;

use crate::driver::hub::Signals;
use crate::reactor::{Shared, now};

/// How the connections ended that were open when the reactor was asked to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Ended by themselves within the drain time.
    pub finished: usize,
    /// Still open when it was over.
    pub forced: usize,
}

/// Tells every connection to say goodbye, and ends those that take too long.
pub(crate) async fn drain(shared: &Arc<Shared>) -> DrainReport {
    let live = || -> usize { shared.workers.iter().map(|worker| worker.hub.live()).sum() };
    let before = *shared.open_at_stop.get_or_init(live);
    for worker in &shared.workers {
        worker.hub.signal_all(Signals::DRAIN);
    }
    let deadline = now() + shared.drain_time;
    wait_until_empty(shared, deadline).await;
    let forced = live();
    if forced > 0 {
        tracing::warn!(
            forced,
            "connections were still open at the end of the drain time"
        );
        for worker in &shared.workers {
            worker.hub.signal_all(Signals::FORCE);
        }
        // What is forced ends at its next turn; a callback that never returns does not.
        wait_until_empty(shared, now() + std::time::Duration::from_secs(1)).await;
    }
    DrainReport {
        finished: before.saturating_sub(forced),
        forced,
    }
}

async fn wait_until_empty(shared: &Arc<Shared>, deadline: std::time::Instant) {
    let empty = async {
        for worker in &shared.workers {
            worker.hub.emptied().await;
        }
    };
    let _ = tokio::time::timeout_at(deadline.into(), empty).await;
}
