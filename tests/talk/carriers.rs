//! Talks over every endpoint that has one, and with WebSocket programs that are not ours.

use std::net::TcpListener;
use std::sync::Mutex;

use lariat::client::talk::Conversation;
use lariat::talk::{Heard, Mode, Side, Talk};
use lariat::{ConnectOptions, Connection, Endpoint, ListenOptions};
use tokio::sync::oneshot;
use tungstenite::Message;

use crate::common::{Certificates, PATIENCE, reactor};

fn begin(connection: Connection, side: Side, name: &str) -> Conversation {
    let name = Some(name.parse().expect("a name"));
    Conversation::begin(connection, Talk::new(Mode::Half, side, name))
}

/// What comes next, within the time.
async fn hear(talk: &mut Conversation) -> Option<Heard> {
    let heard = tokio::time::timeout(PATIENCE, talk.next()).await;
    heard.expect("in time").expect("no error")
}

fn said(text: &str) -> Option<Heard> {
    Some(Heard::Said(text.into()))
}

fn hello(name: &str) -> Option<Heard> {
    Some(Heard::Hello(Some(name.parse().expect("a name"))))
}

#[test]
fn two_talk_over_every_carrier() {
    let reactor = reactor();
    let certificates = Certificates::create();
    let folder = tempfile::tempdir().expect("a folder");
    let endpoints = [
        "tcp://127.0.0.1:0".to_string(),
        "tls://localhost:0".into(),
        "ws://127.0.0.1:0".into(),
        "wss://localhost:0".into(),
        "mem://talk-carriers".into(),
        #[cfg(unix)]
        format!("unix:{}", folder.path().join("talk.sock").display()),
    ];
    for endpoint in endpoints {
        let parsed: Endpoint = endpoint.parse().expect("an endpoint");
        let (options, connecting): (ListenOptions, ConnectOptions) = match parsed.is_tls() {
            true => (certificates.listening(), certificates.connecting()),
            false => Default::default(),
        };
        let (sender, receiver) = oneshot::channel();
        let sender = Mutex::new(Some(sender));
        let hand_over = move |connection: Connection| {
            let sender = sender.lock().expect("whole").take();
            let taken = sender.expect("one connection").send(connection);
            let gone = |_| std::io::Error::from(std::io::ErrorKind::BrokenPipe);
            std::future::ready(taken.map_err(gone))
        };
        let listening = reactor.handle().listen_with(parsed, options, hand_over);
        let bound = listening.expect(&endpoint).endpoint().clone();
        reactor.handle().wait(async move {
            let connected = lariat::connect_with(&bound, connecting).await;
            let mut ann = begin(connected.expect(&endpoint), Side::Caller, "ann");
            let called = async {
                let mut bob = begin(receiver.await.expect("called"), Side::Called, "bob");
                assert_eq!(hear(&mut bob).await, hello("ann"), "{endpoint}");
                assert_eq!(hear(&mut bob).await, said("hello"), "{endpoint}");
                bob.say("").expect("his turn");
                assert_eq!(hear(&mut bob).await, said("bye"), "{endpoint}");
                assert_eq!(hear(&mut bob).await, None, "{endpoint}");
            };
            let calling = async {
                assert_eq!(hear(&mut ann).await, hello("bob"), "{endpoint}");
                ann.say("hello").expect("her turn");
                assert_eq!(hear(&mut ann).await, said(""), "{endpoint}");
                ann.say("bye").expect("her turn");
                ann.end().await.expect("sent");
                // Where a side cannot end alone, its end is that of both.
                drop(ann);
            };
            tokio::join!(called, calling);
        });
    }
}

#[tokio::test]
async fn a_message_of_another_program_is_a_line_with_or_without_an_end() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let endpoint = format!("ws://{}", listener.local_addr().expect("an address"));
    let there = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut socket = tungstenite::accept(stream).expect("upgraded");
        for text in ["talk/1 full bob", "one", "", "two\n", "three\r\nfour"] {
            socket.send(Message::text(text)).expect("sent");
        }
        let binary = Message::binary([b"five ", &[b'x'; 4_000][..]].concat());
        socket.send(binary).expect("sent");
        let hello = socket.read().expect("a message").into_text();
        let answer = socket.read().expect("a message").into_text();
        // What follows is only the goodbye of both.
        socket.close(None).expect("closing");
        while socket.read().is_ok() {}
        (hello.expect("text"), answer.expect("text"))
    });
    let endpoint = endpoint.parse().expect("an endpoint");
    let connection = lariat::connect(&endpoint).await.expect("connected");
    let talk = Talk::new(Mode::Full, Side::Caller, None);
    let mut talk = Conversation::begin(connection, talk);
    assert_eq!(hear(&mut talk).await, hello("bob"));
    for line in ["one", "two", "three", "four"] {
        assert_eq!(hear(&mut talk).await, said(line));
    }
    let five = format!("five {}", "x".repeat(4_000));
    assert_eq!(hear(&mut talk).await, said(&five));
    talk.say("six").expect("said");
    assert_eq!(hear(&mut talk).await, None);
    talk.end().await.expect("a goodbye");
    drop(talk);
    let (hello, answer) = there.join().expect("no panic");
    assert_eq!(
        (hello.trim_end(), answer.trim_end()),
        ("talk/1 full", "six")
    );
}
