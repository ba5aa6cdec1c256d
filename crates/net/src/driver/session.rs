//! One peer of a datagram socket, under its protocol: a turn at a time, as of a connection.
//!
//! Which peers there are, and for how long each is remembered, is `sessions.rs`'s to say.

use std::mem;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Context;
use std::time::Instant;

use lariat_protocol::{Address, Deadline, Error, Protocol, Reason, Transport};

use crate::carrier::datagram::DatagramSocket;
use crate::driver::hub::{Place, Signals};
use crate::driver::manners::{self, Budget, Dropped};
use crate::driver::outbox::{Outbox, Turn};
use crate::driver::turn::SMALL_SHARE;
use crate::observe::counters::Counters;
use crate::observe::{ConnectionStatus, Ended, Phase};
use crate::platform::clock::{self, Began};
use crate::state::{ServiceState, Who};

/// A peer, and which of our addresses it talks to: its answers must come from there.
pub(super) type Key = (Address, Option<IpAddr>);

pub(super) struct Session {
    pub(super) key: Key,
    protocol: Box<dyn Protocol>,
    transport: Transport,
    pub(super) place: Place,
    made: Instant,
    pub(super) last_heard: Instant,
    /// Under which moment it stands in `Sessions::by_age`: never later than `last_heard`.
    pub(super) age: Instant,
    /// Whether it stands in `Sessions::blocked`, where it needs to stand only once.
    pub(super) in_blocked: bool,
    /// The end of a message that the protocol was not open to yet.
    message_end_waits: bool,
    /// The goodbye, until everything that came has been answered.
    drain_waits: bool,
    said_goodbye: bool,
    /// Whether a deadline ends it.
    is_late: bool,
    /// Set when a callback panicked.
    panicked: bool,
    /// Why it ends, where that is not for its protocol to say.
    reason: Option<Reason>,
    budget: Budget,
    received: u64,
    sent: u64,
    /// How many of its bytes count towards what all connections hold.
    held: usize,
}

/// What a turn came to.
pub(super) enum Turned {
    /// Everything has left.
    Sent,
    /// The socket takes no more for now.
    Blocked,
    Over(Reason),
}

impl Session {
    /// A session of a peer that has just sent its first datagram.
    pub(super) fn new(
        key: Key,
        protocol: Box<dyn Protocol>,
        transport: Transport,
        place: Place,
        budget: Budget,
        service: &ServiceState,
    ) -> Self {
        let now = crate::reactor::now();
        let mut session = Session {
            key,
            protocol,
            transport,
            place,
            made: now,
            last_heard: now,
            age: now,
            in_blocked: false,
            message_end_waits: false,
            drain_waits: false,
            said_goodbye: false,
            is_late: false,
            panicked: false,
            reason: None,
            budget,
            received: 0,
            sent: 0,
            held: 0,
        };
        let counters = session.counters(service);
        counters.accepted();
        counters.phase(None, Some(Phase::Idle));
        if session.life_ends(service).is_some() {
            session.set_deadline(now, service);
        }
        session
    }

    /// Tells the protocol of its peer.
    pub(super) fn begin(&mut self) {
        self.protocol.connection_made(&mut self.transport);
    }

    /// Gives a datagram of the peer's to the protocol.
    pub(super) fn hear(&mut self, data: &[u8]) {
        // Nothing slows a peer of datagrams, so what comes too early is dropped, as the
        // network itself would; kept, it could be any amount.
        if self.transport.is_open_to_input() {
            self.received += data.len() as u64;
            self.message_end_waits = true;
            let before = self.transport.messages();
            self.protocol.data_received(&mut self.transport, data);
            self.transport.driver().mark_unmarked(before);
        }
    }

    /// The peer has sent a datagram of this length, whatever becomes of it.
    pub(super) fn earn(&mut self, length: usize) {
        self.budget.received(length);
    }

