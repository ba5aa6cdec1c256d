//! An event: something that many wait for.

use std::time::{Duration, Instant};

use crate::gate::{Gate, Passable, passing};
use crate::sys::{AtomicBool, Ordering};
use crate::waiting::block_until;

/// A flag that threads and tasks wait for.
///
/// ```
/// use std::thread;
/// use lariat_sync::Event;
///
/// let ready = Event::new();
/// thread::scope(|scope| {
///     scope.spawn(|| ready.wait());
///     ready.set(); // from now on, waiting takes no time
/// });
/// assert!(ready.is_set());
/// ```
#[derive(Debug)]
pub struct Event {
    gate: Gate<Flag>,
    /// The flag once more, to be asked without the lock; written under it.
    is_set: AtomicBool,
}

#[derive(Debug)]
struct Flag(bool);

impl Passable for Flag {
    fn is_open(&self) -> bool {
        self.0
    }
}

impl Default for Event {
    fn default() -> Self {
        Event::new()
    }
}

impl Event {
    /// An event that has not been set.
    pub fn new() -> Self {
        Event {
            gate: Gate::new(Flag(false)),
            is_set: AtomicBool::new(false),
        }
    }

    /// Sets it. Everybody who waits goes on, even if it is cleared right afterwards.
    pub fn set(&self) {
        self.turn(true);
    }

    /// Clears it: who comes from now on waits.
    pub fn clear(&self) {
        self.turn(false);
    }

    fn turn(&self, on: bool) {
        self.gate.change(|flag| {
            flag.0 = on;
            self.is_set.store(on, Ordering::Release);
        });
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }

    /// Waits until it is set.
    pub fn wait(&self) {
        self.gate.wait();
    }

    /// Waits at most so long, and says whether it was set.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.gate.wait_timeout(timeout)
    }

    /// Waits until it is set or until the moment (none does not come), and says whether it was set.
    pub(crate) fn wait_until(&self, moment: Option<Instant>) -> bool {
        block_until(self.wait_async(), moment).is_some()
    }

    /// Waits until it is set, in any async runtime.
    pub fn wait_async(&self) -> EventWait<'_> {
        EventWait(self.gate.pass())
    }
}

passing! {
    /// Waits for an [`Event`]: [`Event::wait_async`].
    EventWait, Flag
}
