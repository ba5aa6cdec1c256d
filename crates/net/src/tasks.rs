//! Futures that a protocol's calls begin, as tasks of the runtime that drives its connection.

use std::future::Future;
use std::time::Duration;

use lariat_protocol::call::Tasks;
use tokio::task::AbortHandle;

/// Runs futures on the runtime of the thread that this is used on: on a reactor's threads, that of
/// the connection, where one timer wheel has the sleeps of all.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTasks;

/// A task that ends when this is dropped.
#[derive(Debug)]
pub struct TokioTask(AbortHandle);

impl Drop for TokioTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tasks for TokioTasks {
    type Task = TokioTask;

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> TokioTask {
        TokioTask(tokio::spawn(future).abort_handle())
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static {
        tokio::time::sleep(time)
    }
}
