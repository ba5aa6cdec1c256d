//! The small services of RFC 862 to 868, held to their transcripts and to their arithmetic.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use lariat_protocol::Protocol;
use lariat_protocol::chargen::{self, ChargenServer, LINE, MAXIMUM_ANSWER, Options, Pattern};
use lariat_protocol::daytime::DaytimeServer;
use lariat_protocol::discard::DiscardServer;
use lariat_protocol::echo::{EchoClient, EchoServer};
use lariat_protocol::qotd::{self, QotdServer, Quotes};
use lariat_protocol::time::{TimeServer, nearest, wire};
use lariat_testkit::{Driven, Transcript};
use proptest::prelude::*;

fn replay<P: Protocol>(text: &str, server: impl FnMut() -> P) {
    Transcript::parse(text).unwrap().replay(862, server);
}

#[test]
fn the_transcripts_hold_however_they_are_cut() {
    replay(include_str!("transcripts/echo.txt"), || EchoServer);
    replay(include_str!("transcripts/discard.txt"), || DiscardServer);
    replay(include_str!("transcripts/daytime.txt"), || {
        DaytimeServer::new(|| *b"Sat Jun 17 17:27:21 2006")
    });
    replay(include_str!("transcripts/time.txt"), || {
        TimeServer::new(|| 1_150_565_241)
    });
    let quotes = Arc::new(Quotes::parse(b"Measure twice,\ncut once.\n").unwrap());
    replay(include_str!("transcripts/qotd.txt"), || {
        QotdServer::new(Arc::clone(&quotes), 0)
    });
    replay(include_str!("transcripts/chargen.txt"), || {
        ChargenServer::new(Options { bytes: Some(160) }, || 0)
    });
}

#[test]
fn where_messages_have_boundaries_each_has_its_answer() {
    let mut echo = Driven::messages_of(EchoServer);
    let mut discard = Driven::messages_of(DiscardServer);
    for message in [&b"one"[..], b"", b"two\r\n\0"] {
        echo.receive(message);
        assert_eq!(echo.take_messages(), [message]);
        discard.receive(message);
        assert!(discard.take_messages().is_empty());
    }
    // The first message makes the session, and that is the question.
    let mut daytime = Driven::messages_of(DaytimeServer::new(|| *b"Sat Jun 17 17:27:21 2006"));
    let said = daytime.take_messages();
    assert_eq!(said, [b"Sat Jun 17 17:27:21 2006\r\n"]);
    assert!(daytime.ended().is_some());
}

#[test]
fn an_answer_of_characters_is_as_long_as_chance_has_it() {
    let mut random = 0;
    let mut server = Driven::messages_of(ChargenServer::new(Options::default(), move || {
        random += 1;
        random - 1
    }));
    assert!(server.take_messages().is_empty());
    for length in (0..=MAXIMUM_ANSWER).chain(0..3) {
        server.receive(b"");
        let [answer] = &server.take_messages()[..] else {
            panic!("not one answer");
        };
        assert_eq!(answer.len(), length);
        assert_eq!(answer[..], Pattern::default().next(length)[..]);
    }
}

#[test]
fn characters_go_on_behind_a_client_that_has_nothing_more_to_say() {
    let mut server = Driven::new(ChargenServer::new(Options::default(), || 0));
    server.stop_reading();
    server.receive_end();
    for _ in 0..100 {
        server.read(100_000);
        server.advance(std::time::Duration::from_millis(1));
        assert!(!server.take_written().is_empty() && server.ended().is_none());
    }
    server.reset();
    assert!(server.ended().is_some());
}

/// The character at a place, as RFC 864 describes it.
fn character(at: u64) -> u8 {
    let (line, column) = (at / LINE as u64, at % LINE as u64);
    match column {
        72 => b'\r',
        73 => b'\n',
        column => b' ' + u8::try_from((line + column) % 95).unwrap(),
    }
}

proptest! {
    #[test]
    fn the_pattern_is_that_of_the_rfc_at_any_place(
        at in 0..u64::MAX - 100_000,
        wanted in 0_usize..20_000,
    ) {
        let mut pattern = Pattern::at(at);
        let mut came = Vec::new();
        while came.len() < wanted {
            let piece = pattern.next(wanted - came.len());
            prop_assert!(!piece.is_empty());
            came.extend_from_slice(piece);
        }
        for (behind, byte) in came.iter().enumerate() {
            prop_assert_eq!(*byte, character(at + behind as u64));
        }
        prop_assert_eq!(pattern, Pattern::at(at + wanted as u64));
    }

    #[test]
    fn words_are_no_characters_of_a_generator(words in "[a-z ,.]{16,200}") {
        prop_assume!(!words.contains("bcdefghij"));
        prop_assert!(!chargen::is_answer(words.as_bytes()));
    }

    #[test]
    fn a_time_is_the_same_on_the_other_side_in_any_era(
        time in -(1_i64 << 40)..1_i64 << 40,
        wrong_by in -(1_i64 << 31) + 1..1_i64 << 31,
    ) {
        prop_assert_eq!(nearest(wire(time), time + wrong_by), time);
    }

    #[test]
    fn the_nearest_time_is_no_further_than_half_an_era(sent: [u8; 4], now: i64) {
        let time = nearest(sent, now);
        prop_assert!(now.abs_diff(time) <= 1 << 31);
        if now.checked_add(1 << 31).is_some() {
            prop_assert_eq!(wire(time), sent);
        }
    }

    #[test]
    fn an_echo_is_right_however_it_is_cut(
        data in proptest::collection::vec(any::<u8>(), 1..500),
        wrong in any::<proptest::sample::Index>(),
        piece in 1_usize..100,
    ) {
        let mut client = EchoClient::default();
        let mut server = Driven::new(EchoServer);
        for part in data.chunks(piece) {
            client.sent(part);
            server.receive(part);
            client.data_received(&server.take_written()).unwrap();
        }
        prop_assert_eq!((client.outstanding(), client.returned()), (0, data.len() as u64));
        let mut changed = data.clone();
        changed[wrong.index(data.len())] ^= 1;
        let mut client = EchoClient::default();
        client.sent(&data);
        prop_assert!(client.data_received(&changed).is_err());
    }

    /// Whatever is in a file: it is refused, or all that is served of it fits.
    #[test]
    fn a_file_of_quotes_is_refused_or_fits(
        text in proptest::collection::vec(
            prop_oneof![Just(b"\n".to_vec()), Just(b"%\n".to_vec()), Just(b"\r\n".to_vec()),
                proptest::collection::vec(any::<u8>(), 0..4), Just(vec![b'x'; 200])],
            0..12,
        ),
    ) {
        qotd::check::quotes(&text.concat());
    }
}
