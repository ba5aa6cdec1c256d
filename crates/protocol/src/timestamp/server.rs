//! The server's side: each message comes back behind the time.

use std::time::Duration;

use crate::contract::{Message, Protocol, Reason, TimerId, Transport};
use crate::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use crate::timestamp::{Ctime, MAXIMUM_LINE};

/// Runs out when a peer has sent nothing behind an unfinished line.
const QUIET: TimerId = TimerId(1);

/// How a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a peer must be quiet before what it sent without a line end is taken for a
    /// message; zero waits for the line end. Default 50 ms.
    pub quiet: Duration,
    /// Whether the server closes behind its first answer, as request/response clients
    /// expect. Default no.
    pub one_request: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            quiet: Duration::from_millis(50),
            one_request: false,
        }
    }
}

/// Answers each message with the time and the message.
///
/// ```
/// use lariat_protocol::timestamp::{Options, TimestampServer};
/// use lariat_protocol::{Protocol, Transport};
///
/// let clock = || *b"Sat Jun 17 17:27:21 2006";
/// let mut server = TimestampServer::new(Options::default(), clock);
/// let mut transport = Transport::unconnected();
/// server.data_received(&mut transport, b"hi\n");
/// assert_eq!(transport.take_written(), b"[Sat Jun 17 17:27:21 2006] hi\n");
/// ```
pub struct TimestampServer<C>(Framed<Lines, Answering<C>>);

impl<C: FnMut() -> Ctime + Send + 'static> TimestampServer<C> {
    /// A server for one connection that reads the time from `clock`.
    pub fn new(options: Options, clock: C) -> Self {
        let lines = Lines::new(MAXIMUM_LINE).unterminated();
        let answering = Answering {
            options,
            clock,
            time: None,
        };
        TimestampServer(Framed::new(lines, answering))
    }
}

impl<C: FnMut() -> Ctime + Send + 'static> Protocol for TimestampServer<C> {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.0.get_mut().time = None;
        if transport.is_message_oriented() {
            // One message, one reply, even if there are line ends in it.
            self.0.get_mut().answer(transport, data);
        } else {
            self.0.data_received(transport, data);
        }
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        self.0.get_mut().time = None;
        self.0.eof_received(transport);
    }

    fn input_released(&mut self, transport: &mut Transport) {
        self.0.get_mut().time = None;
        self.0.input_released(transport);
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        self.0.message_received(transport, message);
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        self.0.get_mut().time = None;
        self.0.timer(transport, timer);
    }

    fn connection_lost(&mut self, reason: &Reason) {
        self.0.connection_lost(reason);
    }
}

/// What is done with a message, however it was cut from the connection.
struct Answering<C> {
    options: Options,
    clock: C,
    /// The time of the callback that is running, once it was asked for: messages that came
    /// together are answered together.
    time: Option<Ctime>,
}

impl<C: FnMut() -> Ctime> Answering<C> {
    fn answer(&mut self, transport: &mut Transport, message: &[u8]) {
        let time = *self.time.get_or_insert_with(&mut self.clock);
        transport.write_parts(&[b"[", &time, b"] ", message]);
        if self.options.one_request {
            transport.lose_connection();
        }
    }
}

