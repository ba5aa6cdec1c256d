//! Moving bytes: from the carrier to the protocol, and what it wrote back.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lariat_protocol::Reason;
use tokio::io::AsyncWrite;

use crate::carrier::Received;
use crate::driver::Driver;
use crate::driver::scratch::Buffers;

/// How many pieces one vectored write takes at the most.
const SLICES: usize = 16;

/// Less than a segment's worth: what a peer may wait with until the last one has arrived.
const SMALL: usize = 1024;

impl Driver {
    /// Moves bytes both ways until nothing can move. `Ready` when the phase has changed.
    pub(super) fn poll_open(
        &mut self,
        context: &mut Context<'_>,
        buffers: &mut Buffers,
    ) -> Poll<io::Result<()>> {
        // Once a turn is enough: whatever comes during it wakes this task again.
        let mut timers_wait = match self.place.take() {
            Some(waiting) => self.handle_waiting(waiting, buffers),
            None => false,
        };
        let mut again = false;
        loop {
            let sent = self.send(context, buffers)?;
            self.unsent = !sent;
            if timers_wait && !self.hears() {
                timers_wait = false;
                self.run_timers(buffers);
                continue;
            }
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
            // Requests that were read are answered before the goodbye: those that wait for
            // their turn, and one that our side works on.
            if self.drain_waits
                && !timers_wait
                && !self.message_end_waits
                && !self.transport.driver().is_input_held()
                && !self.transport.is_reading_paused()
            {
                self.say_goodbye();
                continue;
            }
            if !self.hears() {
                return self.park();
            }
            match self.receive(context, buffers, again) {
                Poll::Ready(Ok(())) => again = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending if timers_wait => {}
                Poll::Pending => {
                    if self.transport.is_message_oriented() {
                        self.received += self.carrier.arrived(0);
                        self.within_message = self.carrier.is_in_message();
                    }
                    return self.park();
                }
            }
            // A timer of silence has to see what came while the thread was held; once, so that no peer that sends
            // without end keeps it from running out.
            if std::mem::take(&mut timers_wait) {
                self.run_timers(buffers);
            }
        }
    }

    /// Whether what comes is read.
    #[inline]
    fn hears(&self) -> bool {
        !self.peer_ended && self.transport.is_open_to_input()
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
                self.received += length as u64;
                let before = transport.driver().messages();
                self.protocol.data_received(transport, &buffer[..length]);
                transport.driver().mark_unmarked(before);
                // Only a small piece can be one that holds back another.
                if transport.driver().take_expected_rest() && length < SMALL {
                    self.carrier.acknowledge();
                }
            }
            Received::Message(length) => {
                self.received += self.carrier.arrived(length);
                self.within_message = false;
                let before = transport.driver().messages();
                self.protocol.data_received(transport, &buffer[..length]);
                transport.driver().mark_unmarked(before);
                self.message_end_waits = true;
            }
            Received::End => {
                self.peer_ended = true;
                if self.reason.is_none() {
                    self.reason = Some(Box::new(Reason::PeerClosed));
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
            && !self.has_message()
            && !self.transport.is_write_paused()
            && self.transport.driver().outgoing().is_idle()
    }

    /// Whether a message was taken from those that wait, and not sent.
    fn has_message(&self) -> bool {
        self.rare
            .as_ref()
            .is_some_and(|rare| rare.message.is_some())
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> io::Result<Poll<()>> {
        let mut driver = self.transport.driver();
        let outgoing = driver.outgoing();
        if outgoing.waiting() > 0 && !outgoing.is_split() {
            // Answers nearly always fit into the socket's buffer, and then there is nobody
            // to be woken, which the long way prepares for.
            match self.carrier.try_write(outgoing.chunk()) {
                Ok(count) => {
                    self.sent += count as u64;
                    outgoing.advance(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if outgoing.is_empty() && !self.carrier.is_layered() && !self.has_message() {
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
            let waiting = self.rare.as_mut().and_then(|rare| rare.message.take());
            let next = || self.transport.driver().outgoing().pop_message();
            let Some(message) = waiting.or_else(next) else {
                return Ok(Poll::Ready(()));
            };
            match self.carrier.poll_send(context, &message) {
                Poll::Ready(Ok(())) => self.sent += message.len() as u64,
                Poll::Ready(Err(error)) if too_large(&error) => {
                    tracing::info!(length = message.len(), "a message is too long to be sent");
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {
                    self.rare.get_or_insert_default().message = Some(message);
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
                Poll::Ready(Ok(count)) => {
                    self.sent += count as u64;
                    outgoing.advance(count);
                }
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
}

fn too_large(error: &io::Error) -> bool {
    // EMSGSIZE has no stable kind of its own.
    quinn_udp::is_msg_size_err(error)
}
