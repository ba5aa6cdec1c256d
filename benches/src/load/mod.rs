//! The load for what `platform/load.rs` does not ask: over TLS and WebSocket, with latencies,
//! with a new connection for each question, with datagrams.
//!
//! It runs on one thread and costs more than a loop by hand; what is judged is the server's
//! processor time, and latencies only against each other.

pub mod ask;
pub mod churn;
pub mod datagrams;
pub mod dial;
pub mod exchange;
pub mod identity;
pub mod latency;

use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_local};

pub use ask::Asking;
pub use dial::Carrier;
pub use exchange::Form;

/// A runtime on the calling thread.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Runs `work`, which may use [`each_in_a_task`].
pub fn run<F: Future>(runtime: &Runtime, work: F) -> F::Output {
    LocalSet::new().block_on(runtime, work)
}

/// Runs each in a task of its own, all on this thread. In one task together the first would
/// have the most turns, since a task's turns are limited.
pub async fn each_in_a_task<F>(all: impl IntoIterator<Item = F>) -> io::Result<Vec<F::Output>>
where
    F: Future + 'static,
{
    let tasks: Vec<_> = all.into_iter().map(spawn_local).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await?);
    }
    Ok(results)
}

/// What the load may do: somebody asks `server` so, over this.
#[derive(Clone)]
pub struct Plan {
    /// How it is reached.
    pub carrier: Carrier,
    /// What is asked.
    pub form: Form,
    /// How many bytes are sent back, the end of the line included.
    pub size: usize,
    /// How many ask at the same time.
    pub connections: usize,
}
