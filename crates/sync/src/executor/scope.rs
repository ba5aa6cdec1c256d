//! A pool for a while, whose tasks may borrow what outlives it.

use std::sync::Arc;
use std::thread;

use super::future::TaskFuture;
use super::map::{Map, add_one};
use super::outcome::caught;
use super::pool::{DEFAULT_CAPACITY, Job, Task, run_all};
use super::work::WorkQueue;

/// Runs `work` with a pool of `threads` threads, whose tasks may borrow from outside it, and
/// comes back when all of them are done.
///
/// It stands on [`std::thread::scope`], so the threads are started and ended each time: it is
/// for work that takes longer than that (some 50 µs a thread). When `work` panics, what was
/// submitted is done first.
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
        for _ in 0..pool.threads {
            scope.spawn(|| while caught(|| run_all(&queue)).is_err() {});
        }
        // Also when `work` panics: the scope waits for its threads.
        let _end = Close(&queue);
        work(&pool)
    })
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

    /// As [`ThreadPool::map`](super::ThreadPool::map), with what may be borrowed.
    pub fn map<'a, I, T, F>(&'a self, items: I, call: F) -> Map<'a, I::IntoIter, T>
    where
        I: IntoIterator,
        I::Item: Send + 'env,
        T: Send + 'env,
        F: Fn(I::Item) -> T + Send + Sync + 'env,
    {
        let call = Arc::new(call);
        let submit = move |items: &mut I::IntoIter, ahead: &mut _| {
            let call = Arc::clone(&call);
            add_one(items, ahead, |item| Some(self.submit(move || call(item))))
        };
        Map::new(items.into_iter(), submit, self.threads * 2)
    }
}
