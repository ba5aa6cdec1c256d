//! What keeps the items of a queue: here behind a lock, in any order.

use std::mem::forget;

use super::error::{GetError, PutError};
use super::order::Order;
use crate::sys::{Mutex, MutexGuard};
use crate::waiting::Line;

/// Keeps items and waits for nothing: a [`Channel`](super::channel::Channel) adds the waiting.
pub(crate) trait Core {
    type Item;

    /// Takes an item, or says `Full` or `ShutDown`. Nothing gets in behind `close`.
    fn push(&self, item: Self::Item) -> Result<(), PutError<Self::Item>>;
    /// Gives an item, or says `Empty`, or `ShutDown` if it is closed and empty.
    fn pop(&self) -> Result<Self::Item, GetError>;
    /// Takes nothing from now on.
    fn close(&self);
    fn len(&self) -> usize;
    fn limit(&self) -> Option<usize>;
    fn is_closed(&self) -> bool;

    /// Gives an item if there is one. A queue without a lock has a way of its own to it: the two bytes and the item
    /// of what `pop` gives are written apart and copied as a whole, which takes a processor as long as the
    /// queue itself, since the copy cannot be made before all has left for the cache.
    fn take(&self) -> Option<Self::Item> {
        self.pop().ok()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_full(&self) -> bool {
        self.limit().is_some_and(|limit| self.len() >= limit)
    }
}

/// Items behind a lock, in an order of their own, and how many of them are not done yet.
pub(crate) struct Locked<T> {
    limit: Option<usize>,
    kept: Mutex<Kept<T>>,
    /// Those who wait until everything is done.
    joiners: Line,
}

struct Kept<T> {
    items: Box<dyn Order<T> + Send>,
    is_open: bool,
    /// Items that were put and not yet said to be done, whether they are still here or not.
    unfinished: usize,
}

impl<T> Locked<T> {
    pub(crate) fn new(limit: Option<usize>, items: Box<dyn Order<T> + Send>) -> Self {
        let kept = Kept {
            items,
            is_open: true,
            unfinished: 0,
        };
        Locked {
            limit,
            kept: Mutex::new(kept),
            joiners: Line::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock()
    }

    pub(crate) fn unfinished(&self) -> usize {
        self.lock().unfinished
    }

    /// One item is done. None if all were.
    pub(crate) fn done(&self) -> Option<()> {
        let mut kept = self.lock();
        kept.unfinished = kept.unfinished.checked_sub(1)?;
        let all_done = kept.unfinished == 0;
        drop(kept);
        if all_done {
            self.joiners.notify_all();
        }
        Some(())
    }

    /// Those who wait until everything is done.
    pub(crate) fn joiners(&self) -> &Line {
        &self.joiners
    }

    /// Closes, and gives what is in here, which counts as done from now on, in whatever way its order is
    /// asked for later.
    pub(crate) fn close_and_take(&self) -> Box<dyn Order<T> + Send> {
        let _told = Told(self);
        let mut kept = self.lock();
        kept.is_open = false;
        kept.unfinished = kept.unfinished.saturating_sub(kept.items.len());
        kept.items.take()
    }
}

/// Tells those who wait until everything is done, if it is when this is dropped.
struct Told<'a, T>(&'a Locked<T>);

impl<T> Drop for Told<'_, T> {
    fn drop(&mut self) {
        if self.0.unfinished() == 0 {
            self.0.joiners.notify_all();
        }
    }
}

impl<T> Kept<T> {
    fn next(&mut self) -> Option<T> {
        let before = self.items.len();
        let taking = Taking { kept: self, before };
        let next = taking.kept.items.pop();
        forget(taking);
        next
    }
}

/// Is dropped when a comparison panics. The item that was to be given is lost with that, and nobody
/// will say that it is done.
struct Taking<'a, T> {
    kept: &'a mut Kept<T>,
    before: usize,
}

impl<T> Drop for Taking<'_, T> {
    fn drop(&mut self) {
        let lost = self.before.saturating_sub(self.kept.items.len());
        self.kept.unfinished = self.kept.unfinished.saturating_sub(lost);
    }
}

impl<T> Core for Locked<T> {
    type Item = T;

    fn push(&self, item: T) -> Result<(), PutError<T>> {
        let mut kept = self.lock();
        if !kept.is_open {
            return Err(PutError::ShutDown(item));
        }
        if self.limit.is_some_and(|limit| kept.items.len() >= limit) {
            return Err(PutError::Full(item));
        }
        // Counted before: an item whose comparison panics is in there all the same.
        kept.unfinished += 1;
        kept.items.push(item);
        Ok(())
    }

    fn pop(&self) -> Result<T, GetError> {
        // Dropped only when a comparison panics, behind the lock.
        let told = Told(self);
        let mut kept = self.lock();
        let next = kept.next();
        forget(told);
        match next {
            Some(item) => Ok(item),
            None if kept.is_open => Err(GetError::Empty),
            None => Err(GetError::ShutDown),
        }
    }

    fn close(&self) {
        self.lock().is_open = false;
    }

    fn len(&self) -> usize {
        self.lock().items.len()
    }

    fn limit(&self) -> Option<usize> {
        self.limit
    }

    fn is_closed(&self) -> bool {
        !self.lock().is_open
    }
}
