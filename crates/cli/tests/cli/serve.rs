//! `lariat serve`: what it prints, what it serves, and how it starts, stops and fails.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal::{SIGINT, SIGKILL, SIGTERM};

use crate::process::{Outcome, Running, lariat};

/// `lariat serve` with these arguments and this state.
fn command(state: &Path, arguments: &[&str]) -> Command {
    let mut command = lariat(&["serve"]);
    command.args(arguments).env("LARIAT_STATE", state);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn run(state: &Path, arguments: &[&str]) -> Outcome {
    Running::spawn(&mut command(state, arguments)).finish()
}

/// A server that is ready, and what it said until then.
fn start(state: &Path, arguments: &[&str]) -> (Running, Vec<String>) {
    let running = Running::spawn(&mut command(state, arguments));
    let mut said = Vec::new();
    loop {
        let line = running.line();
        if line.starts_with("Ready;") || line == "{\"ready\":true}\n" {
            return (running, said);
        }
        said.push(line.trim_end().to_string());
    }
}

/// The value of a name in a line of JSON.
fn value<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!("\"{name}\":\"")).expect(name);
    rest.split('"').next().unwrap()
}

/// The first endpoint of a server's JSON as a socket's address.
fn address(said: &[String]) -> String {
    value(&said[0], "endpoint").replace("tcp://", "")
}

fn shell(line: &str) -> Outcome {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", line])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    Running::spawn(&mut shell).finish()
}

/// Runs a line to try, and looks whether it did what it is for.
fn try_line(line: &str) {
    let outcome = shell(line);
    let text = outcome.text();
    let answered = match line.split_whitespace().find(|word| SERVED.contains(word)) {
        Some("timestamp") => text.ends_with("] hi\n"),
        Some("echo") => text == "hi\n",
        Some("discard") => text.starts_with("sent 3 bytes in "),
        Some("chargen") => text.lines().count() == 3 && text.starts_with(" !\"#$%&'()*+,"),
        Some("qotd") => text.len() > 10,
        Some("daytime") => text.len() == 25,
        Some("names") => text.starts_with("NAME ") && text.lines().count() > 1,
        // On a busy machine the answer may be a second old when it is read.
        Some("rdate") => {
            text.contains("\nThe clocks agree") || text.contains("\nThe server's clock is 1 s")
        }
        Some("ask") => text.len() == 25,
        Some("sleep") => text.starts_with("0.5 s, ") && text.ends_with(" ms late\n"),
        Some("chat") => text.ends_with("\n. Goodbye.\n"),
        _ => panic!("{line} is for nothing"),
    };
    let well = answered && outcome.code == Some(0) && outcome.errors.is_empty();
    assert!(well, "{line}: {outcome:?}");
}

/// The commands that ask what is served.
const SERVED: [&str; 11] = [
    "timestamp",
    "echo",
    "discard",
    "chargen",
    "qotd",
    "daytime",
    "rdate",
    "ask",
    "sleep",
    "chat",
    "names",
];

#[test]
fn each_line_to_try_works_as_it_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    // A shell and a URL would each read something into this name.
    let state = folder.path().join("it's a & b?");
    let (server, table) = start(&state, &["--port-base", "0"]);
    assert_eq!(
        table[0].split_whitespace().collect::<Vec<_>>(),
        ["SERVICE", "LISTENS", "ON", "TRY"]
    );
    let column = table[0].find("TRY").unwrap();
    let lines: Vec<&str> = table[1..]
        .iter()
        .filter_map(|row| row.get(column..))
        .collect();
    assert_eq!(lines.len(), 19, "{table:#?}");
    lines.into_iter().for_each(try_line);
    server.signal(SIGINT);
    let outcome = server.finish();
    // Who has just sent a datagram is still counted as connected, and who has had enough
    // characters can only break off.
    let mut logged = outcome.errors.lines();
    assert!(
        logged.all(|line| line.contains("info: drained") || line.contains("service=chargen")),
        "{outcome:?}"
    );
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.text().contains("Stopped"), "{outcome:?}");
    assert!(!state.join("timestamp.sock").exists());
}

#[test]
fn a_public_server_is_tried_on_this_machine() {
    let state = tempfile::tempdir().unwrap();
    let (_server, table) = start(state.path(), &["--public", "--port-base", "0"]);
    let any = |row: &&String| row.contains("://[::]:") || row.contains("://0.0.0.0:");
    assert_eq!(table.iter().filter(any).count(), 18, "{table:#?}");
    let column = table[0].find("TRY").unwrap();
    for row in table[1..].iter().filter(|row| !row.is_empty()) {
        try_line(&row[column..]);
    }
}

