//! What all queues can do, for code that does not care which it has.

use std::time::Duration;

use super::{Get, GetError, Items, Put, PutError, Queue, SimpleQueue};

/// What a [`Queue`] and a [`SimpleQueue`] can both do, under the same names as there.
///
/// Code that has one of them needs no trait; this is for what takes any, as Python's functions do.
/// What counts (`task_done`, `join`) is only [`Queue`]'s.
///
/// ```
/// use lariat_sync::{AnyQueue, GetError, Queue, SimpleQueue};
///
/// fn sum(queue: &impl AnyQueue<Item = u32>) -> u32 {
///     queue.iter().sum()
/// }
///
/// let (first, second) = (Queue::lifo(None), SimpleQueue::new(4));
/// for number in 1..=4 {
///     first.put(number)?;
///     second.put(number)?;
/// }
/// first.shutdown();
/// second.shutdown();
/// assert_eq!(sum(&first), sum(&second));
/// # Ok::<(), lariat_sync::PutError<u32>>(())
/// ```
pub trait AnyQueue {
    /// What is in it.
    type Item;

    /// Puts an item, waiting for room.
    ///
    /// # Errors
    ///
    /// [`PutError::ShutDown`], with the item.
    fn put(&self, item: Self::Item) -> Result<(), PutError<Self::Item>>;

    /// Puts an item, waiting at most so long for room.
    ///
    /// # Errors
    ///
    /// [`PutError::Timeout`] or [`PutError::ShutDown`], with the item.
    fn put_timeout(&self, item: Self::Item, timeout: Duration) -> Result<(), PutError<Self::Item>>;

    /// Puts an item if there is room at once.
    ///
    /// # Errors
    ///
    /// [`PutError::Full`] or [`PutError::ShutDown`], with the item.
    fn try_put(&self, item: Self::Item) -> Result<(), PutError<Self::Item>>;

    /// Puts an item, in any async runtime.
    fn put_async(&self, item: Self::Item) -> Put<'_, Self::Item>;

    /// Takes the next item, waiting for one.
    ///
    /// # Errors
    ///
    /// [`GetError::ShutDown`].
    fn get(&self) -> Result<Self::Item, GetError>;

    /// Takes the next item, waiting at most so long for one.
    ///
    /// # Errors
    ///
    /// [`GetError::Timeout`] or [`GetError::ShutDown`].
    fn get_timeout(&self, timeout: Duration) -> Result<Self::Item, GetError>;

    /// Takes the next item if there is one.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] or [`GetError::ShutDown`].
    fn try_get(&self) -> Result<Self::Item, GetError>;

    /// Takes the next item, in any async runtime.
    fn get_async(&self) -> Get<'_, Self::Item>;

    /// Takes items, waiting for each, until it is shut down and empty.
    fn iter(&self) -> Items<'_, Self::Item>;

    /// How many items are in it.
    fn len(&self) -> usize;

    /// How many items there is room for. None is no limit.
    fn limit(&self) -> Option<usize>;

    /// How many wait for an item.
    fn waiting_to_get(&self) -> usize;

    /// How many wait for room.
    fn waiting_to_put(&self) -> usize;

    /// Takes nothing any more. What is in it can still be got.
    fn shutdown(&self);

    /// Shuts down and gives what was in it.
    fn shutdown_now(&self) -> Vec<Self::Item>;

    /// Whether it has been shut down.
    fn is_shut_down(&self) -> bool;

    /// Whether nothing is in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room. False without a limit.
    fn is_full(&self) -> bool {
        self.limit().is_some_and(|limit| self.len() >= limit)
    }
}

/// A queue's own methods under the names of the trait's.
macro_rules! any_queue {
    ($queue:ident) => {
        impl<T> AnyQueue for $queue<T> {
            type Item = T;

            fn put(&self, item: T) -> Result<(), PutError<T>> {
                $queue::put(self, item)
            }

            fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
                $queue::put_timeout(self, item, timeout)
            }

            fn try_put(&self, item: T) -> Result<(), PutError<T>> {
                $queue::try_put(self, item)
            }

            fn put_async(&self, item: T) -> Put<'_, T> {
                $queue::put_async(self, item)
            }

            fn get(&self) -> Result<T, GetError> {
                $queue::get(self)
            }

            fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
                $queue::get_timeout(self, timeout)
            }

            fn try_get(&self) -> Result<T, GetError> {
                $queue::try_get(self)
            }

            fn get_async(&self) -> Get<'_, T> {
                $queue::get_async(self)
            }

            fn iter(&self) -> Items<'_, T> {
                $queue::iter(self)
            }

            fn len(&self) -> usize {
                $queue::len(self)
            }

            fn limit(&self) -> Option<usize> {
                $queue::limit(self)
            }

            fn waiting_to_get(&self) -> usize {
                $queue::waiting_to_get(self)
            }

            fn waiting_to_put(&self) -> usize {
                $queue::waiting_to_put(self)
            }

            fn shutdown(&self) {
                $queue::shutdown(self);
            }

            fn shutdown_now(&self) -> Vec<T> {
                $queue::shutdown_now(self)
            }

            fn is_shut_down(&self) -> bool {
                $queue::is_shut_down(self)
            }
        }
    };
}

any_queue!(Queue);
any_queue!(SimpleQueue);
