//! Connections that are kept for later requests end when none has come for long enough, also where nobody asks any more.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Host, Shared, locked};

/// A task that ends connections in time, which is there while there are any.
#[derive(Default)]
pub(super) struct Sweeper(Option<JoinHandle<()>>);

impl Shared {
    /// Sees to it that what is kept now is ended in time. Without a runtime it is ended when it is asked for next.
    pub(super) fn begin_sweeping(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut sweeper = locked(&self.sweeper);
        // One whose runtime has ended is finished as well.
        if sweeper.0.as_ref().is_none_or(JoinHandle::is_finished) {
            sweeper.0 = Some(runtime.spawn(sweep(Arc::downgrade(self))));
        }
    }

    /// Ends all that has been kept for long enough. Says when there will be more of it.
    fn end_what_is_old(&self) -> Option<Instant> {
        let hosts: Vec<Arc<Host>> = locked(&self.hosts).values().cloned().collect();
        let ends = hosts.iter().filter_map(|host| self.end_old_ones(host));
        ends.min()
    }

    /// The same for one host.
    pub(super) fn end_old_ones(&self, host: &Host) -> Option<Instant> {
        let mut there = locked(&host.there);
        there.idle.retain(|idle| self.keeps(self.is_fresh(idle)));
        let first = there.idle.iter().map(|idle| idle.since).min();
        let allowed = self.limits.idle_time;
        let first = first.map(|since| later(since, allowed));
        let Some((two, about)) = &there.two else {
            return first;
        };
        // Whoever has it now holds what is known of it.
        let is_used = Arc::strong_count(about) > 1;
        let rest = match is_used {
            true => allowed.max(LEAST_WAIT),
            false => allowed.saturating_sub(about.used.elapsed()),
        };
        if two.is_closed() || rest.is_zero() {
            there.two = None;
            return first;
        }
        let end = later(Instant::now(), rest);
        Some(first.map_or(end, |first| first.min(end)))
    }
}

/// A time that has a place in the calendar: nobody keeps connections for as long as a `Duration` can be.
fn later(since: Instant, time: Duration) -> Instant {
    since.checked_add(time).unwrap_or(since + A_DAY)
}

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// After how long it is looked again, at least, whether a shared connection is in use: where connections are kept for
/// no time at all.
const LEAST_WAIT: Duration = Duration::from_secs(1);

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

async fn sweep(shared: Weak<Shared>) {
    loop {
        let next = {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            match shared.end_what_is_old() {
                Some(next) => next,
                None => {
                    // What is kept from here on finds that nobody sweeps.
                    let mut sweeper = locked(&shared.sweeper);
                    match shared.end_what_is_old() {
                        Some(next) => next,
                        None => {
                            sweeper.0 = None;
                            return;
                        }
                    }
                }
            }
        };
        tokio::time::sleep_until(next).await;
    }
}
