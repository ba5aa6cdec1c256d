//! `lariat timestamp` and `lariat connect` as a person at a terminal sees them.

use std::io::Write;

use nix::sys::signal::Signal;

use crate::pty::Terminal;
use crate::server::{Server, answering, once, read_some};

/// Answers each message with itself in capitals.
struct Capitals;

impl lariat_protocol::Protocol for Capitals {
    fn data_received(&mut self, transport: &mut lariat_protocol::Transport, data: &[u8]) {
        transport.write(&data.to_ascii_uppercase());
    }
}

fn capitals() -> (Server, String) {
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", || Capitals);
    (server, endpoint)
}

#[test]
fn a_conversation_until_an_empty_line() {
    let (_server, endpoint) = capitals();
    let mut terminal = Terminal::start(&["timestamp", &endpoint]);
    terminal.wait_for("> ");
    terminal.type_in("hi\n");
    terminal.wait_for("HI\r\n> ");
    terminal.type_in(" \n");
    terminal.wait_for(" \r\n> ");
    terminal.type_in("\n");
    let (code, seen) = terminal.finish();
    assert_eq!(seen, "> hi\r\nHI\r\n>  \r\n \r\n> \r\n");
    assert_eq!(code, Some(0));
}

#[test]
fn a_conversation_until_the_end_of_input() {
    let (_server, endpoint) = capitals();
    let mut terminal = Terminal::start(&["timestamp", "-v", &endpoint]);
    terminal.wait_for("> ");
    terminal.type_in("hi\n");
    terminal.wait_for("HI\r\n> ");
    terminal.type_in("\x04");
    let (code, seen) = terminal.finish();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    assert_eq!(
        seen,
        format!("...connected to: {address}\r\n> hi\r\n...sending hi...\r\nHI\r\n> \r\n")
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_server_that_closes_while_the_prompt_waits() {
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        stream.write_all(b"bye\n").unwrap();
    });
    let mut terminal = Terminal::start(&["timestamp", &endpoint]);
    terminal.wait_for("> ");
    terminal.type_in("hi\n");
    let (code, seen) = terminal.finish();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let expected = format!("> hi\r\nbye\r\n> \r\nlariat: {address} closed the connection\r\n");
    assert_eq!(seen, expected);
    assert_eq!(code, Some(1));
    server.join().unwrap();
}

#[test]
fn an_interrupt_at_the_prompt() {
    let (_server, endpoint) = capitals();
    let mut terminal = Terminal::start(&["timestamp", &endpoint]);
    terminal.wait_for("> ");
    terminal.signal(Signal::SIGINT);
    assert_eq!(terminal.finish().0, Some(130));
}

#[test]
fn an_answer_cannot_steer_the_terminal() {
    let (endpoint, server) = answering(b"\x1b[2J\xff\x07\n");
    let terminal = Terminal::start(&["timestamp", &endpoint, "-m", "hi"]);
    let (code, seen) = terminal.finish();
    assert_eq!(seen, "\\u{1b}[2J\u{fffd}\\u{7}\r\n");
    assert_eq!(code, Some(0));
    server.join().unwrap();
}

#[test]
fn a_joined_connection_ends_with_its_server() {
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        stream.write_all(b"bye\n").unwrap();
    });
    let mut terminal = Terminal::start(&["connect", &endpoint]);
    terminal.type_in("hi\n");
    let (code, seen) = terminal.finish();
    assert_eq!(seen, "hi\r\nbye\r\n");
    assert_eq!(code, Some(0));
    server.join().unwrap();
}

#[test]
fn a_measurement_shows_how_far_it_is_and_then_its_figures_alone() {
    let (_server, endpoint) = capitals();
    let options = ["--expect", "any", "-n", "100", "-c", "2"];
    let arguments: Vec<&str> = ["bench", &endpoint].into_iter().chain(options).collect();
    let (code, seen) = Terminal::start(&arguments).finish();
    let (moving, figures) = seen.split_once(&endpoint).expect("a summary");
    assert!(moving.contains("connecting ["), "{seen:?}");
    assert!(
        moving.ends_with("\r\x1b[2K"),
        "the line is taken away: {seen:?}"
    );
    assert!(
        figures.contains("\r\nreceived     100 answers in "),
        "{seen:?}"
    );
    assert_eq!(code, Some(0));
}
