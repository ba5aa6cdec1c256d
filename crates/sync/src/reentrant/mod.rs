//! A lock that its holder may take again, and a condition to wait for under it.
//!
//! Python's `RLock` and `Condition`. Where one level is enough, std's `Mutex` and `Condvar` are
//! quicker and keep the data that they guard.

mod condition;
mod holder;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::sys::Mutex;
use crate::waiting::{Ticket, Waiters, block_on, block_until, deadline};

pub use condition::{Condition, ConditionWait};
pub use holder::Holder;

/// A lock that whoever holds it may take again, and that is free when it has been given back as often.
///
/// It guards a section, not a value: who takes it twice would have the value twice. What is shared
/// stands beside it in atomics, or in a `Mutex` that nobody ever waits for.
///
/// A thread is its own [`Holder`]. A task has no identity that all runtimes know, and so brings
/// one.
///
/// ```
/// use lariat_sync::ReentrantLock;
///
/// let lock = ReentrantLock::new();
/// let outer = lock.lock();
/// let inner = lock.lock();
/// assert_eq!(inner.depth(), 2);
/// drop((inner, outer));
/// assert!(!lock.is_locked());
/// ```
pub struct ReentrantLock {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    waiters: Waiters<Held>,
}

/// Who holds it, and how often.
#[derive(Clone, Copy, Debug)]
struct Held {
    holder: Holder,
    depth: usize,
}

impl Default for ReentrantLock {
    fn default() -> Self {
        ReentrantLock::new()
    }
}

impl ReentrantLock {
    /// A lock that is free.
    pub fn new() -> Self {
        ReentrantLock {
            state: Mutex::new(State::default()),
        }
    }

    /// Takes it for this thread, waiting while another holds it.
    pub fn lock(&self) -> ReentrantGuard<'_> {
        block_on(self.lock_async(Holder::this_thread()))
    }

    /// Takes it for this thread, waiting at most so long.
    pub fn lock_timeout(&self, timeout: Duration) -> Option<ReentrantGuard<'_>> {
        block_until(self.lock_async(Holder::this_thread()), deadline(timeout))
    }

    /// Takes it for this thread if no other holds it.
    pub fn try_lock(&self) -> Option<ReentrantGuard<'_>> {
        let holder = Holder::this_thread();
        let taken = self.state.lock().take(Held { holder, depth: 1 });
        taken.then_some(ReentrantGuard { lock: self, holder })
    }

    /// Takes it for a holder of the caller's, in any async runtime. A future that is dropped gives up its
    /// place in the line, and the lock if it had come by then.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// use lariat_sync::{Holder, ReentrantLock};
    ///
    /// let lock = ReentrantLock::new();
    /// let me = Holder::new();
    /// let outer = lock.lock_async(me).await;
    /// let inner = lock.lock_async(me).await;
    /// assert!(lock.try_lock().is_none(), "this thread is another holder");
    /// # drop((inner, outer));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn lock_async(&self, holder: Holder) -> ReentrantLocking<'_> {
        self.locking(Held { holder, depth: 1 })
    }

    /// Whether somebody holds it.
    pub fn is_locked(&self) -> bool {
        self.state.lock().held.is_some()
    }

    /// Whether this thread holds it.
    pub fn is_held(&self) -> bool {
        self.is_held_by(Holder::this_thread())
    }

    /// Whether this one holds it.
    pub fn is_held_by(&self, holder: Holder) -> bool {
        let held = self.state.lock().held;
        held.is_some_and(|held| held.holder == holder)
    }

    fn locking(&self, wanted: Held) -> ReentrantLocking<'_> {
        ReentrantLocking {
            lock: self,
            wanted,
            ticket: None,
        }
    }

    /// Gives back so many levels of this holder's, and gives how many there were. None if it does not
    /// hold it: a wait for a condition has freed it from under the guard.
    fn release(&self, holder: Holder, levels: usize) -> usize {
        let mut state = self.state.lock();
        let Some(held) = state.held.as_mut().filter(|held| held.holder == holder) else {
            return 0;
        };
        let depth = held.depth;
        if depth > levels {
            held.depth -= levels;
            return depth;
        }
        let next = state.pass_on();
        drop(state);
        if let Some(waker) = next {
            waker.wake();
        }
        depth
    }
}

impl State {
    /// Takes it once more, or for the first time if nobody has waited longer.
    fn take(&mut self, wanted: Held) -> bool {
        match &mut self.held {
            Some(held) if held.holder == wanted.holder => held.depth += wanted.depth,
            Some(_) => return false,
            None => self.held = Some(wanted),
        }
        true
    }

    /// Hands it to the one who has waited longest, who is to be woken.
    fn pass_on(&mut self) -> Option<Waker> {
        let next = self.waiters.take_first();
        self.held = next.as_ref().map(|(wanted, _)| *wanted);
        next.map(|(_, waker)| waker)
    }
}

impl fmt::Debug for ReentrantLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReentrantLock")
            .field("held", &self.state.lock().held)
            .finish_non_exhaustive()
    }
}

/// One level of a [`ReentrantLock`], given back when this is dropped.
///
/// Whoever it was taken for holds it, wherever the guard is moved.
#[must_use = "dropped at once, it gives the lock back at once"]
#[derive(Debug)]
pub struct ReentrantGuard<'a> {
    lock: &'a ReentrantLock,
    holder: Holder,
}

impl ReentrantGuard<'_> {
    /// How often the lock is held by its holder.
    pub fn depth(&self) -> usize {
        self.lock.state.lock().held.map_or(0, |held| held.depth)
    }

    /// Who holds the lock.
    pub fn holder(&self) -> Holder {
        self.holder
    }
}

impl Drop for ReentrantGuard<'_> {
    fn drop(&mut self) {
        self.lock.release(self.holder, 1);
    }
}

/// Waits for a [`ReentrantLock`]: [`ReentrantLock::lock_async`].
#[must_use = "a future does nothing until it is awaited"]
#[derive(Debug)]
pub struct ReentrantLocking<'a> {
    lock: &'a ReentrantLock,
    wanted: Held,
    ticket: Option<Ticket>,
}

impl<'a> Future for ReentrantLocking<'a> {
    type Output = ReentrantGuard<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        let lock = self.lock;
        let wanted = self.wanted;
        let mut state = lock.state.lock();
        let granted = match self.ticket {
            None => state.take(wanted),
            Some(ticket) => !state.waiters.contains(ticket),
        };
        if granted {
            drop(state);
            self.ticket = None;
            let holder = wanted.holder;
            return Poll::Ready(ReentrantGuard { lock, holder });
        }
        let before = state.waiters.enter(&mut self.ticket, wanted, waker);
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for ReentrantLocking<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let waker = self.lock.state.lock().waiters.leave(ticket);
        if waker.is_none() {
            // Granted, and nobody there to take it.
            self.lock.release(self.wanted.holder, self.wanted.depth);
        }
    }
}
