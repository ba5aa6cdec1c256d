//! Semaphores: so many at a time.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;

use crate::sys::Mutex;
use crate::waiting::{Ticket, Waiters, Wakers, block_on, block_until, deadline};

/// Lets so many in at a time: a number of permits, of which each takes one or several and gives them
/// back.
///
/// A permit is a value and comes back when it is dropped, also when its thread panics. They are
/// given out in the order in which they were asked for: while somebody waits, nobody gets past, not
/// even one who wants fewer.
///
/// ```
/// use std::thread;
/// use lariat_sync::Semaphore;
///
/// let places = Semaphore::new(2);
/// thread::scope(|scope| {
///     for _ in 0..8 {
///         scope.spawn(|| {
///             let _permit = places.acquire();
///             // at most two are here at a time
///         });
///     }
/// });
/// assert_eq!(places.available(), 2);
/// ```
pub struct Semaphore {
    /// How many permits there may be at most.
    bound: usize,
    state: Mutex<State>,
}

struct State {
    /// Permits that nobody has. Fewer than the first in the line needs.
    available: usize,
    /// Who waits for how many.
    waiters: Waiters<usize>,
}

/// More permits were released than the semaphore may have.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("released {released} permits more where {available} of at most {bound} are there already")]
pub struct ReleasedTooMany {
    /// How many were to be released.
    pub released: usize,
    /// How many nobody had.
    pub available: usize,
    /// How many there may be.
    pub bound: usize,
}

impl Semaphore {
    /// A semaphore with so many permits, which [`release`](Self::release) may make more.
    pub fn new(permits: usize) -> Self {
        Self::with_bound(permits, usize::MAX)
    }

    /// A semaphore with so many permits and never more.
    ///
    /// ```
    /// let semaphore = lariat_sync::Semaphore::bounded(5);
    /// assert!(semaphore.release(1).is_err());
    /// ```
    pub fn bounded(permits: usize) -> Self {
        Self::with_bound(permits, permits)
    }

    fn with_bound(permits: usize, bound: usize) -> Self {
        let state = State {
            available: permits,
            waiters: Waiters::default(),
        };
        Semaphore {
            bound,
            state: Mutex::new(state),
        }
    }

    /// Takes a permit, waiting for it.
    pub fn acquire(&self) -> Permit<'_> {
        self.acquire_many(1)
    }

    /// Takes a permit, waiting at most so long.
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        self.acquire_many_timeout(1, timeout)
    }

    /// Takes a permit if there is one and nobody waits for it.
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.try_acquire_many(1)
    }

    /// Takes a permit, in any async runtime. A future that is dropped gives up its place in the line,
    /// and the permit if it had come by then.
    pub fn acquire_async(&self) -> Acquire<'_> {
        self.acquire_many_async(1)
    }

    /// Takes several permits at once, waiting for all of them.
    ///
    /// # Panics
    ///
    /// If the semaphore is [bounded](Self::bounded) by fewer: they would never come.
    pub fn acquire_many(&self, permits: usize) -> Permit<'_> {
        match self.try_acquire_many(permits) {
            Some(permit) => permit,
            None => block_on(self.acquire_many_async(permits)),
        }
    }

    /// Takes several permits at once, waiting at most so long for all of them.
    ///
    /// # Panics
    ///
    /// If the semaphore is [bounded](Self::bounded) by fewer.
    pub fn acquire_many_timeout(&self, permits: usize, timeout: Duration) -> Option<Permit<'_>> {
        let deadline = deadline(timeout);
        let at_once = self.try_acquire_many(permits);
        at_once.or_else(|| block_until(self.acquire_many_async(permits), deadline))
    }

    /// Takes several permits if they are there and nobody waits for them.
    pub fn try_acquire_many(&self, permits: usize) -> Option<Permit<'_>> {
        self.state
            .lock()
            .take(permits)
            .then(|| self.permit(permits))
    }

    /// Takes several permits, in any async runtime.
    ///
    /// # Panics
    ///
    /// If the semaphore is [bounded](Self::bounded) by fewer.
    pub fn acquire_many_async(&self, permits: usize) -> Acquire<'_> {
        assert!(
            permits <= self.bound,
            "asked for {permits} permits of a semaphore that has at most {}",
            self.bound
        );
        Acquire {
            semaphore: self,
            permits,
            ticket: None,
        }
    }

    /// Adds permits that are nobody's yet: those that were [kept](Permit::forget), or more.
    ///
    /// # Errors
    ///
    /// [`ReleasedTooMany`] if there would be more than the bound, of which none is added then.
    pub fn release(&self, permits: usize) -> Result<(), ReleasedTooMany> {
        let mut state = self.state.lock();
        let wakers = state.add(permits, self.bound)?;
        drop(state);
        wakers.wake();
        Ok(())
    }

    /// How many permits nobody has.
    pub fn available(&self) -> usize {
        self.state.lock().available
    }

    /// How many wait for permits.
    pub fn waiting(&self) -> usize {
        self.state.lock().waiters.len()
    }

    fn permit(&self, permits: usize) -> Permit<'_> {
        Permit {
            semaphore: self,
            permits,
        }
    }

    /// Takes back what a permit had. It cannot be too many but by the user's own `release`; a bounded
    /// semaphore stays at its bound then.
    fn give_back(&self, permits: usize) {
        let mut state = self.state.lock();
        let permits = permits.min(self.bound - state.available);
        let wakers = state.add(permits, self.bound).unwrap_or_default();
        drop(state);
        wakers.wake();
    }
}

