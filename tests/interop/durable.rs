//! strace as the judge of what "acknowledged" means: the disk first, and the answer behind it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use crate::lariat::{lariat_under, text};
use crate::peer::DEADLINE;

/// What is written to the disk, taken away from it, received and sent.
const CALLS: &str =
    "trace=fsync,fdatasync,unlink,unlinkat,recvfrom,recvmsg,read,readv,sendto,sendmsg,write,writev";

#[test]
fn a_registration_is_on_the_disk_before_it_is_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (state, trace) = (folder.path().join("state"), folder.path().join("trace"));
    let (state, trace) = (text(&state), text(&trace));
    // With -y descriptors have their paths, and -s so much text that a request is seen.
    let strace = ["-f", "-I2", "-y", "-s", "200", "-e", CALLS, "-o", &trace];
    let serve = [
        "serve",
        "--json",
        "--state",
        &state,
        "names=tcp://127.0.0.1:0",
    ];
    let mut running = lariat_under("strace", &strace, &serve);
    let said: serde_json::Value = serde_json::from_str(&running.line()).expect("JSON");
    let endpoint = said["endpoint"].as_str().expect("an endpoint");
    let address = endpoint.trim_start_matches("tcp://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time-out");
    let request = "register durable 127.0.0.1:1 probe=none\n";
    stream.write_all(request.as_bytes()).expect("it is there");
    let mut answer = String::new();
    let mut reader = BufReader::new(&stream);
    reader.read_line(&mut answer).expect("it answers");
    assert!(answer.starts_with("ok 0 token="), "{answer}");
    // strace passes it on.
    running.signal("TERM");
    running.wait();

    let trace = std::fs::read_to_string(&trace).expect("strace wrote it");
    let lines: Vec<&str> = trace.lines().collect();
    let place = |what: &str, from: usize| {
        let found = lines[from..].iter().position(|line| line.contains(what));
        found
            .map(|at| from + at)
            .unwrap_or_else(|| panic!("no {what} in:\n{trace}"))
    };
    let received = place("register durable", 0);
    let acknowledged = place("ok 0 token=", received);
    let between = &lines[received..acknowledged];
    let synced = |path: &str| {
        let is_it = |line: &&&str| line.contains("sync(") && line.contains(path);
        between.iter().filter(is_it).count()
    };
    // The journal and the file, each before the journal's end makes the commit count; and the
    // folder, without which the journal could be there again.
    assert!(
        synced("names.db-journal>") >= 1 && synced("names.db>") >= 1,
        "{between:#?}"
    );
    let removed = place("names.db-journal\"", received);
    let folder = format!("{state}>");
    let is_folder = |line: &&str| line.contains("sync(") && line.contains(&folder);
    assert!(removed < acknowledged, "{between:#?}");
    assert!(
        lines[removed..acknowledged].iter().any(is_folder),
        "{between:#?}"
    );
}
