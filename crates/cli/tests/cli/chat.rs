//! `lariat chat`, at a terminal and from a pipe.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use lariat_service::chat::Chat;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::process::{DEADLINE, Running, run};
use crate::pty::Terminal;
use crate::server::{Server, once};

fn chat() -> (Server, String) {
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", Chat::default());
    (server, endpoint)
}

/// Somebody with nothing but a socket.
struct Plain(BufReader<TcpStream>);

impl Plain {
    fn enter(endpoint: &str, name: &str) -> Self {
        let address = endpoint.trim_start_matches("tcp://");
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut plain = Plain(BufReader::new(stream));
        plain.say(name);
        plain.wait_for("are here");
        plain
    }

    fn say(&mut self, line: &str) {
        writeln!(self.0.get_mut(), "{line}").unwrap();
    }

    fn wait_for(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "the end came before {words:?}");
            if line.contains(words) {
                return line;
            }
        }
    }
}

const WELCOME: [&str; 3] = [
    "* This is a chat of plain lines; /help tells the commands.",
    "? What is your name?",
    "= you are ann",
];

#[test]
fn two_people_chat_on_terminals() {
    let (_server, endpoint) = chat();
    let mut ann = Terminal::start(&["chat", &endpoint, "--nick", "ann"]);
    let joined = ["[lobby] = you joined; 1 are here", "[lobby] : ann"];
    ann.wait_for_screen(&[&WELCOME[..], &joined, &["lobby>"]].concat());
    let mut bob = Plain::enter(&endpoint, "bob");
    let heard = ["[lobby] + bob joined"];
    ann.wait_for_screen(&[&WELCOME[..], &joined, &heard, &["lobby>"]].concat());
    // What comes in does not break what is being typed.
    ann.type_in("hello, b");
    bob.say("hi, ann");
    let spoken = ["[lobby] <bob> hi, ann"];
    ann.wait_for_screen(&[&WELCOME[..], &joined, &heard, &spoken, &["lobby> hello, b"]].concat());
    // Names are completed.
    ann.type_in("\t\r");
    bob.wait_for("[lobby] <ann> hello, bob");
    ann.type_in("/jion rust\r");
    ann.type_in("/join rust\r");
    ann.wait_to_show("rust>");
    bob.say("/msg ann psst");
    bob.say("/join rust");
    bob.wait_for("[rust] : ann bob");
    ann.wait_to_show("[rust] + bob joined");
    ann.press("\x04");
    assert_eq!(ann.wait_for_end(), Some(0));
    let screen = ann.screen().join("\n");
    for words in [
        "! there is no /jion (did you mean /join?)",
        "[to you] <bob> psst",
        "rust>",
        ". Goodbye.",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    bob.wait_for("[rust] - ann left");
}

#[test]
fn an_interrupt_leaves_politely() {
    let (_server, endpoint) = chat();
    let mut bob = Plain::enter(&endpoint, "bob");
    let mut ann = Terminal::start(&["chat", &endpoint, "--nick", "ann"]);
    bob.wait_for("ann joined");
    ann.wait_to_show("lobby>");
    ann.press("\x03");
    assert_eq!(ann.wait_for_end(), Some(130));
    assert!(ann.is_as_it_was());
    assert_eq!(bob.wait_for("ann left"), "[lobby] - ann left\r\n");
    // From elsewhere too.
    let ann = Terminal::start(&["chat", &endpoint, "--nick", "ann"]);
    bob.wait_for("ann joined");
    ann.signal(Signal::SIGTERM);
    bob.wait_for("ann left");
    assert_eq!(ann.finish().0, Some(130));
}

#[test]
fn a_name_that_is_taken_is_asked_for_again() {
    let (_server, endpoint) = chat();
    let mut bob = Plain::enter(&endpoint, "bob");
    let mut other = Terminal::start(&["chat", &endpoint, "--nick", "B0b", "--room", "rust"]);
    other.wait_to_show("B0b looks like bob");
    other.type_in("rob\r");
    other.wait_to_show("rust>");
    bob.say("/who rust");
    bob.wait_for("[rust] : rob");
    let outcome = run(&["chat", &endpoint, "--nick", "bob"], b"hi\n");
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.contains("bob is here already"),
        "{}",
        outcome.errors
    );
}

#[test]
fn a_pipe_says_its_lines_and_a_program_reads_what_happens() {
    let (_server, endpoint) = chat();
    let mut bob = Plain::enter(&endpoint, "bob");
    let ears = Running::start(&["chat", &endpoint, "--nick", "ears", "--json"]);
    bob.wait_for("ears joined");
    let outcome = run(
        &["chat", &endpoint, "--nick", "ann"],
        "one\n/me waves\nGrüße".as_bytes(),
    );
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert!(
        outcome.text().ends_with(". Goodbye.\n"),
        "{}",
        outcome.text()
    );
    assert_eq!(bob.wait_for("Grüße"), "[lobby] <ann> Grüße\r\n");
    bob.wait_for("ann left");
    let mut heard = Vec::new();
    while heard
        .last()
        .is_none_or(|event: &Value| event["event"] != "left")
    {
        heard.push(serde_json::from_str(&ears.line()).expect("JSON"));
    }
    let of = |kind: &str| {
        heard
            .iter()
            .filter(|event| event["event"] == kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("named")[0]["name"], "ears");
    assert_eq!(of("names")[0]["names"], serde_json::json!(["bob", "ears"]));
    let (said, did) = (of("said"), of("did"));
    assert_eq!(
        (&said[1]["text"], &said[1]["room"], &said[1]["from"]),
        (&"Grüße".into(), &"lobby".into(), &"ann".into())
    );
    assert_eq!((said.len(), &did[0]["text"]), (2, &"waves".into()));
    assert_eq!(of("left")[0]["why"], Value::Null);
}

#[test]
fn a_connection_that_is_lost_is_told_and_made_again_on_demand() {
    let (endpoint, server) = once(|mut stream| {
        stream.write_all(b"? What is your name?\r\n= you are ann\r\n[a] = you joined; 1 are here\r\n. Enough.\r\n").unwrap();
    });
    let mut ann = Terminal::start(&["chat", &endpoint, "--nick", "ann"]);
    ann.wait_to_show("Enter connects again, ^D ends.");
    server.join().unwrap();
    // Nobody is there any more.
    ann.type_in("\r");
    // Somebody else may have its port by now, and not know what to say there.
    ann.wait_to_show_twice("Enter connects again, ^D ends.");
    ann.press("\x04");
    assert_eq!(ann.wait_for_end(), Some(1));
    let (endpoint, server) = once(|mut stream| stream.write_all(b"* hello\r\n").unwrap());
    let outcome = run(&["chat", &endpoint], b"hi\n");
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.contains("closed the connection"),
        "{}",
        outcome.errors
    );
    server.join().unwrap();
}
