//! `lariat talk`: two of them, at terminals, over plain connections and TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::process::{DEADLINE, lariat, run, wait_until};
use crate::pty::Terminal;

/// Somebody who waits for the other side, at a terminal.
fn listening(arguments: &[&str], state: &tempfile::TempDir) -> (Terminal, String) {
    let mut command = lariat(&[&["talk", "--listen"], arguments].concat());
    command.arg("--state").arg(state.path());
    let mut terminal = Terminal::run(command);
    terminal.wait_to_show("^C ends it.");
    let screen = terminal.screen().concat();
    let (_, endpoint) = screen.split_once("Waiting at ").unwrap();
    let endpoint = endpoint.split_once(';').unwrap().0.to_owned();
    (terminal, endpoint)
}

fn state() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn half_duplex_is_in_turn_and_the_prompt_says_whose() {
    let state = state();
    let (mut bob, endpoint) = listening(&["--half", "tcp://127.0.0.1:0", "--nick", "bob"], &state);
    let mut ann = Terminal::start(&["talk", "--half", &endpoint, "--nick", "ann"]);
    ann.wait_for_screen(&["* bob is there.", ">"]);
    bob.wait_to_show("(ann's turn)");
    // What is typed before its turn waits for it.
    bob.type_in("early\r");
    bob.wait_to_show("early");
    ann.type_in("hello\r");
    bob.wait_to_show("<ann> hello");
    ann.wait_to_show("<bob> early");
    bob.wait_to_show("(ann's turn)");
    ann.type_in("over\r");
    bob.wait_to_show("<ann> over");
    ann.wait_to_show("(bob's turn)");
    ann.press("\x04");
    assert_eq!(ann.wait_for_end(), Some(0));
    bob.wait_to_show("* ann has gone.");
    assert_eq!(bob.wait_for_end(), Some(0));
}

#[test]
fn over_tls_both_see_the_same_number() {
    let state = state();
    let (mut bob, endpoint) = listening(&["--full", "tls://127.0.0.1:0", "--nick", "bob"], &state);
    let endpoint = format!("{}?verify=none", endpoint.split('?').next().unwrap());
    let mut ann = Terminal::start(&["talk", "--full", &endpoint, "--nick", "ann"]);
    ann.type_in("one\rtwo\r");
    bob.wait_to_show("<ann> two");
    bob.type_in("three\r");
    ann.wait_to_show("<bob> three");
    let number = |terminal: &Terminal| {
        let screen = terminal.screen().concat();
        let (_, rest) = screen.split_once("connection is ").expect("a number");
        rest[..23].to_owned()
    };
    assert_eq!(number(&ann), number(&bob));
    assert!(number(&ann).bytes().filter(u8::is_ascii_digit).count() == 20);
    bob.press("\x03");
    assert_eq!(bob.wait_for_end(), Some(130));
    ann.wait_to_show("* bob has gone.");
    assert_eq!(ann.wait_for_end(), Some(0));
}

#[test]
fn who_comes_third_or_talks_otherwise_is_told_so() {
    let state = state();
    let (mut bob, endpoint) = listening(&["--half", "tcp://127.0.0.1:0", "--nick", "bob"], &state);
    // With nothing but a socket.
    let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut plain = BufReader::new(stream);
    let mut line = String::new();
    plain.read_line(&mut line).unwrap();
    assert_eq!(line, "talk/1 half bob\n");
    let third = run(&["talk", "--half", &endpoint], b"");
    let third_again = run(&["talk", "--full", &endpoint], b"hi\n");
    assert_eq!(third_again.code, Some(1), "{third_again:?} {third:?}");
    assert!(
        third_again
            .errors
            .contains("busy: somebody is talking here"),
        "{third_again:?}"
    );
    plain.get_mut().write_all(b"hello\nand more\n").unwrap();
    bob.wait_to_show("> hello");
    line.clear();
    plain.read_line(&mut line).unwrap();
    assert_eq!(line, "! it is not your turn; that line was not heard\n");
    bob.type_in("hi\r");
    line.clear();
    plain.read_line(&mut line).unwrap();
    assert_eq!(line, "hi\n");
    drop(plain);
    bob.wait_to_show("has gone.");
    assert_eq!(bob.wait_for_end(), Some(0));

    let (mut bob, endpoint) = listening(&["--half", "tcp://127.0.0.1:0"], &state);
    let mut ann = Terminal::start(&["talk", "--full", &endpoint]);
    assert_eq!(ann.wait_for_end(), Some(1));
    let screen = ann.screen().concat();
    assert!(
        screen.contains("talks half-duplex, and this one full-duplex"),
        "{screen}"
    );
    assert_eq!(bob.wait_for_end(), Some(1));
}

