//! What became of a task: its value, or why there is none.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::process::WorkerError;

/// What a task gave, or why it gave nothing.
pub type Outcome<T> = Result<T, TaskError>;

/// Why there is no value of a task.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TaskError {
    /// It was cancelled before it began, by its future or by the executor's shutdown.
    #[error("the task was cancelled before it began")]
    Cancelled,
    /// It panicked.
    #[error("the task {0}")]
    Panicked(Panic),
    /// It is not done yet; the future is as good as before.
    #[error("the task was not done in time")]
    Timeout,
    /// Somebody has taken its value already.
    #[error("the task's result was taken before")]
    Taken,
    /// The process that should have run it could not, or did not come back.
    #[error(transparent)]
    Worker(#[from] WorkerError),
}

/// What a thread or a task panicked with.
///
/// ```
/// use lariat_sync::executor::{TaskError, ThreadPool};
///
/// let pool = ThreadPool::new(1)?;
/// let future = pool.submit(|| -> u32 { panic!("no {}", "luck") })?;
/// match future.result() {
///     Err(TaskError::Panicked(panic)) => assert_eq!(panic.message(), "no luck"),
///     other => unreachable!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Panic {
    message: String,
    /// Behind a lock only because a payload may be moved between threads, but not shared.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl Panic {
    /// What `catch_unwind` or a thread's `join` gave.
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Panic {
            message: text.unwrap_or("a value that is no text").to_owned(),
            payload: Mutex::new(payload),
        }
    }

    /// The text that it panicked with, or that it was none.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What it panicked with.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Panics with the same in this thread, without another message.
    pub fn resume(self) -> ! {
        resume_unwind(self.into_payload())
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)
    }
}

impl std::error::Error for Panic {}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message).finish()
    }
}

/// The value of `work`, or what it panicked with.
///
/// Nothing of what it held is looked at after a panic, except what is shared on purpose and
/// guarded by locks that notice.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| TaskError::Panicked(Panic::new(payload)))
}
