//! A protocol driven by hand: every callback as the engine would make it, no socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lariat_protocol::{
    Address, ConnectionId, ConnectionInfo, Error, Handle, Mailbox, Message, Protocol, Reason,
    SendError, Transport,
};

/// A protocol on a simulated connection and clock.
///
/// ```
/// use lariat_protocol::timestamp::{Options, TimestampServer};
/// use lariat_testkit::Driven;
/// use std::time::Duration;
///
/// let clock = || *b"Sat Jun 17 17:27:21 2006";
/// let mut server = Driven::new(TimestampServer::new(Options::default(), clock));
/// server.receive(b"bare words");
/// assert_eq!(server.take_written(), b"");
/// server.advance(Duration::from_millis(50));
/// assert_eq!(server.take_written(), b"[Sat Jun 17 17:27:21 2006] bare words");
/// ```
pub struct Driven<P> {
    protocol: P,
    transport: Transport,
    mailbox: Arc<Inbox>,
    now: Instant,
    next_timer: Option<Instant>,
    written: Vec<u8>,
    /// What came and was not handed over yet, piece by piece, and whether the end did.
    waiting: VecDeque<Vec<u8>>,
    message_end_waits: bool,
    end_waits: bool,
    ended: Option<Reason>,
}

/// The messages for one simulated connection.
#[derive(Default)]
struct Inbox(Mutex<VecDeque<Message>>);

impl Mailbox for Inbox {
    fn deliver(&self, _: ConnectionId, message: Message) -> Result<(), SendError> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back(message);
        Ok(())
    }
}

impl<P: Protocol> Driven<P> {
    /// A stream connection, made.
    pub fn new(protocol: P) -> Self {
        let end = |name: &str| Address::Memory(Arc::from(name));
        Driven::with(protocol, ConnectionInfo::stream(end("peer"), end("local")))
    }

    /// A connection of this kind, made.
    pub fn with(protocol: P, info: ConnectionInfo) -> Self {
        let mailbox = Arc::new(Inbox::default());
        let id = ConnectionId {
            slot: 0,
            generation: 0,
        };
        let handle = Handle::new(Arc::clone(&mailbox) as Arc<dyn Mailbox>, id);
        let mut driven = Driven {
            protocol,
            transport: Transport::new(info, handle),
            mailbox,
            now: Instant::now(),
            next_timer: None,
            written: Vec::new(),
            waiting: VecDeque::new(),
            message_end_waits: false,
            end_waits: false,
            ended: None,
        };
        driven.protocol.connection_made(&mut driven.transport);
        driven.settle();
        driven
    }

    /// The peer sends these bytes, which arrive in one piece; on a carrier with message
    /// boundaries, as one message.
    pub fn receive(&mut self, data: &[u8]) {
        if self.ended.is_some() {
            return;
        }
        self.waiting.push_back(data.to_vec());
        self.settle();
    }

    /// The peer will send nothing more.
    pub fn receive_end(&mut self) {
        self.end_waits = true;
        self.settle();
    }

    /// The clock moves; timers that run out on the way do, each at its own moment.
    pub fn advance(&mut self, by: Duration) {
        let target = self.now + by;
        while let Some(due) = self.next_timer.filter(|due| *due <= target) {
            self.now = self.now.max(due);
            while let Some(timer) = self.transport.driver().take_due_timer(self.now) {
                self.protocol.timer(&mut self.transport, timer);
            }
            self.next_timer = self.transport.driver().settle_timers(self.now);
            self.settle();
        }
        self.now = target;
    }

    /// The server goes down.
    pub fn drain(&mut self) {
        if self.ended.is_none() {
            self.protocol.drain(&mut self.transport);
            self.settle();
        }
    }

    /// Where messages for the connection go.
    pub fn handle(&self) -> Handle {
        self.transport.handle()
    }

    /// Delivers what was sent through the [`handle`](Self::handle).
    pub fn deliver_messages(&mut self) {
        loop {
            let queue = self.mailbox.0.lock();
            let message = queue.unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(message) = message else { return };
            self.protocol.message_received(&mut self.transport, message);
            self.settle();
        }
    }

    /// Takes what the protocol has written.
    pub fn take_written(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.written)
    }

    /// Why the connection has ended, if it has.
    pub fn ended(&self) -> Option<&Reason> {
        self.ended.as_ref()
    }

    /// The error that the connection ended with, if it did.
    pub fn error(&self) -> Option<&Error> {
        match &self.ended {
            Some(Reason::Failed(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether the peer's bytes are being handled.
    pub fn is_open_to_input(&self) -> bool {
        self.ended.is_none() && self.transport.is_open_to_input()
    }

    /// The protocol.
    pub fn protocol(&self) -> &P {
        &self.protocol
    }

    /// Does what the engine does between callbacks, until there is nothing left to do. The
    /// simulated peer reads everything at once.
    fn settle(&mut self) {
        while self.ended.is_none() && self.step() {}
        if self.ended.is_none() && self.transport.driver().timers_changed() {
            self.next_timer = self.transport.driver().settle_timers(self.now);
        }
    }

    fn step(&mut self) -> bool {
        if self.transport.driver().take_write_pause() {
            self.protocol.write_paused(&mut self.transport);
            return true;
        }
        self.send();
        if self.transport.driver().take_write_resume() {
            self.protocol.write_resumed(&mut self.transport);
            return true;
        }
        let error = self.transport.driver().take_error();
        if error.is_some() || self.transport.is_closing() {
            let aborted = self.transport.driver().is_aborting();
            let closed = if aborted {
                Reason::Aborted
            } else {
                Reason::Closed
            };
            let reason = error.map_or(closed, Reason::Failed);
            self.protocol.connection_lost(&reason);
            self.ended = Some(reason);
            return false;
        }
        if self.transport.driver().take_held_input() {
            self.protocol.input_released(&mut self.transport);
            return true;
        }
        if !self.transport.is_open_to_input() {
            return false;
        }
        if std::mem::take(&mut self.message_end_waits) {
            self.protocol.message_end(&mut self.transport);
            return true;
        }
        if let Some(data) = self.waiting.pop_front() {
            self.message_end_waits = self.transport.is_message_oriented();
            self.protocol.data_received(&mut self.transport, &data);
            return true;
        }
        if std::mem::take(&mut self.end_waits) {
            self.protocol.eof_received(&mut self.transport);
            return true;
        }
        false
    }

    fn send(&mut self) {
        if self.transport.is_message_oriented() {
            while let Some(message) = self.transport.driver().outgoing().pop_message() {
                self.written.extend_from_slice(&message);
            }
            return;
        }
        let mut driver = self.transport.driver();
        let outgoing = driver.outgoing();
        while outgoing.waiting() > 0 {
            let length = outgoing.chunk().len();
            self.written.extend_from_slice(outgoing.chunk());
            outgoing.advance(length);
        }
    }
}
