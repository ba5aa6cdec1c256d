//! One of the connections that a run keeps up: it is made, and made again when it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use lariat_net::{ClientFactory, Connector, Error};
use lariat_protocol::{ConnectionInfo, Protocol, Reason};

use crate::bench::plan::{Amount, Manner};
use crate::bench::run::{Run, lock};
use crate::bench::session::Session;
use crate::failure::Failure;

/// How long to wait before connecting again where it has just brought nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// A place for one connection at a time.
pub struct Slot {
    pub run: Arc<Run>,
    /// From 0.
    pub number: u32,
    /// The number of the next message.
    next: AtomicU32,
    /// How many messages of the schedule have been sent.
    scheduled: AtomicU64,
    /// When the connection that is open, or being made, was begun.
    begun: AtomicU64,
    /// Since when connecting has failed again and again; zero if it has not.
    failing_since: AtomicU64,
    settled: AtomicBool,
    /// Whether this connection has brought an answer.
    answered: AtomicBool,
    finished: AtomicBool,
}

impl Slot {
    /// A slot without a connection.
    pub fn new(run: Arc<Run>, number: u32) -> Arc<Slot> {
        Arc::new(Slot {
            run,
            number,
            next: AtomicU32::new(0),
            scheduled: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            failing_since: AtomicU64::new(0),
            settled: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            finished: AtomicBool::new(false),
        })
    }

    /// Begins a connection, or finishes if there is nothing left to be done on it.
    pub fn connect(self: Arc<Self>) {
        let run = Arc::clone(&self.run);
        let wanted = match run.plan.manner {
            Manner::Churn => run.claim(),
            _ => !run.is_over(),
        };
        if !wanted {
            self.settle(None);
            self.finish();
            return;
        }
        self.begun.store(run.now(), Ordering::Relaxed);
        let options = run.options.clone();
        let connecting = Connecting(Arc::clone(&self));
        if let Err(error) = run
            .reactor
            .connect_with(run.endpoint(), options, connecting)
        {
            self.settle(Some(Failure::from_error(&error)));
            self.finish();
        }
    }

    fn connect_after(self: Arc<Self>, pause: Duration) {
        let reactor = self.run.reactor.clone();
        reactor.call_later(pause, move || self.connect());
    }

    /// When the connection was begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// The number of the next message.
    pub fn next_number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// When the schedule wants the next message, if there is a schedule.
    pub fn due(&self) -> Option<u64> {
        let Manner::Paced { per_second } = self.run.plan.manner else {
            return None;
        };
        let all = self.run.plan.connections as f64;
        let turn = self.scheduled.load(Ordering::Relaxed) as f64;
        let seconds = (turn * all + f64::from(self.number)) / per_second;
        Some(self.run.set_off() + (seconds * 1e9) as u64)
    }

    /// A message of the schedule was sent.
    pub fn kept_schedule(&self) {
        self.scheduled.fetch_add(1, Ordering::Relaxed);
    }

    /// The connection brought an answer.
    pub fn has_answered(&self) {
        if !self.answered.load(Ordering::Relaxed) {
            self.answered.store(true, Ordering::Relaxed);
            self.run.has_answered();
        }
    }

    /// There is a connection.
    pub fn made(&self) {
        self.failing_since.store(0, Ordering::Relaxed);
        self.settle(None);
    }

    fn settle(&self, failure: Option<Failure>) {
        if !self.settled.swap(true, Ordering::Relaxed) {
            self.run.settle(failure);
        }
    }

    /// The work of this slot is done.
    pub fn finish(&self) {
        if !self.finished.swap(true, Ordering::Relaxed) {
            self.run.finish_slot();
        }
    }

    /// Whether nothing comes of trying on: it has failed for longer than an answer may take, and
    /// no time is set that ends the run.
    fn gives_up(&self) -> bool {
        let now = self.run.now();
        let none = Ordering::Relaxed;
        let since = match self.failing_since.compare_exchange(0, now, none, none) {
            Ok(_) => now,
            Err(since) => since,
        };
        let counted = matches!(self.run.plan.amount, Amount::Requests(_));
        counted && now - since >= self.run.plan.timeout.as_nanos() as u64
    }
}

/// A slot that is being connected.
struct Connecting(Arc<Slot>);

impl ClientFactory for Connecting {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(Session::new(Arc::clone(&self.0))))
    }

    fn connection_failed(&self, _: &Connector, error: &Error) {
        let slot = &self.0;
        let failure = Failure::from_error(error);
        lock(&slot.run.tally()).fail(failure.message().unwrap_or_default());
        let gives_up = slot.gives_up() || slot.run.plan.manner == Manner::Idle;
        slot.settle(Some(failure));
        if gives_up {
            slot.finish();
        } else {
            Arc::clone(slot).connect_after(PAUSE);
        }
    }

    fn connection_lost(&self, _: &Connector, _: &Reason) {
        let slot = &self.0;
        if slot.finished.load(Ordering::Relaxed) {
            return;
        }
        if slot.run.plan.manner == Manner::Idle {
            slot.finish();
        } else if slot.answered.swap(false, Ordering::Relaxed) {
            Arc::clone(slot).connect();
        } else {
            // A server that accepts and hangs up would else be connected to without a pause.
            Arc::clone(slot).connect_after(PAUSE);
        }
    }
}