#[test]
fn programs_are_told_each_address_that_was_bound() {
    let state = tempfile::tempdir().unwrap();
    let (server, lines) = start(state.path(), &["--json", "--port-base", "0"]);
    let (mut services, mut schemes) = (Vec::new(), Vec::new());
    for line in &lines {
        let endpoint = value(line, "endpoint");
        services.push(value(line, "service"));
        assert!(line.starts_with("{\"service\":\""), "{line}");
        assert!(
            !endpoint.contains('?') && !endpoint.ends_with(":0"),
            "{line}"
        );
        if services.ends_with(&["timestamp"]) {
            schemes.push(endpoint.split(':').next().unwrap());
        }
        try_line(value(line, "try"));
    }
    schemes.dedup();
    assert_eq!(schemes, ["tcp", "udp", "tls", "ws", "unix"]);
    services.dedup();
    let small = [
        "echo", "discard", "chargen", "qotd", "daytime", "time", "command", "sleep", "chat",
        "names",
    ];
    assert_eq!(services, [&["timestamp"][..], &small].concat());
    server.signal(SIGTERM);
    let outcome = server.finish();
    assert_eq!(outcome.code, Some(0));
    let stopped: serde_json::Value = serde_json::from_str(&outcome.text()).unwrap();
    assert_eq!(
        (&stopped["stopped"], &stopped["forced"]),
        (&true.into(), &0.into())
    );
    assert!(stopped["finished"].is_number() && stopped["said_goodbye"].is_number());
}

#[test]
fn verbose_says_what_happens() {
    let state = tempfile::tempdir().unwrap();
    let (server, lines) = start(
        state.path(),
        &["-v", "--json", "timestamp=tcp://127.0.0.1:0"],
    );
    assert_eq!(server.error_line(), "waiting for connection...\n");
    let mut stream = TcpStream::connect(address(&lines)).unwrap();
    let peer = stream.local_addr().unwrap();
    assert_eq!(server.error_line(), format!("...connected from: {peer}\n"));
    stream.write_all(b"hi\n").unwrap();
    let returned = format!("...received from and returned to: {peer}\n");
    assert_eq!(server.error_line(), returned);
}

#[test]
fn a_stop_waits_for_connections_and_a_second_one_does_not() {
    let state = tempfile::tempdir().unwrap();
    let (server, lines) = start(state.path(), &["--json", "timestamp=tcp://127.0.0.1:0"]);
    let mut stream = TcpStream::connect(address(&lines)).unwrap();
    // Who sends and does not read has answers on the way, until the server takes no more.
    let stuck = std::time::Duration::from_millis(500);
    stream.set_write_timeout(Some(stuck)).unwrap();
    let line = [&[b'x'; 4095][..], b"\n"].concat();
    while stream.write(&line).is_ok() {}
    server.signal(SIGTERM);
    let note = "stopping when 1 connection has ended; once more stops at once\n";
    assert_eq!(server.error_line(), note);
    server.signal(SIGTERM);
    assert_eq!(server.finish().code, Some(128 + 15));
}

#[test]
fn a_stop_counts_who_finished() {
    let state = tempfile::tempdir().unwrap();
    let (server, lines) = start(state.path(), &["timestamp=tcp://127.0.0.1:0"]);
    let row: Vec<&str> = lines[1].split_whitespace().collect();
    let mut stream = TcpStream::connect(row[1].replace("tcp://", "")).unwrap();
    stream.write_all(b"hi\n").unwrap();
    let mut stream = BufReader::new(stream);
    let mut answer = String::new();
    stream.read_line(&mut answer).unwrap();
    server.signal(SIGTERM);
    // The end that the server sends, and then ours.
    assert_eq!(stream.read_line(&mut answer).unwrap(), 0);
    drop(stream);
    let outcome = server.finish();
    assert_eq!(outcome.code, Some(0));
    assert_eq!(
        outcome.text(),
        "Stopped; 1 connection: 0 finished, 1 said goodbye, 0 forced.\n"
    );
}

#[test]
fn a_server_that_was_killed_starts_again_at_once() {
    let state = tempfile::tempdir().unwrap();
    let socket = format!("timestamp=unix:{}", state.path().join("t.sock").display());
    // Where no other test takes the port meanwhile; only Linux has all of 127.0.0.0/8 on its loopback.
    let own = if cfg!(target_os = "linux") { 93 } else { 1 };
    let tcp = format!("timestamp=tcp://127.0.0.{own}:0");
    let (server, lines) = start(state.path(), &["--json", &tcp, &socket]);
    let address = address(&lines);
    let stream = TcpStream::connect(&address).unwrap();
    server.signal(SIGKILL);
    drop(server);
    let same = format!("timestamp=tcp://{address}");
    let (_server, again) = start(state.path(), &["--json", &same, &socket]);
    assert_eq!(again, lines);
    drop(stream);
}

#[test]
fn a_port_that_is_taken_is_told() {
    let state = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let outcome = run(state.path(), &["--port-base", &port]);
    let words = format!(
        "lariat: cannot listen: 127.0.0.1:{port} is in use by another program; --port-base N \
         moves the default ports, and --port-base 0 takes any that are free\n"
    );
    assert_eq!((outcome.code, outcome.errors), (Some(1), words));
    let endpoint = format!("tcp://127.0.0.1:{port}");
    let outcome = run(state.path(), &[&format!("timestamp={endpoint}")]);
    let words = format!(
        "lariat: cannot listen on {endpoint}: 127.0.0.1:{port} is in use by another program; \
         choose another port or path (port 0 takes any that is free)\n"
    );
    assert_eq!((outcome.code, outcome.errors), (Some(1), words));
}

