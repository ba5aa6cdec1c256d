//! Ending one connection, whatever it is at.

use std::io::Write;
use std::net::TcpStream;

use lariat::observe::{Ended, Phase};
use lariat::{Connection, Listening};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Certificates, connect, reactor, wait_until};
use crate::host::{Host, ask, greeting, is_all_over, rest, table, table_of};

/// Two connections that do the same; one of them is killed, and the other is not.
fn one_of_two(
    listening: &Listening,
    handle: &lariat::Handle,
    phase: Phase,
    says: &[u8],
    greets: bool,
) {
    let mut streams = [(); 2].map(|()| connect(listening));
    for stream in &mut streams {
        if greets {
            greeting(stream);
        }
        stream.write_all(says).expect("sent");
    }
    let mut found = Vec::new();
    wait_until(phase.name(), || {
        found = table(handle);
        found.len() == 2 && found.iter().all(|status| status.phase == phase)
    });
    let own = |stream: &TcpStream| stream.local_addr().expect("an address").to_string();
    let one = found
        .iter()
        .find(|status| status.peer.to_string() == own(&streams[0]));
    let key = one.expect("it is in the table").key;
    assert!(handle.kill(key));
    wait_until("it is gone", || handle.connections() == 1);
    assert_eq!(listening.stats().ended(Ended::Killed), 1, "{phase:?}");
    let other = table_of(handle, 1).remove(0);
    assert_eq!(other.peer.to_string(), own(&streams[1]));
    assert!(!handle.kill(key), "its name is nobody's");
    let said = rest(&mut streams[0]);
    assert_eq!(said.trim_start_matches("begin\n").trim_matches('x'), "");
    if phase == Phase::Idle {
        assert_eq!(ask(&streams[1], "hi"), "hi\n");
    }
    // Who is worked for is not read from, and so not known to have gone.
    handle.kill(other.key);
    wait_until("all is over", || is_all_over(handle));
}

#[test]
fn in_every_phase() {
    for (phase, says) in [
        (Phase::First, ""),
        (Phase::Idle, "later 1\n"),
        (Phase::Message, "hal"),
        (Phase::Working, "pause\n"),
        (Phase::Writing, "big 12000000\n"),
        (Phase::Closing, "close\n"),
    ] {
        let reactor = reactor();
        let listening = reactor.listen("tcp://127.0.0.1:0", Host);
        let listening = listening.expect("listening");
        if phase == Phase::Idle {
            // What the timer says is not to be in the way.
            one_of_two_idle(&listening, &reactor.handle());
            continue;
        }
        one_of_two(&listening, &reactor.handle(), phase, says.as_bytes(), true);
    }
}

fn one_of_two_idle(listening: &Listening, handle: &lariat::Handle) {
    let streams = [(); 2].map(|()| connect(listening));
    for stream in &streams {
        greeting(stream);
        assert_eq!(ask(stream, "hi"), "hi\n");
    }
    let found = table_of(handle, 2);
    let own = streams[0].local_addr().expect("an address").to_string();
    let one = found.iter().find(|status| status.peer.to_string() == own);
    assert!(handle.kill(one.expect("it is in the table").key));
    assert_eq!(rest(&mut &streams[0]), "");
    assert_eq!(ask(&streams[1], "hi"), "hi\n");
    wait_until("it is counted", || {
        listening.stats().ended(Ended::Killed) == 1
    });
}

#[test]
fn in_a_handshake_at_the_begin_and_in_the_middle() {
    async fn never(_: Connection) -> std::io::Result<()> {
        unreachable!("nobody finishes a handshake")
    }
    let certificates = Certificates::create();
    for function in [false, true] {
        let reactor = reactor();
        let (handle, options) = (reactor.handle(), certificates.listening());
        let listening = match function {
            true => handle.listen_with("tls://127.0.0.1:0", options, never),
            false => handle.listen_with("tls://127.0.0.1:0", options, Host),
        };
        let listening = listening.expect("listening");
        one_of_two(&listening, &handle, Phase::Opening, b"\x16\x03", false);
    }
    let reactor = reactor();
    let (handle, options) = (reactor.handle(), certificates.listening());
    let listening = handle.listen_with("tcp://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    one_of_two(&listening, &handle, Phase::Opening, b"tls\n", true);
}

#[test]
fn a_function_at_work_at_rest_and_at_its_end() {
    async fn asked(mut connection: Connection) -> std::io::Result<()> {
        connection.write_all(b"hello\n").await?;
        match connection.read_u8().await? {
            b'w' => std::future::pending().await,
            b'c' => Ok(()),
            b'l' => connection.write_all(&[b'x'; 12_000_000]).await,
            _ => connection.read_u8().await.map(drop),
        }
    }
    for (phase, says) in [
        (Phase::First, ""),
        (Phase::Idle, "i"),
        (Phase::Working, "w"),
        (Phase::Writing, "l"),
        (Phase::Closing, "c"),
    ] {
        let reactor = reactor();
        let listening = reactor.listen("tcp://127.0.0.1:0", asked);
        let listening = listening.expect("listening");
        if phase == Phase::Idle {
            let stream = connect(&listening);
            greeting(&stream);
            let mut writer = &stream;
            writer.write_all(b"i").expect("sent");
            let key = crate::host::only_one_in(&reactor.handle(), phase).key;
            assert!(reactor.handle().kill(key));
            wait_until("all is over", || is_all_over(&reactor.handle()));
            assert_eq!(listening.stats().ended(Ended::Killed), 1);
            continue;
        }
        one_of_two(&listening, &reactor.handle(), phase, says.as_bytes(), true);
    }
}
