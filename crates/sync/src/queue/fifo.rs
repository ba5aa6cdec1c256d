//! First in, first out, without a lock.

use std::thread;

use concurrent_queue::{ConcurrentQueue, PopError, PushError};

use super::core::Core;
use super::error::{GetError, PutError};

/// Items in a queue that can be closed: a bit of the number that counts what was put says so, which makes putting
/// and closing steps of one order. So nothing gets in behind the end, and what is refused has never been in.
pub(crate) struct Fifo<T> {
    items: ConcurrentQueue<T>,
}

impl<T> Fifo<T> {
    /// Room for so many items, which is taken at once, or for as many as memory holds.
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Fifo {
            items: match limit {
                Some(limit) => ConcurrentQueue::bounded(limit),
                None => ConcurrentQueue::unbounded(),
            },
        }
    }

    /// An item was not taken. If it found no room though there is some, it is tried again: where there is room for
    /// one item only, it is there a moment before an item can lie in it, and who is told that there is none must
    /// have come before the next one makes some, so as to be woken by that.
    #[cold]
    fn refused(&self, mut refused: PushError<T>) -> Result<(), PutError<T>> {
        loop {
            let item = match refused {
                PushError::Closed(item) => return Err(PutError::ShutDown(item)),
                PushError::Full(item) => item,
            };
            if self.items.is_full() {
                return Err(PutError::Full(item));
            }
            thread::yield_now();
            refused = match self.items.push(item) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
        }
    }
}

impl<T> Core for Fifo<T> {
    type Item = T;

    #[inline]
    fn push(&self, item: T) -> Result<(), PutError<T>> {
        match self.items.push(item) {
            Ok(()) => Ok(()),
            Err(refused) => self.refused(refused),
        }
    }

    fn pop(&self) -> Result<T, GetError> {
        self.items.pop().map_err(|error| match error {
            PopError::Empty => GetError::Empty,
            PopError::Closed => GetError::ShutDown,
        })
    }

    #[inline]
    fn take(&self) -> Option<T> {
        self.items.pop().ok()
    }

    fn close(&self) {
        self.items.close();
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    fn limit(&self) -> Option<usize> {
        self.items.capacity()
    }

    fn is_closed(&self) -> bool {
        self.items.is_closed()
    }
}
