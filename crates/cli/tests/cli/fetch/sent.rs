//! What is sent: data, forms, files, and what comes through a pipe.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use lariat_testkit::WebFault;
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::{begin, command, fetch, read_head, shown};
use crate::process::Running;

#[test]
fn data_are_sent_as_they_are_said() {
    let (server, folder) = begin();
    let url = server.url("/form");
    fs::write(folder.path().join("data"), "c=\r\n3\n").unwrap();
    let answer = shown(
        &folder,
        &[
            "-d",
            "a=1",
            "--data-urlencode",
            "b=x &",
            "-d",
            "@data",
            &url,
        ],
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        answer,
        format!(r#"{{"method":"POST","type":"{form}","bytes":15}}"#)
    );
    shown(&folder, &["--data-binary", "@data", &url]);
    shown(&folder, &["--data-json", "{\"a\": 1}", "-X", "PATCH", &url]);
    shown(&folder, &["-G", "-d", "q=a b", &server.url("/a.txt?x")]);
    let mut piped = command(folder.path(), &["-d", "@-", &url]);
    let mut running = Running::spawn(piped.stdin(Stdio::piped()));
    running.write(b"from\nhere");
    running.stdin = None;
    assert_eq!(running.finish().code, Some(0));
    let heard = server.heard();
    assert_eq!(heard[0].body, b"a=1&b=x+%26&c=3");
    assert_eq!(heard[1].body, b"c=\r\n3\n");
    assert_eq!(
        (heard[2].method.as_str(), &heard[2].body[..]),
        ("PATCH", &b"{\"a\": 1}"[..])
    );
    assert_eq!(heard[2].header("content-type"), Some("application/json"));
    assert_eq!(heard[2].header("accept"), Some("application/json"));
    assert_eq!(
        (heard[3].method.as_str(), heard[3].target.as_str()),
        ("GET", "/a.txt?x&q=a%20b")
    );
    assert_eq!(
        (heard[3].header("content-type"), heard[3].body.len()),
        (None, 0)
    );
    assert_eq!(heard[4].body, b"fromhere");
}

#[test]
fn a_form_with_files_has_their_names_types_and_length() {
    let (server, folder) = begin();
    fs::write(folder.path().join("notes.txt"), "some notes").unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    let arguments = [
        "-F",
        "title=Knots",
        "--form-string",
        "sign=@notes.txt;type=x",
        "-F",
        "notes=@notes.txt",
        "-F",
        "other=@notes.txt;type=text/markdown;filename=\"a b.md\"",
        "-F",
        "text=<notes.txt",
        "-F",
        "empty=@empty",
        &server.url("/upload"),
    ];
    shown(&folder, &arguments);
    let heard = &server.heard()[0];
    let length = heard.header("content-length").expect("a length");
    assert_eq!(length, heard.body.len().to_string());
    let kind = heard.header("content-type").unwrap();
    let (_, boundary) = kind
        .split_once("multipart/form-data; boundary=")
        .expect("a boundary");
    let body = String::from_utf8(heard.body.clone()).unwrap();
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    let disposition = "\r\nContent-Disposition: form-data; ";
    assert_eq!(
        parts,
        [
            "",
            &format!("{disposition}name=\"title\"\r\n\r\nKnots\r\n"),
            &format!("{disposition}name=\"sign\"\r\n\r\n@notes.txt;type=x\r\n"),
            &format!(
                "{disposition}name=\"notes\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\nsome notes\r\n"
            ),
            &format!(
                "{disposition}name=\"other\"; filename=\"a b.md\"\r\nContent-Type: text/markdown\r\n\r\nsome notes\r\n"
            ),
            &format!("{disposition}name=\"text\"\r\n\r\nsome notes\r\n"),
            &format!(
                "{disposition}name=\"empty\"; filename=\"empty\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n"
            ),
            "--\r\n",
        ]
    );
}

#[test]
fn a_file_is_sent_by_its_length_and_input_as_it_comes() {
    let (server, folder) = begin();
    let large: Vec<u8> = (0..300_000_u32).map(|at| (at ^ (at >> 8)) as u8).collect();
    fs::write(folder.path().join("large file"), &large).unwrap();
    shown(&folder, &["-T", "large file", &server.url("/in/")]);
    assert!(server.get("/in/large%20file").unwrap() == large);
    let heard = &server.heard()[0];
    assert_eq!(
        (heard.method.as_str(), heard.header("content-length")),
        ("PUT", Some("300000"))
    );
    let mut piped = command(folder.path(), &["-T", "-", &server.url("/piped")]);
    let mut running = Running::spawn(piped.stdin(Stdio::piped()));
    running.write(&large);
    running.stdin = None;
    assert_eq!(running.finish().code, Some(0));
    assert!(server.get("/piped").unwrap() == large);
    let outcome = fetch(&folder, &["-T", "nothing", &server.url("/x")]);
    assert_eq!(outcome.code, Some(26), "{}", outcome.errors);
    assert!(
        outcome.errors.contains("cannot send nothing"),
        "{}",
        outcome.errors
    );
}

/// A pipe in the folder, into which nobody writes.
fn empty_pipe(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("pipe");
    if !path.exists() {
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
    }
    path
}

/// A pipe in the folder, through which this comes.
fn pipe(folder: &TempDir, content: Vec<u8>) -> (PathBuf, JoinHandle<()>) {
    let path = empty_pipe(folder);
    let there = path.clone();
    // Opening waits for whoever reads; what they do not want is not written.
    let writing = thread::spawn(move || drop(fs::write(there, content)));
    (path, writing)
}

#[test]
fn what_comes_through_a_pipe_is_sent_as_it_comes() {
    let (server, folder) = begin();
    let large: Vec<u8> = (0..300_000_u32).map(|at| (at ^ (at >> 8)) as u8).collect();
    let (_, writing) = pipe(&folder, large.clone());
    shown(&folder, &["-T", "pipe", &server.url("/sent")]);
    writing.join().unwrap();
    assert!(server.get("/sent").unwrap() == large);
    let (_, writing) = pipe(&folder, b"from a pipe".to_vec());
    let field = "file=@pipe;filename=notes.txt;type=text/plain";
    shown(&folder, &["-F", "a=b", "-F", field, &server.url("/form")]);
    writing.join().unwrap();
    let heard = server.heard();
    for heard in &heard {
        assert_eq!(heard.header("transfer-encoding"), Some("chunked"));
        assert_eq!(heard.header("content-length"), None);
    }
    let body = String::from_utf8(heard[1].body.clone()).unwrap();
    let part = "name=\"file\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\nfrom a pipe\r\n--";
    assert!(body.contains(part), "{body}");
}

#[test]
fn what_comes_through_a_pipe_is_sent_once() {
    let (server, folder) = begin();
    let says = |text: &str| WebFault::Says(text.into());
    let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    server.order("/busy", 2, says(busy));
    let elsewhere = "HTTP/1.1 307 There\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    server.order("/old", 1, says(elsewhere));
    for (path, code) in [("/busy", 22), ("/old", 65)] {
        let (_, writing) = pipe(&folder, b"once".to_vec());
        let outcome = fetch(&folder, &["--retry", "3", "-T", "pipe", &server.url(path)]);
        assert_eq!(outcome.code, Some(code), "{}", outcome.errors);
        writing.join().unwrap();
    }
    assert_eq!(server.heard().len(), 2);
    let urls = [server.url("/a"), server.url("/b")];
    for option in [
        &["-T", "pipe"][..],
        &["-F", "a=@pipe"],
        &["-T", "-"],
        &["-F", "a=@-"],
    ] {
        let outcome = fetch(&folder, &[option, &[&urls[0], &urls[1]]].concat());
        assert_eq!(outcome.code, Some(2));
        assert!(
            outcome.errors.contains("one URL only"),
            "{}",
            outcome.errors
        );
    }
    for second in ["b=@-;type=text/plain", "b=<-"] {
        let outcome = fetch(&folder, &["-F", "a=@-", "-F", second, &urls[0]]);
        assert_eq!(outcome.code, Some(2), "{second}");
        assert!(outcome.errors.contains("for one field only"), "{second}");
    }
    assert_eq!(server.heard().len(), 2);
}

#[test]
fn standard_input_is_sent_in_a_form_before_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let field = "log=@-;type=text/plain";
    let mut fetching = command(folder.path(), &["-F", field, "-F", "a=b", &url]);
    let mut running = Running::spawn(fetching.stdin(Stdio::piped()));
    running.write(b"begun");
    let (mut server, _) = listener.accept().unwrap();
    let head = read_head(&mut server);
    assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
    let mut heard = Vec::new();
    let mut read_to = |end: &[u8]| {
        while !heard.ends_with(end) {
            let mut byte = [0];
            server.read_exact(&mut byte).unwrap();
            heard.push(byte[0]);
        }
    };
    read_to(b"begun");
    running.write(b" and ended");
    running.stdin = None;
    read_to(b"\r\n0\r\n\r\n");
    let body = String::from_utf8(heard).unwrap();
    let part = "name=\"log\"; filename=\"-\"\r\nContent-Type: text/plain\r\n\r\n";
    assert!(body.contains(part) && body.contains(" and ended"), "{body}");
    server.write_all(b"HTTP/1.1 204 Fine\r\n\r\n").unwrap();
    assert_eq!(running.finish().code, Some(0));
}

#[test]
fn an_interrupt_is_heard_while_nobody_writes_into_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    empty_pipe(&folder);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    for [option, what] in [["-T", "pipe"], ["-F", "file=@pipe"], ["-T", "-"]] {
        let mut fetching = command(folder.path(), &[option, what, &url]);
        let running = Running::spawn(fetching.stdin(Stdio::piped()));
        // The head is sent when the body is waited for.
        let (mut server, _) = listener.accept().unwrap();
        read_head(&mut server);
        running.signal(Signal::SIGINT);
        assert_eq!(running.finish().code, Some(130), "{option} {what}");
    }
}
