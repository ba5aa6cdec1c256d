//! A fixed number of threads, and a queue before them.

use std::fmt;
use std::io;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use lariat_sync::{PutError, SimpleQueue};

use crate::hooks::Refusal;
use crate::job::Job;
use crate::strategy::Strategy;

/// Handles requests on a fixed number of threads, one after the other. Those that find all of them
/// busy wait in a queue; those that find the queue full are refused.
///
/// A thread keeps a connection until its handler returns, so handlers of connections that last
/// want as many threads as there are clients: [`Threading`](crate::Threading), or the reactor.
pub struct Pooled {
    /// How many threads: four for each processor.
    pub threads: usize,
    /// How many requests wait at the most. 1,024.
    pub queue: usize,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    queue: Option<Arc<SimpleQueue<Job>>>,
    workers: Vec<JoinHandle<()>>,
}

impl Default for Pooled {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Pooled::new(4 * processors, 1024)
    }
}

impl Pooled {
    /// With so many threads, and room for so many requests that wait for one.
    pub fn new(threads: usize, queue: usize) -> Self {
        Pooled {
            threads,
            queue,
            pool: Mutex::default(),
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Strategy for Pooled {
    fn start(&self) -> io::Result<()> {
        let mut pool = self.pool();
        if pool.queue.is_some() {
            return Ok(());
        }
        let queue = Arc::new(SimpleQueue::<Job>::new(self.queue.max(1)));
        for number in 0..self.threads.max(1) {
            let queue = Arc::clone(&queue);
            let worker = thread::Builder::new().name(format!("request-{number}"));
            let started = worker.spawn(move || {
                for job in queue.iter() {
                    job.run();
                }
            });
            match started {
                Ok(worker) => pool.workers.push(worker),
                // A few threads less than wished for are enough to go on.
                Err(_) if !pool.workers.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        pool.queue = Some(queue);
        Ok(())
    }

    fn process_request(&self, job: Job) {
        let queue = self.pool().queue.clone();
        let Some(queue) = queue else {
            job.fail(io::Error::other("the pool is not started"));
            return;
        };
        match queue.try_put(job) {
            Ok(()) => {}
            Err(PutError::ShutDown(job)) => {
                job.fail(io::Error::other("the pool is shut down"));
            }
            Err(refused) => refused.into_item().refuse(Refusal::Queue),
        }
    }

    fn hands_over(&self) -> bool {
        true
    }

    fn end_at_once(&self) {
        if let Some(queue) = &self.pool().queue {
            for job in queue.shutdown_now() {
                job.refuse(Refusal::Queue);
            }
        }
    }

    fn stop(&self, wait: bool) {
        let mut pool = self.pool();
        if let Some(queue) = pool.queue.take() {
            queue.shutdown();
        }
        let workers = std::mem::take(&mut pool.workers);
        drop(pool);
        for worker in workers.into_iter().filter(|_| wait) {
            // What a handler panics with was told already.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pooled")
            .field("threads", &self.threads)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}
