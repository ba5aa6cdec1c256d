//! `lariat serve names`: its own services in it, and nothing acknowledged that is lost.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use nix::sys::signal::Signal::{SIGKILL, SIGTERM};

use crate::process::{DEADLINE, Running};

/// A server with its state in this folder, and where its names are.
fn serve(state: &Path, services: &[&str]) -> (Running, u16) {
    let state = state.to_str().unwrap();
    let mut arguments = vec!["serve", "--json", "--state", state];
    arguments.extend(services);
    let running = Running::start(&arguments);
    let mut names = 0;
    loop {
        let line = running.line();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        if said["ready"] == true {
            return (running, names);
        }
        if said["service"] == "names" {
            let endpoint = said["endpoint"].as_str().unwrap();
            names = endpoint.rsplit(':').next().unwrap().parse().unwrap();
        }
    }
}

fn connect(port: u16) -> (TcpStream, BufReader<TcpStream>) {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let reader = BufReader::new(stream.try_clone().unwrap());
    (stream, reader)
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    // A server that was killed may have left a reset behind.
    let _ = reader.read_line(&mut line);
    line
}

#[test]
fn a_server_registers_what_it_serves_until_it_stops() {
    let state = tempfile::tempdir().unwrap();
    let services = [
        "names=tcp://127.0.0.1:0",
        "echo=tcp://127.0.0.1:0",
        "echo=udp://127.0.0.1:0",
    ];
    let (server, port) = serve(state.path(), &services);
    let (mut stream, mut reader) = connect(port);
    stream
        .write_all(b"find echo scheme=tcp\nwatch echo\n")
        .unwrap();
    assert_eq!(line(&mut reader), "ok 1\n");
    let entry = line(&mut reader);
    assert!(entry.starts_with("echo tcp://127.0.0.1:"), "{entry}");
    assert!(
        entry.ends_with("state=unprobed weight=100 tags=lariat\n"),
        "{entry}"
    );
    assert_eq!(line(&mut reader), "ok 0\n");
    server.signal(SIGTERM);
    let last = std::iter::repeat_with(|| line(&mut reader)).take_while(|line| !line.is_empty());
    let last: Vec<String> = last.collect();
    let stopping = "error stopping the name server is going down\n";
    assert_eq!(last.last().map(String::as_str), Some(stopping), "{last:?}");
    assert_eq!(server.finish().code, Some(0));
    // Of what it had registered itself nothing is there when it is gone.
    let (server, port) = serve(state.path(), &services[..1]);
    let (mut stream, mut reader) = connect(port);
    stream.write_all(b"find echo\n").unwrap();
    assert_eq!(line(&mut reader), "error unknown nobody offers echo\n");
    server.signal(SIGTERM);
    assert_eq!(server.finish().code, Some(0));
}

#[test]
fn what_was_acknowledged_survives_being_killed() {
    let state = tempfile::tempdir().unwrap();
    let services = ["names=tcp://127.0.0.1:0"];
    let mut acknowledged = Vec::new();
    for round in 0..8 {
        let (mut server, port) = serve(state.path(), &services);
        let (mut stream, mut reader) = connect(port);
        let requests: String = (0..110)
            .map(|one| format!("register r{round}-{one} 127.0.0.1:1 ttl=86400 probe=none\n"))
            .collect();
        stream.write_all(requests.as_bytes()).unwrap();
        // Killed behind a different number of acknowledgements each time, the first at once.
        let enough = round * 11;
        let mut count = 0;
        loop {
            if count == enough {
                server.signal(SIGKILL);
            }
            if !line(&mut reader).starts_with("ok 0 token=") {
                break;
            }
            acknowledged.push(format!("r{round}-{count}"));
            count += 1;
        }
        server.child.wait().unwrap();
    }
    let (server, port) = serve(state.path(), &services);
    let (mut stream, mut reader) = connect(port);
    for name in &acknowledged {
        stream
            .write_all(format!("find {name}\n").as_bytes())
            .unwrap();
        assert_eq!(line(&mut reader), "ok 1\n", "{name} is lost");
        line(&mut reader);
    }
    assert!(
        acknowledged.len() >= 8 * 11 * 7 / 2,
        "{}",
        acknowledged.len()
    );
    drop((stream, reader));
    server.signal(SIGTERM);
    assert_eq!(server.finish().code, Some(0));
}

#[test]
fn a_file_that_cannot_be_used_is_refused_at_the_start() {
    let state = tempfile::tempdir().unwrap();
    let services = ["names=tcp://127.0.0.1:0"];
    let (server, _) = serve(state.path(), &services);
    let path = state.path().to_str().unwrap().to_owned();
    let arguments = ["serve", "--state", &path, services[0]];
    let second = crate::process::run(&arguments, b"");
    assert_eq!(second.code, Some(1));
    assert!(
        second
            .errors
            .contains("names.db is in use by another process"),
        "{}",
        second.errors
    );
    server.signal(SIGTERM);
    server.finish();
    let datagrams = ["serve", "--state", &path, "names=udp://127.0.0.1:0"];
    let refused = crate::process::run(&datagrams, b"");
    let words = "udp://127.0.0.1:0: names are served over streams only, since anybody can";
    assert!(refused.errors.contains(words), "{}", refused.errors);
    std::fs::write(
        state.path().join("names.db"),
        b"no database, but long enough to be one",
    )
    .unwrap();
    let damaged = crate::process::run(&arguments, b"");
    assert_eq!(damaged.code, Some(1));
    assert!(
        damaged
            .errors
            .contains("names.db is damaged or no file of Lariat's"),
        "{}",
        damaged.errors
    );
    assert!(damaged.errors.contains("--state DIR"), "{}", damaged.errors);
}