impl<C: FnMut() -> Ctime + Send + 'static> FrameProtocol<Lines> for Answering<C> {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        self.answer(transport, line.whole());
    }

    fn frame_incomplete(&mut self, transport: &mut FrameTransport<'_, Lines>, _held: usize) {
        if !self.options.quiet.is_zero() {
            let quiet = self.options.quiet;
            transport.set_timer(QUIET, quiet);
        }
    }

    fn timer(&mut self, transport: &mut FrameTransport<'_, Lines>, _: TimerId) {
        // The rest of the line may have come since the timer was set.
        let message = transport.take_incomplete();
        if !message.is_empty() {
            self.answer(transport, &message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Address, ConnectionInfo, Error};

    const TIME: &Ctime = b"Sat Jun 17 17:27:21 2006";

    fn server(options: Options) -> (TimestampServer<impl FnMut() -> Ctime>, Transport) {
        (
            TimestampServer::new(options, || *TIME),
            Transport::unconnected(),
        )
    }

    fn stamped(message: &[u8]) -> Vec<u8> {
        [b"[", &TIME[..], b"] ", message].concat()
    }

    #[test]
    fn any_bytes_come_back_with_their_line_end() {
        let (mut server, mut transport) = server(Options::default());
        for message in [
            &b"hi\n"[..],
            b"hi\r\n",
            b" \n",
            b"\n",
            b"\0\n",
            "gr\u{fc}\u{df}e\n".as_bytes(),
            b"\xfc\xff\n",
        ] {
            server.data_received(&mut transport, message);
            assert_eq!(transport.take_written(), stamped(message));
        }
    }

    #[test]
    fn bare_words_are_answered_when_the_peer_is_quiet() {
        let (mut server, mut transport) = server(Options::default());
        server.data_received(&mut transport, b"hi");
        assert_eq!(transport.buffered(), 0);
        let now = std::time::Instant::now();
        let due = transport
            .driver()
            .settle_timers(now)
            .expect("a timer is set");
        assert_eq!(due - now, Duration::from_millis(50));
        let timer = transport.driver().take_due_timer(due).expect("it is due");
        server.timer(&mut transport, timer);
        assert_eq!(transport.take_written(), stamped(b"hi"));
    }

    #[test]
    fn with_no_quiet_time_only_a_line_end_makes_a_message() {
        let (mut server, mut transport) = server(Options {
            quiet: Duration::ZERO,
            ..Options::default()
        });
        server.data_received(&mut transport, b"hi");
        assert!(!transport.driver().timers_changed());
        server.data_received(&mut transport, b" there\n");
        assert_eq!(transport.take_written(), stamped(b"hi there\n"));
    }

    #[test]
    fn a_last_line_without_an_end_is_answered_at_the_end_of_input() {
        let (mut server, mut transport) = server(Options::default());
        server.data_received(&mut transport, b"hi");
        server.eof_received(&mut transport);
        assert_eq!(transport.take_written(), stamped(b"hi"));
        assert!(transport.is_closing());
    }

    #[test]
    fn a_line_over_the_maximum_ends_the_connection() {
        let (mut server, mut transport) = server(Options::default());
        server.data_received(&mut transport, &[b'x'; MAXIMUM_LINE]);
        assert!(!transport.is_closing());
        server.data_received(&mut transport, b"x");
        let error = transport.driver().take_error();
        assert!(matches!(error, Some(Error::Limit(_))), "{error:?}");
    }

    #[test]
    fn one_request_is_answered_and_no_more() {
        let (mut server, mut transport) = server(Options {
            one_request: true,
            ..Options::default()
        });
        server.data_received(&mut transport, b"one\ntwo\n");
        assert_eq!(transport.take_written(), stamped(b"one\n"));
        assert!(transport.is_closing());
    }

    #[test]
    fn a_message_is_one_message_whatever_is_in_it() {
        let end = || Address::Unix(None);
        let info = ConnectionInfo::messages(end(), end());
        let handle = Transport::unconnected().handle();
        let mut transport = Transport::new(info, handle);
        let mut server = TimestampServer::new(Options::default(), || *TIME);
        server.data_received(&mut transport, b"a\nb\n");
        server.data_received(&mut transport, b"");
        let replies = [
            transport.driver().outgoing().pop_message(),
            transport.driver().outgoing().pop_message(),
            transport.driver().outgoing().pop_message(),
        ];
        let replies = replies.map(|reply| reply.map(Vec::from));
        assert_eq!(
            replies,
            [Some(stamped(b"a\nb\n")), Some(stamped(b"")), None]
        );
    }

    #[test]
    fn lines_that_wait_behind_a_slow_reader_are_answered_each() {
        let (mut server, mut transport) = server(Options::default());
        server.data_received(&mut transport, b"half a line");
        let lines = [&b"\n"[..]; 4000].concat();
        server.data_received(&mut transport, &lines);
        assert!(transport.is_write_paused());
        // The peer does not read, and what it sent before has been quiet for long.
        server.timer(&mut transport, QUIET);
        let mut written = Vec::new();
        loop {
            written.extend(transport.take_written());
            let mut driver = transport.driver();
            driver.take_write_pause();
            driver.take_write_resume();
            if !driver.take_held_input() {
                break;
            }
            server.input_released(&mut transport);
        }
        let expected = [stamped(b"half a line\n"), stamped(b"\n").repeat(3999)].concat();
        assert!(written == expected);
    }
}
