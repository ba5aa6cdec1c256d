//! How a process pool is made.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::call::Call;
use super::child::{Initializer, Kind};
use super::frame::{DEFAULT_FRAME, LONGEST};
use super::function::Function;
use super::limits::Limits;
use super::pool::ProcessPool;
use super::worker;
use crate::executor::{DEFAULT_CAPACITY, Settings};

/// How a [`ProcessPool`] is made.
#[derive(Clone, Debug)]
pub struct Builder {
    processes: usize,
    capacity: usize,
    tasks_per_process: Option<usize>,
    kind: Kind,
    /// What each worker does first, or why that cannot be sent.
    initializer: Option<Result<Initializer, String>>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Builder {
            processes: std::thread::available_parallelism().map_or(1, usize::from),
            capacity: DEFAULT_CAPACITY,
            tasks_per_process: None,
            kind: Kind {
                program: None,
                limits: Limits::default(),
                frame: DEFAULT_FRAME,
                initializer: None,
            },
            initializer: None,
        }
    }

    /// How many worker processes at most, at least one; by default one a processor.
    #[must_use]
    pub fn processes(mut self, processes: usize) -> Self {
        self.processes = processes;
        self
    }

    /// How many tasks may wait for a worker, at least one; by default [`DEFAULT_CAPACITY`]. Each
    /// holds its argument as bytes.
    #[must_use]
    pub fn capacity(mut self, tasks: usize) -> Self {
        self.capacity = tasks;
        self
    }

    /// What each worker may use; by default nothing is limited.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.kind.limits = limits;
        self
    }

    /// How many bytes an argument or a result may have, by default [`DEFAULT_FRAME`] and at most
    /// 4 GiB.
    #[must_use]
    pub fn frame(mut self, bytes: usize) -> Self {
        self.kind.frame = bytes.min(LONGEST);
        self
    }

    /// What each worker does before its first task: opens what all its tasks need, say. The
    /// function is registered like any other, and may take as long as a task.
    ///
    /// Where it panics or its process dies, the task that the worker was started for fails with
    /// [`StartError::Initializer`](super::StartError::Initializer), and the next task is tried with
    /// a new worker.
    ///
    /// ```no_run
    /// use std::sync::OnceLock;
    /// use lariat_sync::process::{Function, ProcessPool};
    ///
    /// static GREETING: OnceLock<String> = OnceLock::new();
    /// static PREPARE: Function<String, ()> = Function::new("prepare", |word| {
    ///     GREETING.get_or_init(|| word);
    /// });
    /// static GREET: Function<String, String> = Function::new("greet", |name| {
    ///     format!("{}, {name}", GREETING.get().map_or("", String::as_str))
    /// });
    ///
    /// lariat_sync::worker_main(&[&PREPARE, &GREET]);
    /// let pool = ProcessPool::builder().initializer(&PREPARE, &"hello".to_owned()).build()?;
    /// let greeted = pool.submit(&GREET, &"Ada".to_owned())?;
    /// assert_eq!(greeted.result()?, "hello, Ada");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn initializer<A: Serialize>(mut self, function: &Function<A, ()>, argument: &A) -> Self {
        let call = Call::new(function, argument, LONGEST);
        self.initializer = Some(match call {
            Ok((call, _never_awaited)) => Ok(call.into()),
            Err(why) => Err(format!(
                "the argument of `{}` cannot be sent: {why}",
                function.name()
            )),
        });
        self
    }

    /// After how many tasks a worker is replaced, for functions that lose memory; by default it
    /// stays as long as the pool.
    #[must_use]
    pub fn tasks_per_process(mut self, tasks: usize) -> Self {
        self.tasks_per_process = Some(tasks);
        self
    }

    /// Another program to be the workers, which calls
    /// [`worker_main`](super::worker_main) with the same functions, built of the same types.
    #[must_use]
    pub fn program(mut self, program: impl AsRef<Path>) -> Self {
        self.kind.program = Some(PathBuf::from(program.as_ref()));
        self
    }

    /// Makes the pool. Workers are started later, and what goes wrong with one is an error of
    /// its task.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, has no worker processes, the initializer's argument cannot
    /// be sent, or this program did not call [`worker_main`](super::worker_main): it would start
    /// itself again and again.
    pub fn build(mut self) -> io::Result<ProcessPool> {
        if cfg!(not(unix)) {
            let message = format!(
                "worker processes exist on Unix only so far, not on {}",
                std::env::consts::OS
            );
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        if self.kind.program.is_none() && !worker::was_called() {
            return Err(io::Error::other(
                "a program with a ProcessPool must call `worker_main` first in its `main`",
            ));
        }
        self.kind.initializer = self
            .initializer
            .transpose()
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let settings = Settings {
            threads: self.processes,
            capacity: self.capacity,
            name: "worker process".to_owned(),
            stack_size: None,
        };
        let most = self.tasks_per_process.unwrap_or(usize::MAX);
        ProcessPool::start(settings, self.kind, most)
    }
}
