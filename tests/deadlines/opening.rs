//! Handshakes: of TLS and WebSocket at the begin, and of TLS in the middle.

use std::io::Write;
use std::time::{Duration, Instant};

use lariat::observe::{Ended, Phase};
use lariat::{Connection, ListenOptions, Listening, Reactor};
use lariat_protocol::{Deadline, Deadlines};

use super::{BRIEF, PATIENT, SHORT};
use crate::common::{Certificates, connect, reactor, wait_until};
use crate::host::{Host, ask, greeting, is_all_over, only_one_in, rest};

fn options(certificates: &Certificates, handshake: Duration) -> ListenOptions {
    ListenOptions {
        deadlines: Some(Deadlines {
            handshake: Some(handshake),
            ..PATIENT
        }),
        ..certificates.listening()
    }
}

fn ended_by_handshake(reactor: &Reactor, listening: &Listening, count: u64) {
    wait_until("all is over", || is_all_over(&reactor.handle()));
    let stats = listening.stats();
    assert_eq!(stats.deadline(Deadline::Handshake), count);
    assert_eq!(stats.ended(Ended::Deadline), count);
    assert_eq!((stats.handshakes, stats.handshakes_failed), (count, count));
}

/// The begin of a client's first record, and of its request for a WebSocket.
const BEGINS: [&[u8]; 2] = [
    &[22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3],
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
];

#[test]
fn who_does_not_finish_a_handshake_is_ended() {
    async fn never(_: Connection) -> std::io::Result<()> {
        unreachable!("nobody finishes a handshake")
    }
    let reactor = reactor();
    let certificates = Certificates::create();
    for (url, begin) in [
        ("tls://127.0.0.1:0", BEGINS[0]),
        ("wss://127.0.0.1:0", BEGINS[0]),
        ("ws://127.0.0.1:0", BEGINS[1]),
    ] {
        let handle = reactor.handle();
        let events = handle.listen_with(url, options(&certificates, BRIEF), Host);
        let function = handle.listen_with(url, options(&certificates, BRIEF), never);
        for listening in [events, function] {
            let listening = listening.expect("listening");
            for drips in [false, true] {
                let begun = Instant::now();
                let mut stream = connect(&listening);
                let mut writer = stream.try_clone().expect("cloned");
                let dripping = std::thread::spawn(move || {
                    let mut sends = writer.write_all(begin).is_ok() && drips;
                    while sends {
                        sends = writer.write_all(b"x").is_ok();
                        std::thread::sleep(Duration::from_millis(20));
                    }
                });
                assert_eq!(rest(&mut stream), "", "{url}");
                assert!(begun.elapsed() >= BRIEF);
                drop(stream);
                dripping.join().expect("no panic");
            }
            ended_by_handshake(&reactor, &listening, 2);
        }
    }
}

#[test]
fn a_handshake_in_the_middle_has_the_same_time() {
    let reactor = reactor();
    let certificates = Certificates::create();
    let handle = reactor.handle();
    let options = options(&certificates, SHORT);
    let listening = handle.listen_with("tcp://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    let mut stream = connect(&listening);
    greeting(&stream);
    let begun = Instant::now();
    assert_eq!(ask(&stream, "tls"), "begin\n");
    only_one_in(&handle, Phase::Opening);
    assert_eq!(rest(&mut stream), "");
    assert!(begun.elapsed() >= SHORT);
    ended_by_handshake(&reactor, &listening, 1);
}
