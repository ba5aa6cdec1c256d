//! Executors' common ground: tasks with futures, the thread pool, and waiting for several.
//!
//! [`ThreadPool`] runs closures in threads of this process;
//! [`ProcessPool`](crate::process::ProcessPool) runs registered functions in worker processes.
//! Both give a [`TaskFuture`] for each task, which a thread waits for and async code awaits,
//! whatever runtime it is on: a future needs nothing but its waker.
//!
//! It does not split work into ever smaller pieces, as rayon does, which is better at sums over
//! slices: here a task is something that waits, or takes a while.

mod crew;
mod future;
mod map;
#[cfg(all(test, feature = "loom"))]
#[allow(clippy::unwrap_used)]
mod models;
mod outcome;
mod pool;
mod scope;
mod shared;
mod watch;
mod work;

pub(crate) use crew::{Crew, Settings};
pub(crate) use map::Made;
pub(crate) use outcome::caught;
pub(crate) use work::{Refused, Taken, WorkQueue};

pub use future::{Promise, TaskFuture, promise};
pub use map::Map;
pub use outcome::{Outcome, Panic, TaskError};
pub use pool::{Builder, DEFAULT_CAPACITY, Shutdown, SubmitError, ThreadPool};
pub use scope::{ScopedPool, scope};
pub use watch::{
    AsCompleted, Waited, When, as_completed, wait, wait_async, wait_for, wait_for_async,
};
