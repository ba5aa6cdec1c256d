//! Real connections: over each carrier, into the same rooms.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lariat::service::chat::{Chat, DEADLINES};
use lariat::{ListenOptions, Listening, Reactor};

use crate::common::{connect, reactor, read_line, wait_until};

/// How many bytes somebody may have said who waits for others to hear them: less than the
/// server keeps for one.
const AHEAD: usize = 512 * 1024;

fn listen(reactor: &Reactor, endpoint: &str, chat: &Chat) -> Listening {
    let options = ListenOptions {
        deadlines: Some(DEADLINES),
        ..ListenOptions::default()
    };
    let listening = reactor
        .handle()
        .listen_with(endpoint, options, chat.clone());
    listening.expect("listening")
}

/// Comes in, and reads up to where it is in the lobby.
fn enter(listening: &Listening, name: &str) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(connect(listening));
    stream
        .get_mut()
        .write_all(format!("{name}\n").as_bytes())
        .expect("sent");
    wait_for(&mut stream, "are here");
    stream
}

fn wait_for(stream: &mut BufReader<TcpStream>, words: &str) -> String {
    loop {
        let line = read_line(stream);
        assert!(!line.is_empty(), "the end came before {words:?}");
        if line.contains(words) {
            return line;
        }
    }
}

#[test]
fn what_one_says_all_others_hear_once_and_in_order() {
    let reactor = reactor();
    let chat = Chat::default().with_rate(0);
    let listening = listen(&reactor, "tcp://127.0.0.1:0", &chat);
    let mut all: Vec<_> = (0..50)
        .map(|at| enter(&listening, &format!("p{at}")))
        .collect();
    for stream in &mut all {
        let lines: String = (0..20).map(|line| format!("{line}\n")).collect();
        stream.get_mut().write_all(lines.as_bytes()).expect("sent");
    }
    for (own, stream) in all.iter_mut().enumerate() {
        let mut next = vec![0; 50];
        while next.iter().sum::<usize>() < 49 * 20 {
            let line = wait_for(stream, "> ");
            let (from, number) = line.trim_end().split_once("> ").expect("somebody's");
            let from: usize = from
                .trim_start_matches("[lobby] <p")
                .parse()
                .expect("a number");
            assert_eq!(number.parse(), Ok(next[from]), "p{own} of {line}");
            next[from] += 1;
        }
        assert_eq!(next[own], 0);
    }
}

#[test]
fn the_rooms_are_the_same_at_every_endpoint() {
    let reactor = reactor();
    let chat = Chat::default();
    let tcp = listen(&reactor, "tcp://127.0.0.1:0", &chat);
    let ws = listen(&reactor, "ws://127.0.0.1:0/chat", &chat);
    let mut plain = enter(&tcp, "plain");
    let stream = connect(&ws);
    let url = format!("ws://{}/chat", stream.peer_addr().expect("connected"));
    let (mut web, _) = tungstenite::client(url, stream).expect("a WebSocket");
    let mut heard = String::new();
    web.send("web".into()).expect("sent");
    while !heard.contains("[lobby] : plain web\r\n") {
        heard += web.read().expect("read").to_text().expect("text");
    }
    wait_for(&mut plain, "[lobby] + web joined");
    plain.get_mut().write_all(b"hello\n").expect("sent");
    assert_eq!(
        web.read().expect("read").to_text().expect("text"),
        "[lobby] <plain> hello\r\n"
    );
    web.send("hello".into()).expect("sent");
    wait_for(&mut plain, "[lobby] <web> hello");
}

#[test]
fn a_slow_reader_is_out_and_the_others_hear_everything() {
    let reactor = reactor();
    let chat = Chat::default().with_rate(0);
    let listening = listen(&reactor, "tcp://127.0.0.1:0", &chat);
    let _slow = enter(&listening, "slow");
    let mut ann = enter(&listening, "ann");
    let bob = enter(&listening, "bob");
    let mut said = bob.get_ref().try_clone().expect("cloned");
    // How much of what was said has been heard, or all of it when nobody listens any more.
    let heard = Arc::new(AtomicUsize::new(0));
    let known = Arc::clone(&heard);
    let speaking = std::thread::spawn(move || {
        let line = format!("{}\n", "x".repeat(1000)).repeat(64);
        let mut sent = 0;
        // For as long as there is somebody to hear it.
        while said.write_all(line.as_bytes()).is_ok() {
            sent += line.len();
            // Who reads must not become slow too, only because others are quicker.
            while sent.saturating_sub(known.load(Ordering::Relaxed)) > AHEAD {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    let out = loop {
        let line = read_line(&mut ann);
        assert!(!line.is_empty(), "the end came before the slow one's");
        if line.contains("[lobby] - slow left") {
            break line;
        }
        heard.fetch_add(line.len(), Ordering::Relaxed);
    };
    heard.store(usize::MAX, Ordering::Relaxed);
    assert!(out.contains("did not keep up"), "{out}");
    assert_eq!(chat.rooms().people(), 2);
    bob.get_ref()
        .shutdown(std::net::Shutdown::Both)
        .expect("ended");
    speaking.join().expect("said");
    wait_for(&mut ann, "[lobby] - bob left");
}

#[test]
fn a_server_that_goes_down_says_so() {
    let reactor = reactor();
    let listening = listen(&reactor, "tcp://127.0.0.1:0", &Chat::default());
    let mut people: Vec<_> = (0..20)
        .map(|at| enter(&listening, &format!("p{at}")))
        .collect();
    let mut nameless = BufReader::new(connect(&listening));
    wait_for(&mut nameless, "What is your name?");
    people.push(nameless);
    reactor.handle().stop();
    let hearing = std::thread::spawn(move || {
        for mut stream in people {
            wait_for(&mut stream, ". The server is going down.");
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).expect("ended");
            assert!(rest.is_empty(), "{rest:?}");
        }
    });
    assert_eq!(reactor.run().all(), 21);
    hearing.join().expect("no panic");
}

#[test]
fn who_is_gone_without_a_word_is_told_of() {
    let reactor = reactor();
    let chat = Chat::default();
    let listening = listen(&reactor, "tcp://127.0.0.1:0", &chat);
    let mut ann = enter(&listening, "ann");
    let bob = enter(&listening, "bob");
    let socket = socket2::Socket::from(bob.into_inner());
    socket.set_linger(Some(Duration::ZERO)).expect("set");
    drop(socket);
    let left = wait_for(&mut ann, "bob left");
    assert_eq!(left, "[lobby] - bob left: the connection was lost\r\n");
    wait_until("only one is there", || chat.rooms().people() == 1);
    // Whoever had the name may have it again.
    let mut bob = enter(&listening, "bob");
    assert!(bob.fill_buf().is_ok());
}
