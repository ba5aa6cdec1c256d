//! The adapter that makes a `Protocol` of frames out of a `Protocol` of bytes.

use std::ops::{Deref, DerefMut};

use crate::contract::{Deadline, Error, Message, Protocol, Reason, TimerId, Transport};
use crate::framing::{End, Framing, WriteFrame};

/// What comes next on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Frames,
    Bytes(u64),
}

/// How a connection is being cut: the framing, and what it has not cut yet.
struct Cutting<F> {
    framing: F,
    expected: Expected,
    /// Bytes that came and were not handled: an incomplete frame, or input that arrived
    /// while the protocol was not open to it. Bounded by the framing's maximum and the
    /// driver's read buffer, and without memory when empty.
    held: Vec<u8>,
    /// Whether `held` was not looked at yet, since the protocol was not open to input:
    /// there may be whole frames in it.
    waiting: bool,
    /// Whether what came could not be cut, so that nothing behind it can be.
    is_broken: bool,
}

/// A [`Transport`] that also knows frames; everything that a transport does, it does.
pub struct FrameTransport<'a, F> {
    transport: &'a mut Transport,
    cutting: &'a mut Cutting<F>,
}

impl<F: Framing> FrameTransport<'_, F> {
    /// The next `count` bytes are not framed: they come through
    /// [`bytes_received`](FrameProtocol::bytes_received), in pieces as they arrive, and
    /// frames follow behind them.
    pub fn expect_bytes(&mut self, count: u64) {
        self.cutting.framing.reset();
        self.cutting.expected = match count {
            0 => Expected::Frames,
            _ => Expected::Bytes(count),
        };
    }

    /// Frames come next, even if counted bytes were outstanding.
    pub fn expect_frames(&mut self) {
        self.expect_bytes(0);
    }

    /// How many counted bytes are still to come.
    pub fn expected_bytes(&self) -> u64 {
        match self.cutting.expected {
            Expected::Frames => 0,
            Expected::Bytes(count) => count,
        }
    }

    /// How the connection is cut; to change a maximum, or a codec's state.
    pub fn framing(&mut self) -> &mut F {
        &mut self.cutting.framing
    }

    /// Takes what came of a frame that is not complete, as it stands. Empty inside
    /// `frame_received`, which is given frames before the rest is looked at, and while
    /// input waits for the protocol to be open to it.
    ///
    /// A [`Codec`](crate::framing::Codec) cannot go on behind half an item that was taken
    /// away; it ends the connection when more comes.
    pub fn take_incomplete(&mut self) -> Vec<u8> {
        if self.cutting.waiting {
            return Vec::new();
        }
        self.cutting.framing.reset();
        if !self.cutting.held.is_empty() {
            self.transport.message_done();
            self.transport.keep_input(0);
        }
        std::mem::take(&mut self.cutting.held)
    }
}

impl<F: WriteFrame> FrameTransport<'_, F> {
    /// Writes one frame.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when the frame cannot be expressed: longer than the framing's
    /// maximum, or a line with a line end in it.
    pub fn write_frame(&mut self, frame: &[u8]) -> Result<(), Error> {
        self.cutting.framing.encode(self.transport, frame)
    }
}

impl<F> Deref for FrameTransport<'_, F> {
    type Target = Transport;

    fn deref(&self) -> &Transport {
        self.transport
    }
}

impl<F> DerefMut for FrameTransport<'_, F> {
    fn deref_mut(&mut self) -> &mut Transport {
        self.transport
    }
}

