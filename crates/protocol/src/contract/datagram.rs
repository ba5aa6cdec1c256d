//! The contract for those who want every peer's datagrams in one place.
//!
//! Most protocols do not: a [`Protocol`](crate::Protocol) served on `udp://` is built once
//! for each peer, bounded and expiring. This one is for what keeps no state by peer, or
//! keeps it in its own way.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::contract::timers::{TimerId, Timers};
use crate::contract::{Address, Handle, Message};

/// A datagram on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingDatagram {
    /// To whom.
    pub to: Address,
    /// Which of our addresses it leaves from; the system chooses if not said.
    pub from: Option<IpAddr>,
    /// What.
    pub data: Bytes,
}

/// How many datagrams may wait for a full socket buffer; more are dropped, as the network
/// itself would.
const MOST_WAITING: usize = 1024;

/// A datagram socket as its protocol sees it.
#[derive(Debug)]
pub struct DatagramTransport {
    local: Address,
    handle: Handle,
    outgoing: VecDeque<OutgoingDatagram>,
    timers: Timers,
    dropped: u64,
    closing: bool,
}

impl DatagramTransport {
    /// A transport for a socket that a driver has bound.
    pub fn new(local: Address, handle: Handle) -> Self {
        DatagramTransport {
            local,
            handle,
            outgoing: VecDeque::new(),
            timers: Timers::default(),
            dropped: 0,
            closing: false,
        }
    }

    /// The address that the socket is bound to.
    pub fn local(&self) -> &Address {
        &self.local
    }

    /// Sends one datagram. As on the network itself, nothing says whether it arrives.
    pub fn send_to(&mut self, to: &Address, data: impl Into<Bytes>) {
        self.send_from(None, to, data);
    }

    /// Sends one datagram from one of our addresses: the one that a request came to, so
    /// that who asked recognises the answer.
    pub fn send_from(&mut self, from: Option<IpAddr>, to: &Address, data: impl Into<Bytes>) {
        if self.outgoing.len() >= MOST_WAITING {
            self.dropped += 1;
            return;
        }
        self.outgoing.push_back(OutgoingDatagram {
            to: to.clone(),
            from,
            data: data.into(),
        });
    }

    /// How many datagrams were dropped because too many waited already.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Calls `timer` once after at least this time.
    pub fn set_timer(&mut self, timer: TimerId, after: Duration) {
        self.timers.set(timer, after);
    }

    /// Forgets a timer.
    pub fn cancel_timer(&mut self, timer: TimerId) {
        self.timers.cancel(timer);
    }

    /// Closes the socket when what waits has left.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Whether the socket is to be closed.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// The address of this socket for messages from elsewhere.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// What waits to be sent, oldest first; for drivers.
    pub fn outgoing(&mut self) -> &mut VecDeque<OutgoingDatagram> {
        &mut self.outgoing
    }

    /// The earliest timer, when what was set is counted from `now`; for drivers.
    pub fn settle_timers(&mut self, now: Instant) -> Option<Instant> {
        self.timers.settle(now)
    }

    /// One timer that is due by `now`; for drivers.
    pub fn take_due_timer(&mut self, now: Instant) -> Option<TimerId> {
        self.timers.take_due(now)
    }
}

/// One datagram socket, told of every peer's datagrams.
///
/// On `udp://` the engine has manners under it, since whoever sends a datagram may lie about who
/// it is: what comes from ports below 1024, from or to more than one, or too fast is not heard,
/// and no peer is sent more than three times what it sent, headers counted, whenever that is. So
/// one that has sent nothing is sent nothing. This machine, and networks that the endpoint lists
/// (`amplify_to`), are free of that last rule.
///
/// ```
/// use std::net::IpAddr;
/// use lariat_protocol::{Address, DatagramProtocol, DatagramTransport};
///
/// struct Count(u64);
///
/// impl DatagramProtocol for Count {
///     fn datagram_received(
///         &mut self,
///         transport: &mut DatagramTransport,
///         _data: &[u8],
///         peer: &Address,
///         asked: Option<IpAddr>,
///     ) {
///         self.0 += 1;
///         transport.send_from(asked, peer, self.0.to_string());
///     }
/// }
/// ```
pub trait DatagramProtocol: Send + 'static {
    /// The socket is bound. Comes first.
    fn listening(&mut self, transport: &mut DatagramTransport) {
        let _ = transport;
    }

    /// A whole datagram came from `peer`, to our address `asked` if the system says which.
    fn datagram_received(
        &mut self,
        transport: &mut DatagramTransport,
        data: &[u8],
        peer: &Address,
        asked: Option<IpAddr>,
    );

    /// Whether a datagram is an answer of this protocol's own kind, which is not heard: see
    /// [`Factory::is_answer`](crate::Factory::is_answer).
    fn is_answer(&self, datagram: &[u8]) -> bool {
        let _ = datagram;
        false
    }

    /// Another task sent a message through the socket's handle.
    fn message_received(&mut self, transport: &mut DatagramTransport, message: Message) {
        let _ = (transport, message);
    }

    /// A timer has run out.
    fn timer(&mut self, transport: &mut DatagramTransport, timer: TimerId) {
        let _ = (transport, timer);
    }

    /// The socket is closed. Comes last.
    fn closed(&mut self) {}
}
