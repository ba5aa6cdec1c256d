//! One thread of the reactor: a current-thread runtime and the table of its connections.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use lariat_protocol::ConnectionId;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

use crate::driver::herd::Herd;
use crate::driver::hub::{Hub, Signals};
use crate::platform::clock;

/// A thread, or a runtime in its place.
pub(crate) struct Worker {
    pub(crate) runtime: Handle,
    pub(crate) hub: Arc<Hub>,
    /// Who drives its connections over TCP; one task would not do on a runtime of several
    /// threads.
    pub(crate) herd: Option<Arc<Herd>>,
    ended: CancellationToken,
    /// Somebody else is to run its runtime from now on.
    given_up: CancellationToken,
}

/// A thread that runs a worker's runtime: until the end, or until it gives it up.
pub(crate) type Thread = JoinHandle<Option<Runtime>>;

impl Worker {
    /// Starts a thread with a runtime of its own.
    pub(crate) fn start(index: u32) -> io::Result<(Arc<Worker>, Thread)> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_unpark(clock::woken)
            .thread_name("lariat-work")
            .build()?;
        let worker = Arc::new(Worker {
            runtime: runtime.handle().clone(),
            hub: Arc::new(Hub::new(index)),
            herd: Herd::start(runtime.handle()),
            ended: CancellationToken::new(),
            given_up: CancellationToken::new(),
        });
        let (ended, given_up) = (worker.ended.clone(), worker.given_up.clone());
        let hub = Arc::clone(&worker.hub);
        let thread = std::thread::Builder::new()
            .name(format!("lariat-{index}"))
            .spawn(move || {
                let ended = runtime.block_on(async {
                    tokio::select! {
                        () = ended.cancelled() => true,
                        () = given_up.cancelled() => false,
                        () = run_timers(hub) => true,
                    }
                });
                if !ended {
                    return Some(runtime);
                }
                // Blocking work that is under way is nobody's any more; the thread does
                // not wait for it.
                runtime.shutdown_background();
                None
            })?;
        Ok((worker, thread))
    }

    /// Runs a worker's connections on this thread in the place of its own, until something
    /// else is ready; its own ends. Returns the runtime too, for the worker's end.
    pub(crate) fn take_over<T>(
        &self,
        thread: Thread,
        until: impl Future<Output = T>,
    ) -> Option<(Runtime, T)> {
        self.given_up.cancel();
        let runtime = thread.join().ok()??;
        let result = runtime.block_on(async {
            tokio::select! {
                result = until => Some(result),
                () = run_timers(Arc::clone(&self.hub)) => None,
            }
        });
        result.map(|result| (runtime, result))
    }

    /// Takes a runtime that somebody else runs in the place of a thread.
    pub(crate) fn attached(runtime: Handle) -> Arc<Worker> {
        let worker = Arc::new(Worker {
            runtime,
            hub: Arc::new(Hub::default()),
            herd: None,
            ended: CancellationToken::new(),
            given_up: CancellationToken::new(),
        });
        worker.runtime.spawn(run_timers(Arc::clone(&worker.hub)));
        worker
    }

    pub(crate) fn shut_down(&self) {
        self.ended.cancel();
    }
}

/// Wakes the connections of one table when their timers run out. Never ends.
pub(crate) async fn run_timers(hub: Arc<Hub>) {
    loop {
        match hub.fire_timers(super::now()) {
            None => hub.timers_changed().await,
            Some(next) => {
                tokio::select! {
                    () = tokio::time::sleep_until(next.into()) => {}
                    () = hub.timers_changed() => {}
                }
            }
        }
    }
}

/// Passes a server's draining on to one connection of a table. Never ends.
pub(crate) async fn tell_draining(hub: &Hub, id: ConnectionId, draining: CancellationToken) {
    draining.cancelled().await;
    hub.signal(id, Signals::DRAIN);
    std::future::pending().await
}
