//! One WebSocket message, one reply: text for text, binary for what else there is.

use std::io::{Read, Write};
use std::net::TcpStream;

use lariat::Listening;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Bytes, Error, HandshakeError, Message, WebSocket};

use super::{serve, unstamp};
use crate::common::{address, connect, hear_the_log, logged, reactor};

const LONGEST: usize = 64 * 1024;

fn open(listening: &Listening) -> WebSocket<TcpStream> {
    let url = format!("ws://{}/time", address(listening));
    let opened = tungstenite::client(url, connect(listening));
    opened.expect("a WebSocket").0
}

/// The message of an answer, and whether the answer was text.
fn answer(socket: &mut WebSocket<TcpStream>) -> (bool, Vec<u8>) {
    let answer = socket.read().expect("answered in time");
    assert!(answer.is_text() || answer.is_binary(), "{answer:?}");
    (answer.is_text(), unstamp(&answer.into_data()).to_vec())
}

fn ask(socket: &mut WebSocket<TcpStream>, message: Message) -> (bool, Vec<u8>) {
    socket.send(message).expect("sent");
    answer(socket)
}

#[test]
fn text_is_answered_in_text_and_binary_in_binary() {
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let mut socket = open(&listening);
    for text in ["hi", "", " ", "gr\u{fc}\u{df}e", "two\nlines\r\n"] {
        let text_answer = ask(&mut socket, Message::text(text));
        assert_eq!(text_answer, (true, text.as_bytes().to_vec()));
        let binary_answer = ask(&mut socket, Message::binary(text.as_bytes().to_vec()));
        assert_eq!(binary_answer, (false, text.as_bytes().to_vec()));
    }
    let latin = b"gr\xfc\xdfe".to_vec();
    assert_eq!(
        ask(&mut socket, Message::binary(latin.clone())),
        (false, latin)
    );
    // Many in one go: each is answered in its own kind.
    for number in 0..100 {
        let message = match number % 2 {
            0 => Message::text("text"),
            _ => Message::binary(&b"binary"[..]),
        };
        socket.write(message).expect("buffered");
    }
    socket.flush().expect("sent");
    for number in 0..100 {
        assert_eq!(answer(&mut socket).0, number % 2 == 0);
    }
}

#[test]
fn another_path_is_refused() {
    hear_the_log();
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let stream = connect(&listening);
    let peer = stream.local_addr().expect("an address").to_string();
    let url = format!("ws://{}/elsewhere", address(&listening));
    let refused = tungstenite::client(url, stream).expect_err("no such path");
    let HandshakeError::Failure(Error::Http(response)) = refused else {
        panic!("{refused}");
    };
    assert_eq!(response.status(), 404);
    logged(&["connection ended", &peer]);
}

#[test]
fn a_ping_is_answered() {
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let mut socket = open(&listening);
    let ping = Bytes::from_static(b"are you there?");
    socket.send(Message::Ping(ping.clone())).expect("sent");
    assert_eq!(socket.read().expect("answered"), Message::Pong(ping));
    assert_eq!(ask(&mut socket, Message::text("hi")).1, b"hi");
}

#[test]
fn a_message_in_fragments_is_one_message() {
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let mut socket = open(&listening);
    // A character of two bytes is cut in the middle.
    let parts = [
        (Data::Text, &b"gr\xc3"[..]),
        (Data::Continue, b"\xbc"),
        (Data::Continue, b"n"),
    ];
    for (number, (kind, part)) in parts.into_iter().enumerate() {
        let frame = Frame::message(part, OpCode::Data(kind), number == 2);
        socket.send(Message::Frame(frame)).expect("sent");
        if number == 0 {
            socket.send(Message::Ping(Bytes::new())).expect("sent");
        }
    }
    assert!(socket.read().expect("answered").is_pong());
    assert_eq!(answer(&mut socket), (true, "gr\u{fc}n".into()));
}

#[test]
fn the_longest_message_is_answered_and_a_longer_one_is_not() {
    hear_the_log();
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    for longer in [false, true] {
        let mut socket = open(&listening);
        let message = vec![b'x'; LONGEST];
        assert!(ask(&mut socket, Message::binary(message.clone())).1 == message);
        let peer = socket
            .get_ref()
            .local_addr()
            .expect("an address")
            .to_string();
        // In one frame, or in several that are together too long.
        let half = vec![b'x'; LONGEST / 2 + 1];
        if longer {
            let frame =
                |kind, last| Message::Frame(Frame::message(half.clone(), OpCode::Data(kind), last));
            socket.send(frame(Data::Binary, false)).expect("sent");
            // The server may have closed already.
            let _ = socket.send(frame(Data::Continue, true));
        } else {
            let _ = socket.send(Message::binary(vec![b'x'; LONGEST + 1]));
        }
        while let Ok(message) = socket.read() {
            assert!(message.is_close(), "{} bytes", message.len());
        }
        logged(&["connection ended", &peer]);
    }
    assert_eq!(ask(&mut open(&listening), Message::text("hi")).1, b"hi");
}

#[test]
fn text_that_is_no_utf_8_ends_its_connection() {
    hear_the_log();
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let mut socket = open(&listening);
    let peer = socket
        .get_ref()
        .local_addr()
        .expect("an address")
        .to_string();
    let frame = Frame::message(&b"\xff"[..], OpCode::Data(Data::Text), true);
    socket.send(Message::Frame(frame)).expect("sent");
    while let Ok(message) = socket.read() {
        assert!(message.is_close(), "{message:?}");
    }
    logged(&["connection ended", &peer]);
}

#[test]
fn a_close_is_answered_by_a_close() {
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let mut socket = open(&listening);
    socket.send(Message::text("last")).expect("sent");
    socket.close(None).expect("sent");
    assert_eq!(answer(&mut socket).1, b"last");
    assert!(socket.read().expect("a close").is_close());
    assert!(matches!(socket.read(), Err(Error::ConnectionClosed)));
}

#[test]
fn one_request_is_answered_and_closed_in_order() {
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time?one_request=true");
    let mut socket = open(&listening);
    assert_eq!(
        ask(&mut socket, Message::text("hi")),
        (true, b"hi".to_vec())
    );
    assert!(socket.read().expect("a close").is_close());
    assert!(matches!(socket.read(), Err(Error::ConnectionClosed)));
}

#[test]
fn a_request_that_comes_in_pieces_is_upgraded() {
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let mut stream = connect(&listening);
    let request = "GET /time HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // Of more than 64 packets as small as these, tungstenite takes a request for an attack.
    for piece in request.as_bytes().chunks(7) {
        stream.write_all(piece).expect("sent");
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("answered");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("text");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // The example of RFC 6455, section 1.3.
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
}

#[test]
fn our_client_takes_the_answer_to_the_longest_message() {
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let endpoint = listening.endpoint().clone();
    let answer = reactor.handle().wait(async move {
        let client = lariat::client::timestamp::Client::connect(&endpoint).await;
        let mut client = client.expect("connected");
        let answer = client.ask(&vec![b'x'; LONGEST]).await;
        answer.expect("answered").expect("open")
    });
    assert!(unstamp(&answer.text) == vec![b'x'; LONGEST]);
}
