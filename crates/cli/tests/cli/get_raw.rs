//! `lariat get-raw` against servers that say what they are told to.

use std::fs;
use std::io::Write;
use std::path::Path;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::process::{Outcome, Running, lariat};
use crate::server::{once, read_some};

/// What a folder holds after a page was fetched into it from a server that answers this.
fn fetch(answer: &[u8], arguments: &[&str]) -> (Outcome, TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let answer = answer.to_vec();
    let (endpoint, server) = once(move |mut stream| {
        let request = read_some(&mut stream);
        // Who has what it wanted does not read on.
        let _ = stream.write_all(&answer);
        String::from_utf8(request).unwrap()
    });
    let host = endpoint.strip_prefix("tcp://").unwrap();
    let outcome = get(folder.path(), &[&[host], arguments].concat()).finish();
    (outcome, folder, server.join().unwrap())
}

fn get(folder: &Path, arguments: &[&str]) -> Running {
    let mut command = lariat(&["get-raw"]);
    command.args(arguments).current_dir(folder);
    command.stdout(std::process::Stdio::piped());
    Running::spawn(&mut command)
}

/// The files in a folder, and what is in them.
fn files(folder: &TempDir) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<(String, String)> = entries
        .map(|entry| {
            let content = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), content)
        })
        .collect();
    files.sort();
    files
}

fn one(name: &str, content: &str) -> Vec<(String, String)> {
    vec![(name.into(), content.into())]
}

#[test]
fn a_page_is_saved_under_its_name() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let (outcome, folder, request) = fetch(answer, &[]);
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), ""));
    assert_eq!(outcome.errors, "saved 5 bytes in index.html\n");
    assert_eq!(files(&folder), one("index.html", "hello"));
    assert!(
        request.starts_with("GET / HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{request}"
    );
    let (_, folder, request) = fetch(answer, &["a/b c.txt?d"]);
    assert_eq!(files(&folder), one("b c.txt", "hello"));
    assert!(
        request.starts_with("GET /a/b%20c.txt?d HTTP/1.1\r\n"),
        "{request}"
    );
    let (_, folder, _) = fetch(answer, &["/a", "-o", "other"]);
    assert_eq!(files(&folder), one("other", "hello"));
}

#[test]
fn a_page_may_be_shown_and_its_header_too() {
    let answer = b"HTTP/1.1 200 OK\r\nX-Steer: \x1b[2J\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    let (outcome, folder, _) = fetch(answer, &["-v", "-o", "-"]);
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), "hello"));
    let header = "HTTP/1.1 200 OK\nX-Steer: \\u{1b}[2J\nTransfer-Encoding: chunked\n";
    assert_eq!(outcome.errors, header);
    assert!(files(&folder).is_empty());
}

#[test]
fn the_page_shows_the_request_that_is_sent() {
    const PAGE: &str = include_str!("../../../../docs/get-raw.md");
    let (_, behind) = PAGE.split_once("```text\n").unwrap();
    let (shown, _) = behind.split_once("```").unwrap();
    let sent = lariat_protocol::http_raw::request("www.example.org", "/search?q=rope").unwrap();
    let sent = String::from_utf8(sent).unwrap().replace('\r', "");
    assert_eq!(shown, sent.trim_end_matches('\n').to_owned() + "\n");
}

#[test]
fn that_no_length_was_named_is_told() {
    let words = "the server named no length, so whether that is all of it cannot be told\n";
    let answer = b"HTTP/1.1 200 OK\r\n\r\nhello";
    let (outcome, folder, _) = fetch(answer, &[]);
    assert_eq!(outcome.code, Some(0));
    assert_eq!(
        outcome.errors,
        format!("saved 5 bytes in index.html\n{words}")
    );
    assert_eq!(files(&folder), one("index.html", "hello"));
    let (outcome, _, _) = fetch(answer, &["-o", "-"]);
    assert_eq!(
        (outcome.text().as_str(), outcome.errors.as_str()),
        ("hello", words)
    );
}

#[test]
fn nothing_is_left_of_what_is_not_whole() {
    for (answer, words) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"[..],
            "ended after 5 of 10 bytes",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "before the last chunk",
        ),
        (
            b"HTTP/1.1 404 Not Found\r\n\r\nno",
            "answers to /: 404 Not Found",
        ),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\n",
            "301 Moved; it is at https://x/",
        ),
        (
            b"220 ftp ready\r\n\r\n",
            "does not begin with \"220 ftp ready\"",
        ),
        (b"", "closed without an answer"),
    ] {
        let (outcome, folder, _) = fetch(answer, &[]);
        assert_eq!(outcome.code, Some(1), "{words}");
        assert!(outcome.errors.contains(words), "{:?}", outcome.errors);
        assert_eq!(outcome.errors.lines().count(), 1, "{:?}", outcome.errors);
        assert!(files(&folder).is_empty(), "{words}");
    }
}

#[test]
fn an_old_page_stays_until_the_new_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "old").unwrap();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let (endpoint, server) = once(move |mut stream| {
        read_some(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            .unwrap();
        let _ = ended.recv();
    });
    let getting = get(folder.path(), &["-v", &endpoint]);
    assert_eq!(getting.error_line(), "HTTP/1.1 200 OK\n");
    let part = folder.path().join("index.html.part");
    assert!(part.exists());
    // A second one does not write into the first one's.
    let second = get(folder.path(), &[&endpoint]).finish();
    assert!(
        second
            .errors
            .contains("index.html.part: another program writes it"),
        "{second:?}"
    );
    getting.signal(Signal::SIGINT);
    assert_eq!(getting.finish().code, Some(130));
    assert_eq!(files(&folder), one("index.html", "old"));
    drop(end);
    server.join().unwrap();
}

#[test]
fn what_one_that_was_killed_has_left_is_in_nobodys_way() {
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            .unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html.part"), "hello, who").unwrap();
    let outcome = get(folder.path(), &[&endpoint]).finish();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(files(&folder), one("index.html", "hello"));
    server.join().unwrap();
}

#[test]
fn what_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let said = get(folder.path(), &["localhost:1", "-o", "."]).finish();
    assert_eq!(said.code, Some(2));
    assert!(
        said.errors.contains(". is a directory; name a file"),
        "{said:?}"
    );
    let said = get(folder.path(), &["localhost:1", "-o", "no/such/file"]).finish();
    assert!(
        said.errors
            .contains("cannot write no/such/file.part: no such file"),
        "{said:?}"
    );
}
