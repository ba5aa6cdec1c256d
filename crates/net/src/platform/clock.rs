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
    /// When the last turn of the [`Batch`] ended that is under way.
    static LAST_TURN: Cell<Nanoseconds> = const { Cell::new(UNKNOWN) };
}

/// The thread has just woken up.
pub(crate) fn woken() {
    READY.set(nanoseconds(crate::reactor::now()));
}

/// Now, on the clock that the timers run by. Within a [`Batch`] that is the system's, which a
/// test cannot stop, and costs half as much when it is asked directly.
#[inline]
pub(crate) fn now() -> Nanoseconds {
    match LAST_TURN.get() {
        UNKNOWN => nanoseconds(crate::reactor::now()),
        _ => system_now(),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn system_now() -> Nanoseconds {
    use rustix::time::{ClockId, clock_gettime};

    fn monotonic() -> u64 {
        let time = clock_gettime(ClockId::Monotonic);
        // Neither is ever negative.
        (time.tv_sec as u64)
            .wrapping_mul(1_000_000_000)
            .wrapping_add(time.tv_nsec as u64)
    }
    /// The epoch, on the clock as the system has it.
    static AHEAD: LazyLock<u64> = LazyLock::new(|| {
        let looks = (0..5).map(|_| {
            let before = monotonic();
            let now = nanoseconds(Instant::now());
            (monotonic().wrapping_sub(before), before.wrapping_sub(now))
        });
        // The quickest: between the two readings of another the thread may have slept.
        looks.min().map_or(0, |(_, ahead)| ahead)
    });
    monotonic().wrapping_sub(*AHEAD)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn system_now() -> Nanoseconds {
    nanoseconds(Instant::now())
}

/// Turns that follow each other without anything between: the end of one is the begin of the
/// next, and the clock is read once for both.
pub(crate) struct Batch(());

impl Batch {
    pub(crate) fn begin() -> Self {
        LAST_TURN.set(system_now());
        Batch(())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        LAST_TURN.set(UNKNOWN);
    }
}

/// When a turn began.
#[derive(Clone, Copy)]
pub(crate) struct Began {
    turn: Nanoseconds,
    ready: Nanoseconds,
}

impl Began {
    #[inline]
    pub(crate) fn now() -> Self {
        let mut turn = LAST_TURN.get();
        if turn == UNKNOWN {
            turn = now();
        }
        let ready = READY.get();
        Began {
            turn,
            ready: ready.min(turn),
        }
    }

    /// How long it took until `now` from when the turn could have begun.
    #[inline]
    pub(crate) fn ended(&self, now: Nanoseconds) -> Nanoseconds {
        if READY.get() != UNKNOWN {
            READY.set(now);
        }
        if LAST_TURN.get() != UNKNOWN {
            LAST_TURN.set(now);
        }
        now.saturating_sub(self.ready)
    }

    /// How long the thread has been held since.
    pub(crate) fn held(&self) -> Duration {
        Duration::from_nanos(now().saturating_sub(self.turn))
    }
}
