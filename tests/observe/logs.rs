//! What is logged of a connection is within its span.

use std::io::Write;

use lariat::ListenOptions;
use lariat_protocol::Deadlines;

use crate::common::{Certificates, connect, hear_the_log, logged, reactor};
use crate::host::{Host, greeting, rest, with_deadlines};

/// The log's form of a span's fields.
fn span(peer: &str, service: &str, endpoint: &str, phase: &str) -> Vec<String> {
    vec![
        "connection{id=".into(),
        format!("service=\"{service}\""),
        format!("endpoint=\"{endpoint}\""),
        format!("peer={peer}"),
        format!("phase=\"{phase}\""),
    ]
}

fn logged_in(mut fields: Vec<String>, words: &str) -> String {
    fields.push(words.into());
    let words: Vec<&str> = fields.iter().map(String::as_str).collect();
    logged(&words)
}

#[test]
fn ends_and_panics_and_slow_callbacks_say_whose_they_are() {
    hear_the_log();
    let reactor = reactor();
    let options = ListenOptions {
        name: Some("host of the log".into()),
        ..with_deadlines(Deadlines {
            message: Some(super::super::deadlines::SHORT),
            ..Deadlines::DEFAULT
        })
    };
    let handle = reactor.handle();
    let listening = handle.listen_with("tcp://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    let endpoint = listening.endpoint().to_string();
    for (says, phase, words) in [
        (
            "panic\n",
            "first",
            "a callback panicked; its connection ends",
        ),
        ("half", "closing", "connection ended: "),
        (
            "block 200\nclose\n",
            "closing",
            "a callback held its thread",
        ),
    ] {
        let mut stream = connect(&listening);
        let peer = stream.local_addr().expect("an address").to_string();
        greeting(&stream);
        stream.write_all(says.as_bytes()).expect("sent");
        rest(&mut stream);
        drop(stream);
        logged_in(span(&peer, "host of the log", &endpoint, phase), words);
    }
    // On a busy machine others may have been slow too.
    assert!(listening.stats().slow_callbacks >= 1);
}

#[test]
fn a_handshake_that_fails_is_in_its_span() {
    hear_the_log();
    let reactor = reactor();
    let options = Certificates::create().listening();
    let listening = reactor
        .handle()
        .listen_with("tls://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    let endpoint = listening.endpoint().to_string();
    let mut stream = connect(&listening);
    let peer = stream.local_addr().expect("an address").to_string();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent");
    rest(&mut stream);
    // It has no name of its own but the endpoint that was asked for.
    let words = span(&peer, "tls://127.0.0.1:0", &endpoint, "opening");
    let line = logged_in(words, "connection ended: ");
    assert!(line.contains(" INFO "), "{line}");
}
