//! The timestamp client on carriers of messages, against servers that do as they like.

#![allow(clippy::unwrap_used)]

use std::time::Instant;

use lariat_client::timestamp::{Client, QUIET};
use lariat_net::{Handle, Reactor};
use lariat_protocol::{Protocol, Transport};

/// Answers each message with what it was, behind a colon; says goodbye to `bye`.
struct Server;

impl Protocol for Server {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if data == b"bye" {
            transport.lose_connection();
        } else {
            transport.write_parts(&[b":", data]);
        }
    }
}

async fn connected(endpoint: &str) -> (Handle, Client) {
    let reactor = Reactor::builder().attach();
    let listening = reactor.listen(endpoint, || Server).unwrap();
    let client = Client::connect(listening.endpoint()).await.unwrap();
    (reactor, client)
}

async fn text(client: &mut Client, message: &[u8]) -> Option<Vec<u8>> {
    client.ask(message).await.unwrap().map(|answer| answer.text)
}

#[tokio::test]
async fn a_message_is_one_answer_whatever_is_in_it() {
    for endpoint in ["ws://127.0.0.1:0", "udp://127.0.0.1:0"] {
        let (_reactor, mut client) = connected(endpoint).await;
        for message in [&b"a\nb"[..], b"", b"\xff\0"] {
            let expected = [b":", message].concat();
            assert_eq!(text(&mut client, message).await, Some(expected));
        }
    }
}

#[tokio::test]
async fn nothing_is_waited_for_behind_a_whole_message() {
    const MESSAGES: u32 = 100;
    let (_reactor, mut client) = connected("ws://127.0.0.1:0").await;
    let start = Instant::now();
    for _ in 0..MESSAGES {
        assert!(text(&mut client, b"hi").await.is_some());
    }
    assert!(start.elapsed() < QUIET * MESSAGES);
}

#[tokio::test]
async fn a_websocket_that_closes_is_the_end() {
    let (_reactor, mut client) = connected("ws://127.0.0.1:0").await;
    assert_eq!(text(&mut client, b"bye").await, None);
    assert!(client.next_answer().await.unwrap().is_none());
}
