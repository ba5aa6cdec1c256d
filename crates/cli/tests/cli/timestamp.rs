//! `lariat timestamp` with pipes in the place of a person.

use std::io::Write;
use std::os::fd::AsFd;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;

use crate::process::{Running, lariat, run};
use crate::server::{Server, answering, once, read_some};

const SCHEMES: [&str; 7] = ["tcp", "udp", "unix", "unixgram", "tls", "ws", "wss"];

/// The answers without their times, which must look like times.
fn messages(output: &str) -> Vec<&str> {
    let message = |line| {
        let (time, message) = line_parts(line).unwrap_or_else(|| panic!("{line:?} is no answer"));
        assert_eq!(time.len(), 24, "{line:?}");
        message
    };
    output.lines().map(message).collect()
}

fn line_parts(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.split_once("] ")
}

#[test]
fn messages_come_back_over_every_carrier() {
    let server = Server::start();
    for scheme in SCHEMES {
        let endpoint = server.timestamp(scheme);
        let outcome = run(
            &["timestamp", &endpoint, "-m", "hi", "-m", " ", "-m", ""],
            b"",
        );
        assert_eq!(outcome.errors, "", "{endpoint}");
        assert_eq!(messages(&outcome.text()), ["hi", " ", ""], "{endpoint}");
        assert_eq!(outcome.code, Some(0));
        let outcome = run(&["timestamp", &endpoint], b"one\ntwo\r\n\nrest");
        assert_eq!(outcome.errors, "", "{endpoint}");
        assert_eq!(
            messages(&outcome.text()),
            ["one", "two", "", "rest"],
            "{endpoint}"
        );
        assert_eq!(outcome.code, Some(0));
    }
}

#[test]
fn a_host_and_a_port_are_an_endpoint_too() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp");
    let (_, port) = endpoint.rsplit_once(':').unwrap();
    let outcome = run(&["timestamp", "localhost", port, "-m", "hi"], b"");
    assert_eq!(messages(&outcome.text()), ["hi"], "{}", outcome.errors);
}

#[test]
fn an_answer_is_shown_before_the_input_ends() {
    let server = Server::start();
    let mut running = Running::start(&["timestamp", &server.timestamp("tcp")]);
    for message in ["one\n", "two\n"] {
        running.write(message.as_bytes());
        let answer = running.line();
        assert_eq!(line_parts(&answer).unwrap().1, message);
    }
    drop(running.stdin.take());
    assert_eq!(running.finish().code, Some(0));
}

/// As in the loop of a shell script, whose lines would else be gone.
#[test]
fn input_that_is_not_asked_for_is_left_to_others() {
    use std::io::Seek;

    let server = Server::start();
    let mut shared = tempfile::tempfile().unwrap();
    shared.write_all(b"not yours\n").unwrap();
    shared.rewind().unwrap();
    let mut command = lariat(&["timestamp", &server.timestamp("tcp"), "-m", "hi"]);
    command.stdin(shared.try_clone().unwrap());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(shared.stream_position().unwrap(), 0);
}

#[test]
fn any_bytes_pass_through_unchanged() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp");
    let outcome = run(&["timestamp", &endpoint], b"\xff\0\x1b[31m\n");
    assert!(
        outcome.output.ends_with(b"] \xff\0\x1b[31m\n"),
        "{outcome:?}"
    );
}

#[test]
fn a_connection_for_each_line_where_that_is_asked_for() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp");
    let outcome = run(&["timestamp", &endpoint], b"a\nb\nc\n");
    assert_eq!(messages(&outcome.text()), ["a", "b", "c"]);
    assert_eq!(server.connections(), 1);
    let outcome = run(&["timestamp", &endpoint, "--per-line"], b"a\nb\nc\n");
    assert_eq!(messages(&outcome.text()), ["a", "b", "c"]);
    assert_eq!(server.connections(), 4);
}

#[test]
fn messages_end_as_they_are_told_to() {
    for (option, expected) in [
        (None, &b"hi\n"[..]),
        (Some("--crlf"), b"hi\r\n"),
        (Some("--bare"), b"hi"),
    ] {
        let (endpoint, server) = answering(b"ok\n");
        let mut arguments = vec!["timestamp", &endpoint, "-m", "hi"];
        arguments.extend(option);
        assert_eq!(run(&arguments, b"").text(), "ok\n");
        assert_eq!(server.join().unwrap(), expected);
    }
}

#[test]
fn an_answer_without_a_line_end_is_shown_when_the_server_is_quiet() {
    let (endpoint, server) = answering(b"[now] hi");
    let outcome = run(&["timestamp", &endpoint, "-m", "hi"], b"");
    assert_eq!(outcome.text(), "[now] hi\n");
    assert_eq!(outcome.code, Some(0));
    server.join().unwrap();
}

