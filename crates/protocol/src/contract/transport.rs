//! What a protocol writes into and asks of: a plain value that a driver carries out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::contract::message::{ConnectionId, Handle, Mailbox, Message, SendError};
use crate::contract::timers::{TimerId, Timers};
use crate::contract::{Address, ConnectionInfo, Error, Outgoing, TlsInfo};

mod driver_side;

pub use driver_side::DriverSide;

/// How much may wait to be sent before a connection is slowed, and before it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaterMarks {
    /// At or below so many waiting bytes, writing is resumed. Default 16 KiB.
    pub low: usize,
    /// Above so many waiting bytes, writing is paused and reading stops. Default 64 KiB.
    pub high: usize,
    /// Above so many waiting bytes the connection ends as [`Error::Limit`]: its protocol
    /// went on writing to a peer that does not read. Default 16 MiB.
    pub limit: usize,
}

impl WaterMarks {
    /// The defaults: 16 KiB, 64 KiB, 16 MiB.
    pub const DEFAULT: WaterMarks = WaterMarks {
        low: 16 * 1024,
        high: 64 * 1024,
        limit: 16 * 1024 * 1024,
    };
}

impl Default for WaterMarks {
    fn default() -> Self {
        WaterMarks::DEFAULT
    }
}

/// How a protocol asked for the connection to end.
#[derive(Debug, Default)]
enum Ending {
    #[default]
    Open,
    /// Send what waits, then close in order.
    Closing,
    /// Send what waits, then close in order, for this reason.
    Failing(Box<Error>),
    /// Close at once.
    Aborting,
    /// Close at once, for this reason.
    Breaking(Box<Error>),
}

/// A connection as its protocol sees it: a buffer to write into and a list of wishes.
///
/// Nothing happens while a callback runs; the driver carries the wishes out when it has
/// returned. [`Transport::unconnected`] gives one without any connection, for tests.
#[derive(Debug)]
pub struct Transport {
    info: ConnectionInfo,
    handle: Handle,
    outgoing: Outgoing,
    timers: Timers,
    marks: Option<Box<WaterMarks>>,
    ending: Ending,
    reading_paused: bool,
    working: bool,
    input_held: bool,
    in_message: bool,
    rest_expected: bool,
    tls_wanted: bool,
    write_paused: bool,
    /// `write_paused` was set and the protocol was not told yet.
    write_pause_untold: bool,
    /// How many messages of the peer's became whole; wraps.
    messages: u32,
    /// How many bytes of input the protocol keeps.
    kept: u32,
}

impl Transport {
    /// A transport for a connection that a driver has made.
    pub fn new(info: ConnectionInfo, handle: Handle) -> Self {
        Transport {
            info,
            handle,
            outgoing: Outgoing::default(),
            timers: Timers::default(),
            marks: None,
            ending: Ending::Open,
            reading_paused: false,
            working: false,
            input_held: false,
            in_message: false,
            rest_expected: false,
            tls_wanted: false,
            write_paused: false,
            write_pause_untold: false,
            messages: 0,
            kept: 0,
        }
    }

    /// A transport that leads nowhere: what is written stays until it is taken. For tests
    /// of a protocol by itself.
    pub fn unconnected() -> Self {
        let end = |name: &str| Address::Memory(Arc::from(name));
        let info = ConnectionInfo::stream(end("peer"), end("local"));
        let nowhere = ConnectionId {
            slot: 0,
            generation: 0,
        };
        Transport::new(info, Handle::new(Arc::new(Nowhere), nowhere))
    }

    /// Sends bytes; on a carrier with message boundaries, sends them as one message.
    ///
    /// Never blocks and never fails: what the carrier does not take yet waits, and above
    /// the high-water mark [`is_write_paused`](Self::is_write_paused) turns true. After
    /// [`lose_connection`](Self::lose_connection) what is written is dropped.
    pub fn write(&mut self, data: &[u8]) {
        self.write_parts(&[data]);
    }

    /// Sends several pieces as if they were one, without joining them first.
    #[inline]
    pub fn write_parts(&mut self, parts: &[&[u8]]) {
        if self.is_closing() {
            return;
        }
        self.outgoing.push(parts);
        if self.info.message_oriented {
            self.outgoing
                .end_message(parts.iter().map(|part| part.len()).sum());
        }
        self.grown();
    }

