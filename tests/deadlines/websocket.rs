//! WebSockets, where a message has begun with its first byte, and a ping is none.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use lariat::observe::{Ended, Phase};
use lariat::{Connection, Listening, Reactor};
use lariat_protocol::{Deadline, Deadlines};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tungstenite::{Message, WebSocket};

use super::{LONG, PATIENT, SHORT};
use crate::common::{address, connect, reactor, wait_until};
use crate::host::{Host, is_all_over, only_one_in, with_deadlines};

async fn echo(mut connection: Connection) -> std::io::Result<()> {
    connection.write_all(b"hello").await?;
    let mut buffer = vec![0; 70_000];
    loop {
        let length = connection.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        connection.write_all(&buffer[..length]).await?;
    }
}

fn listen(reactor: &Reactor, function: bool, deadlines: Deadlines) -> Listening {
    let (handle, options) = (reactor.handle(), with_deadlines(deadlines));
    let listening = match function {
        true => handle.listen_with("ws://127.0.0.1:0", options, echo),
        false => handle.listen_with("ws://127.0.0.1:0", options, Host),
    };
    listening.expect("listening")
}

fn upgraded(listening: &Listening) -> WebSocket<TcpStream> {
    let url = format!("ws://{}/", address(listening));
    let (mut socket, _) = tungstenite::client(url, connect(listening)).expect("upgraded");
    assert!(socket.read().expect("greeted").is_text());
    socket
}

fn ended_by(reactor: &Reactor, listening: &Listening, deadline: Deadline) {
    wait_until("all is over", || is_all_over(&reactor.handle()));
    let stats = listening.stats();
    assert_eq!(stats.deadline(deadline), 1, "{stats:?}");
    assert_eq!(stats.ended(Ended::Deadline), 1);
}

/// A text message of 100 bytes, masked by nothing, of which only so many bytes are sent.
fn half_a_message(length: usize) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | 100, 0, 0, 0, 0];
    frame.extend_from_slice(&[b'x'; 100]);
    frame.truncate(length);
    frame
}

#[test]
fn half_a_message_is_one_in_progress() {
    let deadlines = Deadlines {
        message: Some(SHORT),
        ..PATIENT
    };
    for function in [false, true] {
        for length in [1, 5, 6, 50] {
            let reactor = reactor();
            let listening = listen(&reactor, function, deadlines);
            let mut socket = upgraded(&listening);
            let begun = Instant::now();
            let half = half_a_message(length);
            socket.get_mut().write_all(&half).expect("sent");
            only_one_in(&reactor.handle(), Phase::Message);
            while socket.read().is_ok() {}
            assert!(begun.elapsed() >= SHORT);
            ended_by(&reactor, &listening, Deadline::Message);
        }
    }
}

#[test]
fn a_fragment_is_no_whole_message() {
    let deadlines = Deadlines {
        message: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, false, deadlines);
    let mut socket = upgraded(&listening);
    // A whole frame, which is not the last; then a ping, which is no part of it.
    let fragment = [0x01, 0x82, 0, 0, 0, 0, b'h', b'a'];
    socket.get_mut().write_all(&fragment).expect("sent");
    socket
        .send(Message::Ping(b"x".to_vec().into()))
        .expect("sent");
    only_one_in(&reactor.handle(), Phase::Message);
    while socket.read().is_ok() {}
    ended_by(&reactor, &listening, Deadline::Message);
}

#[test]
fn a_long_message_that_comes_at_the_rate_is_heard() {
    let deadlines = Deadlines {
        message: Some(SHORT),
        // Each piece earns far more than the time until the next.
        minimum_rate: 50,
        idle: Some(SHORT),
        ..PATIENT
    };
    for function in [false, true] {
        let reactor = reactor();
        let listening = listen(&reactor, function, deadlines);
        let mut socket = upgraded(&listening);
        let mut frame = vec![0x81, 0xfe];
        frame.extend_from_slice(&10_000_u16.to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(&[b'x'; 10_000]);
        let begun = Instant::now();
        for piece in frame.chunks(80) {
            socket.get_mut().write_all(piece).expect("sent");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(begun.elapsed() >= 2 * SHORT);
        let heard = socket.read().expect("answered");
        assert_eq!(heard.to_text().expect("text").trim_end().len(), 10_000);
        assert!(reactor.handle().stats().services[0].received >= 10_000);
        while socket.read().is_ok() {}
        ended_by(&reactor, &listening, Deadline::Idle);
    }
}

#[test]
fn pings_alone_do_not_keep_a_connection() {
    for (says, deadline) in [(false, Deadline::FirstMessage), (true, Deadline::Idle)] {
        let deadlines = Deadlines {
            first_message: Some(if says { LONG } else { SHORT }),
            idle: Some(SHORT),
            ..PATIENT
        };
        let reactor = reactor();
        let listening = listen(&reactor, false, deadlines);
        let mut socket = upgraded(&listening);
        if says {
            socket.send(Message::text("hi")).expect("sent");
        }
        let begun = Instant::now();
        let ping = || Message::Ping(b"there?".to_vec().into());
        while socket.send(ping()).is_ok() && begun.elapsed() < 20 * SHORT {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(begun.elapsed() < 20 * SHORT, "kept");
        ended_by(&reactor, &listening, deadline);
    }
}
