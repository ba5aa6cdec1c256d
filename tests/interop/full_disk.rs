//! The name server on a disk that is full: a small one in memory, in a namespace of the test's own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::lariat::{binary, lariat, text};
use crate::peer::{DEADLINE, Peer, program};

/// Serves with its state on a disk of a megabyte, most of which is taken by something else.
const SERVE: &str = "\
mount -t tmpfs -o size=1m none \"$1\" && head -c 700k /dev/zero > \"$1/filler\" && \
exec \"$2\" names serve 'tcp://127.0.0.1:0?per_address=20000' --json --state \"$1\"";

fn object(line: &str) -> Value {
    serde_json::from_str(line).expect("JSON")
}

/// Registers a name, and gives the answer.
fn register(stream: &mut BufReader<TcpStream>, name: &str) -> String {
    let long = "x".repeat(250);
    let line = format!("register {name} 127.0.0.1:1 probe=none ttl=3600 description={long}\n");
    said(stream, &line)
}

fn said(stream: &mut BufReader<TcpStream>, line: &str) -> String {
    let written = stream.get_mut().write_all(line.as_bytes());
    written.expect("it is there");
    let mut answer = String::new();
    stream.read_line(&mut answer).expect("it answers");
    answer
}

fn server(folder: &std::path::Path) -> (Peer, String) {
    // A user without rights has all of them over namespaces of its own.
    let words = ["--map-root-user", "--mount", "sh", "-c", SERVE, "sh"].map(String::from);
    let places = [text(folder), text(binary())];
    let mut running = program("unshare", words.into_iter().chain(places));
    let served: Value = serde_json::from_str(&running.line()).expect("JSON");
    let endpoint = served["endpoint"].as_str().expect("an endpoint");
    let place = endpoint.split('?').next().unwrap_or(endpoint).to_owned();
    (running, place)
}

#[test]
fn a_full_disk_refuses_what_is_new_and_the_server_goes_on() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (running, endpoint) = server(folder.path());
    let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time-out");
    let mut stream = BufReader::new(stream);
    let mut registered = 0;
    let refused = loop {
        let answer = register(&mut stream, &format!("n{registered}"));
        if !answer.starts_with("ok 0 token=") {
            break answer;
        }
        registered += 1;
        assert!(registered < 10_000, "the disk is never full");
    };
    assert!(refused.starts_with("error storage "), "{refused}");
    assert!(refused.contains("full"), "{refused}");
    // What there is is found, and what was not acknowledged is not there.
    assert_eq!(said(&mut stream, "find n0\n"), "ok 1\n");
    let mut found = String::new();
    stream.read_line(&mut found).expect("it answers");
    assert!(found.starts_with("n0 tcp://127.0.0.1:1 "), "{found}");
    let listed = lariat(["names", "list", "--json", "--names", &endpoint]).succeed();
    let is_there = |name: String| {
        let mut names = listed.iter().map(|line| object(line)["name"].clone());
        names.any(|listed| listed == name)
    };
    assert!((0..registered).all(|number| is_there(format!("n{number}"))));
    assert!(!is_there(format!("n{registered}")), "{listed:?}");
    // Once there is room again it goes on as before.
    let inside = format!("/proc/{}/root{}/filler", running.id(), text(folder.path()));
    std::fs::remove_file(&inside).expect("it is there");
    let answer = register(&mut stream, "again");
    assert!(answer.starts_with("ok 0 token="), "{answer}");
    running.signal("TERM");
    let ended = running.wait();
    assert!(ended.status.success(), "{}: {}", ended.status, ended.errors);
}
