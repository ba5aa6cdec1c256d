//! The connections of one thread over TCP sockets, all driven by one task.
//!
//! A task for each connection costs more than most requests: a wake-up, a place in the
//! runtime's queue and a turn of its scheduler, each through atomic counts. A herd asks the
//! system itself what has happened to its sockets, and gives each connection its turn where it
//! finds it. The runtime sees one descriptor, and so has everything else (timers, accepting,
//! async services) between two batches. Measured in `benches/README.md`.

mod lane;
mod members;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use mio::{Events, Registry};
use tokio::runtime::Handle;

use crate::driver::Driver;
use crate::platform::clock::Batch;
use crate::platform::selector::{Happened, Selector};

pub(crate) use lane::Lane;
use members::Members;

/// How many events the system gives at once.
const BATCH: usize = 256;

/// With so many events at once there will be more when they have been handled. Asking for them
/// here saves the runtime's own look at its descriptors; with fewer it would be one look more.
const BUSY: usize = 4;

/// How many turns are given before the runtime looks after everything else.
const MOST_TURNS: usize = 64;

/// What the herd's task is at.
const IDLE: u8 = 0;
/// It gives turns.
const RUNNING: u8 = 1;
/// Something came from outside: it gives turns once more, or was woken to.
const WANTED: u8 = 2;

/// What a herd can be reached by, from any thread.
pub(crate) struct Herd {
    registry: Registry,
    outside: Mutex<Outside>,
    state: AtomicU8,
    task: AtomicWaker,
}

/// What came from outside the herd's turns.
#[derive(Default)]
struct Outside {
    arrived: VecDeque<(Box<Driver>, Arc<Lane>)>,
    woken: VecDeque<Arc<Lane>>,
    /// The runtime has ended, and nobody will look here again.
    closed: bool,
}

impl Herd {
    /// Starts one on a runtime of one thread. There is none where the system cannot watch
    /// many sockets by one descriptor.
    pub(crate) fn start(runtime: &Handle) -> Option<Arc<Self>> {
        let _inside = runtime.enter();
        let selector = Selector::new().ok()?;
        let herd = Arc::new(Herd {
            registry: selector.registry().ok()?,
            outside: Mutex::default(),
            state: AtomicU8::new(IDLE),
            task: AtomicWaker::new(),
        });
        let running = Running {
            herd: Arc::clone(&herd),
            selector,
            events: Events::with_capacity(BATCH),
            members: Members::default(),
        };
        runtime.spawn(drive(running));
        Some(herd)
    }

    /// A place for a connection that is to be [added](Self::add).
    pub(crate) fn lane(self: &Arc<Self>) -> Arc<Lane> {
        Lane::new(Arc::clone(self))
    }

    /// Drives a connection, whose socket has this lane, from now on.
    pub(crate) fn add(&self, driver: Driver, lane: Arc<Lane>) {
        let mut outside = self.outside();
        if !outside.closed {
            outside.arrived.push_back((Box::new(driver), lane));
            drop(outside);
            self.want();
        }
    }

    /// Gives a connection a turn.
    fn wake(&self, lane: &Arc<Lane>) {
        let mut outside = self.outside();
        if !outside.closed {
            outside.woken.push_back(Arc::clone(lane));
            drop(outside);
            self.want();
        }
    }

    fn outside(&self) -> MutexGuard<'_, Outside> {
        // Nothing in there calls out, so a panic never leaves it half-changed.
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that what was put outside is looked at.
    fn want(&self) {
        if self.state.swap(WANTED, Ordering::AcqRel) == IDLE {
            self.task.wake();
        }
    }

    /// Whether the batch is all there is to do for now.
    fn rests(&self) -> bool {
        let rests = self
            .state
            .compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire);
        rests.is_ok()
    }

    /// Whether its runtime has ended, and nobody will be driven any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.outside().closed
    }

    /// Nobody will be driven any more. Returns those who never were.
    fn close(&self) -> Outside {
        self.task.take();
        let mut outside = self.outside();
        let left = std::mem::take(&mut *outside);
        outside.closed = true;
        left
    }
}

/// Drives a herd until its runtime ends.
async fn drive(mut running: Running) {
    loop {
        match poll_fn(|context| running.poll(context)).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => {
                tracing::error!(%error, "the system does not tell what happens to its sockets");
                return;
            }
        }
    }
}

struct Running {
    herd: Arc<Herd>,
    selector: Selector,
    events: Events,
    members: Members,
}

impl Running {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What a driver does not catch itself, such as a panic of whoever listens to the log,
        // may end the connection whose turn it is, not all.
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll_batch(context)));
        polled.unwrap_or_else(|_| {
            self.members.recover();
            self.come_back()
        })
    }

    /// Gives whoever has something to do a turn. Ready when there may be more, and others
    /// should have theirs first.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.herd.task.register(context.waker());
        let wanted = self.herd.state.swap(RUNNING, Ordering::AcqRel) == WANTED;
        let _batch = Batch::begin();
        if wanted && !self.take_in() {
            self.herd.want();
        }
        loop {
            let happened = match self.selector.poll_ready(context) {
                Poll::Ready(happened) => happened?,
                Poll::Pending if self.herd.rests() => return Poll::Pending,
                Poll::Pending => return self.come_back(),
            };
            if !hear(happened, &mut self.events, &mut self.members)? {
                return self.come_back();
            }
        }
    }

    /// Woken by nobody, it comes back by itself.
    fn come_back(&self) -> Poll<io::Result<()>> {
        self.herd.state.store(WANTED, Ordering::Release);
        Poll::Ready(Ok(()))
    }

    /// Takes what came from outside, a batch at the most: new connections, and those that were
    /// woken by something else than their sockets. Returns whether that was all.
    fn take_in(&mut self) -> bool {
        // Who is woken by its own turn waits until the others have had theirs.
        let waiting = {
            let outside = self.herd.outside();
            outside.arrived.len() + outside.woken.len()
        };
        for _ in 0..waiting.min(BATCH) {
            let mut outside = self.herd.outside();
            let (arrived, woken) = match outside.arrived.pop_front() {
                None => (None, outside.woken.pop_front()),
                arrived => (arrived, None),
            };
            drop(outside);
            match (arrived, woken) {
                (Some((driver, lane)), _) => self.members.join(driver, lane),
                (None, Some(lane)) => self.members.wake(&lane),
                (None, None) => return true,
            }
        }
        waiting <= BATCH
    }
}

/// Gives those a turn to whose sockets something has happened. Returns whether all had it.
fn hear(
    mut happened: Happened<'_>,
    events: &mut Events,
    members: &mut Members,
) -> io::Result<bool> {
    let mut turns = 0;
    loop {
        let count = happened.take(events)?;
        for event in &*events {
            members.hear(event);
        }
        turns += count;
        if count == events.capacity() {
            return Ok(false);
        }
        if count < BUSY || turns >= MOST_TURNS {
            happened.all_was_taken();
            return Ok(true);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let left = self.herd.close();
        // All connections end here, and tell their protocols.
        left.arrived.into_iter().for_each(members::end);
        self.members.let_all_go();
    }
}
