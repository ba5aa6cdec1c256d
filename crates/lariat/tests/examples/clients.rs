//! The examples that fetch from servers of others: files, pages, news.

use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::thread;

use lariat_testkit::{Fault, FtpServer, NntpFault, NntpServer};

use crate::example;

/// A program's code, and what it shows and says.
type Outcome = (Option<i32>, String, String);

/// Runs a program to its end.
fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Looks whether a program has failed with one line that begins so.
fn assert_failed((code, _, errors): Outcome, words: &str) {
    assert_eq!(code, Some(1), "{errors}");
    assert!(
        errors.starts_with(words) && errors.lines().count() == 1,
        "{errors}"
    );
}

#[test]
fn a_file_is_fetched_by_ftp_and_each_failure_has_its_message() {
    let server = FtpServer::start();
    server.put("/pub/a", b"hello");
    let folder = tempfile::tempdir().unwrap();
    let endpoint = format!("tcp://{}", server.address());
    let fetch = |endpoint: &str, path: &str| {
        let mut command = example("ftp_fetch");
        outcome(command.args([endpoint, path]).current_dir(folder.path()))
    };
    let (code, output, errors) = fetch(&endpoint, "pub/a");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(
        output.ends_with("changed to pub\nfetched a: 5 bytes\n"),
        "{output}"
    );
    let place = folder.path().join("a");
    assert_eq!(std::fs::read(&place).unwrap(), b"hello");
    std::fs::remove_file(&place).unwrap();

    let fails = |endpoint: &str, path: &str, words: &str| {
        assert_failed(fetch(endpoint, path), words);
        assert!(!place.exists() && !folder.path().join("a.part").is_file());
    };
    fails(
        "tcp://127.0.0.1:1",
        "pub/a",
        "cannot reach tcp://127.0.0.1:1: ",
    );
    server.order("PASS", 1, Fault::Says(b"530 Not today.\r\n".to_vec()));
    fails(&endpoint, "pub/a", "cannot log in anonymously: ");
    fails(&endpoint, "no/a", "cannot change to no: ");
    fails(&endpoint, "pub/b", "cannot read b there: ");
    server.order("RETR", 1, Fault::Cuts(2));
    fails(&endpoint, "pub/a", "the transfer of a has failed: ");
    server.order("SIZE", 1, Fault::Says(b"213 6\r\n".to_vec()));
    fails(&endpoint, "pub/a", "a is not what was announced: ");
    let part = folder.path().join("a.part");
    let others = std::fs::File::create(&part).unwrap();
    others.lock().unwrap();
    assert_failed(fetch(&endpoint, "pub/a"), "cannot write a here: ");
    assert!(part.is_file() && !place.exists());
    drop(others);
    std::fs::remove_file(&part).unwrap();
    std::fs::create_dir(&part).unwrap();
    fails(&endpoint, "pub/a", "cannot write a here: ");
    server.put("/b", b"hello");
    let (code, output, _) = fetch(&endpoint, "/b");
    assert_eq!(code, Some(0));
    assert!(output.contains("changed to /\n"), "{output}");
    let heard = server.heard();
    let said = |word: &str| heard.iter().filter(|line| line.as_str() == word).count();
    assert_eq!((said("QUIT"), said("USER anonymous")), (9, 9));
}

/// What the program by hand shows and says of a server that answers with this, and its code.
fn fetched_by_hand(answer: impl Into<Vec<u8>>) -> Outcome {
    let answer = answer.into();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint = format!("tcp://{address}");
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = BufReader::new(stream);
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            stream.read_line(&mut request).unwrap();
        }
        // Who finds that it is wrong reads no more.
        let _ = stream.get_mut().write_all(&answer);
        request
    });
    let outcome = outcome(example("http_by_hand").args([&endpoint, "/a?b"]));
    let request = serving.join().unwrap();
    assert_eq!(
        request,
        format!("GET /a?b HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
    );
    outcome
}

