//! A server of calls under the hostile harness, on a simulated clock.

use lariat::call::check;
use lariat_testkit::{Hostile, Transcript};

#[test]
fn calls_stand_whatever_a_peer_does() {
    let transcript = include_str!("../../crates/protocol/tests/transcripts/call.txt");
    let transcript = Transcript::parse(transcript).expect("a transcript");
    Hostile::new(check::answering, transcript)
        .longest(1024)
        .run();
}
