//! A connection of a run, as the reactor drives it.
//!
//! All that one read brings is checked before the next messages are written, by one look at the
//! clock and one lock of the thread's figures; nothing is allocated for a message.

use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::{Error, Message, Protocol, Reason, TimerId, Transport, WaterMarks};

use crate::bench::exchange::Exchange;
use crate::bench::plan::Manner;
use crate::bench::run::{Go, SharedTally, lock};
use crate::bench::slot::Slot;

/// An answer may be overdue. It is set once for many messages, not for each.
const OVERDUE: TimerId = TimerId(1);

/// The schedule wants the next message.
const DUE: TimerId = TimerId(2);

/// How soon to try again when the server does not take what the schedule wants.
const BEHIND: Duration = Duration::from_millis(5);

/// How long a schedule sleeps at the most.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// With so many unsent bytes the schedule waits.
const MOST_UNSENT: usize = 1024 * 1024;

/// A reactor stops reading while more than its default waits to be sent. Here the answers must be
/// read all the same, or neither side would ever go on.
const MARKS: WaterMarks = WaterMarks {
    low: 16 * 1024 * 1024,
    high: 32 * 1024 * 1024,
    limit: 64 * 1024 * 1024,
};

/// One connection.
pub struct Session {
    slot: Arc<Slot>,
    tally: SharedTally,
    exchange: Exchange,
    /// Whether it may end now without anybody missing anything.
    done: bool,
}

impl Session {
    /// The slot's next connection, on the thread where it will stay.
    pub fn new(slot: Arc<Slot>) -> Self {
        Session {
            tally: slot.run.tally(),
            exchange: Exchange::new(Arc::clone(&slot)),
            slot,
            done: false,
        }
    }

    /// Begins to send.
    fn set_off(&mut self, transport: &mut Transport) {
        match self.slot.run.plan.manner {
            Manner::Idle => return,
            // It was claimed before the connection was begun.
            Manner::Churn => self.exchange.send(transport, self.slot.begun()),
            Manner::Closed { .. } | Manner::Paced { .. } => {
                self.go_on(transport, self.slot.run.now());
            }
        }
        if !self.done {
            transport.set_timer(OVERDUE, self.slot.run.plan.timeout);
        }
    }

    /// Sends what is to be sent now; ends when there is nothing left to be sent or awaited.
    fn go_on(&mut self, transport: &mut Transport, now: u64) {
        if self.done {
            return;
        }
        let slot = &self.slot;
        match slot.run.plan.manner {
            Manner::Closed { pipeline } => {
                while self.exchange.waiting() < pipeline && slot.run.claim() {
                    self.exchange.send(transport, now);
                }
            }
            Manner::Paced { .. } => self.keep_schedule(transport, now),
            Manner::Churn => {
                if self.exchange.waiting() == 0 {
                    self.done = true;
                    transport.lose_connection();
                }
                return;
            }
            Manner::Idle => return,
        }
        if self.exchange.waiting() == 0 && self.slot.run.is_over() {
            self.done = true;
            self.slot.finish();
            transport.lose_connection();
        }
    }

    fn keep_schedule(&mut self, transport: &mut Transport, now: u64) {
        while let Some(due) = self.slot.due() {
            if due > now {
                // Not so long that the end of the run would go unnoticed.
                transport.set_timer(DUE, Duration::from_nanos(due - now).min(LONGEST_WAIT));
                return;
            }
            if transport.buffered() > MOST_UNSENT {
                transport.set_timer(DUE, BEHIND);
                return;
            }
            if !self.slot.run.claim() {
                return;
            }
            self.exchange.send(transport, due);
            self.slot.kept_schedule();
        }
    }

    fn look_for_overdue(&mut self, transport: &mut Transport, now: u64) {
        let (given_up, next) = self.exchange.give_up(now, &mut lock(&self.tally));
        if given_up && !self.slot.run.plan.is_datagram() {
            self.done = true;
            transport.abort();
            return;
        }
        transport.set_timer(OVERDUE, next);
        self.go_on(transport, now);
    }

    /// Whether so much may be in flight that a reactor would wait for the server to read.
    fn floods(&self) -> bool {
        let plan = &self.slot.run.plan;
        match plan.manner {
            Manner::Closed { pipeline } => pipeline * plan.script.size() > WaterMarks::DEFAULT.low,
            Manner::Paced { .. } => true,
            Manner::Churn => plan.script.size() > WaterMarks::DEFAULT.low,
            Manner::Idle => false,
        }
    }
}

impl Protocol for Session {
    fn connection_made(&mut self, transport: &mut Transport) {
        let run = &self.slot.run;
        let took = run.now().saturating_sub(self.slot.begun());
        let ramp = run.plan.manner != Manner::Churn;
        if ramp || self.slot.begun() >= run.measured_from() {
            let mut tally = lock(&self.tally);
            tally.made += 1;
            tally.connect_times.saturating_record(took);
        }
        run.found(transport.peer());
        if self.floods() {
            transport.set_water_marks(MARKS);
        }
        let off = !ramp || run.is_off(|| transport.handle());
        self.slot.made();
        if off {
            self.set_off(transport);
        }
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        if message.get::<Go>().is_some() {
            self.set_off(transport);
        }
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if self.slot.run.plan.manner == Manner::Idle {
            return;
        }
        let now = self.slot.run.now();
        let mut tally = lock(&self.tally);
        let goes_on = match transport.is_message_oriented() {
            true => {
                self.exchange.answered(data, now, &mut tally);
                true
            }
            false => self.exchange.received(data, now, &mut tally),
        };
        drop(tally);
        match goes_on {
            true => self.go_on(transport, now),
            false => transport.abort(),
        }
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        let now = self.slot.run.now();
        match timer {
            OVERDUE => self.look_for_overdue(transport, now),
            _ => self.go_on(transport, now),
        }
    }

    fn drain(&mut self, transport: &mut Transport) {
        self.done = true;
        transport.lose_connection();
    }

    fn connection_lost(&mut self, reason: &Reason) {
        if self.done {
            return;
        }
        let words = match reason {
            Reason::PeerClosed => "the server closed the connection".into(),
            Reason::Aborted => "the answer has no end".into(),
            reason => reason.to_string(),
        };
        let mut tally = lock(&self.tally);
        tally.end(&words);
        self.exchange.lose(&words, &mut tally);
        drop(tally);
        if let Reason::Failed(Error::Io(error)) = reason
            && error.kind() == std::io::ErrorKind::ConnectionRefused
        {
            self.slot.run.refused();
        }
    }
}
