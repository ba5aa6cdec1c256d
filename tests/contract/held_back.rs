//! A peer that writes a line and its end by two calls: Nagle's algorithm holds the second
//! back until the first is acknowledged, and the engine does not let it wait.

use std::io::{BufReader, Write};
use std::time::Duration;

use lariat::Listening;
use lariat::service::timestamp::Timestamp;
use lariat::timestamp::Options;

use super::{connect, reactor, read_line};

/// Less than the 40 ms for which Linux puts acknowledgements off: with those, each line
/// would be answered twice.
const QUIET: Duration = Duration::from_millis(30);

const LINES: usize = 20;

/// How many lines of a connection were answered in two pieces.
fn split(listening: &Listening) -> usize {
    let mut stream = connect(listening);
    stream.set_nodelay(false).expect("an option");
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    let mut split = 0;
    for number in 0..LINES {
        stream
            .write_all(number.to_string().as_bytes())
            .expect("sent");
        stream.write_all(b"\r\n").expect("sent");
        let answer = read_line(&mut reader);
        assert!(answer.ends_with("\r\n"), "{answer:?}");
        split += usize::from(!answer.ends_with(&format!("] {number}\r\n")));
    }
    split
}

#[test]
fn a_line_in_two_pieces_is_one_line() {
    let reactor = reactor();
    let service = Timestamp::new(Options {
        quiet: QUIET,
        ..Options::default()
    });
    let listening = reactor
        .listen("tcp://127.0.0.1:0", service)
        .expect("listening");
    // A busy machine may stop the peer between its two calls for as long, now and then, and for
    // a while at nearly each; late acknowledgements split nearly every line at any time.
    let rounds = [(); 3].map(|()| split(&listening));
    let least = rounds.into_iter().min();
    assert!(
        least <= Some(LINES / 4),
        "of {LINES} lines were split: {rounds:?}"
    );
}
