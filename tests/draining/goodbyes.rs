//! Who hears a goodbye, when, and how it is counted.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use lariat::observe::{Ended, Phase};
use lariat::{Connection, DrainReport, Listening, Protocol, Reactor, Transport};
use lariat_protocol::Deadlines;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::common::{Certificates, PATIENCE, address, connect, wait_until};
use crate::host::{Host, ask, greeting, is_all_over, only_one_in, rest, with_deadlines};

fn reactor(drain_time: Duration) -> Reactor {
    let builder = Reactor::builder().threads(2).drain_time(drain_time);
    let builder = builder.deadlines(Deadlines::NONE);
    builder.build().expect("the reactor starts")
}

fn listen(reactor: &Reactor) -> Listening {
    let listening = reactor.listen("tcp://127.0.0.1:0", Host);
    listening.expect("listening")
}

#[test]
fn what_was_asked_is_answered_first() {
    let reactor = reactor(PATIENCE);
    let listening = listen(&reactor);
    let mut stream = connect(&listening);
    greeting(&stream);
    // Behind the first, which nobody reads yet, the others are held.
    let expected: String = (0..100).map(|number| format!("{number}\n")).collect();
    let asked = format!("big 12000000\n{expected}");
    stream.write_all(asked.as_bytes()).expect("sent");
    only_one_in(&reactor.handle(), Phase::Writing);
    assert_eq!(listening.stats().received, asked.len() as u64);
    reactor.handle().stop();
    let reading = std::thread::spawn(move || rest(&mut stream));
    let report = reactor.run();
    let said = reading.join().expect("no panic");
    assert_eq!(said.trim_start_matches('x'), expected + "goodbye\n");
    assert_eq!((report.said_goodbye, report.all()), (1, 1));
}

/// What our side works on is answered, and not begun anew behind it.
#[test]
fn what_is_worked_on_is_answered_first() {
    let reactor = reactor(PATIENCE);
    let listening = listen(&reactor);
    let mut stream = connect(&listening);
    greeting(&stream);
    stream.write_all(b"work 2000\nnext\n").expect("sent");
    only_one_in(&reactor.handle(), Phase::Working);
    reactor.handle().stop();
    let reading = std::thread::spawn(move || rest(&mut stream));
    assert_eq!(reactor.run().said_goodbye, 1);
    let said = reading.join().expect("no panic");
    assert_eq!(said, "later\nnext\ngoodbye\n");
}

