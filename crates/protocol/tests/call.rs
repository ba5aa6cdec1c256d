//! Remote calls without a socket: transcripts, properties, and two sides back to back.

#[path = "call/back_to_back.rs"]
mod back_to_back;
#[path = "call/stepped.rs"]
mod stepped;

use std::sync::Arc;

use lariat_protocol::call::check::{self, Never};
use lariat_protocol::call::{
    Allowance, CallError, Context, Limits, Methods, Peer, RawValue, Working, code, working,
};
use lariat_testkit::{Driven, Transcript};
use proptest::prelude::*;

fn transcript(text: &str) -> Transcript {
    Transcript::parse(text).expect("a transcript")
}

#[test]
fn calls_are_answered_as_the_transcript_says_however_they_are_cut() {
    transcript(include_str!("transcripts/call.txt")).replay(1, check::answering);
}

#[test]
fn what_goes_on_can_be_cancelled_and_is_counted() {
    transcript(include_str!("transcripts/call_going_on.txt")).replay(2, check::answering);
}

#[test]
fn a_message_that_is_too_long_is_refused_in_words() {
    let mut driven = Driven::new(check::answering());
    driven.receive(&[b' '; 1024]);
    assert!(driven.ended().is_none());
    driven.receive(b" ");
    let said = String::from_utf8(driven.take_written()).expect("text");
    assert_eq!(
        said,
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\
         \"message\":\"the message is longer than 1024 bytes\"}}\n"
    );
    assert!(driven.error().is_some());
}

/// Methods that no trait knows: each name is a number, and says so many letters.
struct Repeating;

impl Methods for Repeating {
    fn names(&self) -> &[&str] {
        &["any number"]
    }

    fn begin(&self, method: &str, _: Option<&RawValue>, _: Context) -> Result<Working, CallError> {
        let count: Result<usize, _> = method.parse();
        let count = count.map_err(|_| CallError::new(code::METHOD_NOT_FOUND, "no number"))?;
        Ok(working(async move { Ok::<_, String>("x".repeat(count)) }))
    }
}

#[test]
fn a_result_that_is_too_long_is_an_error_of_its_call() {
    let limits = Limits {
        message: 1000,
        ..Limits::default()
    };
    let allowance = Arc::new(Allowance::new(limits));
    let mut driven = Driven::new(Peer::new(Arc::new(Repeating), Never, allowance).framed());
    let mut ask = |count: usize| {
        driven.receive(format!("{{\"id\":1,\"method\":\"{count}\"}}\n").as_bytes());
        String::from_utf8(driven.take_written()).expect("text")
    };
    let envelope = ask(0).len() - 1;
    assert!(ask(1000 - envelope).contains("xxx"));
    let said = ask(1001 - envelope);
    assert!(
        said.contains("the result is longer than the 1000 bytes"),
        "{said}"
    );
}

#[test]
fn answers_to_nothing_end_the_connection_and_are_not_answered() {
    for line in [
        "{\"id\":1,\"result\":1}\n",
        "{\"id\":\"x\",\"error\":{\"code\":1,\"message\":\"no\"}}\n",
        "{\"id\":null,\"result\":1}\n",
        "{\"id\":1,\"error\":1}\n",
    ] {
        let mut driven = Driven::new(check::answering());
        driven.receive(line.as_bytes());
        assert_eq!(driven.take_written(), b"", "{line}");
        assert!(driven.error().is_some(), "{line}");
    }
    // A complaint about something of ours is none.
    let mut driven = Driven::new(check::answering());
    driven.receive(b"{\"id\":null,\"error\":{\"code\":1,\"message\":\"what?\"}}\n");
    assert!(driven.ended().is_none());
}

/// Lines that are nearly messages: pieces of them, in any order.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("[1,2]"),
        Just(","),
        Just("\"id\":1"),
        Just("\"id\":\"\\u0041\""),
        Just("\"id\":null"),
        Just("\"method\":\"add\""),
        Just("\"method\":\"wait\""),
        Just("\"method\":\"$/cancelRequest\""),
        Just("\"params\":{\"id\":1}"),
        Just("\"params\":[1,2]"),
        Just("\"params\":null"),
        Just("\"result\":null"),
        Just("\"error\":{\"code\":-1,\"message\":\"\\n\"}"),
        Just("\"timeout_ms\":18446744073709551615"),
        Just("\"jsonrpc\":\"2.0\""),
        Just("\n"),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// An object of some members.
fn object() -> impl Strategy<Value = String> {
    nearly().prop_map(|members| {
        let inner = members
            .replace(['{', '}', '\n'], "")
            .replace("\"\"", "\",\"");
        format!(
            "{{{}}}",
            inner.replace("1\"", "1,\"").replace("]\"", "],\"")
        )
    })
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        check::message(&line);
    }

    #[test]
    fn what_is_nearly_a_message_is_read_or_refused(line in prop_oneof![nearly(), object()]) {
        check::any(line.as_bytes());
    }
}
