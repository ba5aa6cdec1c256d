//! Waiting under a re-entrant lock for what another holder of it will change.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::{Held, ReentrantGuard, ReentrantLocking};
use crate::sys::Mutex;
use crate::waiting::{Ticket, Waiters, Wakers, block_on, block_until, deadline};

/// Lets the holder of a [`ReentrantLock`](super::ReentrantLock) wait until another has changed something
/// under it. While it waits the lock is free, however often it was held, and is held as often when it
/// goes on.
///
/// Look at what was waited for again after each wait, as with every condition, or have
/// [`wait_while`](Self::wait_while) do so.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use std::thread;
/// use lariat_sync::{Condition, ReentrantLock};
///
/// let (lock, changed, stock) = (ReentrantLock::new(), Condition::new(), AtomicU32::new(0));
/// thread::scope(|scope| {
///     scope.spawn(|| {
///         let guard = changed.wait_while(lock.lock(), || stock.load(Relaxed) == 0);
///         stock.fetch_sub(1, Relaxed);
///         drop(guard);
///     });
///     let _guard = lock.lock();
///     stock.fetch_add(1, Relaxed);
///     changed.notify_one();
/// });
/// assert_eq!(stock.into_inner(), 0);
/// ```
pub struct Condition {
    waiters: Mutex<Waiters<()>>,
}

impl Default for Condition {
    fn default() -> Self {
        Condition::new()
    }
}

impl Condition {
    /// A condition that nobody waits for. It may be used with any lock, best with always the same.
    pub fn new() -> Self {
        Condition {
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// Frees the lock, waits until notified, and takes the lock again.
    pub fn wait<'a>(&self, guard: ReentrantGuard<'a>) -> ReentrantGuard<'a> {
        block_on(self.wait_async(guard))
    }

    /// Frees the lock, waits until notified but at most so long, and takes the lock again (which may take
    /// longer). The answer says whether it was notified.
    pub fn wait_timeout<'a>(
        &self,
        guard: ReentrantGuard<'a>,
        timeout: Duration,
    ) -> (ReentrantGuard<'a>, bool) {
        self.wait_until(guard, deadline(timeout))
    }

    /// Waits as long as something is so.
    pub fn wait_while<'a>(
        &self,
        mut guard: ReentrantGuard<'a>,
        mut is_so: impl FnMut() -> bool,
    ) -> ReentrantGuard<'a> {
        while is_so() {
            guard = self.wait(guard);
        }
        guard
    }

    /// Waits as long as something is so, but at most for a time. The answer says whether it is
    /// not so any more.
    pub fn wait_while_timeout<'a>(
        &self,
        mut guard: ReentrantGuard<'a>,
        timeout: Duration,
        mut is_so: impl FnMut() -> bool,
    ) -> (ReentrantGuard<'a>, bool) {
        let deadline = deadline(timeout);
        while is_so() {
            let (again, notified) = self.wait_until(guard, deadline);
            guard = again;
            if !notified {
                return (guard, !is_so());
            }
        }
        (guard, true)
    }

    /// Frees the lock, waits until notified, and takes the lock again, in any async runtime. A future that
    /// is dropped does not take the lock again, and passes on a notification that it had.
    pub fn wait_async<'a>(&self, guard: ReentrantGuard<'a>) -> ConditionWait<'_, 'a> {
        ConditionWait {
            notified: self.notified(&guard),
            locking: relock(guard),
        }
    }

    /// Waits as long as something is so, in any async runtime. Dropped while it waits, it does
    /// not take the lock again.
    pub async fn wait_while_async<'a>(
        &self,
        mut guard: ReentrantGuard<'a>,
        mut is_so: impl FnMut() -> bool,
    ) -> ReentrantGuard<'a> {
        while is_so() {
            guard = self.wait_async(guard).await;
        }
        guard
    }

    /// Wakes the one who has waited longest.
    pub fn notify_one(&self) {
        self.notify(1);
    }

    /// Wakes so many of those who have waited longest.
    pub fn notify(&self, count: usize) {
        let mut wakers = Wakers::default();
        let mut waiters = self.waiters.lock();
        for _ in 0..count {
            match waiters.take_first() {
                Some(((), waker)) => wakers.add(waker),
                None => break,
            }
        }
        drop(waiters);
        wakers.wake();
    }

    /// Wakes everybody.
    pub fn notify_all(&self) {
        let wakers = self.waiters.lock().take_all();
        wakers.wake();
    }

    fn wait_until<'a>(
        &self,
        guard: ReentrantGuard<'a>,
        deadline: Option<Instant>,
    ) -> (ReentrantGuard<'a>, bool) {
        let notified = self.notified(&guard);
        let locking = relock(guard);
        let in_time = block_until(notified, deadline).is_some();
        (block_on(locking), in_time)
    }

    /// Enters the line. That must be done before the lock is free, or the change would be missed.
    fn notified(&self, _held: &ReentrantGuard<'_>) -> Notified<'_> {
        let mut ticket = None;
        let nobody = std::task::Waker::noop().clone();
        self.waiters.lock().enter(&mut ticket, (), nobody);
        Notified {
            condition: self,
            ticket,
        }
    }
}

/// Frees the lock wholly, and gives what will take it as often again.
fn relock(guard: ReentrantGuard<'_>) -> ReentrantLocking<'_> {
    let ReentrantGuard { lock, holder } = guard;
    // The guard must not give back one more level.
    std::mem::forget(guard);
    let depth = lock.release(holder, usize::MAX);
    lock.locking(Held { holder, depth })
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition")
            .field("waiting", &self.waiters.lock().len())
            .finish()
    }
}

/// Waits for a [`Condition`] and then for the lock: [`Condition::wait_async`].
#[must_use = "a future does nothing until it is awaited"]
#[derive(Debug)]
pub struct ConditionWait<'c, 'a> {
    notified: Notified<'c>,
    locking: ReentrantLocking<'a>,
}

impl<'a> Future for ConditionWait<'_, 'a> {
    type Output = ReentrantGuard<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if Pin::new(&mut self.notified).poll(context).is_pending() {
            return Poll::Pending;
        }
        Pin::new(&mut self.locking).poll(context)
    }
}

/// Waits to be notified.
#[derive(Debug)]
struct Notified<'c> {
    condition: &'c Condition,
    /// None when it knows that it was.
    ticket: Option<Ticket>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(ticket) = self.ticket else {
            return Poll::Ready(());
        };
        let waker = context.waker().clone();
        let mut waiters = self.condition.waiters.lock();
        if !waiters.contains(ticket) {
            drop(waiters);
            self.ticket = None;
            return Poll::Ready(());
        }
        let before = waiters.enter(&mut self.ticket, (), waker);
        drop(waiters);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let waker = self.condition.waiters.lock().leave(ticket);
        if waker.is_none() {
            // Notified without having heard of it: that was for the next.
            self.condition.notify_one();
        }
    }
}
