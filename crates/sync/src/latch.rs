//! A latch, which opens once, and a countdown, which opens when it has come to nothing.

use std::time::Duration;

use thiserror::Error;

use crate::gate::{Gate, Passable, passing};

/// Opens once and for ever: for "has started", "is to stop".
///
/// ```
/// use std::time::Duration;
/// use lariat_sync::Latch;
///
/// let stop = Latch::new();
/// assert!(!stop.wait_timeout(Duration::ZERO));
/// assert!(stop.open());
/// assert!(!stop.open(), "only one has opened it");
/// stop.wait();
/// ```
#[derive(Debug)]
pub struct Latch {
    gate: Gate<Opened>,
}

#[derive(Debug)]
struct Opened(bool);

impl Passable for Opened {
    fn is_open(&self) -> bool {
        self.0
    }
}

impl Default for Latch {
    fn default() -> Self {
        Latch::new()
    }
}

impl Latch {
    /// A latch that is not open.
    pub fn new() -> Self {
        Latch {
            gate: Gate::new(Opened(false)),
        }
    }

    /// Opens it, and says whether it was this call that did.
    pub fn open(&self) -> bool {
        self.gate
            .change(|opened| !std::mem::replace(&mut opened.0, true))
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.gate.look(|opened| opened.0)
    }

    /// Waits until it is open.
    pub fn wait(&self) {
        self.gate.wait();
    }

    /// Waits at most so long, and says whether it is open.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.gate.wait_timeout(timeout)
    }

    /// Waits until it is open, in any async runtime.
    pub fn wait_async(&self) -> LatchWait<'_> {
        LatchWait(self.gate.pass())
    }
}

passing! {
    /// Waits for a [`Latch`]: [`Latch::wait_async`].
    LatchWait, Opened
}

/// Opens when it has been counted down to nothing: for "all of these are done".
///
/// ```
/// use std::thread;
/// use lariat_sync::Countdown;
///
/// let done = Countdown::new(3);
/// thread::scope(|scope| {
///     for _ in 0..3 {
///         scope.spawn(|| done.count_down());
///     }
///     done.wait();
/// });
/// assert_eq!(done.count(), 0);
/// ```
#[derive(Debug)]
pub struct Countdown {
    gate: Gate<Count>,
}

#[derive(Debug)]
struct Count(usize);

impl Passable for Count {
    fn is_open(&self) -> bool {
        self.0 == 0
    }
}

/// A [`Countdown`] that has come to nothing was counted on.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the countdown has come to 0 already")]
pub struct CountedDown;

impl Countdown {
    /// A countdown from this number. That from 0 is open.
    pub fn new(count: usize) -> Self {
        Countdown {
            gate: Gate::new(Count(count)),
        }
    }

    /// Counts one down, and gives what is left.
    ///
    /// # Errors
    ///
    /// [`CountedDown`] if nothing was left before.
    pub fn count_down(&self) -> Result<usize, CountedDown> {
        self.gate.change(|count| {
            count.0 = count.0.checked_sub(1).ok_or(CountedDown)?;
            Ok(count.0)
        })
    }

    /// Adds to what must be counted down, before it has come to nothing: a task that starts another.
    ///
    /// # Errors
    ///
    /// [`CountedDown`] if it has, since those who wait have gone on.
    ///
    /// # Panics
    ///
    /// If the count would be more than a `usize` holds.
    pub fn add(&self, more: usize) -> Result<(), CountedDown> {
        self.gate.change(|count| {
            if count.0 == 0 {
                return Err(CountedDown);
            }
            count.0 = count.0.checked_add(more).expect("the count fits a usize");
            Ok(())
        })
    }

    /// What is left.
    pub fn count(&self) -> usize {
        self.gate.look(|count| count.0)
    }

    /// Waits until nothing is left.
    pub fn wait(&self) {
        self.gate.wait();
    }

    /// Waits at most so long, and says whether nothing is left.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.gate.wait_timeout(timeout)
    }

    /// Waits until nothing is left, in any async runtime.
    pub fn wait_async(&self) -> CountdownWait<'_> {
        CountdownWait(self.gate.pass())
    }
}

passing! {
    /// Waits for a [`Countdown`]: [`Countdown::wait_async`].
    CountdownWait, Count
}
