//! The server's side: characters for as long as they are read.

use std::time::Duration;

use crate::chargen::{MAXIMUM_ANSWER, Pattern};
use crate::contract::{Protocol, TimerId, Transport};

/// How long others have their turn, after a reader has taken all that was written. A reader that
/// is as fast as the server would otherwise keep its thread for ever; so each has 64 MB/s.
const PAUSE: Duration = Duration::from_millis(1);

const GO_ON: TimerId = TimerId(1);

/// How a server generates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// After how many bytes a stream is closed. Default never.
    pub bytes: Option<u64>,
}

/// Writes the rotating characters for as long as the peer reads; no more of them are kept than
/// the high-water mark. Answers a message with 0 to 512 of them.
///
/// ```
/// use lariat_protocol::chargen::{ChargenServer, Options};
/// use lariat_protocol::{Protocol, Transport};
///
/// let mut transport = Transport::unconnected();
/// let mut server = ChargenServer::new(Options { bytes: Some(10) }, || 0);
/// server.connection_made(&mut transport);
/// assert_eq!(transport.take_written(), b" !\"#$%&'()");
/// assert!(transport.is_closing());
/// ```
#[derive(Clone, Debug)]
pub struct ChargenServer<R> {
    pattern: Pattern,
    left: Option<u64>,
    random: R,
}

impl<R: FnMut() -> u64 + Send + 'static> ChargenServer<R> {
    /// A server for one connection, whose answers to messages are as long as `random` has it.
    pub fn new(options: Options, random: R) -> Self {
        ChargenServer {
            pattern: Pattern::default(),
            left: options.bytes,
            random,
        }
    }

    fn generate(&mut self, transport: &mut Transport) {
        while !transport.is_write_paused() && !transport.is_closing() {
            let most = self.left.map_or(usize::MAX, |left| {
                usize::try_from(left).unwrap_or(usize::MAX)
            });
            let piece = self.pattern.next(most);
            transport.write(piece);
            if let Some(left) = &mut self.left {
                *left -= piece.len() as u64;
                if *left == 0 {
                    transport.lose_connection();
                }
            }
        }
    }
}

impl<R: FnMut() -> u64 + Send + 'static> Protocol for ChargenServer<R> {
    fn connection_made(&mut self, transport: &mut Transport) {
        if !transport.is_message_oriented() {
            self.generate(transport);
        }
    }

    fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
        if transport.is_message_oriented() {
            // The remainder is small.
            let length = ((self.random)() % (MAXIMUM_ANSWER as u64 + 1)) as usize;
            transport.write(Pattern::default().next(length));
        }
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        // Who has nothing to say may still read, and a stream ends when that does; where there
        // are messages, none will be asked for any more.
        if transport.is_message_oriented() {
            transport.lose_connection();
        }
    }

    fn write_resumed(&mut self, transport: &mut Transport) {
        if !transport.is_message_oriented() {
            transport.set_timer(GO_ON, PAUSE);
        }
    }

    fn timer(&mut self, transport: &mut Transport, _: TimerId) {
        self.generate(transport);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_where_writing_is_paused_and_goes_on_where_it_was() {
        let mut transport = Transport::unconnected();
        let mut server = ChargenServer::new(Options::default(), || 0);
        server.connection_made(&mut transport);
        let mark = transport.water_marks().high;
        let mut written = 0;
        let mut pattern = Pattern::default();
        for _ in 0..20 {
            assert!(transport.is_write_paused());
            let piece = transport.take_written();
            // The piece that crosses the mark is at most once round.
            assert!(
                (mark..mark + 8000).contains(&piece.len()),
                "{}",
                piece.len()
            );
            let mut rest = &piece[..];
            while !rest.is_empty() {
                let (expected, behind) = (pattern.next(rest.len()), rest);
                assert!(behind.starts_with(expected), "behind {written}");
                rest = &behind[expected.len()..];
                written += expected.len();
            }
            transport.driver().take_write_pause();
            assert!(transport.driver().take_write_resume());
            server.write_resumed(&mut transport);
            server.timer(&mut transport, GO_ON);
        }
    }
}
