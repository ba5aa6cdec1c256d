//! The timestamp protocol, held to its transcript and to itself.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use lariat_protocol::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat_protocol::timestamp::{Ctime, Options, TimestampServer};
use lariat_testkit::{Link, Pair, Transcript};
use proptest::prelude::*;

const TIME: &Ctime = b"Sat Jun 17 17:27:21 2006";

fn server() -> TimestampServer<impl FnMut() -> Ctime> {
    TimestampServer::new(Options::default(), || *TIME)
}

#[test]
fn the_transcript_holds_however_it_is_cut() {
    let text = include_str!("transcripts/timestamp.txt");
    Transcript::parse(text).unwrap().replay(21567, server);
}

/// Sends the next line when the answer to the last one came, and hangs up behind the last.
struct Asking {
    lines: Vec<String>,
    next: usize,
    answers: Vec<String>,
}

impl Asking {
    fn ask(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        match self.lines.get(self.next) {
            Some(line) => transport.write_line(line.as_bytes()),
            None => transport.lose_connection(),
        }
        self.next += 1;
    }
}

impl FrameProtocol<Lines> for Asking {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.ask(transport);
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        self.answers
            .push(String::from_utf8(line.content().to_vec()).unwrap());
        self.ask(transport);
    }
}

proptest! {
    /// Client and server back to back: as long as no piece is late by the quiet time, a
    /// bad link changes nothing.
    #[test]
    fn a_bad_link_changes_nothing(
        lines in proptest::collection::vec("[a-z ]{0,40}", 0..20),
        seed: u64,
        longest_piece in 1_usize..60,
    ) {
        let asking = Asking { lines: lines.clone(), next: 0, answers: Vec::new() };
        let client = Framed::new(Lines::new(200), asking);
        let link = Link { longest_piece, ..Link::bad(seed) };
        let mut pair = Pair::new(client, server(), link);
        pair.run(Duration::from_secs(60));
        let expected: Vec<String> = lines
            .iter()
            .map(|line| format!("[Sat Jun 17 17:27:21 2006] {line}"))
            .collect();
        prop_assert_eq!(&pair.one.protocol().get_ref().answers, &expected);
        prop_assert!(pair.one.ended().is_some());
    }
}
