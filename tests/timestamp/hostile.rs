//! The timestamp protocol under the hostile harness, on a simulated clock.

use std::collections::VecDeque;
use std::time::Duration;

use lariat::timestamp::{Ctime, Ending, Options, TimestampClient, TimestampServer};
use lariat::{Protocol, ProtocolError, TimerId, Transport};
use lariat_testkit::{Hostile, Transcript};

const TIME: &Ctime = b"Sat Jun 17 17:27:21 2006";

/// Everything that the protocol is, bare words and the end of input included.
const ALL: &str = include_str!("../../crates/protocol/tests/transcripts/timestamp.txt");

/// Lines only, as with `quiet_ms=0`: half a line waits for its end.
const LINES: &str = r"
C: hi\n
S: [Sat Jun 17 17:27:21 2006] hi\n
C: one\ntwo\r\n
S: [Sat Jun 17 17:27:21 2006] one\n
S: [Sat Jun 17 17:27:21 2006] two\r\n
C: half a
T: 5000ms
C:  line\n
S: [Sat Jun 17 17:27:21 2006] half a line\n
";

/// One request, one answer, and the end.
const ONE: &str = r"
C: hi\n
S: [Sat Jun 17 17:27:21 2006] hi\n
S: <end>
";

fn hostile(options: Options, transcript: &str) -> Hostile {
    let server = move || TimestampServer::new(options.clone(), || *TIME);
    let transcript = Transcript::parse(transcript).expect("a transcript");
    Hostile::new(server, transcript)
}

/// Sends a line when the last one is answered, again when it is not, and then hangs up.
struct Asking {
    client: TimestampClient,
    messages: VecDeque<&'static [u8]>,
}

const AGAIN: TimerId = TimerId(1);

fn asking() -> Asking {
    Asking {
        client: TimestampClient::new(Ending::CrLf),
        messages: [&b"hi"[..], b"", b"a somewhat longer line", b"\xff\0"].into(),
    }
}

impl Asking {
    fn ask(&self, transport: &mut Transport) {
        match self.messages.front() {
            Some(message) => {
                transport.write(&self.client.request(message));
                if transport.is_message_oriented() {
                    transport.set_timer(AGAIN, Duration::from_millis(500));
                }
            }
            None => transport.lose_connection(),
        }
    }
}

impl Protocol for Asking {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.ask(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if let Err(error) = self.client.data_received(data) {
            return transport.fail(error);
        }
        while let Some(answer) = self.client.next_answer() {
            let Some((time, message)) = answer.parts() else {
                return transport.fail(ProtocolError::invalid("no answer"));
            };
            assert_eq!(time, TIME);
            // Of datagrams, an answer may come twice.
            if self.messages.front() == Some(&message) {
                self.messages.pop_front();
                self.ask(transport);
            }
        }
    }

    fn timer(&mut self, transport: &mut Transport, _: TimerId) {
        self.ask(transport);
    }
}

#[test]
fn the_service_stands_whatever_a_peer_does() {
    let harness = hostile(Options::default(), ALL);
    harness.client(asking).datagram_client(asking).run();
}

#[test]
fn it_stands_as_well_without_a_quiet_time() {
    let options = Options {
        quiet: Duration::ZERO,
        ..Options::default()
    };
    hostile(options, LINES).client(asking).run();
}

#[test]
fn it_stands_with_one_request_a_connection() {
    let options = Options {
        one_request: true,
        ..Options::default()
    };
    hostile(options, ONE).run();
}