    /// Sends bytes without copying them when they are many; what is sent to a thousand
    /// connections is then held once.
    pub fn write_bytes(&mut self, data: Bytes) {
        if self.is_closing() {
            return;
        }
        let length = data.len();
        self.outgoing.push_bytes(data);
        if self.info.message_oriented {
            self.outgoing.end_message(length);
        }
        self.grown();
    }

    #[inline]
    fn grown(&mut self) {
        if self.marks.is_some() || self.outgoing.weight() > WaterMarks::DEFAULT.high {
            self.check_marks();
        }
    }

    fn check_marks(&mut self) {
        let marks = self.water_marks();
        if self.outgoing.weight() > marks.limit {
            self.outgoing.clear();
            // Part of what was written is lost, so an orderly end would be a lie.
            self.ending = Ending::Breaking(Box::new(Error::limit(format!(
                "more than {} bytes wait for a peer that does not read them",
                marks.limit
            ))));
        } else if self.outgoing.weight() > marks.high && !self.write_paused {
            self.write_paused = true;
            self.write_pause_untold = true;
        }
    }

    /// Closes in order: what was written is sent, the peer is told that nothing more
    /// comes, and its last bytes are read and dropped so that ours are not lost.
    pub fn lose_connection(&mut self) {
        if !self.is_closing() {
            self.ending = Ending::Closing;
        }
    }

    /// Closes at once; what was not sent yet is dropped.
    pub fn abort(&mut self) {
        self.outgoing.clear();
        self.ending = Ending::Aborting;
    }

    /// Closes in order, and says why: `connection_lost` and the log are given the error.
    pub fn fail(&mut self, error: Error) {
        if !self.is_closing() {
            self.ending = Ending::Failing(Box::new(error));
        }
    }

    /// Whether the connection is being ended by this side.
    pub fn is_closing(&self) -> bool {
        !matches!(self.ending, Ending::Open)
    }

    /// Stops reading, until [`resume_reading`](Self::resume_reading). The peer is slowed
    /// by its own full buffers.
    pub fn pause_reading(&mut self) {
        self.reading_paused = true;
    }

    /// Reads on.
    pub fn resume_reading(&mut self) {
        self.reading_paused = false;
    }

    /// Whether the protocol paused reading.
    pub fn is_reading_paused(&self) -> bool {
        self.reading_paused
    }

    /// Says whether our side works on answers while it reads on: the peer waits for us then, and is
    /// not idle. A protocol that [stops reading](Self::pause_reading) meanwhile need not say it.
    pub fn set_working(&mut self, working: bool) {
        self.working = working;
    }

    /// Whether input may be handled now: nothing pauses, ends or changes the connection.
    ///
    /// Framing adapters ask before each frame and stop when the answer is no.
    pub fn is_open_to_input(&self) -> bool {
        !self.reading_paused && !self.write_paused && !self.tls_wanted && !self.is_closing()
    }

    /// Says that the protocol keeps input that it was not open to; the driver calls
    /// [`input_released`](crate::Protocol::input_released) once it is.
    pub fn hold_input(&mut self) {
        self.input_held = true;
    }

    /// Says that a message of the peer's has begun and its rest is on its way; to be said as
    /// often as a piece comes. The peer then has the time of
    /// [`Deadlines::message`](crate::Deadlines::message) to finish it.
    ///
    /// A driver that can lets the peer know at once that the beginning has come. A peer that
    /// writes a line and its end by two calls holds the second back until the first is
    /// acknowledged (Nagle's algorithm), which receivers put off for some 40 ms.
    pub fn message_begun(&mut self) {
        self.in_message = true;
        self.rest_expected = true;
    }

    /// Says that a message of the peer's is whole: it is counted, and an idle time begins
    /// when what is written about it has left.
    ///
    /// The framing adapters say both. A protocol that is given bytes and says neither has one
    /// message with each piece that comes.
    pub fn message_done(&mut self) {
        self.in_message = false;
        self.messages = self.messages.wrapping_add(1);
    }

