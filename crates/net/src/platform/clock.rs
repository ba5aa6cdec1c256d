//! Clocks that are cheap enough to be read around every callback.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A callback that holds its thread for longer is logged: it stops every other connection
/// of the thread.
pub(crate) const SLOW: Duration = Duration::from_millis(50);

/// What [`Nanoseconds`] are counted from: some moment in the life of the process.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Time as one number, with which sums cost nothing.
pub(crate) type Nanoseconds = u64;

/// A moment as a number; none of before the epoch is ever asked for.
#[inline]
pub(crate) fn nanoseconds(moment: Instant) -> Nanoseconds {
    let since = moment.saturating_duration_since(*EPOCH);
    // Centuries away is as good as never.
    let seconds = since.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(since.subsec_nanos()))
}

/// The moment that a number stands for.
pub(crate) fn moment(nanoseconds: Nanoseconds) -> Instant {
    *EPOCH + Duration::from_nanos(nanoseconds)
}

/// Nobody tells when this thread wakes up.
const UNKNOWN: Nanoseconds = Nanoseconds::MAX;

thread_local! {
    /// When this thread woke up, or the last turn of one of its connections ended: from then
    /// on the next one could have run.
    static READY: Cell<Nanoseconds> = const { Cell::new(UNKNOWN) };
}

/// The thread has just woken up.
pub(crate) fn woken() {
    READY.set(nanoseconds(crate::reactor::now()));
}

/// When a turn began.
#[derive(Clone, Copy)]
pub(crate) struct Began {
    coarse_ms: i64,
    ready: Nanoseconds,
}

impl Began {
    #[inline]
    pub(crate) fn now() -> Self {
        let mut ready = READY.get();
        if ready == UNKNOWN {
            ready = nanoseconds(crate::reactor::now());
        }
        Began {
            coarse_ms: coarse_ms(),
            ready,
        }
    }

    /// How long it took until `now` from when the turn could have begun.
    #[inline]
    pub(crate) fn ended(&self, now: Nanoseconds) -> Nanoseconds {
        if READY.get() != UNKNOWN {
            READY.set(now);
        }
        now.saturating_sub(self.ready)
    }

    /// How long the thread has been held since, by the coarse clock.
    pub(crate) fn held(&self) -> Duration {
        let held = coarse_ms() - self.coarse_ms;
        Duration::from_millis(held.try_into().unwrap_or(0))
    }
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
    i64::try_from(EPOCH.elapsed().as_millis()).unwrap_or(i64::MAX)
}