/// A protocol of whole frames. As [`Protocol`], with frames in the place of bytes.
pub trait FrameProtocol<F: Framing>: Send + 'static {
    /// The connection is there.
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, F>) {
        let _ = transport;
    }

    /// The handshake that `start_tls` asked for is done.
    fn handshake_done(&mut self, transport: &mut FrameTransport<'_, F>) {
        let _ = transport;
    }

    /// A whole frame came.
    ///
    /// The next one waits when this call pauses reading, ends the connection, starts TLS,
    /// or has written more than the high-water mark.
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, F>, frame: F::Frame<'_>);

    /// Some of the bytes that [`FrameTransport::expect_bytes`] announced came; how many are
    /// still to come is in [`FrameTransport::expected_bytes`].
    fn bytes_received(&mut self, transport: &mut FrameTransport<'_, F>, data: &[u8]) {
        let _ = (transport, data);
    }

    /// All whole frames of what came are handled, and `held` bytes of a next one are there.
    fn frame_incomplete(&mut self, transport: &mut FrameTransport<'_, F>, held: usize) {
        let _ = (transport, held);
    }

    /// The bytes that came cannot be a frame, or it is too long. Ends the connection by
    /// default; a protocol with words for it says them first.
    ///
    /// The connection ends when this returns, unless the protocol has paused reading: it has
    /// others to answer before, and ends the connection itself when it has. Nothing more is
    /// cut meanwhile, and reading on ends the connection too.
    fn frame_error(&mut self, transport: &mut FrameTransport<'_, F>, error: Error) {
        transport.fail(error);
    }

    /// The peer will send nothing more. Closes by default.
    fn eof_received(&mut self, transport: &mut FrameTransport<'_, F>) {
        transport.lose_connection();
    }

    /// Writing is paused: more than the high-water mark waits.
    fn write_paused(&mut self, transport: &mut FrameTransport<'_, F>) {
        let _ = transport;
    }

    /// Writing is resumed.
    fn write_resumed(&mut self, transport: &mut FrameTransport<'_, F>) {
        let _ = transport;
    }

    /// Another task sent a message.
    fn message_received(&mut self, transport: &mut FrameTransport<'_, F>, message: Message) {
        let _ = (transport, message);
    }

    /// A timer has run out.
    fn timer(&mut self, transport: &mut FrameTransport<'_, F>, timer: TimerId) {
        let _ = (transport, timer);
    }

    /// The server is going down. Closes by default.
    fn drain(&mut self, transport: &mut FrameTransport<'_, F>) {
        transport.lose_connection();
    }

    /// The peer has used up its time, and the connection ends when this returns.
    fn deadline_passed(&mut self, transport: &mut FrameTransport<'_, F>, deadline: Deadline) {
        let _ = (transport, deadline);
    }

    /// The connection is over. Comes last and exactly once.
    fn connection_lost(&mut self, reason: &Reason) {
        let _ = reason;
    }
}

/// A [`FrameProtocol`] under a [`Framing`], as a [`Protocol`].
pub struct Framed<F, P> {
    cutting: Cutting<F>,
    protocol: P,
}

impl<F: Framing, P: FrameProtocol<F>> Framed<F, P> {
    /// Cuts the connection by `framing` for `protocol`.
    pub fn new(framing: F, protocol: P) -> Self {
        Framed {
            cutting: Cutting {
                framing,
                expected: Expected::Frames,
                held: Vec::new(),
                waiting: false,
                is_broken: false,
            },
            protocol,
        }
    }

    /// The protocol within.
    pub fn get_ref(&self) -> &P {
        &self.protocol
    }

    /// The protocol within, to be changed from outside a callback.
    pub fn get_mut(&mut self) -> &mut P {
        &mut self.protocol
    }

    /// The protocol within, when the connection is over.
    pub fn into_inner(self) -> P {
        self.protocol
    }

