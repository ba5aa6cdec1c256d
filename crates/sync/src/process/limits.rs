//! What a worker process may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What each worker process may use; nothing is limited by default but core dumps, of which
/// there are none.
///
/// Memory, processor time and descriptors are limits of the system (`setrlimit`), which the
/// worker sets for itself before it takes a task. What goes over them ends the worker, or gives
/// it an error as any program gets it, but never anybody else.
///
/// ```
/// use std::time::Duration;
/// use lariat_sync::process::Limits;
///
/// let limits = Limits::default()
///     .memory(512 << 20)
///     .task_time(Duration::from_secs(60));
/// # let _ = limits;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub(super) memory: Option<u64>,
    pub(super) descriptors: Option<u64>,
    pub(super) task_seconds: Option<u64>,
    pub(super) file_size: Option<u64>,
    pub(super) task_time: Option<Duration>,
}

impl Limits {
    /// How many bytes of addresses it may have in all, program and stacks with them: a few
    /// tens of megabytes are gone before the first task. At the limit an allocation fails,
    /// which ends the worker.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// How many files and sockets it may have open, with the four that it begins with.
    #[must_use]
    pub fn descriptors(mut self, count: u64) -> Self {
        self.descriptors = Some(count);
        self
    }

    /// How many seconds of processor time one task may use, counted to the second above;
    /// then the worker is killed. A task that waits uses none: see [`task_time`](Self::task_time).
    #[must_use]
    pub fn task_processor_seconds(mut self, seconds: u64) -> Self {
        self.task_seconds = Some(seconds);
        self
    }

    /// How long a file may become that it writes, in bytes.
    #[must_use]
    pub fn file_size(mut self, bytes: u64) -> Self {
        self.file_size = Some(bytes);
        self
    }

    /// How long one task may take by the clock; then the worker is killed.
    #[must_use]
    pub fn task_time(mut self, time: Duration) -> Self {
        self.task_time = Some(time);
        self
    }
}