    /// One turn: calls the protocol, and has what it wrote sent and what moved counted.
    pub(super) fn turn(
        &mut self,
        context: &mut Context<'_>,
        socket: &DatagramSocket,
        outbox: &mut Outbox,
        service: &ServiceState,
        call: impl FnOnce(&mut Session),
    ) -> Turned {
        self.place.answer(|| self.status(service));
        let began = Began::now();
        let received = self.received;
        let messages = self.transport.messages();
        self.guard(call);
        let all_sent = self.settle(context, socket, outbox, service);
        let ended = clock::nanoseconds(crate::reactor::now());
        let took = began.ended(ended);
        let messages = self.transport.messages().wrapping_sub(messages);
        outbox.turned(Turn {
            messages,
            received: self.received - received,
            took,
            ended,
        });
        if u128::from(took) >= clock::SLOW.as_nanos() {
            service.held_thread(began, self.who());
        }
        if self.panicked {
            service.log_panic(self.who());
            return Turned::Over(Reason::Panicked);
        }
        self.hold(service);
        let aborting = self.transport.driver().is_aborting();
        if aborting || all_sent && self.transport.is_closing() {
            let failed = self.transport.driver().take_error().map(Reason::Failed);
            let otherwise = match aborting {
                true => Reason::Aborted,
                false => Reason::Closed,
            };
            return Turned::Over(self.reason.take().or(failed).unwrap_or(otherwise));
        }
        match all_sent {
            true => Turned::Sent,
            false => Turned::Blocked,
        }
    }

    /// Tells the protocol and the service that it is over.
    pub(super) fn finish(mut self, reason: Reason, service: &ServiceState) {
        let how = match reason {
            Reason::Panicked => Ended::Panicked,
            Reason::Killed => Ended::Killed,
            Reason::Drained => Ended::Forced,
            Reason::Failed(_) if self.is_late => Ended::Deadline,
            Reason::Failed(_) | Reason::Aborted => Ended::Failed,
            _ if self.said_goodbye => Ended::Goodbye,
            _ => Ended::Finished,
        };
        service.log_end(self.who(), &reason);
        let counters = self.counters(service);
        counters.ended(how);
        counters.phase(Some(Phase::Idle), None);
        service.hold(mem::take(&mut self.held), 0);
        let (key, peer) = (self.place.key(), self.key.0);
        // After a panic too.
        let mut protocol = self.protocol;
        let lost = catch_unwind(AssertUnwindSafe(move || protocol.connection_lost(&reason)));
        if lost.is_err() {
            let phase = Phase::Idle;
            let peer = &peer;
            service.log_panic(Who { key, peer, phase });
        }
    }

