//! A thread for each request.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::job::Job;
use crate::strategy::Strategy;

/// Handles each request on a thread of its own (`ThreadingMixIn`).
#[derive(Clone, Copy, Debug)]
pub struct Threading {
    /// Whether the program's end may come while requests are handled: then closing the server does
    /// not wait for them. No.
    pub daemon_threads: bool,
    /// Whether closing the server waits for its requests. Yes; daemon threads are never waited for.
    pub block_on_close: bool,
    /// How many requests there may be at a time: further clients wait to be accepted. 1,024, which
    /// is 8 GiB of address space for stacks; Python has no limit.
    pub max_threads: usize,
    /// How much stack each has, in bytes; else what the system or `RUST_MIN_STACK` says.
    pub stack_size: Option<usize>,
}

impl Default for Threading {
    fn default() -> Self {
        Threading {
            daemon_threads: false,
            block_on_close: true,
            max_threads: 1024,
            stack_size: None,
        }
    }
}

impl Strategy for Threading {
    fn process_request(&self, job: Job) {
        let mut thread = thread::Builder::new().name("request".into());
        if let Some(size) = self.stack_size {
            thread = thread.stack_size(size);
        }
        // A thread that cannot be started gives back nothing of what it was to do.
        let job = Arc::new(Mutex::new(Some(job)));
        let kept = Arc::clone(&job);
        let take =
            |job: &Mutex<Option<Job>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
        let started = thread.spawn(move || {
            if let Some(job) = take(&job) {
                job.run();
            }
        });
        if let Err(error) = started
            && let Some(job) = take(&kept)
        {
            job.fail(error);
        }
    }

    fn hands_over(&self) -> bool {
        true
    }

    fn most(&self) -> Option<usize> {
        Some(self.max_threads.max(1))
    }

    fn blocks_on_close(&self) -> bool {
        self.block_on_close && !self.daemon_threads
    }
}
