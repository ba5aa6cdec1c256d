//! What plain byte streams send, cut and ended in every way.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;
use std::time::Duration;

use lariat::Reactor;

use super::{MESSAGES, read_answer, serve, unstamp};
use crate::common::{PATIENCE, address_of, connect, connect_to, logged, reactor, wait_until};

const LONGEST: usize = lariat::timestamp::MAXIMUM_LINE;

/// What a stream of any kind must do; asked through a plain socket.
pub(super) fn ask_plainly(stream: &mut (impl Read + Write)) {
    for message in MESSAGES {
        for ending in [&b"\n"[..], b"\r\n"] {
            let line = [message, ending].concat();
            stream.write_all(&line).expect("sent");
            assert_eq!(read_answer(stream, line.len()), line);
        }
    }
    // Without a line end, answered in the silence behind it; also a space.
    for message in MESSAGES.iter().filter(|message| !message.is_empty()) {
        stream.write_all(message).expect("sent");
        assert_eq!(read_answer(stream, message.len()), *message);
    }
}

#[test]
fn plain_sockets_are_answered_in_both_families() {
    let reactor = reactor();
    for endpoint in serve(&reactor, "tcp://localhost:0").endpoints() {
        ask_plainly(&mut connect_to(address_of(endpoint)));
    }
}

#[test]
fn a_thousand_lines_in_one_write_are_answered_in_order() {
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0");
    let mut stream = connect(&listening);
    let lines: Vec<String> = (0..1000).map(|number| format!("line {number}\n")).collect();
    stream.write_all(lines.concat().as_bytes()).expect("sent");
    for line in lines {
        assert_eq!(read_answer(&mut stream, line.len()), line.as_bytes());
    }
}

#[test]
fn a_line_that_comes_byte_by_byte_is_one_line() {
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0?quiet_ms=0");
    let mut stream = connect(&listening);
    for byte in b"one byte\r\nafter the other\n" {
        stream.write_all(&[*byte]).expect("sent");
    }
    assert_eq!(read_answer(&mut stream, 10), b"one byte\r\n");
    assert_eq!(read_answer(&mut stream, 16), b"after the other\n");
}

#[test]
fn without_a_quiet_time_half_a_line_waits_for_its_end() {
    let reactor = reactor();
    let patient = serve(&reactor, "tcp://127.0.0.1:0?quiet_ms=0");
    let mut waiting = connect(&patient);
    waiting.write_all(b"half ").expect("sent");
    // Twice the usual quiet time passes: another server's answers to bare words tell.
    let mut other = connect(&serve(&reactor, "tcp://127.0.0.1:0"));
    for _ in 0..2 {
        other.write_all(b"tick").expect("sent");
        assert_eq!(read_answer(&mut other, 4), b"tick");
    }
    waiting.write_all(b"a line\n").expect("sent");
    assert_eq!(read_answer(&mut waiting, 12), b"half a line\n");
}

#[test]
fn the_quiet_time_is_the_endpoints() {
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0?quiet_ms=300");
    let mut stream = connect(&listening);
    let begun = std::time::Instant::now();
    stream.write_all(b"hi").expect("sent");
    assert_eq!(read_answer(&mut stream, 2), b"hi");
    assert!(begun.elapsed().as_millis() >= 300);
}

/// Whatever holds it, no timer runs out before what has come meanwhile was read.
#[test]
fn a_line_whose_rest_came_while_the_thread_was_held_is_one_line() {
    let reactor = Reactor::builder().threads(1).build();
    let reactor = reactor.expect("the reactor starts");
    loop {
        let listening = serve(&reactor, "tcp://127.0.0.1:0?quiet_ms=200");
        let mut stream = connect(&listening);
        stream.write_all(b"half ").expect("sent");
        wait_until("it is read", || listening.stats().received == 5);
        let ((held, is_held), (go, goes)) = (channel(), channel::<()>());
        let _held = reactor.handle().spawn(async move {
            // The test may have failed.
            let _ = held.send(());
            let _ = goes.recv_timeout(PATIENCE);
        });
        is_held.recv_timeout(PATIENCE).expect("held");
        stream.set_nonblocking(true).expect("set");
        let was_late = stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).expect("set");
        stream.write_all(b"a line\n").expect("sent");
        std::thread::sleep(Duration::from_millis(200));
        go.send(()).expect("it waits");
        // A machine may be so busy that half a line was answered before the thread was held.
        if !was_late {
            assert_eq!(read_answer(&mut stream, 12), b"half a line\n");
            return;
        }
    }
}

#[test]
fn one_request_is_answered_and_the_connection_closed() {
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0?one_request=true");
    for sent in [&b"one\n"[..], b"one\ntwo\nthree\n"] {
        let mut stream = connect(&listening);
        stream.write_all(sent).expect("sent");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("closed in order");
        assert_eq!(unstamp(&all), b"one\n");
    }
}

#[test]
fn the_longest_line_is_answered_and_a_longer_one_is_not() {
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0?quiet_ms=0");
    let mut line = vec![b'x'; LONGEST];
    line.push(b'\n');
    let mut stream = connect(&listening);
    stream.write_all(&line).expect("sent");
    assert_eq!(read_answer(&mut stream, line.len()), line);

    crate::common::hear_the_log();
    line.insert(0, b'x');
    stream.write_all(&line).expect("sent");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("closed in order");
    assert_eq!(rest, b"");
    let peer = stream.local_addr().expect("an address").to_string();
    // Until the peer closes too, the end lingers.
    drop(stream);
    logged(&["over the limit", "65536", &peer]);
    let mut next = connect(&listening);
    next.write_all(b"hi\n").expect("sent");
    assert_eq!(read_answer(&mut next, 3), b"hi\n");
}

fn ends_behind(stream: &mut TcpStream, sent: &[u8]) -> Vec<u8> {
    stream.write_all(sent).expect("sent");
    stream.shutdown(Shutdown::Write).expect("ended");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("closed in order");
    all
}

#[test]
fn the_end_of_input_ends_the_last_line() {
    let reactor = reactor();
    for endpoint in ["tcp://127.0.0.1:0", "tcp://127.0.0.1:0?quiet_ms=0"] {
        let listening = serve(&reactor, endpoint);
        let all = ends_behind(&mut connect(&listening), b"half");
        assert_eq!(unstamp(&all), b"half");
        let all = ends_behind(&mut connect(&listening), b"one\nhalf");
        assert_eq!(unstamp(&all[..31]), b"one\n");
        assert_eq!(unstamp(&all[31..]), b"half");
        assert_eq!(ends_behind(&mut connect(&listening), b""), b"");
    }
}