    fn counters<'a>(&self, service: &'a ServiceState) -> &'a Counters {
        service.counters(self.place.hub().thread())
    }

    fn who(&self) -> Who<'_> {
        Who {
            key: self.place.key(),
            peer: &self.key.0,
            phase: Phase::Idle,
        }
    }

    fn status(&self, service: &ServiceState) -> ConnectionStatus {
        ConnectionStatus {
            key: self.place.key(),
            service: Arc::clone(&service.metrics.service),
            endpoint: Arc::clone(&service.metrics.endpoint),
            peer: self.key.0.clone(),
            phase: Phase::Idle,
            age: crate::reactor::now().saturating_duration_since(self.made),
            received: self.received,
            sent: self.sent,
            messages: self.transport.messages(),
            held: self.held,
        }
    }

    /// Calls the protocol; a panic ends this session only.
    fn guard(&mut self, call: impl FnOnce(&mut Session)) {
        if !self.panicked && catch_unwind(AssertUnwindSafe(|| call(self))).is_err() {
            self.panicked = true;
        }
    }

    /// Handles what waits and sends what was written, until neither leads to more of the
    /// other. Returns whether everything has left.
    fn settle(
        &mut self,
        context: &mut Context<'_>,
        socket: &DatagramSocket,
        outbox: &mut Outbox,
        service: &ServiceState,
    ) -> bool {
        // Once a turn is enough: whatever comes during it wakes this session again.
        self.guard(|session| session.look(service));
        loop {
            let sent = self.send(context, socket, outbox, service);
            let mut released = false;
            self.guard(|session| released = session.release(service));
            if !released {
                return sent;
            }
        }
    }

    /// Handles what waits beside the session's slot.
    fn look(&mut self, service: &ServiceState) {
        let Some(waiting) = self.place.take() else {
            return;
        };
        if waiting.signals.contains(Signals::AT_ONCE) {
            self.reason = Some(match waiting.signals.contains(Signals::KILL) {
                true => Reason::Killed,
                false => Reason::Drained,
            });
            self.transport.abort();
            return;
        }
        if waiting.signals.contains(Signals::DRAIN) {
            self.drain_waits = true;
        }
        let transport = &mut self.transport;
        for message in waiting.messages.into_iter().flat_map(|queue| *queue) {
            if transport.driver().is_aborting() {
                return;
            }
            self.protocol.message_received(transport, message);
        }
        if waiting.signals.contains(Signals::TIMER) {
            let now = crate::reactor::now();
            transport.driver().settle_timers(now);
            while let Some(timer) = transport.driver().take_due_timer(now) {
                self.protocol.timer(transport, timer);
            }
            self.keep_time(now, service);
        }
    }

    /// Ends the session if it has been there for as long as is allowed.
    fn keep_time(&mut self, now: Instant, service: &ServiceState) {
        if self.life_ends(service).is_some_and(|end| end <= now) {
            self.is_late = true;
            self.counters(service).deadline(Deadline::Life);
            let transport = &mut self.transport;
            self.protocol.deadline_passed(transport, Deadline::Life);
            transport.fail(Error::limit(Deadline::Life.to_string()));
        }
        self.set_deadline(now, service);
    }

    /// When it will have been there for as long as is allowed, unless it is ending already.
    fn life_ends(&self, service: &ServiceState) -> Option<Instant> {
        let goes_on = !self.is_late && !self.transport.is_closing();
        let life = service.deadlines().life.filter(|_| goes_on)?;
        self.made.checked_add(life)
    }

    /// Sees to it that the session is woken for what comes first.
    fn set_deadline(&mut self, now: Instant, service: &ServiceState) {
        let timer = self.transport.driver().settle_timers(now);
        let life = self.life_ends(service);
        self.place.set_deadline(timer.into_iter().chain(life).min());
    }

    /// Goes on with what the protocol was not open to before. Returns whether there was such
    /// a thing; if not, its timers are settled.
    fn release(&mut self, service: &ServiceState) -> bool {
        let transport = &mut self.transport;
        if transport.driver().take_held_input() {
            self.protocol.input_released(transport);
            return true;
        }
        if self.message_end_waits && transport.is_open_to_input() {
            self.message_end_waits = false;
            self.protocol.message_end(transport);
            return true;
        }
        // What came is answered before the goodbye: what waits for its turn, and what our side
        // works on.
        if self.drain_waits && !transport.driver().is_input_held() && !transport.is_reading_paused()
        {
            self.drain_waits = false;
            self.said_goodbye = true;
            self.protocol.drain(transport);
            return true;
        }
        if transport.driver().timers_changed() {
            self.set_deadline(crate::reactor::now(), service);
        }
        false
    }

    /// Puts what the protocol wrote where it leaves from, together with what others wrote.
    /// Returns whether nothing is left.
    fn send(
        &mut self,
        context: &mut Context<'_>,
        socket: &DatagramSocket,
        outbox: &mut Outbox,
        service: &ServiceState,
    ) -> bool {
        loop {
            if self.transport.driver().take_write_pause() {
                self.guard(|session| session.protocol.write_paused(&mut session.transport));
            }
            while !self.transport.driver().outgoing().is_empty() {
                let thread = self.place.hub().thread();
                if !outbox.has_room() && !outbox.flush(context, socket, service, thread) {
                    return false;
                }
                let (key, budget) = (&self.key, &mut self.budget);
                let mut driver = self.transport.driver();
                match outbox.take(key, driver.outgoing(), |length| budget.take(length)) {
                    Some(Ok(length)) => self.sent += length as u64,
                    Some(Err(length)) => {
                        manners::count(service, thread, &key.0, length, Dropped::Amplified);
                    }
                    None => break,
                }
            }
            if !self.transport.driver().take_write_resume() {
                break;
            }
            self.guard(|session| session.protocol.write_resumed(&mut session.transport));
        }
        // Whoever goes may be the last one that is waited for.
        let leaves = self.transport.is_closing() && !outbox.is_empty();
        !leaves || outbox.flush(context, socket, service, self.place.hub().thread())
    }

    /// A datagram of this length was not sent after all.
    pub(super) fn not_sent(&mut self, length: usize) {
        self.sent = self.sent.saturating_sub(length as u64);
    }

    /// Takes note of how much the session holds, and ends it if that is too much.
    fn hold(&mut self, service: &ServiceState) {
        let held = self.transport.driver().held();
        if held == self.held {
            return;
        }
        let over = service.hold(mem::replace(&mut self.held, held), held);
        if over && held > SMALL_SHARE as usize {
            self.reason = Some(Reason::Failed(Error::limit(
                "the buffers of all connections together hold as much as they may",
            )));
            self.transport.abort();
        }
    }
}
