//! The table of connections: what each of them is at.

use std::io::Write;

use lariat::observe::Phase;
use lariat::{Connection, ListenOptions, Reactor};
use lariat_protocol::Deadlines;

use crate::common::{Certificates, connect, reactor, wait_until};
use crate::host::{Host, ask, greeting, is_all_over, only_one_in, table, with_deadlines};

#[test]
fn each_phase_is_shown() {
    let reactor = reactor();
    let handle = reactor.handle();
    let options = ListenOptions {
        name: Some("the host".into()),
        ..with_deadlines(Deadlines::DEFAULT)
    };
    let listening = handle.listen_with("tcp://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    for (phase, says, messages) in [
        (Phase::First, "", 0),
        (Phase::Idle, "hi\n", 1),
        (Phase::Message, "hi\nhal", 1),
        (Phase::Working, "pause\n", 1),
        (Phase::Writing, "big 12000000\n", 1),
    ] {
        let mut stream = connect(&listening);
        let hello = greeting(&stream).len() as u64 + 1;
        stream.write_all(says.as_bytes()).expect("sent");
        let status = only_one_in(&handle, phase);
        assert_eq!(&*status.service, "the host");
        assert_eq!(*status.endpoint, listening.endpoint().to_string());
        let own = stream.local_addr().expect("an address");
        assert_eq!(status.peer.to_string(), own.to_string());
        assert_eq!(status.received, says.len() as u64);
        assert_eq!(status.messages, messages);
        match phase {
            Phase::Writing => assert_eq!(status.held as u64 + status.sent, 12_000_000 + hello),
            Phase::Message => assert_eq!((status.held, status.sent), (3, hello + 4)),
            Phase::Idle => assert_eq!((status.held, status.sent), (0, hello + 4)),
            _ => assert_eq!((status.held, status.sent), (0, hello)),
        }
        let stats = listening.stats();
        assert_eq!(stats.active(phase), 1, "{stats:?}");
        assert_eq!(stats.active.iter().sum::<u64>(), 1);
        wait_until("it is older", || {
            table(&handle)
                .iter()
                .any(|again| again.key == status.key && again.age > status.age)
        });
        assert_eq!(status.key.to_string().parse(), Ok(status.key));
        assert!(handle.kill(status.key));
        wait_until("all is over", || is_all_over(&handle));
    }
}

#[test]
fn handshakes_and_orderly_ends_are_shown() {
    let reactor = reactor();
    let handle = reactor.handle();
    let options = Certificates::create().listening();
    let tls = handle.listen_with("tls://127.0.0.1:0", options, Host);
    let silent = connect(&tls.expect("listening"));
    only_one_in(&handle, Phase::Opening);
    drop(silent);
    wait_until("all is over", || is_all_over(&handle));
    let tcp = reactor.listen("tcp://127.0.0.1:0", Host);
    let mut lingering = connect(&tcp.expect("listening"));
    lingering.write_all(b"close\n").expect("sent");
    only_one_in(&handle, Phase::Closing);
}

#[test]
fn functions_are_shown_too() {
    async fn echo(mut connection: Connection) -> std::io::Result<()> {
        let (mut reader, mut writer) = tokio::io::split(&mut connection);
        tokio::io::copy(&mut reader, &mut writer).await.map(drop)
    }
    let reactor = reactor();
    let listening = reactor.listen("tcp://127.0.0.1:0", echo);
    let stream = connect(&listening.expect("listening"));
    assert_eq!(ask(&stream, "hello"), "hello\n");
    let status = only_one_in(&reactor.handle(), Phase::Idle);
    assert_eq!((status.received, status.sent, status.messages), (6, 6, 1));
}

/// Whoever is held up by a callback is missing; all others answer, also behind it in time.
#[test]
fn a_callback_that_holds_its_thread_hides_its_own_connections_only() {
    let reactor = Reactor::builder().threads(2).build().expect("started");
    let listening = reactor.listen("tcp://127.0.0.1:0", Host);
    let listening = listening.expect("listening");
    // The least loaded thread gets the next, so each has two.
    let streams: Vec<_> = (0..4).map(|_| connect(&listening)).collect();
    for stream in &streams {
        greeting(stream);
    }
    let handle = reactor.handle();
    wait_until("all are listed", || table(&handle).len() == 4);
    let mut blocked = &streams[0];
    blocked.write_all(b"block 3000\n").expect("sent");
    // One by one, as the thread that asks may be the one that is held.
    let seen = std::sync::mpsc::channel();
    let (asking, answer) = (handle.clone(), seen.0);
    let held = streams[0].local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let found = runtime.expect("started").block_on(async {
            loop {
                let found = asking.connection_table().await;
                let is_shown = found.iter().any(|status| status.peer.to_string() == held);
                if found.len() == 2 && !is_shown {
                    return found;
                }
            }
        });
        let _ = answer.send(found);
    });
    let found = seen
        .1
        .recv_timeout(crate::common::PATIENCE)
        .expect("an answer");
    assert_eq!(found[0].key.thread, found[1].key.thread);
    assert_eq!(greeting(&streams[0]), "blocked\n");
    wait_until("all are listed again", || table(&handle).len() == 4);
    // On a busy machine others may have been slow too.
    assert!(listening.stats().slow_callbacks >= 1);
}
