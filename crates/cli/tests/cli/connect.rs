//! `lariat connect`: bytes both ways, and each way of coming to an end.

use std::io::Write;
use std::net::Shutdown;
use std::process::Stdio;

use lariat_net::Connection;
use lariat_protocol::{Protocol, Transport};
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::process::{Running, lariat, run};
use crate::server::{Server, once, read_all, read_some, reset};

/// Says everything back.
struct Echo;

impl Protocol for Echo {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        transport.write(data);
    }
}

/// Says nothing.
struct Silence;

impl Protocol for Silence {
    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

/// Bytes of every value, without a pattern that could hide a piece that is lost or doubled.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

fn echo(server: &Server, scheme: &str) -> String {
    let listening = server
        .reactor
        .listen(server.to_listen(scheme), || Echo)
        .unwrap();
    server.to_connect(scheme, &listening)
}

#[test]
fn large_pipes_pass_both_ways_at_once() {
    let input = noise(8 << 20);
    let server = Server::start();
    // Where the end of the input cannot be passed on, silence ends it.
    for scheme in ["tcp", "unix", "tls", "ws", "wss"] {
        let endpoint = echo(&server, scheme);
        let outcome = run(&["connect", &endpoint, "--linger", "5"], &input);
        assert_eq!(outcome.errors, "", "{endpoint}");
        assert!(
            outcome.output == input,
            "{endpoint}: {}",
            outcome.output.len()
        );
        assert_eq!(outcome.code, Some(0));
    }
}

#[test]
fn a_line_is_a_message_where_there_are_messages() {
    let server = Server::start();
    for scheme in ["udp", "unixgram"] {
        let endpoint = server.timestamp(scheme);
        let outcome = run(&["connect", &endpoint, "--linger", "3"], b"a\nb");
        let text = outcome.text();
        assert!(text.contains("] a\n[") && text.ends_with("] b"), "{text:?}");
        assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    }
}

#[test]
fn input_may_end_before_the_answer() {
    let server = Server::start();
    let after_the_end = |mut connection: Connection| async move {
        let mut all = Vec::new();
        connection.read_to_end(&mut all).await?;
        connection
            .write_all(format!("{} bytes", all.len()).as_bytes())
            .await?;
        connection.shutdown().await
    };
    for scheme in ["tcp", "unix"] {
        let endpoint = server.serve(&server.to_listen(scheme), after_the_end);
        // No time passes: the end of the input is passed on.
        let outcome = run(&["connect", &endpoint, "--linger", "0"], b"hello");
        assert_eq!(outcome.text(), "5 bytes");
        assert_eq!(outcome.code, Some(0));
    }
}

#[test]
fn where_the_end_cannot_be_passed_on_the_peer_is_waited_for() {
    let server = Server::start();
    let one_line = |mut connection: Connection| async move {
        let mut buffer = [0; 16];
        let length = connection.read(&mut buffer).await?;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        connection.write_all(&buffer[..length]).await?;
        connection.shutdown().await
    };
    let listening = server
        .reactor
        .listen(server.to_listen("tls"), one_line)
        .unwrap();
    let endpoint = server.to_connect("tls", &listening);
    // The default of 5 s would be over long before the deadline; the peer's end is sooner.
    let outcome = run(&["connect", &endpoint, "--linger", "3600"], b"hi\n");
    assert_eq!(outcome.text(), "hi\n");
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
}

#[test]
fn a_silent_peer_is_waited_for_no_longer_than_asked() {
    let server = Server::start();
    let listening = server
        .reactor
        .listen(server.to_listen("tls"), || Silence)
        .unwrap();
    let endpoint = server.to_connect("tls", &listening);
    let outcome = run(&["connect", &endpoint, "--linger", "0.2"], b"hi\n");
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
}

#[test]
fn a_peer_that_has_ended_may_still_listen() {
    let input = noise(1 << 20);
    let (endpoint, server) = once(|mut stream| {
        stream.write_all(b"listening\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        read_all(&mut stream)
    });
    let outcome = run(&["connect", &endpoint], &input);
    assert_eq!(outcome.text(), "listening\n");
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert!(server.join().unwrap() == input);
}

#[test]
fn a_peer_that_is_gone_is_not_waited_behind_for_long() {
    let (endpoint, server) = once(drop);
    // The input stays open and says nothing.
    let outcome = Running::start(&["connect", &endpoint, "--linger", "0.2"]).finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    server.join().unwrap();
}

#[test]
fn line_ends_become_crlf_where_that_is_asked_for() {
    let (endpoint, server) = once(|mut stream| read_all(&mut stream));
    run(&["connect", &endpoint, "--crlf"], b"a\nb\r\n");
    assert_eq!(server.join().unwrap(), b"a\r\nb\r\n");
}

#[test]
fn a_reset_in_the_middle_of_a_line_is_told_behind_what_came_before() {
    let (endpoint, server) = once(|mut stream| {
        stream.write_all(b"half a li").unwrap();
        // It says that it has read what came before the reset.
        read_some(&mut stream);
        reset(stream);
    });
    let mut running = Running::start(&["connect", &endpoint]);
    running.write(b"go on\n");
    let outcome = running.finish();
    assert_eq!(outcome.text(), "half a li");
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let expected = format!("lariat: {address}: the connection was reset by the peer\n");
    assert_eq!(outcome.errors, expected);
    assert_eq!(outcome.code, Some(1));
    server.join().unwrap();
}

#[test]
fn a_signal_interrupts_it() {
    let (endpoint, server) = once(|mut stream| read_all(&mut stream));
    let running = Running::start(&["connect", "-v", &endpoint]);
    let address = endpoint.strip_prefix("tcp://").unwrap();
    assert_eq!(
        running.error_line(),
        format!("...connected to: {address}\n")
    );
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
    assert_eq!(server.join().unwrap(), b"");
}

#[test]
fn a_reader_that_has_had_enough_ends_it_without_a_word() {
    let server = Server::start();
    let endpoint = echo(&server, "tcp");
    let mut command = lariat(&["connect", &endpoint]);
    let closed = std::io::pipe().unwrap().1;
    let mut running = Running::spawn(command.stdin(Stdio::piped()).stdout(closed));
    let mut stdin = running.stdin.take().unwrap();
    let writing = std::thread::spawn(move || while stdin.write_all(b"hi\n").is_ok() {});
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    writing.join().unwrap();
}
