//! Ends of a queue that somebody holds: what becomes of it when they let go, or panic.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Queue;
use super::interface::AnyQueue;

/// Puts into a queue, and shuts it down when the last clone is dropped, also by a panic: whoever
/// waits for an item is told so when those that were put have been taken.
///
/// It is made of a reference to a [`Queue`] or [`SimpleQueue`](super::SimpleQueue), or of an `Arc`, and is
/// that queue otherwise. Each thread or task that puts has a clone of its own; one that is made
/// anew counts apart.
///
/// ```
/// use std::sync::Arc;
/// use std::thread;
/// use lariat_sync::{Producer, SimpleQueue};
///
/// let queue = Arc::new(SimpleQueue::new(None));
/// let producer = Producer::new(Arc::clone(&queue));
/// for number in 0..3 {
///     let producer = producer.clone();
///     thread::spawn(move || producer.put(number));
/// }
/// drop(producer);
/// // It ends when all three have ended.
/// assert_eq!(queue.iter().sum::<i32>(), 3);
/// ```
pub struct Producer<Q: Deref<Target: AnyQueue>>(Arc<LastProducer<Q>>);

/// Takes from a queue, and shuts it down at once when the last clone is dropped, also by a
/// panic: nobody would take what is still in it. So whoever waits for room or in
/// [`join`](Queue::join) goes on; what was in it is dropped, and counts as done.
///
/// It is made as a [`Producer`] is.
///
/// ```
/// use std::thread;
/// use lariat_sync::{Consumer, PutError, Queue};
///
/// let queue = Queue::fifo(1);
/// thread::scope(|scope| {
///     let consumer = Consumer::new(&queue);
///     scope.spawn(move || assert_eq!(consumer.get(), Ok(1)));
///     let refused = (1..).find_map(|number| queue.put(number).err());
///     // The consumer took one and ended, so whatever comes later is handed back.
///     assert!(matches!(refused, Some(PutError::ShutDown(2 | 3))));
/// });
/// queue.task_done()?;
/// queue.join();
/// # Ok::<(), lariat_sync::DoneTooOften>(())
/// ```
pub struct Consumer<Q: Deref<Target: AnyQueue>>(Arc<LastConsumer<Q>>);

struct LastProducer<Q: Deref<Target: AnyQueue>>(Q);

struct LastConsumer<Q: Deref<Target: AnyQueue>>(Q);

impl<Q: Deref<Target: AnyQueue>> Drop for LastProducer<Q> {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

impl<Q: Deref<Target: AnyQueue>> Drop for LastConsumer<Q> {
    fn drop(&mut self) {
        drop(self.0.shutdown_now());
    }
}

macro_rules! end {
    ($end:ident, $last:ident) => {
        impl<Q: Deref<Target: AnyQueue>> $end<Q> {
            /// The first of a queue's; the others are its clones.
            pub fn new(queue: Q) -> Self {
                $end(Arc::new($last(queue)))
            }
        }

        impl<Q: Deref<Target: AnyQueue>> Clone for $end<Q> {
            fn clone(&self) -> Self {
                $end(Arc::clone(&self.0))
            }
        }

        impl<Q: Deref<Target: AnyQueue>> Deref for $end<Q> {
            type Target = Q::Target;

            fn deref(&self) -> &Q::Target {
                &self.0.0
            }
        }

        impl<Q: Deref<Target: AnyQueue>> fmt::Debug for $end<Q> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($end))
            }
        }
    };
}

end!(Producer, LastProducer);
end!(Consumer, LastConsumer);

/// An item that was got, which counts as [done](Queue::task_done) when this is dropped:
/// [`Queue::task`].
#[derive(Debug)]
#[must_use = "dropped at once, it is done at once"]
pub struct QueueTask<'a, T> {
    /// Dropped first, so that nothing of it is left when it counts as done.
    item: T,
    _done: Done<'a, T>,
}

#[derive(Debug)]
struct Done<'a, T>(&'a Queue<T>);

impl<'a, T> QueueTask<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>, item: T) -> Self {
        QueueTask {
            item,
            _done: Done(queue),
        }
    }
}

impl<T> Deref for QueueTask<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T> DerefMut for QueueTask<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.item
    }
}

impl<T> Drop for Done<'_, T> {
    fn drop(&mut self) {
        // One who calls `task_done` besides has counted it already.
        let _ = self.0.task_done();
    }
}
