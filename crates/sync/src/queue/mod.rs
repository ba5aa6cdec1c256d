//! Queues between threads, between tasks, and between the two.
//!
//! [`Queue`] has an order (first in first out, last in first out, smallest first) and counts what is
//! not done yet, as Python's `queue.Queue`, `LifoQueue` and `PriorityQueue`. [`SimpleQueue`] is
//! first in first out and nothing more, as Python's, and several times quicker where many
//! threads meet. Their words are the same, and [`AnyQueue`] is for code that takes either.
//!
//! [`Producer`] and [`Consumer`] shut a queue down when the last of those who put, or who get, has ended, so
//! that a thread that panics leaves nobody waiting.

mod channel;
mod core;
mod error;
mod fifo;
mod futures;
mod handles;
mod interface;
mod iterator;
mod order;
mod simple;

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use self::channel::Channel;
use self::core::{Core, Locked};
use self::order::{Order, Smallest};
use crate::waiting::{Patience, Place, block_on, block_until, deadline};

pub use error::{DoneTooOften, GetError, PutError};
pub use futures::{Get, Put};
pub use handles::{Consumer, Producer, QueueTask};
pub use interface::AnyQueue;
pub use iterator::Items;
pub use order::Prioritized;
pub use simple::SimpleQueue;

/// A queue of many producers and consumers, bounded or not, that counts what is not done yet.
///
/// It is shared by reference or in an `Arc`. Whatever waits has a form that blocks the thread, one
/// that does so for at most some time, one that does not wait, and one for `await` in any
/// runtime; all stand in the same line.
///
/// ```
/// use std::thread;
/// use lariat_sync::{Consumer, Producer, Queue};
///
/// let queue = Queue::fifo(32);
/// thread::scope(|scope| {
///     let (producer, consumer) = (Producer::new(&queue), Consumer::new(&queue));
///     scope.spawn(move || {
///         for number in consumer.tasks() {
///             println!("item {}", *number);
///         }
///     });
///     for number in 0..100 {
///         producer.put(number).expect("somebody takes it");
///     }
///     queue.join(); // all 100 are done
///     // The producer is dropped, which shuts the queue down and so ends the consumer's loop.
/// });
/// ```
///
/// # Order and fairness
///
/// Who waits is woken in the order in which they came, one for each item. Being woken is no
/// promise: a thread that comes at that moment may be quicker, and then whoever was woken waits on, at
/// the place that it had.
pub struct Queue<T> {
    channel: Channel<Locked<T>>,
}

impl<T: Send + 'static> Queue<T> {
    /// First in, first out. `limit` is how many items there is room for: a number, or `None` for as
    /// many as memory holds.
    ///
    /// # Panics
    ///
    /// If the limit is 0: nothing would ever get in. (Python's 0 is `None` here.)
    pub fn fifo(limit: impl Into<Option<usize>>) -> Self {
        Self::ordered(limit, Box::new(VecDeque::new()))
    }

    /// Last in, first out: a stack.
    ///
    /// # Panics
    ///
    /// If the limit is 0.
    pub fn lifo(limit: impl Into<Option<usize>>) -> Self {
        Self::ordered(limit, Box::new(Vec::new()))
    }

    /// The smallest item first, and of equal ones the one that came first. What has no order of
    /// its own is put as [`Prioritized`].
    ///
    /// ```
    /// let queue = lariat_sync::Queue::priority(None);
    /// for pair in [(3, "sleep"), (1, "wash"), (2, "eat")] {
    ///     queue.put(pair)?;
    /// }
    /// assert_eq!(queue.get()?, (1, "wash"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the limit is 0.
    pub fn priority(limit: impl Into<Option<usize>>) -> Self
    where
        T: Ord,
    {
        Self::ordered(limit, Box::new(Smallest::new()))
    }

    fn ordered(limit: impl Into<Option<usize>>, items: Box<dyn Order<T> + Send>) -> Self {
        let limit = limit.into();
        assert!(
            limit != Some(0),
            "a queue with room for nothing: give None for no limit"
        );
        Queue {
            channel: Channel::new(Locked::new(limit, items)),
        }
    }
}

