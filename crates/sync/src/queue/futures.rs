//! The async forms of putting and getting.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::channel::{Getting, Putting};
use super::core::Locked;
use super::error::{GetError, PutError};
use super::fifo::Fifo;

/// Puts an item: [`Queue::put_async`](crate::Queue::put_async) and
/// [`SimpleQueue::put_async`](crate::SimpleQueue::put_async).
#[must_use = "a future does nothing until it is awaited"]
pub struct Put<'a, T>(Either<Putting<'a, Locked<T>>, Putting<'a, Fifo<T>>>);

/// Takes an item: [`Queue::get_async`](crate::Queue::get_async) and
/// [`SimpleQueue::get_async`](crate::SimpleQueue::get_async).
#[must_use = "a future does nothing until it is awaited"]
pub struct Get<'a, T>(Either<Getting<'a, Locked<T>>, Getting<'a, Fifo<T>>>);

/// Which of the two kinds of queue it is.
enum Either<Q, S> {
    Queue(Q),
    Simple(S),
}

impl<'a, T> Put<'a, T> {
    pub(super) fn new(put: Putting<'a, Locked<T>>) -> Self {
        Put(Either::Queue(put))
    }

    pub(super) fn simple(put: Putting<'a, Fifo<T>>) -> Self {
        Put(Either::Simple(put))
    }

    /// Gives up, and gives the item back if it has not been put.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// # runtime.block_on(async {
    /// use std::time::Duration;
    ///
    /// let queue = lariat_sync::Queue::fifo(1);
    /// queue.put("first")?;
    /// let mut put = queue.put_async("second");
    /// if tokio::time::timeout(Duration::from_millis(1), &mut put).await.is_err() {
    ///     assert_eq!(put.into_item(), Some("second"));
    /// }
    /// # Ok::<(), lariat_sync::PutError<&str>>(())
    /// # }).unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_item(self) -> Option<T> {
        match self.0 {
            Either::Queue(put) => put.into_item(),
            Either::Simple(put) => put.into_item(),
        }
    }
}

impl<'a, T> Get<'a, T> {
    pub(super) fn new(get: Getting<'a, Locked<T>>) -> Self {
        Get(Either::Queue(get))
    }

    pub(super) fn simple(get: Getting<'a, Fifo<T>>) -> Self {
        Get(Either::Simple(get))
    }
}

impl<T> Future for Put<'_, T> {
    type Output = Result<(), PutError<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Either::Queue(put) => Pin::new(put).poll(context),
            Either::Simple(put) => Pin::new(put).poll(context),
        }
    }
}

impl<T> Future for Get<'_, T> {
    type Output = Result<T, GetError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Either::Queue(get) => Pin::new(get).poll(context),
            Either::Simple(get) => Pin::new(get).poll(context),
        }
    }
}

impl<T> fmt::Debug for Put<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Put")
    }
}

impl<T> fmt::Debug for Get<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Get")
    }
}
