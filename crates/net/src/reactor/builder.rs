//! How a reactor is made: on threads of its own, or on a runtime that is there.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use lariat_protocol::Deadlines;
use tokio_util::sync::CancellationToken;

use crate::admission::{Gate, Limits};
use crate::error::Error;
use crate::reactor::{DRAIN_TIME, Handle, Reactor, Shared, Worker};

/// How a [`Reactor`] is to be.
#[derive(Clone, Debug)]
pub struct Builder {
    threads: Option<usize>,
    drain_time: Duration,
    limits: Limits,
    deadlines: Deadlines,
}

impl Builder {
    pub(super) fn new() -> Self {
        Builder {
            threads: None,
            drain_time: DRAIN_TIME,
            limits: Limits::default(),
            deadlines: Deadlines::DEFAULT,
        }
    }

    /// So many threads, at least one. Default: one for each core.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads.max(1));
        self
    }

    /// How long connections have to finish when the reactor stops. Default [`DRAIN_TIME`].
    pub fn drain_time(mut self, time: Duration) -> Self {
        self.drain_time = time;
        self
    }

    /// How many connections may come, to all services together.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long clients may take, of each service that is not given deadlines of its own.
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] when the system gives no thread or no descriptor for one.
    pub fn build(self) -> Result<Reactor, Error> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let mut workers = Vec::new();
        let mut threads = Vec::new();
        for index in 0..self.threads.unwrap_or_else(cores) {
            let (worker, thread) = Worker::start(index as u32).map_err(Error::Start)?;
            workers.push(worker);
            threads.push(thread);
        }
        Ok(Reactor {
            handle: self.share(workers),
            threads,
        })
    }

    /// Uses the tokio runtime that this is called on, in the place of threads of its own:
    /// for a program that has a `#[tokio::main]` already.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as `tokio::spawn` does.
    pub fn attach(self) -> Handle {
        let worker = Worker::attached(tokio::runtime::Handle::current());
        self.share(vec![worker])
    }

    fn share(&self, workers: Vec<Arc<Worker>>) -> Handle {
        Handle(Arc::new(Shared {
            workers,
            listening: Mutex::default(),
            stopping: CancellationToken::new(),
            at_stop: OnceLock::new(),
            drain_time: Mutex::new(self.drain_time),
            gate: Arc::new(Gate::new(self.limits.clone())),
            deadlines: self.deadlines,
            metrics: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        }))
    }
}
