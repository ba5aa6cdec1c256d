//! What goes wrong with worker processes.

use std::io;
use std::time::Duration;

use thiserror::Error;

/// Why a worker process gave no value for a task.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// No process could be started for it.
    #[error("no worker process for `{function}` could be started")]
    NotStarted {
        /// The function's name.
        function: &'static str,
        /// What stood in the way.
        source: StartError,
    },
    /// It ended while it had the task, or was to have it where the pool was killed: by a signal, or by
    /// a call that ends it.
    #[error("worker process {pid} {how} while it ran `{function}`")]
    Died {
        /// The function's name.
        function: &'static str,
        /// The process that was.
        pid: u32,
        /// How it ended, and which of its limits that may have been.
        how: String,
    },
    /// It took longer than a task may, and was killed.
    #[error("`{function}` was not done after {limit:?}, and its worker process was killed")]
    TooLong {
        /// The function's name.
        function: &'static str,
        /// What was allowed.
        limit: Duration,
    },
    /// The program does not list the function.
    #[error("the function `{function}` is not registered: list it in `worker_main`")]
    NotRegistered {
        /// The function's name.
        function: &'static str,
    },
    /// What the function gave is longer than a frame may be, or cannot be written.
    #[error("the result of `{function}` cannot be sent: {why}")]
    Result {
        /// The function's name.
        function: &'static str,
        /// The reason in words.
        why: String,
    },
    /// The argument cannot be written, or not be read in the worker process.
    #[error("the argument of `{function}` cannot be sent: {why}")]
    Argument {
        /// The function's name.
        function: &'static str,
        /// The reason in words.
        why: String,
    },
}

/// Why a worker process did not begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The system gave no process, or no socket to it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It started and did not answer as a worker.
    #[error(
        "{program} {what} instead of answering as a worker; \
         it must call `worker_main` first in its `main`"
    )]
    NoWorker {
        /// What was started.
        program: String,
        /// What it did.
        what: String,
    },
    /// It answered that it could not set what it may use.
    #[error("its limits cannot be set: {0}")]
    Limits(String),
    /// What each worker does first went wrong.
    #[error("its initializer went wrong: {0}")]
    Initializer(String),
}

/// For each task of a chunk. What it costs is the system's error in words.
impl Clone for StartError {
    fn clone(&self) -> Self {
        match self {
            StartError::Io(error) => {
                StartError::Io(io::Error::new(error.kind(), error.to_string()))
            }
            StartError::NoWorker { program, what } => StartError::NoWorker {
                program: program.clone(),
                what: what.clone(),
            },
            StartError::Limits(why) => StartError::Limits(why.clone()),
            StartError::Initializer(why) => StartError::Initializer(why.clone()),
        }
    }
}

/// Why a task was not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The pool was shut down.
    #[error("the executor was shut down and takes no more tasks")]
    ShutDown,
    /// As many tasks wait as may.
    #[error("the executor's queue is full; wait, or give it more capacity")]
    Full,
    /// The argument cannot be sent.
    #[error("the argument of `{function}` cannot be sent: {why}")]
    Argument {
        /// The function's name.
        function: &'static str,
        /// The reason in words.
        why: String,
    },
}