#[test]
fn a_state_that_is_in_use_is_told() {
    let state = tempfile::tempdir().unwrap();
    let (_server, _) = start(state.path(), &["--port-base", "0"]);
    let outcome = run(state.path(), &["--port-base", "0", "timestamp"]);
    let words = format!(
        "lariat: cannot listen: {} is in use by another program; --state DIR chooses another \
         folder for it\n",
        state.path().join("timestamp.sock").display()
    );
    assert_eq!((outcome.code, outcome.errors), (Some(1), words));
    let outcome = run(state.path(), &["--port-base", "0", "names"]);
    let words = format!(
        "lariat: {} is in use by another process; --state DIR chooses another folder\n",
        state.path().join("names.db").display()
    );
    assert_eq!((outcome.code, outcome.errors), (Some(1), words));
}

#[test]
fn what_cannot_be_used_is_wrong_usage() {
    let state = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (["timestmap", "--json"], "did you mean \"timestamp\"?"),
        (["timestamp=tpc://x:1", "--json"], "did you mean \"tcp\"?"),
        (
            ["tcp://localhost:1", "--json"],
            "write for example timestamp=tcp://localhost:1",
        ),
        (["--port-base", "65535"], "--port-base is too high"),
        (
            ["timestamp=tcp://localhost:0?quite_ms=1", "--json"],
            "did you mean \"quiet_ms\"?",
        ),
    ] {
        let outcome = run(state.path(), &arguments);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.errors.contains(words), "{outcome:?}");
    }
}

#[test]
fn a_configuration_file_says_what_the_command_line_does_not() {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("lariat.toml");
    let path = file.to_str().unwrap();
    let udp = "json = true\ntimestamp = \"udp://127.0.0.1:0\"\n";
    std::fs::write(&file, udp).unwrap();
    let (_server, lines) = start(state.path(), &["--config", path]);
    assert!(
        lines.len() == 1 && lines[0].contains("udp://127.0.0.1:"),
        "{lines:?}"
    );
    let (_server, lines) = start(
        state.path(),
        &["--config", path, "timestamp=ws://127.0.0.1:0"],
    );
    assert!(
        lines.len() == 1 && lines[0].contains("ws://127.0.0.1:"),
        "{lines:?}"
    );

    std::fs::write(&file, "\njson = true\nport-bsae = 0\n").unwrap();
    let outcome = run(state.path(), &["--config", path]);
    let words = format!(
        "lariat: {path}:3: unknown key \"port-bsae\" (did you mean \"port-base\"? known: state, \
         port-base, public, json, verbose, log, metrics, limits, deadlines, commands, timestamp, echo, \
         discard, chargen, qotd, daytime, time, command, sleep, chat, names)\n"
    );
    assert_eq!((outcome.code, outcome.errors), (Some(2), words));
    let outcome = run(state.path(), &["--config", "/nowhere/lariat.toml"]);
    let words = "lariat: cannot read /nowhere/lariat.toml: no such file or directory\n";
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(2), words));
}

#[test]
fn standard_input_is_served_to_its_end() {
    let state = tempfile::tempdir().unwrap();
    let mut command = command(state.path(), &["timestamp=stdio:"]);
    let mut server = Running::spawn(command.stdin(Stdio::piped()));
    server.write(b"hi\n");
    assert!(server.line().ends_with("] hi\n"));
    server.stdin = None;
    let outcome = server.finish();
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), ""));
    assert!(outcome.errors.contains("LISTENS ON"), "{outcome:?}");

    // Over before anybody looks.
    let outcome = run(state.path(), &["timestamp=stdio:"]);
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), ""));
}

#[test]
fn a_closed_pipe_is_a_clean_end() {
    let state = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = command(state.path(), &["--port-base", "0"]);
    let outcome = Running::spawn(command.stdout(writer)).finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert!(!state.path().join("timestamp.sock").exists());
}

#[test]
fn the_state_is_private_and_where_it_is_said_to_be() {
    use std::os::unix::fs::PermissionsExt;

    let home = tempfile::tempdir().unwrap();
    let mut command = command(home.path(), &["--port-base", "0"]);
    command.env_remove("LARIAT_STATE").env("HOME", home.path());
    let server = Running::spawn(&mut command);
    while !server.line().starts_with("Ready;") {}
    let state = home.path().join(".local/state/lariat");
    for (name, mode) in [
        ("", 0o700),
        ("ca.key", 0o600),
        ("server.key", 0o600),
        ("timestamp.sock", 0o600),
    ] {
        let metadata = std::fs::metadata(state.join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
}
