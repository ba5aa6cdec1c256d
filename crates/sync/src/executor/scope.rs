//! A pool for a while, whose tasks may borrow what outlives it.

use std::sync::Arc;
use std::thread::{self, Scope};
use std::time::Duration;

use super::future::TaskFuture;
use super::map::Map;
use super::outcome::caught;
use super::pool::{DEFAULT_CAPACITY, Job, SubmitError, Task, job_of_one, run_all, submitted};
use super::work::WorkQueue;
use crate::thread::stack_size;
use crate::waiting::deadline;

/// Runs `work` with a pool of `threads` threads, whose tasks may borrow from outside it, and
/// comes back when all of them are done.
///
/// It stands on [`std::thread::scope`], so the threads are started and ended each time: it is
/// for work that takes longer than that (some 50 µs a thread). When `work` panics, what was
/// submitted is done first. When the system gives fewer threads, those that there are do all
/// the work.
///
/// # Panics
///
/// When the system gives not even one thread.
///
/// ```
/// use lariat_sync::executor;
///
/// let words = ["spun", "from", "strands"];
/// let text = String::from("a rope is spun from strands");
/// let found = executor::scope(2, |pool| {
///     let found = pool.map(&words, |word| text.find(word));
///     found.collect::<Result<Vec<_>, _>>()
/// })?;
/// assert_eq!(found, [Some(10), Some(15), Some(20)]);
/// # Ok::<(), executor::TaskError>(())
/// ```
pub fn scope<'env, R>(threads: usize, work: impl FnOnce(&ScopedPool<'env>) -> R) -> R {
    let queue = Arc::new(WorkQueue::new(DEFAULT_CAPACITY));
    let pool = ScopedPool {
        threads: threads.max(1),
        queue: Arc::clone(&queue),
    };
    thread::scope(|scope| {
        // Before there is a thread: whatever panics from here on, the scope waits for them.
        let _end = Close(&queue);
        for number in 0..pool.threads {
            match start(scope, number, &queue) {
                Ok(()) => {}
                Err(error) if number == 0 => panic!("the system gives no thread: {error}"),
                Err(_) => break,
            }
        }
        work(&pool)
    })
}

/// Starts a thread of a scope's, with the stack that new threads have.
fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    number: usize,
    queue: &'scope WorkQueue<Job<'_>>,
) -> std::io::Result<()> {
    let mut builder = thread::Builder::new().name(format!("scope-{number}"));
    match stack_size() {
        0 => {}
        bytes => builder = builder.stack_size(bytes),
    }
    let work = || while caught(|| run_all(queue)).is_err() {};
    builder.spawn_scoped(scope, work).map(drop)
}

struct Close<'a, 'env>(&'a WorkQueue<Job<'env>>);

impl Drop for Close<'_, '_> {
    fn drop(&mut self) {
        self.0.close(false);
    }
}

/// What [`scope`] lends.
pub struct ScopedPool<'env> {
    threads: usize,
    queue: Arc<WorkQueue<Job<'env>>>,
}

impl<'env> ScopedPool<'env> {
    /// Queues a task, and waits for room while the queue is full.
    pub fn submit<T, F>(&self, task: F) -> TaskFuture<T>
    where
        T: Send + 'env,
        F: FnOnce() -> T + Send + 'env,
    {
        let (task, future) = Task::new(task);
        let put = self.queue.put(task, Job::new, None);
        debug_assert!(put.is_ok(), "it is open as long as it is lent");
        future
    }

    /// The same for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Full`] after that time.
    pub fn submit_timeout<T, F>(
        &self,
        task: F,
        timeout: Duration,
    ) -> Result<TaskFuture<T>, SubmitError<F>>
    where
        T: Send + 'env,
        F: FnOnce() -> T + Send + 'env,
    {
        submitted(task, |task| {
            self.queue.put(task, Job::new, deadline(timeout))
        })
    }

    /// Queues a task if there is room now.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Full`].
    pub fn try_submit<T, F>(&self, task: F) -> Result<TaskFuture<T>, SubmitError<F>>
    where
        T: Send + 'env,
        F: FnOnce() -> T + Send + 'env,
    {
        submitted(task, |task| self.queue.try_put(task, Job::new))
    }

    /// Queues a task, and awaits room.
    pub async fn submit_async<T, F>(&self, task: F) -> TaskFuture<T>
    where
        T: Send + 'env,
        F: FnOnce() -> T + Send + 'env,
    {
        let (task, future) = Task::new(task);
        let put = self.queue.put_async(task, Job::new).await;
        debug_assert!(put.is_ok(), "it is open as long as it is lent");
        future
    }

    /// As [`ThreadPool::map`](super::ThreadPool::map), with what may be borrowed.
    pub fn map<'a, I, T, F>(&'a self, items: I, call: F) -> Map<'a, I::IntoIter, T>
    where
        'env: 'a,
        I: IntoIterator,
        I::Item: Send + 'env,
        T: Send + 'env,
        F: Fn(I::Item) -> T + Send + Sync + 'env,
    {
        let items = items.into_iter();
        Map::new(items, &*self.queue, job_of_one(call), self.threads * 2)
    }
}
