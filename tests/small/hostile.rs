//! The small services under the hostile harness, on a simulated clock.

use std::sync::Arc;
use std::time::Duration;

use lariat::chargen::{ChargenServer, Options};
use lariat::daytime::{DaytimeClient, DaytimeServer};
use lariat::discard::DiscardServer;
use lariat::echo::{EchoClient, EchoServer};
use lariat::qotd::{QotdServer, Quotes};
use lariat::time::TimeServer;
use lariat::{Factory, Protocol, TimerId, Transport};
use lariat_testkit::{Driven, Hostile, Transcript};

fn hostile(server: impl Factory, transcript: &str) -> Hostile {
    let transcript = Transcript::parse(transcript).expect("a transcript");
    // Any bytes are right, for as long as they come.
    Hostile::new(server, transcript).endless(b"")
}

const AGAIN: TimerId = TimerId(1);

/// Sends messages to an echo server, each when the one before it has come back, and hangs up.
struct Echoing {
    client: EchoClient,
    left: Vec<&'static [u8]>,
}

fn echoing() -> Echoing {
    Echoing {
        client: EchoClient::default(),
        left: vec![b"hi", b"a somewhat longer message\r\n", b"\xff\0"],
    }
}

impl Echoing {
    fn send(&mut self, transport: &mut Transport) {
        match self.left.last() {
            Some(message) => {
                transport.write(message);
                if transport.is_message_oriented() {
                    transport.set_timer(AGAIN, Duration::from_millis(500));
                } else {
                    self.client.sent(message);
                }
            }
            None => transport.lose_connection(),
        }
    }
}

impl Protocol for Echoing {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.send(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        let came_back = match transport.is_message_oriented() {
            true => self.left.last() == Some(&data),
            false => match self.client.data_received(data) {
                Ok(()) => self.client.outstanding() == 0,
                Err(error) => return transport.fail(error),
            },
        };
        if came_back {
            self.left.pop();
            self.send(transport);
        }
    }

    fn timer(&mut self, transport: &mut Transport, _: TimerId) {
        self.send(transport);
    }
}

/// Waits for a time, and ends when it has one.
#[derive(Default)]
struct Waiting(DaytimeClient);

impl Protocol for Waiting {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if let Err(error) = self.0.data_received(data) {
            transport.fail(error);
        }
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        let time = std::mem::take(&mut self.0).answer();
        assert_eq!(time.expect("a time"), b"Sat Jun 17 17:27:21 2006");
        transport.lose_connection();
    }
}

#[test]
fn echo_stands_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/echo.txt");
    let harness = hostile(|| EchoServer, transcript);
    harness.client(echoing).datagram_client(echoing).run();
}

#[test]
fn discard_stands_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/discard.txt");
    hostile(|| DiscardServer, transcript).run();
}

#[test]
fn daytime_stands_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/daytime.txt");
    let server = || DaytimeServer::new(|| *b"Sat Jun 17 17:27:21 2006");
    hostile(server, transcript).client(Waiting::default).run();
}

#[test]
fn time_stands_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/time.txt");
    hostile(|| TimeServer::new(|| 1_150_565_241), transcript).run();
}

#[test]
fn qotd_stands_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/qotd.txt");
    let quotes = Quotes::parse(b"Measure twice,\ncut once.\n");
    let quotes = Arc::new(quotes.expect("good ones"));
    let server = move || QotdServer::new(Arc::clone(&quotes), 0);
    hostile(server, transcript).run();
}

#[test]
fn chargen_stands_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/chargen.txt");
    let server = || ChargenServer::new(Options { bytes: Some(160) }, || 0);
    hostile(server, transcript).run();
}

#[test]
fn chargen_keeps_no_more_than_the_high_water_mark_for_who_never_reads() {
    // Without an end, so that what is written is bounded by the reader alone.
    let server = || ChargenServer::new(Options::default(), || 0);
    let deadlines = lariat::service::chargen::DEADLINES;
    let mut driven = Driven::new(server()).deadlines(deadlines);
    driven.stop_reading();
    for _ in 0..1000 {
        driven.read(10_000);
        driven.advance(Duration::from_millis(1));
        assert!(driven.held() <= 64 * 1024 + 8 * 1024);
    }
    // A byte a second is reading, and nothing at all for a minute is not.
    for _ in 0..300 {
        driven.read(1);
        driven.advance(Duration::from_secs(1));
        assert!(driven.ended().is_none());
    }
    driven.advance(Duration::from_secs(61));
    assert!(driven.error().is_some());
}
