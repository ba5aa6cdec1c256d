//! What surrounds each turn of a connection: its deadlines and timers, what waits for it, and
//! what is counted.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::{io, mem};

use lariat_protocol::contract::{Milliseconds, Moved};
use lariat_protocol::{Deadline, Deadlines, Error, Reason};

use crate::driver::hub::{NANOSECONDS_EACH, Signals, Waiting};
use crate::driver::scratch::Buffers;
use crate::driver::{Driver, Phase};
use crate::observe::counters::Counters;
use crate::observe::{self, ConnectionStatus, Ended};
use crate::platform::clock::{self, Began, Nanoseconds};
use crate::state::Who;

/// What a connection may hold however much all of them do: as much as pauses its writing.
pub(super) const SMALL_SHARE: u32 = 64 * 1024;

const SLOW: Nanoseconds = clock::SLOW.as_nanos() as Nanoseconds;

/// How it stood when a turn began.
pub(super) struct Turn {
    began: Began,
    received: u64,
    sent: u64,
    messages: u32,
}

impl Driver {
    pub(super) fn counters(&self) -> &Counters {
        self.service.counters(self.place.hub().thread())
    }

    pub(super) fn who(&self) -> Who<'_> {
        Who {
            key: self.place.key(),
            peer: self.transport.peer(),
            phase: self.shown,
        }
    }

    /// Now, rounded up, so that nothing that is counted from it comes too early.
    pub(super) fn now(&self) -> Milliseconds {
        self.place.hub().tick(crate::reactor::now())
    }

    pub(super) fn show(&mut self, phase: observe::Phase) {
        if phase != self.shown {
            self.counters().phase(Some(self.shown), Some(phase));
            self.shown = phase;
        }
    }

    pub(super) fn status(&self) -> ConnectionStatus {
        ConnectionStatus {
            key: self.place.key(),
            service: Arc::clone(&self.service.metrics.service),
            endpoint: Arc::clone(&self.service.metrics.endpoint),
            peer: self.transport.peer().clone(),
            phase: self.shown,
            age: Duration::from_millis(self.now().saturating_sub(self.pace.made())),
            received: self.received,
            sent: self.sent,
            messages: self.transport.messages(),
            held: self.held as usize,
        }
    }

    #[inline]
    pub(super) fn begin_turn(&self) -> Turn {
        Turn {
            began: Began::now(),
            received: self.received,
            sent: self.sent,
            messages: self.transport.messages(),
        }
    }

    /// Counts what the turn moved, and sees to it that the next deadline is met. Returns
    /// whether the connection may go on.
    #[inline]
    pub(super) fn end_turn(&mut self, turn: Turn) -> bool {
        let now = clock::now();
        let took = turn.began.ended(now);
        let messages = self.transport.messages().wrapping_sub(turn.messages);
        let received = self.received - turn.received;
        let sent = self.sent - turn.sent;
        self.counters().moved(messages, received, sent, Some(took));
        if took >= SLOW {
            self.service.held_thread(turn.began, self.who());
        }
        if !matches!(self.phase, Phase::Open) {
            return true;
        }
        let driver = self.transport.driver();
        let in_message = driver.is_in_message() || self.within_message;
        let moved = Moved {
            received: received as usize,
            sent: sent as usize,
            completed: messages > 0,
            in_message,
            unsent: self.unsent,
            working: driver.is_working(in_message),
        };
        let before = self.pace.stage();
        // Rounded up, so that nothing that is counted from it comes too early.
        let passed = now.div_ceil(NANOSECONDS_EACH);
        if moved.unsent || moved.in_message {
            self.pace.turn(passed, moved, &self.service.deadlines());
        } else {
            // Nothing that is under way has a deadline of its own.
            self.pace.turn(passed, moved, &Deadlines::NONE);
        }
        // While it stays at what it is at, its deadline only moves back.
        if self.pace.stage() != before {
            self.arm();
        }
        let held = self.transport.driver().held();
        let held = u32::try_from(held).unwrap_or(u32::MAX);
        held == self.held || self.hold(held)
    }

    /// Takes note of how much the connection holds. Returns whether it may.
    #[cold]
    fn hold(&mut self, held: u32) -> bool {
        let before = mem::replace(&mut self.held, held);
        let over = self.service.hold(before as usize, held as usize);
        if over && held > SMALL_SHARE {
            self.carrier.abort();
            self.end(Reason::Failed(Error::limit(
                "the buffers of all connections together hold as much as they may",
            )));
            return false;
        }
        true
    }

    /// Sees to it that the connection is woken for what comes first: the deadline of what it
    /// is at, or a timer of the protocol's.
    #[cold]
    pub(super) fn arm(&mut self) {
        self.show(self.pace.stage().into());
        if let Some((at, _)) = self.pace.deadline(&self.deadlines()) {
            self.wake_at(at);
        }
    }

    /// The deadlines that count now: what is being closed has only to be read by the peer.
    fn deadlines(&self) -> Deadlines {
        let deadlines = self.service.deadlines();
        match self.transport.is_closing() {
            true => Deadlines {
                write: deadlines.write,
                minimum_rate: deadlines.minimum_rate,
                ..Deadlines::NONE
            },
            false => deadlines,
        }
    }

    /// A deadline only ever moves back while nothing else is begun, so an earlier entry may
    /// stay: when it comes, it is looked what there is to wait for then.
    fn wake_at(&mut self, at: Milliseconds) {
        if at < self.armed {
            self.armed = at;
            self.place.wake_at(at);
        }
    }

    /// Nothing can move: settles when to be woken, if not by the carrier.
    pub(super) fn park(&mut self) -> Poll<io::Result<()>> {
        if self.transport.driver().timers_changed() {
            self.settle_timers();
        }
        Poll::Pending
    }

    #[cold]
    fn settle_timers(&mut self) {
        let now = crate::reactor::now();
        if let Some(at) = self.transport.driver().settle_timers(now) {
            self.wake_at(self.place.hub().tick(at));
        }
    }

    /// Handles what waits beside the connection's place in the table. Returns whether timers of the protocol's may have
    /// come, which are for [`run_timers`](Self::run_timers).
    #[cold]
    pub(super) fn handle_waiting(&mut self, waiting: Waiting, buffers: &mut Buffers) -> bool {
        buffers.lend(self.transport.driver().outgoing());
        if waiting.signals.contains(Signals::AT_ONCE) {
            self.reason = Some(Box::new(match waiting.signals.contains(Signals::KILL) {
                true => Reason::Killed,
                false => Reason::Drained,
            }));
            self.transport.abort();
            return false;
        }
        if waiting.signals.contains(Signals::DRAIN) {
            self.drain_waits = true;
        }
        for message in waiting.messages.into_iter().flat_map(|queue| *queue) {
            if self.transport.driver().is_aborting() {
                return false;
            }
            self.protocol.message_received(&mut self.transport, message);
        }
        let timers_wait = waiting.signals.contains(Signals::TIMER);
        if timers_wait {
            self.armed = Milliseconds::MAX;
            self.keep_time();
            self.carrier.look_again();
        }
        timers_wait
    }

    /// Timers of the protocol's may have come.
    #[cold]
    pub(super) fn run_timers(&mut self, buffers: &mut Buffers) {
        buffers.lend(self.transport.driver().outgoing());
        let now = crate::reactor::now();
        // Timers that a callback sets are settled against this same moment, so a timer
        // of no length cannot keep the loop going.
        self.transport.driver().settle_timers(now);
        while let Some(timer) = self.transport.driver().take_due_timer(now) {
            self.protocol.timer(&mut self.transport, timer);
        }
        if let Some(at) = self.transport.driver().settle_timers(now) {
            self.wake_at(self.place.hub().tick(at));
        }
    }

    /// A deadline may have come.
    fn keep_time(&mut self) {
        let passed = self.place.hub().passed(crate::reactor::now());
        match self.pace.deadline(&self.deadlines()) {
            Some((at, deadline)) if at <= passed => {
                self.deadline_passed(deadline);
                // What still waits to be sent has its own.
                self.arm();
            }
            Some((at, _)) => self.wake_at(at),
            None => {}
        }
    }

    fn deadline_passed(&mut self, deadline: Deadline) {
        self.counters().deadline(deadline);
        self.is_late = true;
        if deadline == Deadline::Write {
            // Words would only wait behind what is not read.
            let late = Error::limit(deadline.to_string());
            self.reason = Some(Box::new(Reason::Failed(late)));
            self.transport.abort();
            return;
        }
        self.protocol.deadline_passed(&mut self.transport, deadline);
        self.transport.fail(Error::limit(deadline.to_string()));
    }

    /// Tells the protocol that the server goes down.
    #[cold]
    pub(super) fn say_goodbye(&mut self) {
        self.drain_waits = false;
        self.said_goodbye = true;
        self.carrier.going_away();
        self.protocol.drain(&mut self.transport);
    }

    /// Gives back what the connection had a share of, and says how it ended.
    pub(super) fn leave(&mut self, reason: &Reason) {
        let how = match reason {
            Reason::Panicked => Ended::Panicked,
            Reason::Killed => Ended::Killed,
            // Who was not open yet was promised nothing.
            Reason::Drained if self.made => Ended::Forced,
            Reason::Failed(_) if self.is_late => Ended::Deadline,
            Reason::Failed(_) => Ended::Failed,
            Reason::Aborted if self.made => Ended::Failed,
            _ if self.said_goodbye => Ended::Goodbye,
            _ => Ended::Finished,
        };
        self.service.log_end(self.who(), reason);
        let counters = self.counters();
        counters.ended(how);
        counters.phase(Some(self.shown), None);
        self.service.hold(mem::take(&mut self.held) as usize, 0);
        self.service
            .leave(self.transport.peer(), mem::take(&mut self.seat));
    }
}