#[test]
fn websockets_are_told_that_the_server_goes_away() {
    let reactor = reactor(PATIENCE);
    let certificates = Certificates::create();
    let options = certificates.listening();
    let listening = reactor
        .handle()
        .listen_with("ws://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    let url = format!("ws://{}/", address(&listening));
    let (mut socket, _) = tungstenite::client(url, connect(&listening)).expect("upgraded");
    assert!(socket.read().expect("greeted").is_text());
    reactor.handle().stop();
    let reading = std::thread::spawn(move || {
        let goodbye = socket.read().expect("a goodbye");
        assert_eq!(goodbye.to_text().expect("text").trim_end(), "goodbye");
        let Message::Close(Some(frame)) = socket.read().expect("a close") else {
            panic!("no close");
        };
        assert_eq!(frame.code, CloseCode::Away);
        while socket.read().is_ok() {}
    });
    assert_eq!(reactor.run().said_goodbye, 1);
    reading.join().expect("told");
}

/// Says goodbye and nothing else, and goes on.
struct Stays;

impl Protocol for Stays {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(b"hello\n");
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

    fn drain(&mut self, transport: &mut Transport) {
        transport.write(b"goodbye\n");
    }
}

/// Each ends in its own way, and each is counted once.
#[test]
fn the_report_has_everybody_once() {
    async fn asked(mut connection: Connection) -> io::Result<()> {
        connection.write_all(b"hello\n").await?;
        match connection.read_u8().await? {
            b'd' => std::future::pending().await,
            letter => {
                connection.draining().clone().cancelled().await;
                connection.write_all(b"bye\n").await?;
                match letter {
                    b's' => std::future::pending().await,
                    _ => Ok(()),
                }
            }
        }
    }
    // Those who are polite have all of it.
    let drain_time = Duration::from_secs(4);
    let reactor = reactor(drain_time);
    let handle = reactor.handle();
    let events = listen(&reactor);
    let stays = reactor.listen("tcp://127.0.0.1:0", || Stays);
    let stays = stays.expect("listening");
    let functions = reactor.listen("tcp://127.0.0.1:0", asked);
    let functions = functions.expect("listening");
    let options = Certificates::create().listening();
    let tls = handle.listen_with("tls://127.0.0.1:0", options, asked);
    let tls = tls.expect("listening");
    let come = |listening: &Listening, says: &str| {
        let mut stream = connect(listening);
        greeting(&stream);
        stream.write_all(says.as_bytes()).expect("sent");
        stream
    };
    // These close as soon as they hear it, and these never do.
    let polite: Vec<_> = (0..5)
        .map(|_| come(&events, ""))
        .chain((0..3).map(|_| come(&functions, "p")))
        .map(|mut stream| std::thread::spawn(move || rest(&mut stream)))
        .collect();
    // A handshake that is under way has been promised nothing.
    let opening = connect(&tls);
    let stubborn = [
        come(&events, "pause\n"),
        come(&events, "big 12000000\n"),
        come(&functions, "d"),
        // These say goodbye, and do not close behind it.
        come(&stays, ""),
        come(&functions, "s"),
    ];
    wait_until("all are there", || handle.connections() == 14);
    wait_until("all were heard", || {
        let (events, functions) = (events.stats(), functions.stats());
        (events.messages, functions.messages) == (2, 5)
    });
    handle.stop();
    let begun = Instant::now();
    let report = reactor.run();
    assert!(begun.elapsed() >= drain_time);
    assert_eq!(
        report,
        DrainReport {
            finished: 1,
            said_goodbye: 8,
            forced: 5
        }
    );
    assert!(is_all_over(&handle));
    let ended = |how| {
        let stats = handle.stats();
        let services = stats.services.iter();
        services.map(|service| service.ended(how)).sum::<u64>()
    };
    assert_eq!((ended(Ended::Goodbye), ended(Ended::Forced)), (8, 5));
    for stream in polite {
        let said = stream.join().expect("no panic");
        assert!(["goodbye\n", "bye\n"].contains(&&*said), "{said}");
    }
    drop((opening, stubborn));
}

/// The stop does not wait for a handshake of an async service's either.
#[test]
fn a_function_s_handshake_does_not_hold_up_the_stop() {
    async fn never(_: Connection) -> io::Result<()> {
        unreachable!("nobody finishes a handshake")
    }
    let reactor = reactor(PATIENCE);
    let options = Certificates::create().listening();
    let handle = reactor.handle();
    let listening = handle.listen_with("tls://127.0.0.1:0", options, never);
    let listening = listening.expect("listening");
    let mut silent = connect(&listening);
    wait_until("it is accepted", || handle.connections() == 1);
    let begun = Instant::now();
    handle.stop();
    assert_eq!(reactor.run().finished, 1);
    assert!(begun.elapsed() < PATIENCE / 2);
    let _ = silent.read(&mut [0]);
}

#[test]
fn deadlines_go_on_while_the_server_goes_down() {
    let reactor = reactor(PATIENCE);
    let options = with_deadlines(Deadlines {
        write: Some(Duration::from_secs(2)),
        ..Deadlines::NONE
    });
    let handle = reactor.handle();
    let listening = handle.listen_with("tcp://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    let other = connect(&listening);
    greeting(&other);
    assert_eq!(ask(&other, "hi"), "hi\n");
    let mut reads_nothing = connect(&listening);
    // Else the system may make room for all of it in time.
    let socket = socket2::SockRef::from(&reads_nothing);
    socket.set_recv_buffer_size(16 * 1024).expect("a socket");
    greeting(&reads_nothing);
    reads_nothing.write_all(b"big 12000000\n").expect("sent");
    wait_until("it waits", || listening.stats().active(Phase::Writing) == 1);
    handle.stop();
    let report = reactor.run();
    assert_eq!(
        (report.finished, report.said_goodbye, report.forced),
        (1, 1, 0)
    );
    assert_eq!(listening.stats().ended(Ended::Deadline), 1);
}
