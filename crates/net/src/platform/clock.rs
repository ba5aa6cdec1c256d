//! Clocks that are cheap enough to be read around every callback.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A callback that holds its thread for longer is logged: it stops every other connection
/// of the thread.
pub(crate) const SLOW: Duration = Duration::from_millis(50);

thread_local! {
    /// When this thread woke up, or the last turn of one of its connections ended: from then
    /// on the next one could have run.
    static READY: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The thread has just woken up.
pub(crate) fn woken() {
    READY.set(Some(crate::reactor::now()));
}

/// When a turn began.
#[derive(Clone, Copy)]
pub(crate) struct Began {
    coarse_ms: i64,
    /// Only where nobody tells when the thread wakes up.
    exact: Option<Instant>,
}

impl Began {
    #[inline]
    pub(crate) fn now() -> Self {
        Began {
            coarse_ms: coarse_ms(),
            exact: match READY.get() {
                Some(_) => None,
                None => Some(crate::reactor::now()),
            },
        }
    }

    /// How long the thread has been held since, by the coarse clock.
    pub(crate) fn held(&self) -> Duration {
        let held = coarse_ms() - self.coarse_ms;
        Duration::from_millis(held.try_into().unwrap_or(0))
    }
}

/// How long it took until `now` from when the turn could have begun.
#[inline]
pub(crate) fn turn_ended(now: Instant, began: &Began) -> Duration {
    let ready = match began.exact {
        Some(exact) => exact,
        None => READY.replace(Some(now)).unwrap_or(now),
    };
    now.saturating_duration_since(ready)
}

/// Monotonic time in milliseconds, a few of them coarse, for less than the exact clock costs.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn coarse_ms() -> i64 {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::MonotonicCoarse);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// Monotonic time in milliseconds.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn coarse_ms() -> i64 {
    use std::sync::LazyLock;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
}
