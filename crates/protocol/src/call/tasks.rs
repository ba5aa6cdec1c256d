//! What runs the futures that calls begin.

use std::future::Future;
use std::time::Duration;

/// Runs futures and lets time pass: what a protocol, which has neither thread nor clock, is given
/// by who drives it.
///
/// `lariat_net::TokioTasks` is the engine's.
pub trait Tasks: Clone + Send + Sync + 'static {
    /// A future that runs. Dropping this drops the future, if not at once then soon.
    type Task: Send + 'static;

    /// Runs a future.
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Self::Task;

    /// Comes back after at least so long.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static;
}
