//! Blocks a thread on a future.

use std::cell::Cell;
use std::hint;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::Parker;

/// The moment at which a time-out is over. None is never: a time that the clock cannot name
/// will not come.
pub(crate) fn deadline(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}

/// Waits for as long as it takes.
pub(crate) fn block_on<F: Future + Unpin>(future: F) -> F::Output {
    match block_until(future, None) {
        Some(output) => output,
        None => unreachable!("only a deadline ends a wait"),
    }
}

/// Waits until the future is done (its output) or the deadline is over (none; the future is
/// dropped, and gives back what it was granted).
pub(crate) fn block_until<F: Future + Unpin>(
    mut future: F,
    deadline: Option<Instant>,
) -> Option<F::Output> {
    let sleeper = Sleeper::of_this_thread();
    let mut context = Context::from_waker(&sleeper.waker);
    let mut may_wait = true;
    let output = loop {
        if let Poll::Ready(output) = Pin::new(&mut future).poll(&mut context) {
            break Some(output);
        }
        if !may_wait {
            break None;
        }
        // One more look when the time is over: what came with the last moment counts.
        may_wait = sleeper.parker.0.park(deadline);
    };
    sleeper.keep();
    output
}

/// What wakes a thread.
struct ThreadParker(Parker);

impl Wake for ThreadParker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

struct Sleeper {
    parker: Arc<ThreadParker>,
    waker: Waker,
}

thread_local! {
    /// Each thread keeps one. It is taken out while it is used: who waits within a wait (in
    /// an `Ord` of a priority queue's item) has another, and does not take its wake-ups.
    static KEPT: Cell<Option<Sleeper>> = const { Cell::new(None) };
}

impl Sleeper {
    fn of_this_thread() -> Self {
        if cfg!(not(feature = "loom"))
            && let Some(sleeper) = KEPT.try_with(Cell::take).ok().flatten()
        {
            return sleeper;
        }
        let parker = Arc::new(ThreadParker(Parker::new()));
        let waker = Waker::from(Arc::clone(&parker));
        Sleeper { parker, waker }
    }

    fn keep(self) {
        if cfg!(not(feature = "loom")) {
            // A thread that ends has no place for it any more.
            let _ = KEPT.try_with(|kept| kept.set(Some(self)));
        }
    }
}

/// A little patience before a thread goes to sleep, which costs more than most waits for a
/// queue that others work on; also behind each wake-up, since somebody else may have been quicker.
pub(crate) struct Patience {
    step: u32,
}

impl Patience {
    /// The first step, in which some items gather: who looks again at once has each taken
    /// from under the one who puts, at two or three times the cost of an item that lies ready.
    const FIRST: u32 = 5;
    /// After the step of this number it yields instead of spinning, and after the last it is gone.
    const SPINS: u32 = 6;
    const LAST: u32 = 10;

    /// What a thread has.
    pub(crate) fn of_a_thread() -> Self {
        Patience { step: Self::FIRST }
    }

    /// What a task has, whose thread has others to run.
    pub(crate) fn none() -> Self {
        Patience {
            step: Self::LAST + 1,
        }
    }

    /// Waits a moment, twice as long as before. False when sleeping is better by now.
    pub(crate) fn wait(&mut self) -> bool {
        if cfg!(feature = "loom") || self.step > Self::LAST {
            return false;
        }
        if self.step <= Self::SPINS {
            for _ in 0..1 << self.step {
                hint::spin_loop();
            }
        } else {
            thread::yield_now();
        }
        self.step += 1;
        true
    }
}