#[test]
fn a_partner_that_vanishes_is_told_of_in_one_line() {
    let state = state();
    let (mut bob, endpoint) = listening(&["--full", "tcp://127.0.0.1:0"], &state);
    let mut stream = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.read_exact(&mut [0; 7]).unwrap();
    socket2::SockRef::from(&stream)
        .set_linger(Some(std::time::Duration::ZERO))
        .unwrap();
    drop(stream);
    assert_eq!(bob.wait_for_end(), Some(1));
    let screen = bob.screen().concat();
    assert!(
        screen.contains("the connection was reset by the peer"),
        "{screen}"
    );
}

#[test]
fn what_a_partner_sends_cannot_steer_the_terminal() {
    let state = state();
    let (mut bob, endpoint) = listening(&["--full", "tcp://127.0.0.1:0"], &state);
    let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut stream = BufReader::new(stream);
    // What is not read would break the connection at its end.
    stream.read_line(&mut String::new()).unwrap();
    let stream = stream.get_mut();
    // Clears the screen, and has the terminal answer as if that had been typed.
    stream
        .write_all(b"talk/1 full x\x1b[2J\nNUL \0 clear \x1b[2J\x1b[H ask \x1b[6n\xc2\x9b6n done\n")
        .unwrap();
    bob.wait_to_show("done");
    let screen = bob.screen().concat();
    assert!(screen.contains("^C ends it."), "{screen}");
    assert!(screen.contains("[2J") && screen.contains("[6n"), "{screen}");
    stream.shutdown(std::net::Shutdown::Both).unwrap();
    assert_eq!(bob.wait_for_end(), Some(0));
}

/// Also by an interrupt that comes before it has said where it waits.
#[test]
fn whoever_is_interrupted_at_once_leaves_no_socket_behind() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("talk.sock");
    let endpoint = format!("unix:{}", socket.display());
    // So full that nothing can be said before it is read.
    let (mut said, mut full) = std::io::pipe().unwrap();
    fcntl(&full, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while full.write(&[b'.'; 4096]).is_ok() {}
    while full.write(b".").is_ok() {}
    fcntl(&full, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let mut command = lariat(&["talk", "--full", "--listen", &endpoint]);
    let mut child = command.stdin(Stdio::null()).stderr(full).spawn().unwrap();
    drop(command);
    wait_until(|| socket.exists());
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let (sender, read) = channel();
    thread::spawn(move || {
        let mut all = String::new();
        said.read_to_string(&mut all).unwrap();
        sender.send(all.trim_start_matches('.').to_owned())
    });
    let all = read.recv_timeout(DEADLINE);
    // One that has not ended by itself has no code.
    let _ = child.kill();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{all:?}");
    assert!(!socket.exists());
}

/// The page's commands, two by two: one side listens, and the other connects.
#[test]
fn the_commands_of_the_page_talk_to_each_other() {
    const PAGE: &str = include_str!("../../../../docs/talk.md");
    let lines = PAGE.lines();
    let commands: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("    lariat talk "))
        .collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    let state = state();
    for pair in commands.chunks(2) {
        let words = |at: usize| pair[at].split(' ').map(|word| word.trim_matches('\''));
        let here = |word: &str| match word {
            "tcp://0.0.0.0" => "tcp://127.0.0.1:0".to_owned(),
            "tls://[::]" => "tls://127.0.0.1:0".to_owned(),
            other => other.to_owned(),
        };
        assert!(words(0).any(|word| word == "--listen"), "{pair:?}");
        let waits: Vec<String> = words(0)
            .filter(|word| *word != "--listen")
            .map(here)
            .collect();
        let waits: Vec<&str> = waits.iter().map(String::as_str).collect();
        let (mut bob, endpoint) = listening(&waits, &state);
        let (_, place) = endpoint.split_once("://").unwrap();
        let place = place.split('?').next().unwrap();
        let calls: Vec<String> = words(1)
            .map(|word| word.replace("example.org", place))
            .collect();
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        let mut ann = Terminal::start(&[&["talk"], &calls[..]].concat());
        ann.wait_to_show("is there.");
        bob.wait_to_show("is there.");
        ann.type_in("hello\r");
        bob.wait_to_show("> hello");
        ann.press("\x04");
        assert_eq!((ann.wait_for_end(), bob.wait_for_end()), (Some(0), Some(0)));
    }
}

#[test]
fn one_of_the_two_ways_is_to_be_named() {
    assert_eq!(run(&["talk", "localhost"], b"").code, Some(2));
    assert_eq!(
        run(&["talk", "--half", "--full", "localhost"], b"").code,
        Some(2)
    );
}

#[test]
fn there_is_no_talk_over_datagrams() {
    for endpoint in ["udp://127.0.0.1:21580", "unixgram:/tmp/talk.sock"] {
        for way in [&["--listen"][..], &[]] {
            let said = run(&[&["talk", "--full", endpoint], way].concat(), b"");
            assert_eq!(said.code, Some(2), "{said:?}");
            let words = "carries datagrams, of which some may be lost; a talk needs tcp,";
            assert!(said.errors.contains(words), "{said:?}");
        }
    }
}
