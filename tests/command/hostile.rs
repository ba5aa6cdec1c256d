//! The command server under the hostile harness, on a simulated clock.

use lariat::service::command::Command;
use lariat::{ConnectionHandle, Protocol, Transport};
use lariat_protocol::command::{
    Answer, AnswerReader, CommandServer, Commands, Heard, Request, Started,
};
use lariat_testkit::{Hostile, Transcript};

/// What the transcript's server knows.
struct Plain;

impl Commands for Plain {
    type Work = ();

    fn start(&mut self, request: &Request, _: ConnectionHandle) -> Started<()> {
        Started::Answered(match request.name() {
            "date" => Answer::ok("Sat Jun 17 17:27:21 2006\n"),
            "say" => Answer::ok(request.argument()),
            "break" => Answer::failed("it broke", request.argument()),
            name => Answer::error(format!("no command {name:?}")),
        })
    }
}

/// Asks three things at once, holds the answers to them, and hangs up.
struct Asking {
    reader: AnswerReader,
    heard: Vec<Heard>,
}

impl Asking {
    fn new() -> Self {
        Asking {
            reader: AnswerReader::new(1024),
            heard: Vec::new(),
        }
    }
}

impl Protocol for Asking {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(b"date\nsay .hi\nnothing\n");
    }

    fn data_received(&mut self, transport: &mut Transport, mut data: &[u8]) {
        while !data.is_empty() {
            match self.reader.read(data) {
                Ok((heard, used)) => {
                    self.heard.extend(heard);
                    data = &data[used..];
                }
                Err(error) => return transport.fail(error),
            }
        }
        if self.heard.len() == 3 {
            assert_eq!(self.heard[1], Heard::Answer(Answer::ok(".hi\n")));
            transport.lose_connection();
        }
    }
}

/// The service itself, with what it knows without a directory and without programs.
#[test]
fn the_service_stands_whatever_a_peer_does() {
    let transcript = Transcript::parse(include_str!("transcripts/command.txt"));
    Hostile::new(Command::new(), transcript.expect("a transcript")).run();
}

#[test]
fn it_stands_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/command.txt");
    let transcript = Transcript::parse(transcript).expect("a transcript");
    let harness = Hostile::new(|| CommandServer::new(Plain), transcript);
    harness.client(Asking::new).run();
}
