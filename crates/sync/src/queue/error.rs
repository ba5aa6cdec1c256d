//! Why a queue did not take an item, or gave none.

use thiserror::Error;

/// Why an item was not put. It is handed back: [`into_item`](PutError::into_item).
///
/// ```
/// use lariat_sync::{PutError, Queue};
///
/// let queue = Queue::fifo(1);
/// queue.put("first")?;
/// let error = queue.try_put("second").unwrap_err();
/// assert_eq!(error, PutError::Full("second"));
/// assert_eq!(error.into_item(), "second");
/// # Ok::<(), PutError<&str>>(())
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PutError<T> {
    /// There is no room, and the caller did not want to wait for it.
    #[error("the queue is full")]
    Full(T),
    /// There was no room for as long as the caller wanted to wait.
    #[error("the queue was full until the time was over")]
    Timeout(T),
    /// The queue has been shut down and takes nothing any more.
    #[error("the queue has been shut down")]
    ShutDown(T),
}

impl<T> PutError<T> {
    /// The item that was not put.
    pub fn into_item(self) -> T {
        match self {
            PutError::Full(item) | PutError::Timeout(item) | PutError::ShutDown(item) => item,
        }
    }
}

/// Why there was no item to get.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum GetError {
    /// There is none, and the caller did not want to wait for one.
    #[error("the queue is empty")]
    Empty,
    /// There was none for as long as the caller wanted to wait.
    #[error("the queue was empty until the time was over")]
    Timeout,
    /// The queue has been shut down, and what was in it has been taken.
    #[error("the queue has been shut down and is empty")]
    ShutDown,
}

/// [`task_done`](crate::Queue::task_done) was called more often than items were put.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("task_done was called more often than items were put into the queue")]
pub struct DoneTooOften;
