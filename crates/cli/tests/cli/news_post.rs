//! `lariat news` sends articles: looked at first, and once.

use std::fs;
use std::process::Stdio;

use lariat_testkit::NntpFault;
use nix::sys::signal::Signal;

use crate::news::{begin, command, news};
use crate::process::{Running, wait_until};

#[test]
fn a_file_is_posted_and_one_that_lacks_something_is_not() {
    let (server, folder) = begin();
    let path = folder.path().join("article");
    fs::write(
        &path,
        "From: Ölaf <o@example.org>\nNewsgroups: misc.test\nSubject: Über\n\n.Grüße\n",
    )
    .unwrap();
    let outcome = news(&folder, &[&server.url(""), "post", "article"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    let posted = server.posted();
    assert!(
        posted[0].starts_with("From: =?utf-8?Q?=C3=96laf?= <o@example.org>\n"),
        "{posted:?}"
    );
    assert!(
        posted[0].ends_with("charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n.Grüße\n"),
        "{posted:?}"
    );
    let read = news(&folder, &[&server.url("misc.test"), "read"]).text();
    assert!(
        read.starts_with("From: Ölaf <o@example.org>\nSubject: Über\n"),
        "{read}"
    );

    let mut from_input = command(&folder, &[&server.url(""), "post", "-"]);
    let mut running = Running::spawn(from_input.stdin(Stdio::piped()));
    running.write(b"From: a@b\nNewsgroups: misc.test\nSubject: x\n\ny\n");
    running.stdin = None;
    assert_eq!(running.finish().code, Some(0));
    assert_eq!(
        server.posted()[1],
        "From: a@b\nNewsgroups: misc.test\nSubject: x\n\ny\n"
    );

    fs::write(&path, "From: a@b\nSubject: x\n\ny\n").unwrap();
    let outcome = news(&folder, &[&server.url(""), "post", "article"]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(
        outcome.errors,
        "lariat: article: there is no line Newsgroups: above the empty line\n"
    );
    fs::write(&path, "From: a@b\nNewsgroups: no.where\nSubject: x\n\ny\n").unwrap();
    let outcome = news(&folder, &[&server.url(""), "post", "article"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.contains("the server says 441 No such group"),
        "{}",
        outcome.errors
    );
    assert_eq!(server.posted().len(), 2);
}

#[test]
fn an_article_is_offered_to_another_server() {
    let (server, folder) = begin();
    let path = folder.path().join("article");
    let text = "Path: a\nFrom: a@b\nNewsgroups: misc.test\nSubject: x\nMessage-ID: <9@b>\n\ny\n";
    fs::write(&path, text).unwrap();
    let outcome = news(&folder, &[&server.url(""), "ihave", "<9@b>", "article"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert_eq!(server.posted(), [text]);
    let outcome = news(&folder, &[&server.url(""), "ihave", "<9@b>", "article"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.contains("435 I have it"),
        "{}",
        outcome.errors
    );
}

#[test]
fn what_is_not_known_of_an_article_is_told() {
    let (server, folder) = begin();
    let path = folder.path().join("article");
    fs::write(&path, "From: a@b\nNewsgroups: misc.test\nSubject: x\n\ny\n").unwrap();
    server.order("ARTICLE SENT", 1, NntpFault::HangsUp);
    let outcome = news(&folder, &[&server.url(""), "post", "article"]);
    assert_eq!((outcome.code, server.posted().len()), (Some(1), 1));
    assert!(
        outcome.errors.contains(
            "it is not known whether the article has arrived; look before you post it again"
        ),
        "{}",
        outcome.errors
    );
    // Nobody has waited for it.
    server.order("ARTICLE SENT", 1, NntpFault::Silent);
    let mut posting = command(&folder, &[&server.url(""), "post", "article"]);
    let running = Running::spawn(&mut posting);
    wait_until(|| server.posted().len() == 2);
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(130));
    assert_eq!(
        outcome.errors,
        "lariat: it is not known whether the article has arrived; look before you post it again\n"
    );
    // Here it is known.
    server.order("POST", 1, NntpFault::HangsUp);
    let outcome = news(&folder, &[&server.url(""), "post", "article"]);
    assert_eq!((outcome.code, server.posted().len()), (Some(1), 2));
    assert!(!outcome.errors.contains("not known"), "{}", outcome.errors);
    server.order("POST", 1, NntpFault::Silent);
    let heard = server.heard().len();
    let running = Running::spawn(&mut posting);
    wait_until(|| server.heard()[heard..].iter().any(|line| line == "POST"));
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
}

#[test]
fn what_cannot_be_sent_is_told_before_anybody_is_asked() {
    let (server, folder) = begin();
    let path = folder.path().join("article");
    let root = server.url("");
    let header = "From: a@b\nNewsgroups: misc.test\nSubject: x\n\n";
    for (text, words) in [
        ([header.as_bytes(), b"y\0\n"].concat(), "a NUL stands in it"),
        (b"Subject: \xfc\n\ny\n".to_vec(), "there is no line From:"),
    ] {
        fs::write(&path, text).unwrap();
        for arguments in [
            &[root.as_str(), "post", "article"][..],
            &[&root, "ihave", "<9@b>", "article"],
        ] {
            if arguments[1] == "ihave" && !words.contains("NUL") {
                continue;
            }
            let outcome = news(&folder, arguments);
            assert_eq!(outcome.code, Some(1));
            assert!(outcome.errors.contains(words), "{}", outcome.errors);
        }
    }
    assert_eq!(server.heard(), [""; 0]);
    fs::write(&path, format!("\u{feff}{header}y\n")).unwrap();
    let outcome = news(&folder, &[&root, "post", "article"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert_eq!(server.posted(), [format!("{header}y\n")]);
}