impl<T> Queue<T> {
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
        Put::new(self.channel.put_async(item))
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
        Get::new(self.channel.get_async())
    }

    /// Takes items, waiting for each, until the queue is shut down and empty.
    pub fn iter(&self) -> Items<'_, T> {
        Items::new(self)
    }

    /// How many items are in it. With others at work it may be another number right afterwards.
    pub fn len(&self) -> usize {
        self.channel.core().len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.channel.core().is_empty()
    }

    /// Whether there is no room. False for a queue without a limit.
    pub fn is_full(&self) -> bool {
        self.channel.core().is_full()
    }

    /// How many items there is room for. None is no limit.
    pub fn limit(&self) -> Option<usize> {
        self.channel.core().limit()
    }

    /// Whether it has been shut down.
    pub fn is_shut_down(&self) -> bool {
        self.channel.core().is_closed()
    }

    /// Says that an item which was taken is done. When as many are done as were put, those who wait
    /// in [`join`](Self::join) go on.
    ///
    /// # Errors
    ///
    /// [`DoneTooOften`] if it is called more often than items were put.
    pub fn task_done(&self) -> Result<(), DoneTooOften> {
        self.channel.core().done().ok_or(DoneTooOften)
    }

    /// How many items were put and are not [done](Self::task_done), in the queue or taken from it.
    pub fn unfinished(&self) -> usize {
        self.channel.core().unfinished()
    }

    /// Waits until everything that was put is [done](Self::task_done).
    pub fn join(&self) {
        block_on(self.join_async());
    }

    /// Waits at most so long until everything is done, and says whether it is.
    pub fn join_timeout(&self, timeout: Duration) -> bool {
        block_until(self.join_async(), deadline(timeout)).is_some()
    }

    /// Waits until everything that was put is done, in any async runtime.
    pub fn join_async(&self) -> Join<'_, T> {
        Join {
            queue: self,
            place: Place::default(),
        }
    }

    /// Takes nothing any more. What is in it can still be got; after that,
    /// getting ends with [`GetError::ShutDown`]. Whoever waits for room is told so at once.
    pub fn shutdown(&self) {
        self.channel.close();
    }

    /// Shuts down and gives what was in it, in its order, which counts as done. Whoever waits for an
    /// item or for room is told so at once.
    pub fn shutdown_now(&self) -> Vec<T> {
        let mut items = self.channel.core().close_and_take();
        self.channel.wake_everybody();
        // Only now: a comparison of theirs may panic.
        std::iter::from_fn(|| items.pop()).collect()
    }

    /// Takes care of an item that was got: it counts as [done](Self::task_done) when what this
    /// gives is dropped, also by a panic.
    ///
    /// ```
    /// use lariat_sync::Queue;
    ///
    /// let queue = Queue::fifo(None);
    /// queue.put("work")?;
    /// let task = queue.task(queue.get()?);
    /// assert_eq!((task.len(), queue.unfinished()), (4, 1));
    /// drop(task);
    /// assert_eq!(queue.unfinished(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn task(&self, item: T) -> QueueTask<'_, T> {
        QueueTask::new(self, item)
    }

    /// As [`iter`](Self::iter), with each item as a [`task`](Self::task).
    pub fn tasks(&self) -> impl Iterator<Item = QueueTask<'_, T>> {
        self.iter().map(|item| self.task(item))
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

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("limit", &self.limit())
            .field("unfinished", &self.unfinished())
            .field("is_shut_down", &self.is_shut_down())
            .finish()
    }
}

impl<'a, T> IntoIterator for &'a Queue<T> {
    type Item = T;
    type IntoIter = Items<'a, T>;

    fn into_iter(self) -> Items<'a, T> {
        self.iter()
    }
}

/// Waits until everything in a [`Queue`] is done: [`Queue::join_async`].
#[must_use = "a future does nothing until it is awaited"]
#[derive(Debug)]
pub struct Join<'a, T> {
    queue: &'a Queue<T>,
    place: Place,
}

impl<T> Future for Join<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Join { queue, place } = &mut *self;
        let attempt = || match queue.unfinished() {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        };
        // All who wait are told at once, so nothing is owed to the others.
        let joiners = queue.channel.core().joiners();
        joiners.poll(place, context, Patience::none(), attempt, || false)
    }
}

impl<T> Drop for Join<'_, T> {
    fn drop(&mut self) {
        let joiners = self.queue.channel.core().joiners();
        joiners.give_up(&mut self.place, || false);
    }
}
