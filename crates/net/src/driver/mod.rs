//! The driver of one connection: calls its protocol and carries out what that asks for.
//!
//! Everything is done once here, under every protocol and over every carrier: all that one
//! read brought is handled before one write, nothing is held while the connection is idle,
//! an orderly close lingers, and a panic ends this connection only.

pub(crate) mod closing;
pub(crate) mod datagrams;
pub(crate) mod herd;
pub(crate) mod hub;
mod manners;
mod moving;
mod outbox;
pub(crate) mod scratch;
mod session;
pub(crate) mod sessions;
mod turn;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use lariat_protocol::contract::{Milliseconds, Pace};
use lariat_protocol::{ConnectionInfo, Error, Handle, Protocol, Reason, Transport};

use crate::carrier::Carrier;
use crate::driver::closing::Closing;
use crate::driver::hub::{Place, Signals};
use crate::observe;
use crate::open::{self, OpenError, Opened, Opening};
use crate::state::{Seat, ServiceState};

/// What the connection is at.
enum Phase {
    /// The layers over the carrier are being opened; there is no protocol yet.
    Opening(Opening),
    /// The carrier is open, and the protocol is to be built.
    New,
    Open,
    /// TLS is being begun under a connection that was plain.
    StartingTls(Opening),
    Closing(Box<Closing>),
    Done,
}

/// Called with the reason when the connection is over.
pub(crate) type OnLost = Box<dyn FnOnce(Reason) + Send>;

/// One connection and its protocol, as a task.
pub(crate) struct Driver {
    protocol: Box<dyn Protocol>,
    /// Whether the protocol was told of the connection, and so must be told of its end.
    made: bool,
    transport: Transport,
    carrier: Carrier,
    phase: Phase,
    place: Place,
    service: Arc<ServiceState>,
    /// Why the connection ends, once it does. Set first wins.
    reason: Option<Box<Reason>>,
    peer_ended: bool,
    /// The carrier has the begin of a message, which the protocol is given when it is whole.
    within_message: bool,
    /// The end of a message that the protocol was not open to yet.
    message_end_waits: bool,
    /// The goodbye, until everything that was read has been answered.
    drain_waits: bool,
    /// Whether the goodbye was said.
    said_goodbye: bool,
    /// Whether a deadline ends the connection.
    is_late: bool,
    /// Its place at the gates of its service.
    seat: Seat,
    /// Whether all of it is over, and was told and counted.
    finished: bool,
    /// Whether bytes wait that the carrier does not take.
    unsent: bool,
    /// What it is counted as being at.
    shown: observe::Phase,
    /// What most connections of a server do without.
    rare: Option<Box<Rare>>,
    pace: Pace,
    /// When the hub will wake it, for a deadline or a timer of the protocol's.
    armed: Milliseconds,
    received: u64,
    sent: u64,
    /// How many of its bytes count towards what all connections hold.
    held: u32,
}

/// What most connections of a server do without.
#[derive(Default)]
struct Rare {
    /// The next message to be sent, on carriers that have messages.
    message: Option<Bytes>,
    on_lost: Option<OnLost>,
}

impl Driver {
    /// A driver for a carrier whose protocol the service's factory builds: here, on the
    /// thread where the connection stays, once the service's layers are open.
    pub(crate) fn accepted(
        carrier: Carrier,
        info: ConnectionInfo,
        place: Place,
        service: Arc<ServiceState>,
        seat: Seat,
    ) -> Self {
        let mut driver = if service.layers.is_empty() {
            Driver::new(carrier, info, place, service, Phase::New)
        } else {
            let opening = open::accept(carrier, &info, &service);
            Driver::new(Carrier::Gone, info, place, service, Phase::Opening(opening))
        };
        driver.seat = seat;
        driver
    }

    /// A driver for a connection that is open as it stands.
    pub(crate) fn open(
        carrier: Carrier,
        info: ConnectionInfo,
        place: Place,
        service: Arc<ServiceState>,
        on_lost: Option<OnLost>,
    ) -> Self {
        let mut driver = Driver::new(carrier, info, place, service, Phase::New);
        driver.rare = on_lost.map(|on_lost| {
            Box::new(Rare {
                message: None,
                on_lost: Some(on_lost),
            })
        });
        driver
    }

