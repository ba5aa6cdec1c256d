//! Signals end a server for as long as there is one, and then do what they always did.

use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use lariat_socketserver::{POLL_INTERVAL, TcpServer};

use crate::alone::{Alone, scenario};
use crate::classes::shout;
use crate::clients::{PATIENCE, ask};

const THIS: &str = "signals::served_in_a_process_of_its_own";

/// How many descriptors this process has.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}

#[test]
fn served_in_a_process_of_its_own() {
    match scenario().as_deref() {
        Some("in turn") => in_turn(),
        Some("again") => again(),
        _ => {}
    }
}

/// Two servers, one after the other, and then none.
fn in_turn() {
    let mut before = None;
    for name in ["first", "second", "third"] {
        let server = TcpServer::bind("127.0.0.1:0", shout).expect("a free port");
        server.shutdown_on_signals().expect("signals");
        println!("{name} serves");
        server.serve_forever(POLL_INTERVAL).expect("it serves");
        server.server_close();
        println!("{name} has ended");
        let now = descriptors();
        assert_eq!(*before.get_or_insert(now), now, "descriptors");
    }
    println!("none serves");
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// One server that serves again, and is then left to end.
fn again() {
    let server = TcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    server.shutdown_on_signals().expect("signals");
    let address = server.server_address().expect("bound");
    for _ in 0..3 {
        println!("it serves at {address}");
        server.serve_forever(POLL_INTERVAL).expect("it serves");
        println!("it has ended");
    }
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Whether interrupts end nothing that is started here: shells start so what is to run in the background.
fn interrupts_are_ignored() -> bool {
    const INTERRUPT: u64 = 1 << (2 - 1);
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.expect("signals").trim(), 16);
    ignored.expect("bits") & INTERRUPT != 0
}

#[test]
fn servers_in_turn_are_ended_each_and_then_the_process_is() {
    let mut signals = vec![("TERM", 15)];
    if !interrupts_are_ignored() {
        signals.push(("INT", 2));
    }
    for (signal, number) in signals {
        let mut process = Alone::start(THIS, "in turn", None);
        for name in ["first", "second", "third"] {
            process.says(&format!("{name} serves"));
            process.signal(signal);
            process.says(&format!("{name} has ended"));
        }
        process.says("none serves");
        process.signal(signal);
        let (said, status) = process.finish();
        assert_eq!(status.signal(), Some(number), "{status}: {said}");
    }
}

#[test]
fn a_second_signal_ends_the_process_unless_it_serves_again() {
    let mut process = Alone::start(THIS, "again", None);
    for _ in 0..3 {
        // Only one that answers has begun to serve again.
        let address = process.says("it serves at ");
        let client = TcpStream::connect(address).expect("it listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        assert_eq!(ask(client, b"hi"), b"HI");
        process.signal("TERM");
        process.says("it has ended");
    }
    process.signal("TERM");
    let (said, status) = process.finish();
    assert_eq!(status.code(), Some(128 + 15), "{status}: {said}");
}
