//! First in, first out, and nothing more.

use std::fmt;
use std::time::Duration;

use super::channel::Channel;
use super::core::Core;
use super::error::{GetError, PutError};
use super::fifo::Fifo;
use super::futures::{Get, Put};
use super::iterator::Items;

/// A queue of many producers and consumers, first in first out, that takes no lock while nobody
/// has to wait.
///
/// It has the words of [`Queue`](crate::Queue) but for `task_done` and `join`: it counts nothing.
///
/// ```
/// use lariat_sync::SimpleQueue;
///
/// let queue = SimpleQueue::new(None);
/// queue.put("one")?;
/// queue.put("two")?;
/// queue.shutdown();
/// assert!(queue.iter().eq(["one", "two"]));
/// # Ok::<(), lariat_sync::PutError<&str>>(())
/// ```
pub struct SimpleQueue<T> {
    channel: Channel<Fifo<T>>,
}

impl<T> SimpleQueue<T> {
    /// A queue with room for so many items, or for `None` for as many as memory holds. The room for
    /// a given number is taken at once.
    ///
    /// # Panics
    ///
    /// If the limit is 0: nothing would ever get in.
    pub fn new(limit: impl Into<Option<usize>>) -> Self {
        let limit = limit.into();
        assert!(
            limit != Some(0),
            "a queue with room for nothing: give None for no limit"
        );
        SimpleQueue {
            channel: Channel::new(Fifo::new(limit)),
        }
    }

    /// Puts an item, waiting for room.
    ///
    /// # Errors
    ///
    /// [`PutError::ShutDown`], with the item.
    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        self.channel.put(item)
    }

    /// Puts an item, waiting at most so long for room.
    ///
    /// # Errors
    ///
    /// [`PutError::Timeout`] or [`PutError::ShutDown`], with the item.
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        self.channel.put_timeout(item, timeout)
    }

    /// Puts an item if there is room at once.
    ///
    /// # Errors
    ///
    /// [`PutError::Full`] or [`PutError::ShutDown`], with the item.
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        self.channel.try_put(item)
    }

    /// Puts an item, as [`put`](Self::put), in any async runtime. If the future is dropped before it
    /// is done, nothing was put; [`Put::into_item`] gets the item back.
    pub fn put_async(&self, item: T) -> Put<'_, T> {
        Put::simple(self.channel.put_async(item))
    }

    /// Takes the next item, waiting for one.
    ///
    /// # Errors
    ///
    /// [`GetError::ShutDown`].
    pub fn get(&self) -> Result<T, GetError> {
        self.channel.get()
    }

    /// Takes the next item, waiting at most so long for one.
    ///
    /// # Errors
    ///
    /// [`GetError::Timeout`] or [`GetError::ShutDown`].
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.channel.get_timeout(timeout)
    }

    /// Takes the next item if there is one.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] or [`GetError::ShutDown`].
    pub fn try_get(&self) -> Result<T, GetError> {
        self.channel.try_get()
    }

    /// Takes the next item, as [`get`](Self::get), in any async runtime. If the future is dropped
    /// before it is done, no item is taken.
    pub fn get_async(&self) -> Get<'_, T> {
        Get::simple(self.channel.get_async())
    }

    /// Takes items, waiting for each, until the queue is shut down and empty.
    pub fn iter(&self) -> Items<'_, T> {
        Items::simple(self)
    }

    /// How many items are in it. With others at work it may be another number right afterwards.
    pub fn len(&self) -> usize {
        self.channel.core().len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        Core::is_empty(self.channel.core())
    }

    /// Whether there is no room. False for a queue without a limit.
    pub fn is_full(&self) -> bool {
        Core::is_full(self.channel.core())
    }

    /// How many items there is room for. None is no limit.
    pub fn limit(&self) -> Option<usize> {
        self.channel.core().limit()
    }

    /// Whether it has been shut down.
    pub fn is_shut_down(&self) -> bool {
        Core::is_closed(self.channel.core())
    }

    /// Takes nothing any more. What is in it can still be got; after that, getting ends with
    /// [`GetError::ShutDown`]. Whoever waits for room is told so at once.
    pub fn shutdown(&self) {
        self.channel.close();
    }

    /// Shuts down and gives what was in it. Whoever waits for an item or for room is told
    /// so at once.
    pub fn shutdown_now(&self) -> Vec<T> {
        self.channel.close();
        std::iter::from_fn(|| self.channel.try_get().ok()).collect()
    }

    /// How many wait for an item.
    pub fn waiting_to_get(&self) -> usize {
        self.channel.waiting_to_get()
    }

    /// How many wait for room.
    pub fn waiting_to_put(&self) -> usize {
        self.channel.waiting_to_put()
    }
}

impl<T> fmt::Debug for SimpleQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleQueue")
            .field("len", &self.len())
            .field("limit", &self.limit())
            .field("is_shut_down", &self.is_shut_down())
            .finish()
    }
}

impl<'a, T> IntoIterator for &'a SimpleQueue<T> {
    type Item = T;
    type IntoIter = Items<'a, T>;

    fn into_iter(self) -> Items<'a, T> {
        self.iter()
    }
}