    fn new(
        carrier: Carrier,
        info: ConnectionInfo,
        place: Place,
        service: Arc<ServiceState>,
        phase: Phase,
    ) -> Self {
        let handle = Handle::new(place.mailbox(), place.id());
        let now = place.hub().tick(crate::reactor::now());
        let shown = observe::Phase::Opening;
        service
            .counters(place.hub().thread())
            .phase(None, Some(shown));
        Driver {
            protocol: Box::new(Unbuilt),
            made: false,
            transport: Transport::new(info, handle),
            carrier,
            phase,
            place,
            service,
            reason: None,
            peer_ended: false,
            within_message: false,
            message_end_waits: false,
            drain_waits: false,
            said_goodbye: false,
            is_late: false,
            seat: Seat::default(),
            finished: false,
            unsent: false,
            shown,
            rare: None,
            pace: Pace::new(now),
            armed: Milliseconds::MAX,
            received: 0,
            sent: 0,
            held: 0,
        }
    }

    fn step(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.phase {
                Phase::Opening(opening) => {
                    self.place.set_waker(context.waker());
                    // Nobody has been promised anything yet.
                    if self.place.has_signal(Signals::ENDING) {
                        self.cut_off();
                        continue;
                    }
                    let opened = ready!(opening.as_mut().poll(context));
                    self.opened(opened, Phase::New);
                }
                Phase::New => self.build(context),
                Phase::Open => {
                    match ready!(scratch::with(|buffers| self.poll_open(context, buffers))) {
                        Ok(()) => {}
                        Err(error) => self.end(Reason::Failed(Error::Io(error))),
                    }
                }
                Phase::StartingTls(handshake) => {
                    if self.place.has_signal(Signals::AT_ONCE) {
                        self.cut_off();
                        continue;
                    }
                    let opened = ready!(handshake.as_mut().poll(context));
                    if self.opened(opened, Phase::Open) {
                        self.protocol.handshake_done(&mut self.transport);
                    }
                }
                Phase::Closing(closing) => {
                    // A forced end does not wait for the peer.
                    if self.place.has_signal(Signals::AT_ONCE) {
                        self.cut_off();
                        continue;
                    }
                    ready!(closing.poll(context, &mut self.carrier));
                    self.phase = Phase::Done;
                }
                Phase::Done => return Poll::Ready(()),
            }
        }
    }

    /// Takes over what opening layers came to. Returns whether it succeeded.
    #[cold]
    fn opened(&mut self, opened: Result<Opened, OpenError>, next: Phase) -> bool {
        match opened {
            Ok(opened) => {
                if let Some(proxied) = opened.proxied {
                    let (peer, local, seat) = proxied.take();
                    self.transport.driver().set_ends(peer, local);
                    self.seat = seat;
                }
                if self.service.layers.shake_hands() || matches!(next, Phase::Open) {
                    self.counters().handshake(true);
                }
                self.carrier = opened.carrier;
                self.transport.driver().tls_done(opened.session);
                self.phase = next;
                if self.made {
                    // What the handshake took is not the peer's idleness.
                    self.pace.resume(self.now());
                    self.arm();
                }
                true
            }
            Err(error) => {
                let (who, within) = (self.who(), self.made);
                let ended = self.service.opening_failed(who, &error, within);
                self.is_late = ended == observe::Ended::Deadline;
                self.end(Reason::Failed(error.into()));
                false
            }
        }
    }

    /// Builds the protocol and tells it of its connection.
    #[cold]
    fn build(&mut self, context: &mut Context<'_>) {
        self.place.set_waker(context.waker());
        let Some(protocol) = self.service.build(self.transport.info()) else {
            self.end(Reason::Closed);
            return;
        };
        self.protocol = protocol;
        self.phase = Phase::Open;
        self.made = true;
        self.pace = Pace::new(self.now());
        self.arm();
        self.protocol.connection_made(&mut self.transport);
    }

    /// Acts on what the protocol asked for. Returns whether the phase has changed.
    #[inline]
    fn change_phase(&mut self, sent: bool) -> bool {
        (self.transport.is_closing() || self.transport.is_starting_tls()) && self.end_phase(sent)
    }

    #[cold]
    fn end_phase(&mut self, sent: bool) -> bool {
        if let Some(error) = self.transport.driver().take_error() {
            // The first reason counts, but an error says more than the peer's end of input.
            self.reason = Some(Box::new(Reason::Failed(error)));
        }
        if self.transport.driver().is_aborting() {
            self.carrier.abort();
            self.end(Reason::Aborted);
            return true;
        }
        if self.transport.is_closing() {
            if self.reason.is_none() {
                self.reason = Some(Box::new(Reason::Closed));
            }
            if sent {
                self.phase = Phase::Closing(Box::new(Closing::new(self.peer_ended)));
                self.show(observe::Phase::Closing);
            }
            return sent;
        }
        if sent && self.transport.driver().is_ready_for_tls() {
            let carrier = std::mem::replace(&mut self.carrier, Carrier::Gone);
            let deadlines = self.service.deadlines();
            let starting = open::start_tls(carrier, &self.service.layers, deadlines);
            self.phase = Phase::StartingTls(starting);
            self.show(observe::Phase::Opening);
            return true;
        }
        false
    }

    /// Ends the connection as a signal asks, where nothing is to be sent any more.
    #[cold]
    fn cut_off(&mut self) {
        // Who ends for what it has done itself ends for that.
        if !matches!(self.reason.as_deref(), Some(Reason::Failed(_))) {
            self.reason = None;
        }
        self.end(match self.place.has_signal(Signals::KILL) {
            true => Reason::Killed,
            false => Reason::Drained,
        });
    }

    /// Ends the connection now, for this reason if there is none yet.
    #[cold]
    fn end(&mut self, reason: Reason) {
        if self.reason.is_none() || matches!(reason, Reason::Failed(_) | Reason::Panicked) {
            self.reason = Some(Box::new(reason));
        }
        self.phase = Phase::Done;
    }

    /// Tells the protocol, the service and whoever asked that the connection is over.
    #[cold]
    fn finish(&mut self) {
        self.finished = true;
        self.phase = Phase::Done;
        self.carrier = Carrier::Gone;
        let reason = self.reason.take().map_or(Reason::Aborted, |reason| *reason);
        self.leave(&reason);
        if std::mem::take(&mut self.made) {
            let protocol = &mut self.protocol;
            let lost = catch_unwind(AssertUnwindSafe(|| protocol.connection_lost(&reason)));
            if lost.is_err() {
                self.service.log_panic(self.who());
            }
        }
        let rare = self.rare.take();
        if let Some(on_lost) = rare.and_then(|rare| rare.on_lost) {
            on_lost(reason);
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        driver.place.answer(|| driver.status());
        let turn = driver.begin_turn();
        // What a protocol logs is told apart from debug on; always, it would cost more than
        // a small request.
        let _span = tracing::enabled!(tracing::Level::DEBUG)
            .then(|| driver.service.span(driver.who()).entered());
        // The protocol is not looked at again after a panic but for `connection_lost`.
        match catch_unwind(AssertUnwindSafe(|| driver.step(context))) {
            Ok(step) => {
                let may_go_on = driver.end_turn(turn);
                if step.is_pending() && may_go_on {
                    return Poll::Pending;
                }
            }
            Err(_) => {
                driver.service.log_panic(driver.who());
                driver.carrier.abort();
                driver.end(Reason::Panicked);
            }
        }
        driver.finish();
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A task that is dropped unfinished, as at the end of its runtime, still owes the
        // protocol its last callback.
        if !self.finished {
            self.finish();
        }
    }
}

/// What stands in the protocol's place until it is built; without memory of its own.
struct Unbuilt;

impl Protocol for Unbuilt {
    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        // tokio puts 96 bytes round a task and rounds up to the next 128: with more than this
        // an idle connection would cost 128 bytes more, and be over what it may.
        assert!(size_of::<Driver>() <= 416, "{}", size_of::<Driver>());
    }
}
