//! The chat under the hostile harness, on a simulated clock.

use std::time::Duration;

use lariat::service::chat::DEADLINES;
use lariat::{ConnectionInfo, Factory, Protocol};
use lariat_protocol::Deadlines;
use lariat_protocol::chat::LONGEST_LINE;
use lariat_testkit::{Hostile, Transcript};

use super::chat;

/// A chat of its own for each connection, since the transcript's names would be taken.
struct Alone;

impl Factory for Alone {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        chat().build(connection)
    }
}

#[test]
fn the_chat_stands_whatever_a_peer_does() {
    let transcript = Transcript::parse(include_str!("transcripts/chat.txt"));
    // Who listens in silence is welcome for ever; here there is an end to watch for.
    let deadlines = Deadlines {
        idle: Some(Duration::from_secs(300)),
        ..DEADLINES
    };
    let harness = Hostile::new(Alone, transcript.expect("a transcript"));
    harness
        .deadlines(deadlines)
        .own_deadlines()
        .longest(LONGEST_LINE + 64 * 1024)
        .run();
}