impl State {
    fn take(&mut self, permits: usize) -> bool {
        if !self.waiters.is_empty() || self.available < permits {
            return false;
        }
        self.available -= permits;
        true
    }

    fn add(&mut self, released: usize, bound: usize) -> Result<Wakers, ReleasedTooMany> {
        let available = self.available;
        match available.checked_add(released) {
            Some(all) if all <= bound => self.available = all,
            _ => {
                return Err(ReleasedTooMany {
                    released,
                    available,
                    bound,
                });
            }
        }
        Ok(self.grant())
    }

    /// Gives those in front what they wait for, as far as it goes.
    fn grant(&mut self) -> Wakers {
        let mut wakers = Wakers::default();
        while let Some(need) = self.waiters.first().copied()
            && need <= self.available
            && let Some((need, waker)) = self.waiters.take_first()
        {
            self.available -= need;
            wakers.add(waker);
        }
        wakers
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

/// Permits of a [`Semaphore`], which come back when this is dropped.
#[must_use = "dropped at once, it lets the next in at once"]
#[derive(Debug)]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

impl Permit<'_> {
    /// How many permits these are.
    pub fn permits(&self) -> usize {
        self.permits
    }

    /// Keeps them from coming back: for permits that are used up, or that
    /// [`release`](Semaphore::release) brings back elsewhere.
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// The same permits without the borrow, for a thread or a task that outlives it.
    ///
    /// # Panics
    ///
    /// If they are of another semaphore.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use lariat_sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.acquire().into_owned(&semaphore);
    /// let thread = std::thread::spawn(move || drop(permit));
    /// thread.join().unwrap();
    /// assert_eq!(semaphore.available(), 1);
    /// ```
    pub fn into_owned(self, semaphore: &Arc<Semaphore>) -> OwnedPermit {
        assert!(
            std::ptr::eq(self.semaphore, Arc::as_ptr(semaphore)),
            "a permit of another semaphore"
        );
        let permits = self.permits;
        self.forget();
        OwnedPermit {
            semaphore: Arc::clone(semaphore),
            permits,
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.give_back(self.permits);
        }
    }
}

/// Permits that keep their [`Semaphore`] alive: [`Permit::into_owned`].
#[must_use = "dropped at once, it lets the next in at once"]
#[derive(Debug)]
pub struct OwnedPermit {
    semaphore: Arc<Semaphore>,
    permits: usize,
}

impl OwnedPermit {
    /// How many permits these are.
    pub fn permits(&self) -> usize {
        self.permits
    }
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.give_back(self.permits);
        }
    }
}

/// Waits for permits: [`Semaphore::acquire_async`].
#[must_use = "a future does nothing until it is awaited"]
#[derive(Debug)]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
    ticket: Option<Ticket>,
}

impl<'a> Future for Acquire<'a> {
    type Output = Permit<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Permit<'a>> {
        let waker = context.waker().clone();
        let mut state = self.semaphore.state.lock();
        let granted = match self.ticket {
            None => state.take(self.permits),
            Some(ticket) => !state.waiters.contains(ticket),
        };
        if granted {
            drop(state);
            self.ticket = None;
            return Poll::Ready(self.semaphore.permit(self.permits));
        }
        let permits = self.permits;
        let before = state.waiters.enter(&mut self.ticket, permits, waker);
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let mut state = self.semaphore.state.lock();
        let Some(waker) = state.waiters.leave(ticket) else {
            drop(state);
            // Granted, and nobody there to take it.
            self.semaphore.give_back(self.permits);
            return;
        };
        // Those behind may need less than this one did.
        let wakers = state.grant();
        drop(state);
        drop(waker);
        wakers.wake();
    }
}
