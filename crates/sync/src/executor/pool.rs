//! The thread pool: threads that take tasks from one bounded queue.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::crew::{Crew, Settings};
use super::future::{Promise, TaskFuture, promise};
use super::map::{Made, Map};
use super::outcome::caught;
use super::work::{Refused, Taken, WorkQueue};
use crate::waiting::deadline;

/// How many tasks may wait for a thread where nothing else is said. Each holds what it
/// captured, so a queue without an end is memory without an end.
pub const DEFAULT_CAPACITY: usize = 10_000;

/// Threads that run tasks, and give a [`TaskFuture`] for each.
///
/// Threads are started when there is work for them, and stay. Tasks begin in the order in
/// which they were submitted. When the queue is full, [`submit`](Self::submit) waits: whoever
/// makes work faster than it is done is slowed down. A task that waits for another task of the
/// same pool may wait for ever, if that one finds no thread.
///
/// Dropping the pool waits until everything that was submitted is done, as leaving Python's
/// `with ThreadPoolExecutor()` does; see [`shutdown`](Self::shutdown) for other ends.
///
/// ```
/// use lariat_sync::executor::ThreadPool;
///
/// let pool = ThreadPool::builder().threads(3).name("look-up").build()?;
/// let lengths = pool.map(["one", "three"], str::len);
/// let lengths: Result<Vec<_>, _> = lengths.collect();
/// assert_eq!(lengths?, [3, 5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ThreadPool {
    crew: Crew<Job<'static>>,
}

/// What becomes of the tasks that wait when an executor is shut down. Those that run are
/// always waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// They are done first.
    Drain,
    /// They are cancelled.
    Cancel,
}

/// Why a task was not taken. It comes back in it.
pub enum SubmitError<F> {
    /// As many tasks wait as may.
    Full(F),
    /// The executor was shut down.
    ShutDown(F),
}

impl<F> SubmitError<F> {
    /// The task.
    pub fn into_task(self) -> F {
        match self {
            SubmitError::Full(task) | SubmitError::ShutDown(task) => task,
        }
    }
}

impl<F> fmt::Display for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SubmitError::Full(_) => "the executor's queue is full; wait, or give it more capacity",
            SubmitError::ShutDown(_) => "the executor was shut down and takes no more tasks",
        })
    }
}

impl<F> fmt::Debug for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SubmitError::Full(_) => "Full",
            SubmitError::ShutDown(_) => "ShutDown",
        })
    }
}

impl<F> Error for SubmitError<F> {}

/// How a [`ThreadPool`] is made.
#[derive(Clone, Debug)]
pub struct Builder {
    threads: usize,
    capacity: usize,
    name: String,
    stack_size: Option<usize>,
}

impl Builder {
    /// How many threads at most, at least one. By default as Python has it: four more than
    /// there are processors, and not more than 32, since tasks of a thread pool mostly wait.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// How many tasks may wait for a thread, at least one; by default [`DEFAULT_CAPACITY`].
    #[must_use]
    pub fn capacity(mut self, tasks: usize) -> Self {
        self.capacity = tasks;
        self
    }

    /// What its threads are called, with `-0`, `-1` … behind it; by default `pool`.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The size of each thread's stack in bytes, by default that of
    /// [`thread::stack_size`](crate::thread::stack_size).
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Starts the first thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread. Later it is no error if it gives no more.
    pub fn build(self) -> io::Result<ThreadPool> {
        let settings = Settings {
            threads: self.threads,
            capacity: self.capacity,
            name: self.name,
            stack_size: self.stack_size,
        };
        let crew = Crew::start(settings, run_all)?;
        Ok(ThreadPool { crew })
    }
}

