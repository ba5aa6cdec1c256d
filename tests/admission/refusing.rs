//! What whoever is refused is told.

use std::borrow::Cow;
use std::io::{Read, Write};

use lariat::{Connection, IntoService, Limits, ListenOptions, Service};

use crate::common::{Certificates, address, connect, connect_to, reactor, wait_until};
use crate::host::rest;

fn nobody() -> ListenOptions {
    ListenOptions {
        limits: Some(Limits {
            connections: Some(0),
            ..Limits::none()
        }),
        ..ListenOptions::default()
    }
}

/// An async service that has words of this length.
fn with_words(length: usize) -> Service {
    async fn never(_: Connection) -> std::io::Result<()> {
        unreachable!("nobody is let in")
    }
    never
        .into_service()
        .refusing(move |_, _| Some(Cow::Owned(vec![b'w'; length])))
}

#[test]
fn words_arrive_whole_although_much_was_sent_to_us() {
    let reactor = reactor();
    for (length, told) in [(100, 100), (512, 512), (600, 512), (100_000, 512)] {
        let service = with_words(length);
        let listening = reactor
            .handle()
            .listen_with("tcp://127.0.0.1:0", nobody(), service);
        let listening = listening.expect("listening");
        for _ in 0..30 {
            let mut stream = connect(&listening);
            // It may be too late to send more.
            let _ = stream.write_all(&[b'x'; 20_000]);
            let mut words = Vec::new();
            stream.read_to_end(&mut words).expect("no reset");
            assert_eq!(words, vec![b'w'; told]);
        }
    }
}

#[test]
fn nothing_is_said_before_a_handshake_or_without_words() {
    let reactor = reactor();
    let handle = reactor.handle();
    let tls = Certificates::create().listening().tls;
    let options = ListenOptions { tls, ..nobody() };
    let on_tls = handle.listen_with("tls://127.0.0.1:0", options, with_words(100));
    let on_ws = handle.listen_with("ws://127.0.0.1:0", nobody(), with_words(100));
    let wordless = handle.listen_with("tcp://127.0.0.1:0", nobody(), || {
        crate::reactor::OnData(crate::reactor::echo)
    });
    for listening in [on_tls, on_ws, wordless] {
        let listening = listening.expect("listening");
        assert_eq!(rest(&mut connect(&listening)), "");
        let stats = listening.stats();
        assert_eq!((stats.accepted, stats.refused.iter().sum::<u64>()), (0, 1));
    }
}

/// More than may linger at a time are still closed, those who come to another reactor are told meanwhile, and those who come
/// later are told again.
#[test]
fn a_crowd_is_turned_away() {
    let [crowded, other] = [(); 2].map(|()| {
        let reactor = reactor();
        let handle = reactor.handle();
        let listening = handle.listen_with("tcp://127.0.0.1:0", nobody(), with_words(10));
        (reactor, listening.expect("listening"))
    });
    let server = address(&crowded.1);
    let mut streams: Vec<_> = (0..400).map(|_| connect_to(server)).collect();
    for stream in &mut streams {
        let words = rest(stream);
        assert!(words.is_empty() || words == "w".repeat(10), "{words}");
    }
    assert_eq!(rest(&mut connect(&other.1)), "w".repeat(10));
    drop(streams);
    wait_until("there are words again", || {
        rest(&mut connect_to(server)) == "w".repeat(10)
    });
}
