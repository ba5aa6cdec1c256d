//! One thread of the reactor: a current-thread runtime and the table of its connections.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use lariat_protocol::ConnectionId;
use tokio::runtime::{Builder, Handle};
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
}

impl Worker {
    /// Starts a thread with a runtime of its own.
    pub(crate) fn start(index: u32) -> io::Result<(Arc<Worker>, JoinHandle<()>)> {
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
        });
        let ended = worker.ended.clone();
        let hub = Arc::clone(&worker.hub);
        let thread = std::thread::Builder::new()
            .name(format!("lariat-{index}"))
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = ended.cancelled() => {}
                        () = run_timers(hub) => {}
                    }
                });
                // Blocking work that is under way is nobody's any more; the thread does
                // not wait for it.
                runtime.shutdown_background();
            })?;
        Ok((worker, thread))
    }

    /// Takes a runtime that somebody else runs in the place of a thread.
    pub(crate) fn attached(runtime: Handle) -> Arc<Worker> {
        let worker = Arc::new(Worker {
            runtime,
            hub: Arc::new(Hub::default()),
            herd: None,
            ended: CancellationToken::new(),
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