    /// Calls the protocol with a transport that knows frames.
    fn with(
        &mut self,
        transport: &mut Transport,
        call: impl FnOnce(&mut P, &mut FrameTransport<'_, F>),
    ) {
        let mut transport = FrameTransport {
            transport,
            cutting: &mut self.cutting,
        };
        call(&mut self.protocol, &mut transport);
        // Started from a timer or a message, with input held: that came without protection
        // too. (What `deliver` is at is not in `held`; `keep` looks at that.)
        if transport.is_starting_tls() && !transport.cutting.held.is_empty() {
            transport.cutting.held = Vec::new();
            transport.transport.fail(unprotected());
        }
    }

    /// Hands on all that may be handled of what is held and of `data`, and keeps the rest.
    #[inline]
    fn cut(&mut self, transport: &mut Transport, data: &[u8]) {
        self.cutting.waiting = false;
        if self.cutting.is_broken {
            return transport.lose_connection();
        }
        if !self.cutting.held.is_empty() {
            return self.cut_held(transport, data);
        }
        let used = self.deliver(transport, data);
        if used < data.len() {
            self.keep(transport, &data[used..]);
        }
    }

    fn cut_held(&mut self, transport: &mut Transport, data: &[u8]) {
        let mut input = std::mem::take(&mut self.cutting.held);
        input.extend_from_slice(data);
        let used = self.deliver(transport, &input);
        if used == 0 && self.keeps(transport) {
            // Nothing was handled: the buffer goes back as it is, uncopied.
            self.cutting.held = input;
            self.rest_is_kept(transport);
        } else {
            self.keep(transport, &input[used..]);
        }
    }

    /// Hands on frame after frame of `input` while the protocol is open to input; returns
    /// how many bytes were handled.
    fn deliver(&mut self, transport: &mut Transport, input: &[u8]) -> usize {
        let mut used = 0;
        while used < input.len() && transport.is_open_to_input() {
            let rest = &input[used..];
            if let Expected::Bytes(count) = self.cutting.expected {
                let part = usize::try_from(count).map_or(rest.len(), |n| n.min(rest.len()));
                let left = count - part as u64;
                self.cutting.expected = match left {
                    0 => Expected::Frames,
                    _ => Expected::Bytes(left),
                };
                used += part;
                match left {
                    0 => transport.message_done(),
                    _ => transport.message_begun(),
                }
                self.with(transport, |p, t| p.bytes_received(t, &rest[..part]));
                continue;
            }
            match self.cutting.framing.decode(rest) {
                Ok((frame, count)) => {
                    used += count;
                    match frame {
                        Some(frame) => {
                            transport.message_done();
                            self.with(transport, |p, t| p.frame_received(t, frame));
                        }
                        None => break,
                    }
                }
                Err(error) => {
                    self.refuse(transport, error);
                    return input.len();
                }
            }
        }
        used
    }

    fn refuse(&mut self, transport: &mut Transport, error: Error) {
        self.cutting.framing.reset();
        transport.keep_input(0);
        // What follows a frame that cannot be cut has no boundaries either, so there is
        // nothing to go on with, whatever the protocol makes of the error.
        self.cutting.is_broken = true;
        self.with(transport, |p, t| p.frame_error(t, error));
        if !transport.is_reading_paused() {
            transport.lose_connection();
        }
    }

    /// Whether input that is left over has a future.
    fn keeps(&self, transport: &Transport) -> bool {
        !transport.is_closing() && !transport.is_starting_tls()
    }

    fn keep(&mut self, transport: &mut Transport, rest: &[u8]) {
        if rest.is_empty() || transport.is_closing() {
            return;
        }
        if transport.is_starting_tls() {
            transport.fail(unprotected());
            return;
        }
        self.cutting.held.extend_from_slice(rest);
        self.rest_is_kept(transport);
    }

    fn rest_is_kept(&mut self, transport: &mut Transport) {
        let held = self.cutting.held.len();
        transport.keep_input(held);
        if transport.is_open_to_input() {
            transport.message_begun();
            self.with(transport, |p, t| p.frame_incomplete(t, held));
        } else {
            self.cutting.waiting = true;
            transport.hold_input();
        }
    }

    /// Hands on what is left as a last frame, if the framing has such a thing.
    fn cut_end(&mut self, transport: &mut Transport, end: End) {
        if !transport.is_open_to_input() {
            return;
        }
        let input = std::mem::take(&mut self.cutting.held);
        transport.keep_input(0);
        if let Expected::Bytes(_) = self.cutting.expected {
            if end == End::Stream {
                let error = Error::unexpected("the connection ended within counted bytes");
                self.refuse(transport, error);
            }
            return;
        }
        match self.cutting.framing.decode_end(&input, end) {
            Ok(Some(frame)) => {
                transport.message_done();
                self.with(transport, |p, t| p.frame_received(t, frame));
            }
            Ok(None) => {}
            Err(error) => self.refuse(transport, error),
        }
        self.cutting.framing.reset();
    }
}

fn unprotected() -> Error {
    Error::invalid("unprotected bytes came behind the command that starts TLS")
}

impl<F: Framing, P: FrameProtocol<F>> Protocol for Framed<F, P> {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.with(transport, |p, t| p.connection_made(t));
    }

    fn handshake_done(&mut self, transport: &mut Transport) {
        self.with(transport, |p, t| p.handshake_done(t));
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.cut(transport, data);
    }

    fn message_end(&mut self, transport: &mut Transport) {
        self.cut_end(transport, End::Message);
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        self.cut_end(transport, End::Stream);
        self.with(transport, |p, t| p.eof_received(t));
    }

    fn input_released(&mut self, transport: &mut Transport) {
        self.cut(transport, &[]);
    }

    fn write_paused(&mut self, transport: &mut Transport) {
        self.with(transport, |p, t| p.write_paused(t));
    }

    fn write_resumed(&mut self, transport: &mut Transport) {
        self.with(transport, |p, t| p.write_resumed(t));
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        self.with(transport, |p, t| p.message_received(t, message));
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        self.with(transport, |p, t| p.timer(t, timer));
    }

    fn drain(&mut self, transport: &mut Transport) {
        self.with(transport, |p, t| p.drain(t));
    }

    fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
        self.with(transport, |p, t| p.deadline_passed(t, deadline));
    }

    fn connection_lost(&mut self, reason: &Reason) {
        self.protocol.connection_lost(reason);
    }
}