#[test]
fn another_encoding_is_spoken_to_the_server_and_not_to_us() {
    let (endpoint, server) = answering(b"[now] \xc4\xe3\xba\xc3\n");
    let outcome = run(
        &["timestamp", &endpoint, "--encoding", "gbk", "-m", "你好"],
        b"",
    );
    assert_eq!(outcome.text(), "[now] 你好\n");
    assert_eq!(server.join().unwrap(), b"\xc4\xe3\xba\xc3\n");
}

#[test]
fn what_happens_is_told_when_asked() {
    let (endpoint, server) = answering(b"[Sat Jun 17 17:27:21 2006] hi\n");
    let outcome = run(&["timestamp", "-v", &endpoint], b"hi\n");
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let expected = format!("...connected to: {address}\n...sending hi...\n");
    assert_eq!(outcome.errors, expected);
    assert_eq!(outcome.text(), "[Sat Jun 17 17:27:21 2006] hi\n");
    server.join().unwrap();
}

#[test]
fn a_server_that_closes_before_the_last_answer_is_told() {
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        stream.write_all(b"one\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // A close over unread input would be a reset.
        read_some(&mut stream);
    });
    let outcome = run(&["timestamp", &endpoint, "-m", "1", "-m", "2"], b"");
    assert_eq!(outcome.text(), "one\n");
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let expected = format!("lariat: {address} closed the connection before it answered\n");
    assert_eq!(outcome.errors, expected);
    assert_eq!(outcome.code, Some(1));
    server.join().unwrap();
}

#[test]
fn a_server_that_closes_while_input_is_waited_for_is_told() {
    let (endpoint, server) = once(drop);
    // The input stays open.
    let outcome = Running::start(&["timestamp", &endpoint]).finish();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let expected = format!("lariat: {address} closed the connection before the end of the input\n");
    assert_eq!(outcome.errors, expected);
    assert_eq!(outcome.code, Some(1));
    server.join().unwrap();
}

#[test]
fn a_server_that_closes_behind_its_last_answer_is_no_failure() {
    let server = Server::start();
    let listen = "tcp://127.0.0.1:0?one_request=true";
    let service = lariat_service::timestamp::Timestamp::from_endpoint(&listen.parse().unwrap());
    let endpoint = server.serve(listen, service.unwrap());
    let endpoint = endpoint.split('?').next().unwrap();
    // All of it is there before it begins: only for so long is the end waited for behind the server's.
    let (input, mut ours) = std::io::pipe().unwrap();
    ours.write_all(b"hi\n").unwrap();
    drop(ours);
    let mut command = lariat(&["timestamp", endpoint]);
    let outcome = Running::spawn(command.stdin(input).stdout(Stdio::piped())).finish();
    assert_eq!(outcome.errors, "");
    assert_eq!(messages(&outcome.text()), ["hi"]);
    assert_eq!(outcome.code, Some(0));
    let outcome = run(&["timestamp", endpoint, "--per-line"], b"a\nb\n");
    assert_eq!(messages(&outcome.text()), ["a", "b"], "{}", outcome.errors);
}

#[test]
fn a_signal_interrupts_and_closes_the_connection() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (endpoint, server) = once(|mut stream| read_some(&mut stream));
        let running = Running::start(&["timestamp", "-v", &endpoint]);
        assert!(running.error_line().starts_with("...connected"));
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!(outcome.code, Some(130));
        assert_eq!(outcome.errors, "");
        assert_eq!(server.join().unwrap(), b"", "an orderly end");
    }
}

#[test]
fn a_reader_that_has_had_enough_ends_it_without_a_word() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp");
    let mut command = lariat(&["timestamp", &endpoint]);
    let mut running = Running::spawn(command.stdin(Stdio::piped()).stdout(closed_pipe()));
    let mut stdin = running.stdin.take().unwrap();
    let writing = std::thread::spawn(move || while stdin.write_all(b"hi\n").is_ok() {});
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    writing.join().unwrap();
}

/// The writing end of a pipe that nobody reads.
fn closed_pipe() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

#[test]
fn the_descriptors_of_others_stay_blocking() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp");
    for command in ["timestamp", "connect"] {
        let (input, mut ours) = std::io::pipe().unwrap();
        let (answers, output) = std::io::pipe().unwrap();
        let (input_too, output_too) = (input.try_clone().unwrap(), output.try_clone().unwrap());
        let mut child = lariat(&[command, &endpoint]);
        let running = Running::spawn(child.stdin(input).stdout(output));
        ours.write_all(b"hi\n").unwrap();
        let mut first = [0];
        std::io::Read::read_exact(&mut &answers, &mut first).unwrap();
        for end in [input_too.as_fd(), output_too.as_fd()] {
            let flags = OFlag::from_bits_retain(fcntl(end, FcntlArg::F_GETFL).unwrap());
            assert!(!flags.contains(OFlag::O_NONBLOCK), "{command}");
        }
        drop(running);
    }
}