#[test]
fn a_page_is_fetched_by_hand_to_its_last_chunk() {
    let (code, page, said) =
        fetched_by_hand("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello and more");
    assert_eq!((code, page.as_str()), (Some(0), "hello"));
    assert!(said.starts_with("> GET /a?b HTTP/1.1\n"), "{said}");
    assert!(
        said.ends_with("< HTTP/1.1 200 OK\n< A: b\n< Content-Length: 5\n"),
        "{said}"
    );
    let (code, page, said) = fetched_by_hand(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nhello\r\nb;x=y\r\n, all of us\r\n0\r\nX: y\r\n\r\n",
    );
    assert_eq!((code, page.as_str()), (Some(0), "hello, all of us"));
    assert!(
        said.ends_with("a chunk of 0x5 bytes\na chunk of 0xb bytes\n< X: y\n"),
        "{said}"
    );
    let (code, page, _) = fetched_by_hand("HTTP/1.0 200 OK\r\n\r\nto the end");
    assert_eq!((code, page.as_str()), (Some(0), "to the end"));
    for (answer, words) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour",
            "5 bytes are missing",
        ),
        ("HTTP/1.1 200 OK\r\nContent-", "a line is cut off"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "is no length",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n",
            "a chunk is longer than it says",
        ),
    ] {
        let (code, _, said) = fetched_by_hand(answer);
        assert_eq!(code, Some(1));
        assert!(said.lines().last().unwrap().contains(words), "{said}");
    }
}

#[test]
fn a_page_that_is_fetched_by_hand_may_be_large_and_its_lines_may_not() {
    let page = "x".repeat(3 << 20);
    for head in [
        "HTTP/1.0 200 OK\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", page.len()),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
            page.len()
        ),
    ] {
        let end = match head.contains("chunked") {
            true => "\r\n0\r\n\r\n",
            false => "",
        };
        let (code, came, said) = fetched_by_hand(head + &page + end);
        assert_eq!(code, Some(0), "{said}");
        assert!(came == page, "{} bytes", came.len());
    }
    let long = format!("HTTP/1.1 200 OK\r\nA: {page}\r\n\r\n");
    let (code, _, said) = fetched_by_hand(long);
    assert_eq!(code, Some(1));
    assert!(said.ends_with("longer than 64 KiB\n"), "{said}");
}

#[test]
fn the_first_lines_of_the_newest_article_are_shown_and_each_failure_has_its_message() {
    let server = NntpServer::start();
    server.add_group("misc.empty", "");
    server.put("misc.test", "From: a@b\nSubject: old\n\nold\n");
    let article = "From: =?utf-8?Q?J=C3=BCrgen?= <j@b>\nSubject: Lunch\n\
        Date: Sat, 17 Jun 2006 17:27:21 +0000\n\nAnn wrote:\n> Where?\n\n  Here.  \n>>> 1\n1\n";
    server.put("misc.test", article);
    let endpoint = format!("tcp://{}", server.address());
    let show = |endpoint: &str, group: &str| outcome(example("news_first").args([endpoint, group]));
    let (code, output, errors) = show(&endpoint, "misc.test");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let shown = "misc.test: 2 articles, 1 to 2\nFrom: Jürgen <j@b>\nSubject: Lunch\n\
        Date: Sat, 17 Jun 2006 17:27:21 +0000\n\nThe first lines, 20 at most:\n\n      Here.\n    >>> 1\n    1\n";
    assert_eq!(output, format!("connected to {endpoint}\n{shown}"));

    let fails =
        |endpoint: &str, group: &str, words: &str| assert_failed(show(endpoint, group), words);
    fails(
        "tcp://127.0.0.1:1",
        "misc.test",
        "cannot reach tcp://127.0.0.1:1: ",
    );
    fails(&endpoint, "no.such", "cannot go to the group no.such: ");
    fails(&endpoint, "misc.empty", "misc.empty has no articles");
    server.order("HDR", 1, NntpFault::Says(b"503 Not that one.\r\n".to_vec()));
    fails(&endpoint, "misc.test", "cannot ask for From: ");
    server.order(
        "ARTICLE",
        1,
        NntpFault::Says(b"423 It was taken away.\r\n".to_vec()),
    );
    fails(&endpoint, "misc.test", "cannot read article 2: ");
    let heard = server.heard();
    assert_eq!(heard.iter().filter(|line| line.trim() == "QUIT").count(), 5);

    // The newest one is shown that is there, and nothing in it steers the terminal.
    server.put(
        "misc.test",
        "From: Eve\x1b[2J <e@b>\nSubject: =?utf-8?Q?a=1B[2J?=\n\nHere\x1b[2J\n",
    );
    let last = server.put("misc.test", "From: a@b\nSubject: gone\n\ngone\n");
    server.cancel("misc.test", last);
    let (code, output, errors) = show(&endpoint, "misc.test");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(
        output.contains("From: Eve?[2J <e@b>\nSubject: a?[2J\n")
            && output.ends_with("    Here?[2J\n"),
        "{output}"
    );
}