impl ThreadPool {
    /// A pool of at most so many threads, with the defaults of its [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn new(threads: usize) -> io::Result<Self> {
        Self::builder().threads(threads).build()
    }

    /// Names, sizes and limits.
    pub fn builder() -> Builder {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Builder {
            threads: (processors + 4).min(32),
            capacity: DEFAULT_CAPACITY,
            name: "pool".to_owned(),
            stack_size: None,
        }
    }

    /// Queues a task, and waits for room while the queue is full.
    ///
    /// # Errors
    ///
    /// [`SubmitError::ShutDown`].
    pub fn submit<T, F>(&self, task: F) -> Result<TaskFuture<T>, SubmitError<F>>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        submitted(task, |task| self.crew.put(task, Job::new, None))
    }

    /// The same for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Full`] after that time, or [`SubmitError::ShutDown`].
    pub fn submit_timeout<T, F>(
        &self,
        task: F,
        timeout: Duration,
    ) -> Result<TaskFuture<T>, SubmitError<F>>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        submitted(task, |task| {
            self.crew.put(task, Job::new, deadline(timeout))
        })
    }

    /// Queues a task if there is room now.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Full`] or [`SubmitError::ShutDown`].
    pub fn try_submit<T, F>(&self, task: F) -> Result<TaskFuture<T>, SubmitError<F>>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        submitted(task, |task| self.crew.try_put(task, Job::new))
    }

    /// Queues a task, and awaits room, in the same line as those who wait in
    /// [`submit`](Self::submit). The future that this gives is awaited by itself.
    ///
    /// # Errors
    ///
    /// [`SubmitError::ShutDown`].
    pub async fn submit_async<T, F>(&self, task: F) -> Result<TaskFuture<T>, SubmitError<F>>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (task, future) = Task::new(task);
        self.crew.put_async(task, Job::new).await?;
        Ok(future)
    }

    /// Calls `call` with each of the items, and gives the outcomes in the order of the items.
    ///
    /// It looks ahead twice as many items as there are threads ([`Map::look_ahead`] changes
    /// that): no more are taken from `items` until outcomes are, so that these may be endless.
    /// Dropping it cancels those of its tasks that have not begun.
    pub fn map<I, T, F>(&self, items: I, call: F) -> Map<'_, I::IntoIter, T>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        T: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
    {
        let items = items.into_iter();
        Map::new(items, &self.crew, job_of_one(call), self.threads() * 2)
    }

    /// How many threads it has at most.
    pub fn threads(&self) -> usize {
        self.crew.threads()
    }

    /// How many tasks wait for a thread, cancelled ones too.
    pub fn queued(&self) -> usize {
        self.crew.queued()
    }

    /// How many wait in [`submit`](Self::submit) and its other forms because the queue is full.
    pub fn waiting(&self) -> usize {
        self.crew.waiting()
    }

    /// Takes no more tasks, and comes back at once.
    pub fn close(&self, what: Shutdown) {
        self.crew.close(what == Shutdown::Cancel);
    }

    /// Takes no more tasks and waits for those that are left, and for the threads' end.
    ///
    /// Called by a task of this pool it only closes: it cannot wait for itself.
    ///
    /// ```
    /// use lariat_sync::executor::{Shutdown, TaskError, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let (go, wait) = std::sync::mpsc::channel::<()>();
    /// let running = pool.submit(move || wait.recv())?;
    /// while !running.is_running() {
    ///     std::thread::yield_now();
    /// }
    /// let queued = pool.submit(|| ())?;
    /// pool.close(Shutdown::Cancel);
    /// assert!(matches!(queued.result(), Err(TaskError::Cancelled)));
    /// drop(go);
    /// pool.shutdown(Shutdown::Cancel);
    /// assert!(pool.submit(|| ()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shutdown(&self, what: Shutdown) {
        self.close(what);
        self.crew.wait(None);
    }

    /// As [`shutdown`](Self::shutdown), waiting for at most `timeout`: whether all has ended.
    pub fn shutdown_timeout(&self, what: Shutdown, timeout: Duration) -> bool {
        self.close(what);
        self.crew.wait(deadline(timeout))
    }

    /// As [`shutdown`](Self::shutdown), awaited.
    pub async fn shutdown_async(&self, what: Shutdown) {
        self.close(what);
        self.crew.wait_async().await;
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shutdown(Shutdown::Drain);
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool")
            .field("threads", &self.threads())
            .field("queued", &self.queued())
            .finish()
    }
}

/// Runs jobs until there will be none.
pub(super) fn run_all(queue: &WorkQueue<Job<'_>>) {
    while let Taken::Job(job) = queue.take(None) {
        (job.0).run();
    }
}

/// Makes a task of `work`, which `put` queues, and gives its future.
pub(super) fn submitted<T, F, P>(
    work: F,
    put: impl FnOnce(Box<Task<T, F>>) -> Result<P, Refused<Box<Task<T, F>>>>,
) -> Result<TaskFuture<T>, SubmitError<F>> {
    let (task, future) = Task::new(work);
    put(task)?;
    Ok(future)
}

/// Makes a job of each item.
pub(super) fn job_of_one<'env, I, T, F>(
    call: F,
) -> impl FnMut(&mut I, &mut VecDeque<TaskFuture<T>>) -> Made<Job<'env>> + Send + 'env
where
    I: Iterator,
    I::Item: Send + 'env,
    T: Send + 'env,
    F: Fn(I::Item) -> T + Send + Sync + 'env,
{
    let call = Arc::new(call);
    move |items, futures| {
        let Some(item) = items.next() else {
            return Made::NoMore;
        };
        let call = Arc::clone(&call);
        let (task, future) = Task::new(move || call(item));
        futures.push_back(future);
        Made::Job(Job::new(task))
    }
}

/// A task whose types are forgotten.
pub(super) struct Job<'env>(Box<dyn Run + Send + 'env>);

impl<'env> Job<'env> {
    pub fn new<T, F>(task: Box<Task<T, F>>) -> Self
    where
        T: Send + 'env,
        F: FnOnce() -> T + Send + 'env,
    {
        Job(task)
    }
}

/// What is to be done, and for whom. Dropped, it cancels the future.
pub(super) struct Task<T, F> {
    promise: Promise<T>,
    work: F,
}

impl<T, F> Task<T, F> {
    pub fn new(work: F) -> (Box<Self>, TaskFuture<T>) {
        let (promise, future) = promise();
        (Box::new(Task { promise, work }), future)
    }
}

trait Run {
    fn run(self: Box<Self>);
}

impl<T, F: FnOnce() -> T> Run for Task<T, F> {
    fn run(self: Box<Self>) {
        let Task { promise, work } = *self;
        if promise.begin() {
            promise.finish(caught(work));
        }
    }
}

impl<T, F> From<Refused<Box<Task<T, F>>>> for SubmitError<F> {
    fn from(refused: Refused<Box<Task<T, F>>>) -> Self {
        match refused {
            Refused::Full(task) => SubmitError::Full(task.work),
            Refused::ShutDown(task) => SubmitError::ShutDown(task.work),
        }
    }
}
