//! What keeps the items of a queue: here behind a lock, in any order.

use super::error::{GetError, PutError};
use super::order::Order;
use crate::sys::{Mutex, MutexGuard};

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
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock()
    }

    pub(crate) fn unfinished(&self) -> usize {
        self.lock().unfinished
    }

    /// One item is done. Gives how many are not.
    pub(crate) fn done(&self) -> Option<usize> {
        let mut kept = self.lock();
        kept.unfinished = kept.unfinished.checked_sub(1)?;
        Some(kept.unfinished)
    }

    /// Closes, and gives what is in here, which counts as done.
    pub(crate) fn close_and_drain(&self) -> Vec<T> {
        let mut kept = self.lock();
        kept.is_open = false;
        let items: Vec<T> = std::iter::from_fn(|| kept.items.pop()).collect();
        kept.unfinished = kept.unfinished.saturating_sub(items.len());
        items
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
        let mut kept = self.lock();
        match kept.items.pop() {
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
