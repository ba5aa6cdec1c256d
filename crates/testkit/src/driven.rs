//! A protocol driven by hand: every callback as the engine would make it, no socket.
//!
//! The clock stands still until it is moved, and the peer is whoever calls: it sends, reads or
//! does not read, ends or breaks off. What happens below a connection (handshakes, lingering)
//! is not simulated.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lariat_protocol::contract::{Moved, Pace, Stage, WaterMarks, milliseconds};
use lariat_protocol::{
    Address, ConnectionId, ConnectionInfo, Deadline, Deadlines, Error, Handle, Mailbox, Message,
    Protocol, Reason, SendError, Transport,
};

/// How many turns may come at one moment before it is certain that there is no end to them.
const MOST_TURNS: usize = 100_000;

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
///
/// With [`deadlines`](Self::deadlines), a peer that takes too long is ended as the engine does
/// it:
///
/// ```
/// # use lariat_protocol::{Protocol, Transport};
/// use lariat_protocol::{Deadline, Deadlines};
/// use lariat_testkit::Driven;
/// use std::time::Duration;
/// # struct Echo;
/// # impl Protocol for Echo {
/// #     fn data_received(&mut self, transport: &mut Transport, data: &[u8]) { transport.write(data) }
/// # }
///
/// let mut server = Driven::new(Echo).deadlines(Deadlines::default());
/// let (after, which) = server.deadline().expect("there is one");
/// assert_eq!((after, which), (Duration::from_secs(30), Deadline::FirstMessage));
/// server.advance(after);
/// assert!(server.error().is_some());
///
/// let mut server = Driven::new(Echo).deadlines(Deadlines::default());
/// server.stop_reading();
/// server.receive(b"hello");
/// server.read(2);
/// assert_eq!(server.take_written(), b"he");
/// assert_eq!(server.deadline(), Some((Duration::from_secs(60), Deadline::Write)));
/// ```
pub struct Driven<P> {
    protocol: P,
    transport: Transport,
    mailbox: Arc<Inbox>,
    made: Instant,
    now: Instant,
    next_timer: Option<Instant>,
    deadlines: Deadlines,
    pace: Pace,
    turn: Turn,
    /// How many more bytes the peer takes; `None` while it reads everything.
    window: Option<usize>,
    written: VecDeque<Vec<u8>>,
    /// What came and was not handed over yet, piece by piece, and whether the end did.
    waiting: VecDeque<Vec<u8>>,
    message_end_waits: bool,
    end_waits: bool,
    drain_waits: bool,
    /// What the connection will have ended with, once everything has left.
    error: Option<Error>,
    ended: Option<Reason>,
}

/// What moved since the pace was told last.
#[derive(Default)]
struct Turn {
    received: usize,
    sent: usize,
    messages: u32,
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

    /// A connection that keeps message boundaries, made.
    pub fn messages_of(protocol: P) -> Self {
        let end = |name: &str| Address::Memory(Arc::from(name));
        Driven::with(
            protocol,
            ConnectionInfo::messages(end("peer"), end("local")),
        )
    }

    /// A connection of this kind, made.
    pub fn with(protocol: P, info: ConnectionInfo) -> Self {
        let mailbox = Arc::new(Inbox::default());
        let id = ConnectionId {
            slot: 0,
            generation: 0,
        };
        let handle = Handle::new(Arc::clone(&mailbox) as Arc<dyn Mailbox>, id);
        let now = Instant::now();
        let mut driven = Driven {
            protocol,
            transport: Transport::new(info, handle),
            mailbox,
            made: now,
            now,
            next_timer: None,
            deadlines: Deadlines::NONE,
            pace: Pace::new(0),
            turn: Turn::default(),
            window: None,
            written: VecDeque::new(),
            waiting: VecDeque::new(),
            message_end_waits: false,
            end_waits: false,
            drain_waits: false,
            error: None,
            ended: None,
        };
        driven.protocol.connection_made(&mut driven.transport);
        driven.settle();
        driven
    }

