//! The driver of one connection: calls its protocol and carries out what that asks for.
//!
//! Everything is done once here, under every protocol and over every carrier: all that one
//! read brought is handled before one write, nothing is held while the connection is idle,
//! an orderly close lingers, and a panic ends this connection only.

pub(crate) mod closing;
pub(crate) mod datagrams;
pub(crate) mod hub;
pub(crate) mod scratch;
pub(crate) mod sessions;

use std::future::Future;
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use lariat_protocol::{ConnectionInfo, Error, Handle, Protocol, Reason, Transport};
use tokio::io::AsyncWrite;

use crate::carrier::{Carrier, Received};
use crate::driver::closing::Closing;
use crate::driver::hub::{Place, Signals, Waiting};
use crate::driver::scratch::Buffers;
use crate::open::{self, Opening};
use crate::service::ServiceState;

/// How many pieces one vectored write takes at the most.
const SLICES: usize = 16;

/// Less than a segment's worth: what a peer may wait with until the last one has arrived.
const SMALL: usize = 1024;

/// What the connection is at.
enum Phase {
    /// The layers over the carrier are being opened; there is no protocol yet.
    Opening(Opening),
    /// The carrier is open, and the protocol is to be built.
    New,
    Open,
    /// TLS is being begun under a connection that was plain.
    StartingTls(Opening),
    Closing(Closing),
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
    reason: Option<Reason>,
    peer_ended: bool,
    /// The end of a message that the protocol was not open to yet.
    message_end_waits: bool,
    /// The next message to be sent, on carriers that have messages.
    message: Option<Box<Bytes>>,
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
    ) -> Self {
        if service.layers.is_empty() {
            return Driver::new(carrier, info, place, service, Phase::New);
        }
        let opening = open::open(carrier, &service.layers);
        Driver::new(Carrier::Gone, info, place, service, Phase::Opening(opening))
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
        driver.on_lost = on_lost;
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
            message_end_waits: false,
            message: None,
            on_lost: None,
        }
    }

    fn step(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.phase {
                Phase::Opening(opening) => {
                    self.place.set_waker(context.waker());
                    // Nobody has been promised anything yet.
                    if self.place.has_signal(Signals::DRAIN) {
                        self.end(Reason::Drained);
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
                    if self.place.has_signal(Signals::FORCE) {
                        self.end(Reason::Drained);
                        continue;
                    }
                    let opened = ready!(handshake.as_mut().poll(context));
                    if self.opened(opened, Phase::Open) {
                        self.protocol.handshake_done(&mut self.transport);
                    }
                }
                Phase::Closing(closing) => {
                    // A forced end does not wait for the peer.
                    if !self.place.has_signal(Signals::FORCE) {
                        ready!(closing.poll(context, &mut self.carrier));
                    }
                    self.phase = Phase::Done;
                }
                Phase::Done => return Poll::Ready(()),
            }
        }
    }

    /// Takes over what opening layers came to. Returns whether it succeeded.
    #[cold]
    fn opened(&mut self, opened: open::Opened, next: Phase) -> bool {
        match opened {
            Ok((carrier, session)) => {
                self.carrier = carrier;
                self.transport.driver().tls_done(session);
                self.phase = next;
                true
            }
            Err(error) => {
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
        self.protocol.connection_made(&mut self.transport);
    }

    /// Moves bytes both ways until nothing can move. `Ready` when the phase has changed.
    fn poll_open(
        &mut self,
        context: &mut Context<'_>,
        buffers: &mut Buffers,
    ) -> Poll<io::Result<()>> {
        // Once a turn is enough: whatever comes during it wakes this task again.
        if let Some(waiting) = self.place.take() {
            self.handle_waiting(waiting, buffers);
        }
        let mut again = false;
        loop {
            let sent = self.send(context, buffers)?;
            if self.change_phase(sent) {
                return Poll::Ready(Ok(()));
            }
            if self.transport.driver().take_held_input() {
                self.protocol.input_released(&mut self.transport);
                continue;
            }
            if self.message_end_waits && self.transport.is_open_to_input() {
                self.message_end_waits = false;
                self.protocol.message_end(&mut self.transport);
                continue;
            }
            if self.peer_ended || !self.transport.is_open_to_input() {
                return self.park();
            }
            match self.receive(context, buffers, again) {
                Poll::Ready(Ok(())) => again = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return self.park(),
            }
        }
    }

    /// Takes one read's worth of bytes and hands them to the protocol.
    fn receive(
        &mut self,
        context: &mut Context<'_>,
        buffers: &mut Buffers,
        again: bool,
    ) -> Poll<io::Result<()>> {
        if again {
            ready!(self.carrier.poll_again(context))?;
        }
        let received = ready!(self.carrier.poll_receive(context, &mut buffers.read))?;
        // Answers are gathered in the thread's buffer; a connection that can send
        // everything at once never owns one.
        buffers.lend(self.transport.driver().outgoing());
        let buffer = &buffers.read;
        let transport = &mut self.transport;
        match received {
            Received::Bytes(length) => {
                self.protocol.data_received(transport, &buffer[..length]);
                // Only a small piece can be one that holds back another.
                if transport.driver().take_expected_rest() && length < SMALL {
                    self.carrier.acknowledge();
                }
            }
            Received::Message(length) => {
                self.protocol.data_received(transport, &buffer[..length]);
                self.message_end_waits = true;
            }
            Received::End => {
                self.peer_ended = true;
                if self.reason.is_none() {
                    self.reason = Some(Reason::PeerClosed);
                }
                self.protocol.eof_received(transport);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what waits, and tells the protocol when writing is paused or resumed. Returns
    /// whether everything has left.
    fn send(&mut self, context: &mut Context<'_>, buffers: &mut Buffers) -> io::Result<bool> {
        if self.has_nothing_to_send() {
            return Ok(true);
        }
        loop {
            if self.transport.driver().take_write_pause() {
                self.protocol.write_paused(&mut self.transport);
            }
            let sent = self.poll_send(context)?.is_ready();
            if !self.transport.driver().take_write_resume() {
                if sent {
                    buffers.take_back(self.transport.driver().outgoing());
                }
                return Ok(sent);
            }
            self.protocol.write_resumed(&mut self.transport);
        }
    }

    /// Whether sending would be a round for nothing. A layer may owe its peer something of
    /// its own, or hold back what it was given.
    fn has_nothing_to_send(&mut self) -> bool {
        !self.carrier.is_layered()
            && self.message.is_none()
            && !self.transport.is_write_paused()
            && self.transport.driver().outgoing().is_idle()
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> io::Result<Poll<()>> {
        let mut driver = self.transport.driver();
        let outgoing = driver.outgoing();
        if outgoing.waiting() > 0 && !outgoing.is_split() {
            // Answers nearly always fit into the socket's buffer, and then there is nobody
            // to be woken, which the long way prepares for.
            match self.carrier.try_write(outgoing.chunk()) {
                Ok(count) => outgoing.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if outgoing.is_empty() && !self.carrier.is_layered() && self.message.is_none() {
            return Ok(Poll::Ready(()));
        }
        if self.carrier.is_message_oriented() && self.poll_send_messages(context)?.is_pending() {
            return Ok(Poll::Pending);
        }
        self.poll_send_rest(context)
    }

    /// Sends the messages that wait, on a carrier that has messages.
    fn poll_send_messages(&mut self, context: &mut Context<'_>) -> io::Result<Poll<()>> {
        loop {
            let waiting = self.message.take().map(|message| *message);
            let next = || self.transport.driver().outgoing().pop_message();
            let Some(message) = waiting.or_else(next) else {
                return Ok(Poll::Ready(()));
            };
            match self.carrier.poll_send(context, &message) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) if too_large(&error) => {
                    tracing::info!(length = message.len(), "a message is too long to be sent");
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {
                    self.message = Some(Box::new(message));
                    return Ok(Poll::Pending);
                }
            }
        }
    }

    /// Sends what could not be sent at once.
    #[cold]
    fn poll_send_rest(&mut self, context: &mut Context<'_>) -> io::Result<Poll<()>> {
        let mut driver = self.transport.driver();
        let outgoing = driver.outgoing();
        let mut carrier = Pin::new(&mut self.carrier);
        while outgoing.waiting() > 0 {
            let written = if outgoing.is_split() && carrier.is_write_vectored() {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let filled = outgoing.chunks(&mut slices);
                carrier
                    .as_mut()
                    .poll_write_vectored(context, &slices[..filled])
            } else {
                carrier.as_mut().poll_write(context, outgoing.chunk())
            };
            match written {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => outgoing.advance(count),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        // Layers keep bytes back that they were given, even from an earlier turn.
        if carrier.is_layered() {
            match carrier.poll_flush(context) {
                Poll::Ready(result) => result?,
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        Ok(Poll::Ready(()))
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
            self.reason = Some(Reason::Failed(error));
        }
        if self.transport.driver().is_aborting() {
            self.carrier.abort();
            self.end(Reason::Aborted);
            return true;
        }
        if self.transport.is_closing() {
            if self.reason.is_none() {
                self.reason = Some(Reason::Closed);
            }
            if sent {
                self.phase = Phase::Closing(Closing::new(self.peer_ended));
            }
            return sent;
        }
        if sent && self.transport.driver().is_ready_for_tls() {
            let carrier = std::mem::replace(&mut self.carrier, Carrier::Gone);
            self.phase = Phase::StartingTls(open::start_tls(carrier, &self.service.layers));
            return true;
        }
        false
    }

    /// Nothing can move: settles when to be woken, if not by the carrier.
    fn park(&mut self) -> Poll<io::Result<()>> {
        if self.transport.driver().timers_changed() {
            self.settle_timers();
        }
        Poll::Pending
    }

    #[cold]
    fn settle_timers(&mut self) {
        let now = crate::reactor::now();
        let deadline = self.transport.driver().settle_timers(now);
        self.place.set_deadline(deadline);
    }

    #[cold]
    fn handle_waiting(&mut self, waiting: Waiting, buffers: &mut Buffers) {
        buffers.lend(self.transport.driver().outgoing());
        if waiting.signals.contains(Signals::FORCE) {
            self.reason = Some(Reason::Drained);
            self.transport.abort();
            return;
        }
        if waiting.signals.contains(Signals::DRAIN) {
            self.protocol.drain(&mut self.transport);
        }
        for message in waiting.messages.into_iter().flat_map(|queue| *queue) {
            if self.transport.driver().is_aborting() {
                return;
            }
            self.protocol.message_received(&mut self.transport, message);
        }
        if waiting.signals.contains(Signals::TIMER) {
            let now = crate::reactor::now();
            // Timers that a callback sets are settled against this same moment, so a timer
            // of no length cannot keep the loop going.
            self.transport.driver().settle_timers(now);
            while let Some(timer) = self.transport.driver().take_due_timer(now) {
                self.protocol.timer(&mut self.transport, timer);
            }
            let deadline = self.transport.driver().settle_timers(now);
            self.place.set_deadline(deadline);
        }
    }

    /// Ends the connection now, for this reason if there is none yet.
    #[cold]
    fn end(&mut self, reason: Reason) {
        if self.reason.is_none() || matches!(reason, Reason::Failed(_) | Reason::Panicked) {
            self.reason = Some(reason);
        }
        self.phase = Phase::Done;
    }

    /// Tells the protocol, the service and whoever asked that the connection is over.
    #[cold]
    fn finish(&mut self) {
        self.phase = Phase::Done;
        self.carrier = Carrier::Gone;
        let reason = self.reason.take().unwrap_or(Reason::Aborted);
        self.service.log_end(self.transport.peer(), &reason);
        if std::mem::take(&mut self.made) {
            let protocol = &mut self.protocol;
            let lost = catch_unwind(AssertUnwindSafe(|| protocol.connection_lost(&reason)));
            if lost.is_err() {
                self.service.log_panic(self.transport.peer());
            }
        }
        if let Some(on_lost) = self.on_lost.take() {
            on_lost(reason);
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        let watch = driver.service.watch();
        // The protocol is not looked at again after a panic but for `connection_lost`.
        match catch_unwind(AssertUnwindSafe(|| driver.step(context))) {
            Ok(step) => {
                driver.service.watched(watch, driver.transport.peer());
                ready!(step);
            }
            Err(_) => {
                driver.service.log_panic(driver.transport.peer());
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
        if self.made || self.on_lost.is_some() {
            self.finish();
        }
    }
}

/// What stands in the protocol's place until it is built; without memory of its own.
struct Unbuilt;

impl Protocol for Unbuilt {
    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

fn too_large(error: &io::Error) -> bool {
    // EMSGSIZE has no stable kind of its own.
    quinn_udp::is_msg_size_err(error)
}
