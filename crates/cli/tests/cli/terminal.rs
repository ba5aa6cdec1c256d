//! `lariat timestamp` and `lariat connect` as a person at a terminal sees them.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::process::{DEADLINE, lariat};
use crate::server::{Server, answering, once, read_some};

/// A command at a terminal, which shows what is typed as terminals do.
struct Terminal {
    child: Child,
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn start(arguments: &[&str]) -> Self {
        let pair = openpty(None, None).unwrap();
        let end = || pair.slave.try_clone().unwrap();
        let mut command = lariat(arguments);
        let child = command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        // Only the child holds the terminal now, so its end is the end of what is shown.
        drop(command);
        drop(pair.slave);
        let mut screen = File::from(pair.master);
        let keyboard = screen.try_clone().unwrap();
        let (sender, shown) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal {
            child,
            keyboard,
            shown,
            seen: String::new(),
        }
    }

    fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the screen ends with this.
    fn wait_for(&mut self, text: &str) {
        while !self.seen.ends_with(text) {
            let Ok(more) = self.shown.recv_timeout(DEADLINE) else {
                panic!("{text:?} is not shown, but {:?}", self.seen);
            };
            self.seen += &String::from_utf8(more).unwrap();
        }
    }

    /// Waits for the end; gives the exit code, and all that was shown.
    fn finish(mut self) -> (Option<i32>, String) {
        while let Ok(more) = self.shown.recv_timeout(DEADLINE) {
            self.seen += &String::from_utf8(more).unwrap();
        }
        let code = self.child.wait().unwrap().code();
        (code, std::mem::take(&mut self.seen))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
    kill(
        Pid::from_raw(terminal.child.id().cast_signed()),
        Signal::SIGINT,
    )
    .unwrap();
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