    /// Gives the peer these deadlines, from when the connection was made. There are none
    /// otherwise.
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// The peer sends these bytes, which arrive in one piece; on a carrier with message
    /// boundaries, as one message.
    pub fn receive(&mut self, data: &[u8]) {
        let nothing = data.is_empty() && !self.is_message_oriented();
        if nothing || self.ended.is_some() {
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

    /// The peer breaks the connection off.
    pub fn reset(&mut self) {
        let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        self.end(Reason::Failed(Error::Io(error)));
    }

    /// The peer stops reading: what is written waits.
    pub fn stop_reading(&mut self) {
        self.window = Some(0);
    }

    /// The peer reads so many more bytes and stops again; on a carrier with message
    /// boundaries, whole messages until they are so many bytes.
    pub fn read(&mut self, count: usize) {
        self.window = Some(self.window.unwrap_or(0).saturating_add(count));
        self.settle();
    }

    /// The peer reads everything, as it does from the beginning.
    pub fn read_all(&mut self) {
        self.window = None;
        self.settle();
    }

    /// The clock moves; timers that run out and deadlines that pass on the way do, each at
    /// its own moment.
    ///
    /// # Panics
    ///
    /// When timers of no length set each other for ever.
    pub fn advance(&mut self, by: Duration) {
        let target = self.now + by;
        let mut turns = 0;
        while self.ended.is_none() {
            let timer = self.next_timer.filter(|due| *due <= target);
            let deadline = self.next_deadline().filter(|(due, _)| *due <= target);
            let (due, passed) = match (timer, deadline) {
                (None, None) => break,
                (Some(timer), Some((due, passed))) if due < timer => (due, Some(passed)),
                (None, Some((due, passed))) => (due, Some(passed)),
                // The protocol's own timer comes first: it may be what the deadline waits for.
                (Some(timer), _) => (timer, None),
            };
            turns = if due > self.now { 0 } else { turns + 1 };
            assert!(turns < MOST_TURNS, "timers of no length go on for ever");
            self.now = self.now.max(due);
            match passed {
                Some(deadline) => self.pass(deadline),
                None => self.run_timers(),
            }
        }
        self.now = target;
    }

    /// The server goes down. The protocol is told once the input that it holds is handled.
    pub fn drain(&mut self) {
        self.drain_waits = true;
        self.settle();
    }

    /// Where messages for the connection go.
    pub fn handle(&self) -> Handle {
        self.transport.handle()
    }

    /// Delivers what was sent through the [`handle`](Self::handle).
    pub fn deliver_messages(&mut self) {
        while self.ended.is_none() {
            let queue = self.mailbox.0.lock();
            let message = queue.unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(message) = message else { return };
            self.protocol.message_received(&mut self.transport, message);
            self.settle();
        }
    }

    /// Takes what the protocol has written and the peer has read.
    pub fn take_written(&mut self) -> Vec<u8> {
        self.take_messages().concat()
    }

    /// The same, message by message on a carrier that has them.
    pub fn take_messages(&mut self) -> Vec<Vec<u8>> {
        self.written.drain(..).collect()
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

    /// Whether each write is one message.
    pub fn is_message_oriented(&self) -> bool {
        self.transport.is_message_oriented()
    }

    /// How long the connection has been there.
    pub fn elapsed(&self) -> Duration {
        self.now - self.made
    }

    /// Which deadline passes next if nothing moves, and in how long.
    pub fn deadline(&self) -> Option<(Duration, Deadline)> {
        let (due, deadline) = self.next_deadline()?;
        Some((due.saturating_duration_since(self.now), deadline))
    }

    /// In how long something happens if nobody does anything: a timer or a deadline.
    pub fn next_wake(&self) -> Option<Duration> {
        let timer = self.next_timer.filter(|_| self.ended.is_none());
        let deadline = self.next_deadline().map(|(due, _)| due);
        let due = timer.into_iter().chain(deadline).min()?;
        Some(due.saturating_duration_since(self.now))
    }

    /// What the connection is at.
    pub fn stage(&self) -> Stage {
        self.pace.stage()
    }

    /// How many bytes the connection holds in both directions: what the protocol keeps of its
    /// input, and what the peer has not read.
    pub fn held(&mut self) -> usize {
        match self.ended {
            Some(_) => 0,
            None => self.transport.driver().held(),
        }
    }

    /// How many bytes the peer has not read.
    pub fn unsent(&self) -> usize {
        self.transport.buffered()
    }

    /// How many messages of the peer's became whole.
    pub fn messages(&mut self) -> u32 {
        self.transport.driver().messages()
    }

    /// Whether a message of the peer's has begun and is not whole.
    pub fn is_in_message(&mut self) -> bool {
        self.transport.driver().is_in_message()
    }

    /// When the connection pauses writing, resumes it and gives up.
    pub fn water_marks(&self) -> WaterMarks {
        self.transport.water_marks()
    }

    /// The protocol.
    pub fn protocol(&self) -> &P {
        &self.protocol
    }

    fn next_deadline(&self) -> Option<(Instant, Deadline)> {
        let closing = self.transport.is_closing();
        let mut deadlines = self.deadlines;
        if closing {
            // What is left of the connection is what the peer has not read.
            deadlines.life = None;
        }
        let (at, deadline) = self.pace.deadline(&deadlines)?;
        if self.ended.is_some() || (closing && deadline != Deadline::Write) {
            return None;
        }
        let due = self.made.checked_add(Duration::from_millis(at))?;
        Some((due, deadline))
    }

    fn pass(&mut self, deadline: Deadline) {
        let error = Error::limit(deadline.to_string());
        if deadline == Deadline::Write {
            self.transport.abort();
            self.error.get_or_insert(error);
        } else {
            self.protocol.deadline_passed(&mut self.transport, deadline);
            self.transport.fail(error);
        }
        self.settle();
    }

    fn run_timers(&mut self) {
        while let Some(timer) = self.transport.driver().take_due_timer(self.now) {
            self.protocol.timer(&mut self.transport, timer);
        }
        self.next_timer = self.transport.driver().settle_timers(self.now);
        self.settle();
    }

    /// One turn: does what the engine does between callbacks until there is nothing left to
    /// do, and takes note of what moved.
    fn settle(&mut self) {
        while self.ended.is_none() && self.step() {}
        if self.ended.is_some() {
            return;
        }
        if self.transport.driver().timers_changed() {
            self.next_timer = self.transport.driver().settle_timers(self.now);
        }
        let turn = std::mem::take(&mut self.turn);
        let mut driver = self.transport.driver();
        self.turn.messages = driver.messages();
        let moved = Moved {
            received: turn.received,
            sent: turn.sent,
            completed: self.turn.messages != turn.messages,
            in_message: driver.is_in_message(),
            unsent: !driver.outgoing().is_empty(),
            working: driver.is_working(driver.is_in_message()),
        };
        let now = milliseconds(self.now - self.made);
        self.pace.turn(now, moved, &self.deadlines);
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
        if self.transport.is_closing() {
            self.close();
            return false;
        }
        if self.transport.driver().take_held_input() {
            self.protocol.input_released(&mut self.transport);
            return true;
        }
        let holds = self.message_end_waits
            || self.transport.driver().is_input_held()
            || self.transport.is_reading_paused();
        if self.drain_waits && !holds {
            self.drain_waits = false;
            self.protocol.drain(&mut self.transport);
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
            self.hand_over(&data);
            return true;
        }
        if std::mem::take(&mut self.end_waits) {
            self.protocol.eof_received(&mut self.transport);
            return true;
        }
        false
    }

    fn hand_over(&mut self, data: &[u8]) {
        self.turn.received += data.len();
        self.message_end_waits = self.transport.is_message_oriented();
        let before = self.transport.driver().messages();
        self.protocol.data_received(&mut self.transport, data);
        let driver = self.transport.driver();
        let marked = driver.messages() != before || driver.is_in_message();
        if !marked && !driver.is_input_held() {
            // A protocol that marks nothing has a message with each piece.
            self.transport.message_done();
        }
    }

    /// Ends the connection, at once or when the peer has read everything.
    fn close(&mut self) {
        let mut driver = self.transport.driver();
        if let Some(error) = driver.take_error() {
            self.error = Some(error);
        }
        let aborting = driver.is_aborting();
        if !aborting && !driver.outgoing().is_empty() {
            return;
        }
        let without = match aborting {
            true => Reason::Aborted,
            false => Reason::Closed,
        };
        let reason = self.error.take().map_or(without, Reason::Failed);
        self.end(reason);
    }

    fn end(&mut self, reason: Reason) {
        if self.ended.is_none() {
            self.waiting.clear();
            // Noted first: the protocol is not told again if it panics.
            let reason = self.ended.insert(reason);
            self.protocol.connection_lost(reason);
        }
    }

    fn send(&mut self) {
        let mut window = self.window.unwrap_or(usize::MAX);
        let messages = self.transport.is_message_oriented();
        let mut driver = self.transport.driver();
        let outgoing = driver.outgoing();
        while !outgoing.is_empty() {
            let taken = match messages {
                true if outgoing.waiting() > 0 && window == 0 => break,
                true => match outgoing.pop_message() {
                    Some(message) => message.to_vec(),
                    None => break,
                },
                false => {
                    let chunk = outgoing.chunk();
                    let taken = chunk[..chunk.len().min(window)].to_vec();
                    outgoing.advance(taken.len());
                    taken
                }
            };
            if taken.is_empty() && !messages {
                break;
            }
            self.turn.sent += taken.len();
            window = window.saturating_sub(taken.len());
            self.written.push_back(taken);
        }
        if self.window.is_some() {
            self.window = Some(window);
        }
    }
}
