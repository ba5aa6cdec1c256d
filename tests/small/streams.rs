//! What plain byte streams see of the services.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use lariat::ListenOptions;
use lariat::service::clock::{ctime_of, unix_second};
use lariat_protocol::Deadlines;

use super::{serve, serve_with};
use crate::common::{connect, reactor, wait_until};
use crate::host::table_of;

/// Everything that a service says before it closes.
fn read_all(name: &str, endpoint: &str) -> Vec<u8> {
    let reactor = reactor();
    let mut said = Vec::new();
    let mut stream = connect(&serve(&reactor, name, endpoint));
    stream.read_to_end(&mut said).expect("said in time");
    said
}

#[test]
fn the_time_is_said_unasked_and_then_the_end() {
    // The second may turn between the looks at the clock; not every time.
    loop {
        let before = unix_second();
        let line = read_all("daytime", "tcp://127.0.0.1:0");
        let number = read_all("time", "tcp://127.0.0.1:0");
        if unix_second() == before {
            assert_eq!(line, [&ctime_of(before)[..], b"\r\n"].concat());
            let number = u32::from_be_bytes(number.try_into().expect("four bytes"));
            assert_eq!(i64::from(number), before + 2_208_988_800);
            return;
        }
    }
}

#[test]
fn a_quote_of_the_file_is_said_and_each_has_its_turn() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(file, "one\nmore\n\ntwo").expect("written");
    let endpoint = format!("tcp://127.0.0.1:0?file={}", file.path().display());
    let mut heard = std::collections::BTreeSet::new();
    wait_until("both were said", || {
        heard.insert(read_all("qotd", &endpoint));
        heard.len() == 2
    });
    let heard: Vec<_> = heard.into_iter().collect();
    assert_eq!(heard, [&b"one\r\nmore\r\n"[..], b"two\r\n"]);
}

#[test]
fn characters_come_as_they_are_read_and_no_more_is_kept() {
    let reactor = reactor();
    let listening = serve(&reactor, "chargen", "tcp://127.0.0.1:0");
    let mut stream = connect(&listening);
    // It hears nothing of what is said to it, and does not mind the end of that.
    stream.write_all(b"more\n").expect("sent");
    stream.shutdown(Shutdown::Write).expect("ended");
    let mut pattern = lariat::chargen::Pattern::default();
    let mut block = vec![0; 100_000];
    for _ in 0..200 {
        stream.read_exact(&mut block).expect("in time");
        let mut rest = &block[..];
        while !rest.is_empty() {
            rest = rest
                .strip_prefix(pattern.next(rest.len()))
                .expect("the pattern");
        }
    }
    let held = table_of(&reactor.handle(), 1).remove(0).held;
    // The high-water mark, and the write that crossed it.
    assert!(held <= 64 * 1024 + 8 * 1024, "{held}");
    drop(stream);
    wait_until("the connection is over", || {
        reactor.handle().connections() == 0
    });
}

#[test]
fn who_does_not_read_characters_is_ended() {
    let reactor = reactor();
    let options = ListenOptions {
        deadlines: Some(Deadlines {
            write: Some(Duration::from_millis(300)),
            ..lariat::service::chargen::DEADLINES
        }),
        ..ListenOptions::default()
    };
    let listening = serve_with(&reactor, "chargen", "tcp://127.0.0.1:0", options);
    let silent = connect(&listening);
    wait_until("the one that does not read is ended", || {
        listening.stats().deadlines.iter().sum::<u64>() > 0
    });
    drop(silent);
}

#[test]
fn everything_is_thrown_away_as_fast_as_it_comes() {
    const MANY: usize = 64 << 20;
    let reactor = reactor();
    let listening = serve(&reactor, "discard", "tcp://127.0.0.1:0");
    let mut stream = connect(&listening);
    let block = vec![b'x'; 1 << 20];
    for _ in 0..MANY / block.len() {
        stream.write_all(&block).expect("taken in time");
    }
    stream.shutdown(Shutdown::Write).expect("ended");
    let mut said = Vec::new();
    stream.read_to_end(&mut said).expect("ended in time");
    assert!(said.is_empty());
    wait_until("all is counted", || {
        listening.stats().received == MANY as u64
    });
}
