//! Limits, deadlines and the log, as they are set on the command line and in the file.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use crate::operated::{Client, Operated};
use crate::process::{DEADLINE, Running, lariat, run};

#[test]
fn the_command_line_sets_limits_and_deadlines() {
    let server = Operated::timestamp(&["--limit", "connections=2"]);
    let _inside = (server.client(), server.client());
    let mut third = Client::connect(&server.address("timestamp"));
    assert!(!third.is_answered());
    server.counts("refused", "total", 1);

    let server = Operated::timestamp(&["--deadline", "timestamp.idle=1s"]);
    assert!(server.client().has_ended());
    server.counts("deadlines", "idle", 1);
}

#[test]
fn the_command_line_goes_before_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "[limits]\nconnections = 1\n[deadlines.timestamp]\nidle = '1s'\n";
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap();
    let server = Operated::timestamp(&["--config", path, "--limit", "connections=2"]);
    let mut one = server.client();
    let mut other = server.client();
    assert!(one.has_ended() && other.has_ended());
}

#[test]
fn what_is_wrong_with_a_setting_is_said() {
    for (arguments, words) in [
        (
            ["--limit", "per-adress=5"],
            "error: invalid value 'per-adress=5' for '--limit <NAME=VALUE>': unknown limit \
             \"per-adress\" (did you mean \"per-address\"? known: connections, per-address, \
             per-network, prefix-v4, prefix-v6, accept-rate, accept-burst, handshakes, memory, \
             allow, deny, exempt)",
        ),
        (
            ["--limit", "memory=lots"],
            "error: invalid value 'memory=lots' for '--limit <NAME=VALUE>': limit memory is to be \
             a number of bytes such as 512M (K, M, G), or none, and not \"lots\"",
        ),
        (
            ["--limit", "deny=10.1.2.3/8"],
            "error: invalid value 'deny=10.1.2.3/8' for '--limit <NAME=VALUE>': limit deny is to \
             be networks such as 10.0.0.0/8,2001:db8::/32, or none (10.1.2.3/8 is an address \
             within a network; the network is 10.0.0.0/8, the address alone 10.1.2.3), and not \
             \"10.1.2.3/8\"",
        ),
        (
            ["--deadline", "timestmap.idle=5s"],
            "error: invalid value 'timestmap.idle=5s' for '--deadline <NAME=DURATION>': deadline: \
             no service \"timestmap\" (did you mean \"timestamp\"? known: timestamp, \
             echo, discard, chargen, qotd, daytime, time, command, sleep, chat, names)",
        ),
        (
            ["--deadline", "idle=5"],
            "error: invalid value 'idle=5' for '--deadline <NAME=DURATION>': deadline idle is to \
             be a time such as 30s, 5m, 1h30m or 500ms, or none, and not \"5\"",
        ),
        (
            ["--log", "xml"],
            "error: invalid value 'xml' for '--log <FORM>': the log is text or json, and not \
             \"xml\"",
        ),
    ] {
        let outcome = run(&[&["serve"], &arguments[..]].concat(), b"");
        let first = outcome.errors.lines().next();
        assert_eq!((outcome.code, first), (Some(2), Some(words)));
    }
}

/// Has the server log that a connection has gone wrong, and gives its address.
fn go_wrong(server: &Operated) -> String {
    let mut stream = TcpStream::connect(server.address("timestamp")).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let peer = stream.local_addr().unwrap().to_string();
    // It may end before it has taken everything.
    let _ = stream.write_all(&[b'x'; 100_000]);
    let _ = stream.read_to_end(&mut Vec::new());
    peer
}

#[test]
fn a_line_of_the_log_says_whose_connection_it_was() {
    let server = Operated::timestamp(&[]);
    let peer = go_wrong(&server);
    let line = server.logged("info: connection ended: ");
    let fields = format!("service=timestamp, peer={peer})\n");
    assert!(line.ends_with(&fields), "{line}");
    assert!(!line.contains("phase="), "{line}");
}

#[test]
fn a_log_of_json_can_be_read_by_programs() {
    let server = Operated::timestamp(&["--log", "json"]);
    let peer = go_wrong(&server);
    let line: Value = serde_json::from_str(&server.running.error_line()).unwrap();
    let message = line["message"].as_str().unwrap();
    assert!(message.starts_with("connection ended: "), "{line}");
    let fields = ["level", "service", "peer", "endpoint"].map(|name| line[name].as_str().unwrap());
    let endpoint = format!("tcp://{}", server.address("timestamp"));
    assert_eq!(fields, ["info", "timestamp", &peer, &endpoint]);
    let time = line["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert!(
        line["id"].is_string() && line["phase"].is_string(),
        "{line}"
    );
}

#[test]
fn nothing_in_the_log_steers_a_terminal() {
    for form in ["json", "text"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("\x1b[31m\u{9b}.toml");
        std::fs::write(&file, format!("log = '{form}'\n")).unwrap();
        let path = file.to_str().unwrap();
        let server = Operated::timestamp(&["--config", path]);
        let reloaded = server.ctl(&["reload"]);
        let line = server.logged("reloaded ");
        for text in [&line, &reloaded.text()] {
            let text = text.trim_end();
            assert!(!text.contains(char::is_control), "{text:?}");
        }
        if form == "json" {
            let line: Value = serde_json::from_str(&line).unwrap();
            let message = line["message"].as_str().unwrap();
            assert!(message.contains(path), "{line}");
        } else {
            assert!(line.contains("\\u{1b}[31m\\u{9b}.toml"), "{line}");
        }
    }
}

#[test]
fn what_is_said_beside_the_log_is_json_too() {
    let state = tempfile::tempdir().unwrap();
    let mut command = lariat(&[
        "serve",
        "-v",
        "--log",
        "json",
        "timestamp=tcp://127.0.0.1:0",
    ]);
    let server = Running::spawn(
        command
            .env("LARIAT_STATE", state.path())
            .stdout(Stdio::piped()),
    );
    let line: Value = serde_json::from_str(&server.error_line()).unwrap();
    assert_eq!(line["message"], "waiting for connection...");
}

#[test]
fn the_descriptor_limit_is_raised_and_said() {
    let state = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_lariat");
    command.args([
        "-c",
        &format!("ulimit -Sn 100; exec {binary} serve --port-base 0"),
    ]);
    command
        .env("LARIAT_STATE", state.path())
        .env("RUST_LOG", "lariat=debug");
    let server = Running::spawn(command.stdout(Stdio::piped()));
    let line = server.error_line();
    let words = "debug: descriptors that this process may have (before=100, now=";
    assert!(line.contains(words), "{line}");
    assert!(!line.contains("now=100)"), "{line}");
}
