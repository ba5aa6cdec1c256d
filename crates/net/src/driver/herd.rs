//! The connections of one thread over TCP sockets, all driven by one task.
//!
//! A task for each connection costs more than most requests: a wake-up, a place in the
//! runtime's queue and a turn of its scheduler, each through atomic counts. A herd asks the
//! system itself what has happened to its sockets, and gives each connection its turn where it
//! finds it. The runtime sees one descriptor, and so has everything else (timers, accepting,
//! async services) between two batches. Measured in `benches/README.md`.

mod lane;

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::task::AtomicWaker;
use mio::{Events, Registry};
use slab::Slab;
use tokio::runtime::Handle;

use crate::driver::Driver;
use crate::platform::clock::Batch;
use crate::platform::selector::Selector;

pub(crate) use lane::Lane;

/// How many sockets have their turn before the runtime looks after everything else.
const BATCH: usize = 256;

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
        runtime.spawn(drive(Arc::clone(&herd), selector));
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
        let rests =
            self.state
                .compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire);
        rests.is_ok()
    }

    /// Nobody will be driven any more.
    fn close(&self) {
        self.task.take();
        let mut outside = self.outside();
        let left = std::mem::take(&mut *outside);
        outside.closed = true;
        // Its connections end here, and tell their protocols.
        drop(outside);
        drop(left);
    }
}

/// Drives a herd until its runtime ends.
async fn drive(herd: Arc<Herd>, selector: Selector) {
    let mut running = Running {
        herd,
        selector,
        events: Events::with_capacity(BATCH),
        members: Slab::new(),
    };
    loop {
        match poll_fn(|context| running.poll_batch(context)).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => {
                tracing::error!(%error, "the system does not tell what happens to its sockets");
                return;
            }
        }
    }
}

/// One connection.
struct Member {
    driver: Box<Driver>,
    waker: Waker,
    lane: Arc<Lane>,
}

struct Running {
    herd: Arc<Herd>,
    selector: Selector,
    events: Events,
    members: Slab<Member>,
}

impl Running {
    /// Gives whoever has something to do a turn. Ready when there may be more, and others
    /// should have theirs first.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.herd.task.register(context.waker());
        let wanted = self.herd.state.swap(RUNNING, Ordering::AcqRel) == WANTED;
        let _batch = Batch::begin();
        if wanted && !self.take_in() {
            self.herd.want();
        }
        let mut turns = 0;
        while turns < BATCH {
            match self.selector.poll_events(context, &mut self.events) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending if self.herd.rests() => return Poll::Pending,
                Poll::Pending => break,
            }
            for event in &self.events {
                turns += 1;
                let index = event.token().0;
                let member = self.members.get(index);
                if member.is_some_and(|member| member.lane.happened(event)) {
                    turn(&mut self.members, index);
                }
            }
        }
        // Woken by nobody: it comes back by itself.
        self.herd.state.store(WANTED, Ordering::Release);
        Poll::Ready(Ok(()))
    }

    /// Takes what came from outside, a batch at the most: new connections, and those that were
    /// woken by something else than their sockets. Returns whether that was all.
    fn take_in(&mut self) -> bool {
        for _ in 0..BATCH {
            let mut outside = self.herd.outside();
            let (arrived, woken) = match outside.arrived.pop_front() {
                None => (None, outside.woken.pop_front()),
                arrived => (arrived, None),
            };
            drop(outside);
            if let Some((driver, lane)) = arrived {
                let index = self.members.vacant_key();
                lane.belongs_to(index);
                let waker = Waker::from(Arc::clone(&lane));
                self.members.insert(Member {
                    driver,
                    waker,
                    lane,
                });
                turn(&mut self.members, index);
            } else if let Some(lane) = woken {
                lane.is_taken();
                let index = lane.member();
                // Its place may be another's by now.
                let member = self.members.get(index);
                if member.is_some_and(|member| Arc::ptr_eq(&member.lane, &lane)) {
                    turn(&mut self.members, index);
                }
            } else {
                return true;
            }
        }
        false
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.herd.close();
    }
}

/// Drives one connection as far as it goes, and lets go of one that is over.
#[inline]
fn turn(members: &mut Slab<Member>, index: usize) {
    let member = &mut members[index];
    let mut context = Context::from_waker(&member.waker);
    let driver = &mut member.driver;
    // What a driver does not catch itself, such as a panic of whoever listens to the log, may
    // end this connection, not all.
    let polled = catch_unwind(AssertUnwindSafe(|| {
        Pin::new(&mut **driver).poll(&mut context)
    }));
    if !matches!(polled, Ok(Poll::Pending)) {
        let member = members.remove(index);
        // Whatever the protocol keeps is dropped here, and may panic too.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(member)));
    }
}