    /// Says how many bytes of input the protocol keeps, which count towards what all
    /// connections may hold together.
    pub fn keep_input(&mut self, bytes: usize) {
        self.kept = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    /// Whether so much waits to be sent that whoever writes of its own accord should stop
    /// until `write_resumed`.
    pub fn is_write_paused(&self) -> bool {
        self.write_paused
    }

    /// How many written bytes the carrier has not taken yet.
    pub fn buffered(&self) -> usize {
        self.outgoing.waiting()
    }

    /// When writing pauses, resumes and gives up.
    pub fn water_marks(&self) -> WaterMarks {
        self.marks.as_deref().copied().unwrap_or_default()
    }

    /// Changes when writing pauses, resumes and gives up, for this connection.
    pub fn set_water_marks(&mut self, marks: WaterMarks) {
        self.marks = Some(Box::new(marks));
    }

    /// Calls [`timer`](crate::Protocol::timer) once after at least this time. Setting a
    /// timer that is set already moves it.
    pub fn set_timer(&mut self, timer: TimerId, after: Duration) {
        self.timers.set(timer, after);
    }

    /// Forgets a timer; it is no error if it was not set.
    pub fn cancel_timer(&mut self, timer: TimerId) {
        self.timers.cancel(timer);
    }

    /// Begins TLS on this connection, with what the endpoint says about certificates: what
    /// is written already goes out plain, everything after that is inside TLS, and
    /// `handshake_done` tells when.
    ///
    /// Bytes that came behind the command that led here were not protected by anything:
    /// whoever holds some must [`fail`](Self::fail) the connection as invalid instead of
    /// reading on. The framing adapters do.
    pub fn start_tls(&mut self) {
        self.tls_wanted = true;
    }

    /// Whether TLS was asked for and has not begun.
    pub fn is_starting_tls(&self) -> bool {
        self.tls_wanted
    }

    /// The TLS session, if the connection has one.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.info.tls.as_deref()
    }

    /// What is known of the connection.
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// The other end.
    pub fn peer(&self) -> &Address {
        &self.info.peer
    }

    /// Our end: on a datagram socket bound to every address, the one that was asked.
    pub fn local(&self) -> &Address {
        &self.info.local
    }

    /// How many messages of the peer's became whole so far; wraps.
    pub fn messages(&self) -> u32 {
        self.messages
    }

    /// Whether each write is one message and each received message is whole.
    pub fn is_message_oriented(&self) -> bool {
        self.info.message_oriented
    }

    /// The address of this connection for messages from elsewhere.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Takes everything written so far, as a driver would; for tests.
    pub fn take_written(&mut self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.outgoing.waiting());
        while self.outgoing.waiting() > 0 {
            let chunk = self.outgoing.chunk();
            all.extend_from_slice(chunk);
            let taken = chunk.len();
            self.outgoing.advance(taken);
        }
        self.outgoing.clear();
        all
    }

    /// The side that the driver works on.
    pub fn driver(&mut self) -> DriverSide<'_> {
        DriverSide(self)
    }
}

/// The mailbox of a transport that leads nowhere.
struct Nowhere;

impl Mailbox for Nowhere {
    fn deliver(&self, _: ConnectionId, message: Message) -> Result<(), SendError> {
        Err(SendError::Gone(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_pauses_above_the_high_mark_and_resumes_at_the_low_one() {
        let mut transport = Transport::unconnected();
        transport.write(&[0; 64 * 1024]);
        assert!(!transport.is_write_paused());
        transport.write(b"x");
        assert!(transport.is_write_paused());
        assert!(transport.driver().take_write_pause());
        assert!(!transport.driver().take_write_pause());
        transport.driver().outgoing().advance(40 * 1024);
        assert!(!transport.driver().take_write_resume());
        transport.driver().outgoing().advance(9 * 1024);
        assert!(transport.driver().take_write_resume());
        assert!(!transport.driver().take_write_resume());
        assert!(!transport.is_write_paused());
    }

    #[test]
    fn a_protocol_that_never_stops_writing_is_ended() {
        let mut transport = Transport::unconnected();
        let block = Bytes::from(vec![0; 1 << 20]);
        for _ in 0..100 {
            transport.write_bytes(block.clone());
        }
        assert!(transport.is_closing());
        assert_eq!(transport.buffered(), 0);
        let error = transport.driver().take_error();
        assert!(matches!(error, Some(Error::Limit(_))));
    }

    #[test]
    fn nothing_is_written_after_the_close() {
        let mut transport = Transport::unconnected();
        transport.write(b"last");
        transport.lose_connection();
        transport.write(b"more");
        assert_eq!(transport.take_written(), b"last");
    }

    #[test]
    fn held_input_waits_for_everything_that_stops_reading() {
        let mut transport = Transport::unconnected();
        transport.hold_input();
        transport.pause_reading();
        assert!(!transport.driver().take_held_input());
        transport.resume_reading();
        transport.start_tls();
        assert!(!transport.driver().take_held_input());
        transport.driver().tls_done(None);
        assert!(transport.driver().take_held_input());
        assert!(!transport.driver().take_held_input());
    }
}
