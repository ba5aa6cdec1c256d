//! The future of a task, which threads wait for and async code awaits, and the promise that
//! completes it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::outcome::{Outcome, TaskError};
use super::shared::Shared;
use super::watch::Watch;
use crate::waiting::{Ticket, deadline};

/// The value that a task will have.
///
/// One task has one `TaskFuture`. A thread takes the value by [`result`](Self::result), async
/// code by `.await`, whatever runs it. Dropping it lets the task run on and its value go;
/// [`cancel`](Self::cancel) is how a task is kept from beginning.
///
/// ```
/// use lariat_sync::executor::ThreadPool;
///
/// let pool = ThreadPool::new(2)?;
/// let product = pool.submit(|| 6 * 7)?;
/// assert_eq!(product.result()?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "the task runs also without it, and its value and its panic are lost"]
pub struct TaskFuture<T> {
    shared: Arc<Shared<T>>,
    /// Where the task that awaits it stands in the line.
    place: Option<Ticket>,
}

/// The other end of a [`TaskFuture`], for who runs tasks in a way of their own.
///
/// One that is dropped without a word cancels the future, so nobody waits for ever.
///
/// ```
/// use lariat_sync::executor::{TaskError, promise};
///
/// let (promise, future) = promise();
/// assert!(promise.begin());
/// promise.finish(Ok("done"));
/// assert_eq!(future.result()?, "done");
///
/// let (promise, future) = lariat_sync::executor::promise::<u32>();
/// drop(promise);
/// assert!(matches!(future.result(), Err(TaskError::Cancelled)));
/// # Ok::<(), TaskError>(())
/// ```
#[derive(Debug)]
pub struct Promise<T> {
    shared: Arc<Shared<T>>,
}

/// A promise and its future.
pub fn promise<T>() -> (Promise<T>, TaskFuture<T>) {
    let shared = Arc::new(Shared::default());
    let future = TaskFuture {
        shared: Arc::clone(&shared),
        place: None,
    };
    (Promise { shared }, future)
}

impl<T> Promise<T> {
    /// Whether the task may begin: from now on it is running and can no longer be cancelled.
    /// False if it was cancelled before, and nobody wants it.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.shared.begin()
    }

    /// Runs the callbacks, then gives the outcome to whoever waits. A task that was
    /// cancelled stays so.
    pub fn finish(self, outcome: Outcome<T>) {
        self.shared.finish(outcome);
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        // Has no effect if it was finished.
        self.shared.finish(Err(TaskError::Cancelled));
    }
}

impl<T> TaskFuture<T> {
    /// Waits for the task and takes its value.
    ///
    /// # Errors
    ///
    /// That it panicked, was cancelled, or that its process died.
    pub fn result(self) -> Outcome<T> {
        self.shared.wait(None);
        self.take()
    }

    /// As [`result`](Self::result), for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Also [`TaskError::Timeout`], after which it can be asked again; and once it has given
    /// anything else, [`TaskError::Taken`].
    pub fn result_timeout(&mut self, timeout: Duration) -> Outcome<T> {
        if !self.wait_timeout(timeout) {
            return Err(TaskError::Timeout);
        }
        self.take()
    }

    /// The outcome if there is one already.
    pub fn try_result(&mut self) -> Option<Outcome<T>> {
        self.shared.is_settled().then(|| self.take())
    }

    /// Waits until the task is done, and leaves its value here.
    pub fn wait(&self) {
        self.shared.wait(None);
    }

    /// The same for at most `timeout`: whether it is done.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.shared.wait(deadline(timeout))
    }

    /// Keeps the task from beginning. False if it has begun or is done: a running task cannot
    /// be stopped from outside.
    ///
    /// ```
    /// use lariat_sync::executor::ThreadPool;
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let (go, wait) = std::sync::mpsc::channel::<()>();
    /// let first = pool.submit(move || wait.recv())?;
    /// let second = pool.submit(|| unreachable!())?;
    /// assert!(second.cancel());
    /// drop(go);
    /// assert!(first.result()?.is_err() && !second.is_running());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(&self) -> bool {
        self.shared.cancel()
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled()
    }

    /// Whether it has begun and is not done.
    pub fn is_running(&self) -> bool {
        self.shared.is_running()
    }

    /// Whether it has an outcome, also if that was taken.
    pub fn is_done(&self) -> bool {
        self.shared.is_done()
    }

    /// Calls `callback` with the outcome: at once, if there is one, and else in the thread that
    /// completes or cancels the task.
    ///
    /// Callbacks run in the order in which they were added, before anybody who waits is given
    /// the value; so one that waits for its own task waits for ever. One that panics ends
    /// nothing but itself: the panic's message is printed by the panic hook. If the value was
    /// taken before, a callback gets [`TaskError::Taken`].
    pub fn add_done_callback(&self, callback: impl FnOnce(&Outcome<T>) + Send + 'static) {
        self.shared.add_callback(Box::new(callback));
    }

    /// Tells `watch` once this is done, by its place among those that are watched.
    pub(super) fn watch(&self, watch: &Arc<Watch>, place: usize) {
        self.shared.watch(watch, place);
    }

    /// Forgets the watch.
    pub(super) fn unwatch(&self, watch: &Arc<Watch>) {
        self.shared.unwatch(watch);
    }

    /// Looks at the outcome, if there is one.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Outcome<T>) -> R) -> Option<R> {
        self.shared.look(look)
    }

    fn take(&self) -> Outcome<T> {
        self.shared.take()
    }
}

impl<T> Future for TaskFuture<T> {
    type Output = Outcome<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome<T>> {
        let future = &mut *self;
        let settled = future
            .shared
            .poll_settled(&mut future.place, context.waker());
        settled.map(|()| future.take())
    }
}

impl<T> Drop for TaskFuture<T> {
    fn drop(&mut self) {
        self.shared.leave(self.place);
    }
}
