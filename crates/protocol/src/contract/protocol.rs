//! The event-driven contract: what a protocol is told, and how one is made per connection.

use std::borrow::Cow;

use crate::contract::{ConnectionInfo, Deadline, Message, Reason, Refusal, TimerId, Transport};

/// One side of one connection, told what happens to it.
///
/// Every method but [`data_received`](Protocol::data_received) has a default, so a
/// protocol names only what it cares about. Callbacks never overlap and never nest: the
/// driver acts on what was asked of the [`Transport`] when the callback has returned. They
/// share their thread with other connections, so work that takes long goes elsewhere and
/// its result comes back through [`message_received`](Protocol::message_received).
///
/// A panic in any callback ends this connection and no other.
///
/// ```
/// use lariat_protocol::{Protocol, Transport};
///
/// /// Says everything back.
/// struct Echo;
///
/// impl Protocol for Echo {
///     fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
///         transport.write(data);
///     }
/// }
///
/// let mut transport = Transport::unconnected();
/// Echo.data_received(&mut transport, b"hello");
/// assert_eq!(transport.take_written(), b"hello");
/// ```
pub trait Protocol: Send + 'static {
    /// The connection is there; on a TLS endpoint, its handshake is done. Comes first.
    fn connection_made(&mut self, transport: &mut Transport) {
        let _ = transport;
    }

    /// The handshake that [`Transport::start_tls`] asked for is done.
    fn handshake_done(&mut self, transport: &mut Transport) {
        let _ = transport;
    }

    /// Bytes came. On a stream they may be cut anywhere; on a carrier that keeps message
    /// boundaries they are one whole message.
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]);

    /// The message that `data_received` was just given is complete. Comes only on carriers
    /// that keep message boundaries.
    fn message_end(&mut self, transport: &mut Transport) {
        let _ = transport;
    }

    /// The peer will send nothing more, though it may still read. Closes by default.
    fn eof_received(&mut self, transport: &mut Transport) {
        transport.lose_connection();
    }

    /// Reading goes on after [`Transport::hold_input`]: what was held back may be handled
    /// now. Only framing adapters need it.
    fn input_released(&mut self, transport: &mut Transport) {
        let _ = transport;
    }

    /// More than the high-water mark waits to be sent. The driver has stopped reading by
    /// itself; a protocol that writes of its own accord stops too.
    fn write_paused(&mut self, transport: &mut Transport) {
        let _ = transport;
    }

    /// What waited has shrunk to the low-water mark. Follows every `write_paused`, once.
    fn write_resumed(&mut self, transport: &mut Transport) {
        let _ = transport;
    }

    /// Another task sent a message through this connection's
    /// [`Handle`](crate::contract::Handle).
    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        let _ = (transport, message);
    }

    /// A timer that [`Transport::set_timer`] set has run out. What has come over a stream while the thread was at something
    /// else is received before, where the protocol is open to it; not more than one read's worth.
    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        let _ = (transport, timer);
    }

    /// The server is going down: say goodbye and finish soon. Closes by default.
    ///
    /// It comes when what was read has been handled, and not while
    /// [reading is paused](Transport::pause_reading), for then an answer is being worked on.
    fn drain(&mut self, transport: &mut Transport) {
        transport.lose_connection();
    }

    /// The peer has used up its time, and the connection ends in order when this returns: a
    /// protocol with words for it says them here. Not asked when the peer does not read.
    fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
        let _ = (transport, deadline);
    }

    /// The connection is over. Comes last and exactly once if `connection_made` came, even
    /// after a panic.
    fn connection_lost(&mut self, reason: &Reason) {
        let _ = reason;
    }
}

impl<P: Protocol + ?Sized> Protocol for Box<P> {
    fn connection_made(&mut self, transport: &mut Transport) {
        (**self).connection_made(transport);
    }

    fn handshake_done(&mut self, transport: &mut Transport) {
        (**self).handshake_done(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        (**self).data_received(transport, data);
    }

    fn message_end(&mut self, transport: &mut Transport) {
        (**self).message_end(transport);
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        (**self).eof_received(transport);
    }

    fn input_released(&mut self, transport: &mut Transport) {
        (**self).input_released(transport);
    }

    fn write_paused(&mut self, transport: &mut Transport) {
        (**self).write_paused(transport);
    }

    fn write_resumed(&mut self, transport: &mut Transport) {
        (**self).write_resumed(transport);
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        (**self).message_received(transport, message);
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        (**self).timer(transport, timer);
    }

    fn drain(&mut self, transport: &mut Transport) {
        (**self).drain(transport);
    }

    fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
        (**self).deadline_passed(transport, deadline);
    }

    fn connection_lost(&mut self, reason: &Reason) {
        (**self).connection_lost(reason);
    }
}

/// Builds a protocol for each connection, and holds what they share.
///
/// Any `Fn() -> impl Protocol` is a factory:
///
/// ```
/// # use lariat_protocol::{Factory, Protocol, Transport};
/// # #[derive(Default)] struct Echo;
/// # impl Protocol for Echo { fn data_received(&mut self, t: &mut Transport, d: &[u8]) { t.write(d) } }
/// fn listen(factory: impl Factory) {}
/// listen(Echo::default);
/// listen(|| Echo);
/// ```
pub trait Factory: Send + Sync + 'static {
    /// The protocol for a new connection, on the thread that will drive it; `None` closes
    /// the connection without a word.
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>>;

    /// What a connection is told that is not taken, in the protocol's own words, as HTTP's 503
    /// or FTP's 421; `None` closes it without a word, which is the default.
    ///
    /// It is sent in one go and cut after 512 bytes, before any handshake of a protocol on
    /// plain connections; where TLS or WebSocket would come first, nothing is said. Asked on
    /// the thread that accepts, so it is to be quick.
    fn refusal(&self, connection: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        let _ = (connection, why);
        None
    }

    /// Whether a datagram is an answer of this protocol's own kind, which is never answered: two
    /// servers that a forged source points at each other would answer for ever.
    fn is_answer(&self, datagram: &[u8]) -> bool {
        let _ = datagram;
        false
    }
}

impl<F, P> Factory for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: Protocol,
{
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(self()))
    }
}
