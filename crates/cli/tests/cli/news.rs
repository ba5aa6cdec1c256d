//! `lariat news` against a small server: one command, and an article's first lines.

use std::process::{Command, Stdio};

use lariat_testkit::{NntpFault, NntpServer};
use tempfile::TempDir;

use crate::process::{Outcome, Running, lariat};

/// An article that somebody has answered, in the words of a person.
pub const ANSWER: &str = "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\nNewsgroups: misc.test\n\
    Subject: Re: =?iso-8859-1?Q?Gr=FC=DFe?=\nDate: Sun, 18 Jun 2006 10:00:00 +0000\nMessage-ID: <2@a>\n\
    References: <1@a>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\n\
    Content-Transfer-Encoding: quoted-printable\n\n\
    In article <1@a>, Ann said\n> Hello\n\nAnn wrote:\n> all\n\n\n  Gr=FC=DFe zur=FCck.  \n>>> print(1)\n1\n\n\
    >>> Really?\n>> Yes.\n.dots\n";

/// A server with two articles in a group, and one more group.
pub fn begin() -> (NntpServer, TempDir) {
    let server = NntpServer::start();
    server.add_group("misc.empty", "Nothing yet");
    server.add_group("misc.test", "For tests");
    let first = "From: Ann <ann@example.org>\nNewsgroups: misc.test\nSubject: Hello\n\
        Date: Sat, 17 Jun 2006 17:27:21 +0000\nMessage-ID: <1@a>\n\nHello all\n";
    server.put("misc.test", first);
    server.put("misc.test", ANSWER);
    (server, tempfile::tempdir().unwrap())
}

/// The command in a folder, apart from what the caller's environment says.
pub fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = lariat(&["news"]);
    command.args(arguments).current_dir(folder.path());
    for variable in [
        "NNTPSERVER",
        "LARIAT_NEWS_PASSWORD",
        "LARIAT_NEWS_FROM",
        "VISUAL",
        "EDITOR",
    ] {
        command.env_remove(variable);
    }
    command
        .env("NETRC", folder.path().join("netrc"))
        .env("HOME", folder.path())
        .env("TZ", "UTC");
    command.env("LARIAT_STATE", folder.path().join("state"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// The command to its end.
pub fn news(folder: &TempDir, arguments: &[&str]) -> Outcome {
    Running::spawn(&mut command(folder, arguments)).finish()
}

#[test]
fn the_newest_article_shows_its_first_meaningful_lines() {
    let (server, folder) = begin();
    let outcome = news(&folder, &[&server.url("misc.test"), "read"]);
    let head = "From: Jürgen <j@example.org>\nSubject: Re: Grüße\nDate: Sun, 18 Jun 2006 10:00:00 +0000\n\n";
    let lines = "  Grüße zurück.\n>>> print(1)\n1\n\n>>> Really?\n.dots\n";
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert_eq!(outcome.text(), format!("{head}{lines}"));
    // What is quoted three times is no prompt; and the number of lines is somebody's to say.
    let outcome = news(
        &folder,
        &[
            "--prompts",
            "--lines",
            "4",
            &server.url("misc.test"),
            "read",
        ],
    );
    assert_eq!(
        outcome.text(),
        format!("{head}  Grüße zurück.\n>>> print(1)\n1\n\n.dots\n")
    );
    assert_eq!(server.heard().last().unwrap(), "QUIT");
}

#[test]
fn the_newest_article_is_found_where_some_were_taken_away() {
    let (server, folder) = begin();
    server.cancel("misc.test", 2);
    let outcome = news(&folder, &["--json", &server.url("misc.test")]);
    assert_eq!(
        outcome.text(),
        "{\"date\":\"Sat, 17 Jun 2006 17:27:21 +0000\",\"from\":\"Ann <ann@example.org>\",\"group\":\"misc.test\",\
         \"lines\":[\"Hello all\"],\"number\":1,\"subject\":\"Hello\"}\n"
    );
    let outcome = news(&folder, &[&server.url("misc.empty"), "read"]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.errors, "lariat: misc.empty has no articles\n");
}

#[test]
fn the_newest_articles_are_those_that_are_there() {
    let (server, folder) = begin();
    for number in 3..=5000 {
        server.put(
            "misc.test",
            &format!("From: a@b\nSubject: s{number}\n\nx\n"),
        );
    }
    for number in 31..=5000 {
        server.cancel("misc.test", number);
    }
    let group = server.url("misc.test");
    let over = news(&folder, &[&group, "over"]).text();
    let subjects: Vec<&str> = over
        .lines()
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    let expected: Vec<String> = (11..=30).map(|number| format!("s{number}")).collect();
    assert_eq!(subjects, expected);
    let headers = news(&folder, &[&group, "headers", "Subject"]).text();
    let expected: Vec<String> = (11..=30)
        .map(|number| format!("{number}  s{number}"))
        .collect();
    assert_eq!(headers.lines().collect::<Vec<_>>(), expected);
    let read = news(&folder, &["--no-newsrc", &group, "read"]).text();
    assert!(read.contains("\nSubject: s30\n"), "{read}");
    // A group of which nothing is left.
    for number in 1..=30 {
        server.cancel("misc.test", number);
    }
    for words in [&["over"][..], &["headers", "Subject"]] {
        let outcome = news(&folder, &[&[group.as_str()], words].concat());
        assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), ""));
    }
}

#[test]
fn the_server_that_a_person_uses_need_not_be_named() {
    let (server, folder) = begin();
    for words in [
        &["read", "misc.test", "1"][..],
        &["news:misc.test", "read", "1"],
    ] {
        let mut command = command(&folder, words);
        command.env("NNTPSERVER", server.address().to_string());
        let outcome = Running::spawn(&mut command).finish();
        assert!(outcome.text().ends_with("\n\nHello all\n"), "{outcome:?}");
    }
    let outcome = news(&folder, &["read", "misc.test"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.errors.contains("NNTPSERVER"), "{}", outcome.errors);
}

#[test]
fn one_command_is_carried_out_on_what_the_url_names() {
    let (server, folder) = begin();
    let (root, group) = (server.url(""), server.url("misc.test"));
    for (arguments, output) in [
        (
            &[group.as_str(), "group"][..],
            "misc.test: 2 articles, 1 to 2\n",
        ),
        (&[&root, "group", "misc.empty"], "misc.empty: no articles\n"),
        (&[&root, "list"], "misc.empty\nmisc.test\n"),
        (&[&root, "list", "misc.t*"], "misc.test\n"),
        (&[&root, "describe", "misc.t*"], "misc.test  For tests\n"),
        (
            &[&group, "over"],
            "1  2006-06-17  Ann     Hello\n2  2006-06-18  Jürgen  Re: Grüße\n",
        ),
        (
            &[&group, "over", "2-"],
            "2  2006-06-18  Jürgen  Re: Grüße\n",
        ),
        (&[&group, "headers", "Subject"], "1  Hello\n2  Re: Grüße\n"),
        (
            &[&root, "headers", "From", "misc.test", "1-1"],
            "1  Ann <ann@example.org>\n",
        ),
        (
            &[&root, "headers", "From", "<1@a>"],
            "Ann <ann@example.org>\n",
        ),
        (&[&group, "body", "1"], "Hello all\n"),
        (&[&root, "body", "<1@a>"], "Hello all\n"),
        (&[&group, "stat", "2"], "2 <2@a>\n"),
        (
            &[&root, "newgroups", "2006-06-17"],
            "misc.empty\nmisc.test\n",
        ),
        (&[&root, "newgroups", "3d"], ""),
        (
            &[&root, "newnews", "misc.*", "2006-06-17"],
            "<1@a>\n<2@a>\n",
        ),
        (&[&root, "date"], "2006-06-17 17:27:21\n"),
        (&[&root, "help"], "Ask somebody.\n"),
    ] {
        let outcome = news(&folder, arguments);
        let told = (outcome.code, outcome.errors.as_str());
        assert_eq!(
            (told, outcome.text().as_str()),
            ((Some(0), ""), output),
            "{arguments:?}"
        );
    }
    let capabilities = news(&folder, &[&root, "capabilities"]).text();
    assert!(capabilities.contains("\nREADER\n"), "{capabilities}");
}

#[test]
fn an_article_is_decoded_or_as_it_came() {
    let (server, folder) = begin();
    let article = news(&folder, &[&server.url("misc.test/2")]).text();
    assert!(
        article.starts_with("From: Jürgen <j@example.org>\n"),
        "{article}"
    );
    assert!(
        article.contains("\n  Grüße zurück.\n>>> print(1)\n"),
        "{article}"
    );
    let raw = news(
        &folder,
        &["--raw", &server.url("misc.test"), "article", "2"],
    )
    .text();
    assert_eq!(raw, ANSWER);
    let (head, body) = ANSWER.split_once("\n\n").unwrap();
    let raw = |what| news(&folder, &["--raw", &server.url(""), what, "<2@a>"]).text();
    assert_eq!(
        (raw("head"), raw("body")),
        (format!("{head}\n"), body.to_owned())
    );
    let head = news(&folder, &[&server.url("misc.test"), "head", "2"]).text();
    assert!(
        head.contains("\nSubject: Re: Grüße\n") && !head.contains("zurück"),
        "{head}"
    );
}

#[test]
fn programs_read_lines_of_json() {
    let (server, folder) = begin();
    let group = server.url("misc.test");
    let objects = |words: &[&str]| -> Vec<serde_json::Value> {
        let outcome = news(&folder, &[&["--json", group.as_str()], words].concat());
        let text = outcome.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let known = &objects(&["group"])[0];
    assert_eq!(
        (&known["count"], &known["first"], &known["last"]),
        (&2.into(), &1.into(), &2.into())
    );
    let over = objects(&["over"]);
    assert_eq!(over[1]["subject"], "Re: Grüße");
    assert_eq!(over[1]["references"], serde_json::json!(["<1@a>"]));
    let article = &objects(&["article", "2"])[0];
    assert_eq!(
        article["headers"][0],
        serde_json::json!(["From", "Jürgen <j@example.org>"])
    );
    assert!(article["text"].as_str().unwrap().contains("Grüße zurück."));
    assert_eq!(objects(&["list"])[0]["group"], "misc.test");
    assert_eq!(objects(&["describe"])[0]["description"], "For tests");
    assert_eq!(
        objects(&["headers", "subject", "2"])[0]["value"],
        "Re: Grüße"
    );
    assert_eq!(objects(&["stat", "2"])[0]["id"], "<2@a>");
    assert_eq!(objects(&["date"])[0]["date"], "2006-06-17T17:27:21Z");
}

#[test]
fn wrong_usage_and_faults_are_one_line() {
    let (server, folder) = begin();
    let (root, group) = (server.url(""), server.url("misc.test"));
    let secure = root.replace("nntp://", "nntps://");
    for (arguments, code, words) in [
        (&["http://x/"][..], 2, "no scheme of news"),
        (
            &[&root, "gruop", "a"],
            2,
            "gruop is no command; did you mean group?",
        ),
        (&[&root, "article"], 2, "usage: article GROUP NUMBER | <ID>"),
        (&[&root, "article", "7"], 2, "name the group"),
        (&[&group, "over", "a-b"], 2, "no range of articles"),
        (&[&root, "newgroups", "soon"], 2, "how long ago"),
        (&[&root, "group", "a b"], 2, "the name of a group"),
        (&[&root, "group", "a\r\nQUIT"], 2, "the name of a group"),
        (&[&group, "headers", "Sub ject"], 2, "header field"),
        (&[&root, "browse"], 2, "browse is for a terminal"),
        (&["--ca", "x", &root, "date"], 2, "without TLS"),
        (
            &[&secure, "date"],
            1,
            "use nntp:// for this port, or nntps:// on the server's TLS port",
        ),
        (
            &[&root, "group", "no.such"],
            1,
            "the server says 411 No such group",
        ),
        (
            &[&group, "article", "9"],
            1,
            "the server says 423 No article with that number",
        ),
        (
            &[&root, "post", "missing"],
            1,
            "missing: no such file or directory",
        ),
        // What is to be sent is looked at before anybody is asked.
        (
            &["nntp://127.0.0.1:1/", "post", "missing"],
            1,
            "missing: no such file or directory",
        ),
        (
            &["nntp://127.0.0.1:1/", "ihave", "<1@a>", "missing"],
            1,
            "missing: no such file or directory",
        ),
        (&["nntp://127.0.0.1:1/", "date"], 1, "connection refused"),
    ] {
        news(&folder, arguments).assert_failed(code, words, arguments);
    }
}

#[test]
fn a_server_that_fails_is_told_of() {
    let (server, folder) = begin();
    let group = server.url("misc.test");
    // What is waited for in vain has little time, and all else as much as it takes.
    let (long, short) = ("60", "2");
    for (verb, fault, time, words) in [
        (
            "",
            NntpFault::Says(b"502 Not you.\r\n".to_vec()),
            long,
            "502 Not you.",
        ),
        (
            "GROUP",
            NntpFault::HangsUp,
            long,
            "the server closed the connection",
        ),
        (
            "GROUP",
            NntpFault::Says(b"400 Going down.\r\n".to_vec()),
            long,
            "400 Going down.",
        ),
        (
            "ARTICLE",
            NntpFault::Says(b"220 1 <1@a>\r\nFrom: a\r\n".to_vec()),
            short,
            "within 2 s",
        ),
        (
            "ARTICLE",
            NntpFault::Silent,
            short,
            "no answer to ARTICLE 1 within 2 s",
        ),
    ] {
        server.order(verb, 1, fault.clone());
        let outcome = news(&folder, &["--timeout", time, &group, "article", "1"]);
        assert_eq!(outcome.code, Some(1), "{fault:?}");
        assert!(
            outcome.errors.contains(words),
            "{fault:?}: {}",
            outcome.errors
        );
    }
}

#[test]
fn lines_that_are_none_are_told_of_once() {
    let (server, folder) = begin();
    let wrong = "nothing\r\n".repeat(1000);
    let answer = format!("215 Groups\r\n{wrong}misc.test 2 1 y\r\n{wrong}.\r\n");
    server.order("LIST", 1, NntpFault::Says(answer.into_bytes()));
    let outcome = news(&folder, &[&server.url(""), "list"]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(0), "misc.test\n")
    );
    assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
    assert!(outcome.errors.contains("2000"), "{}", outcome.errors);
}

#[test]
fn a_long_list_is_shown_as_it_comes() {
    let (server, folder) = begin();
    for number in 3..=2500 {
        let name = if number < 1500 { "Ann" } else { "Annabella" };
        let article = format!("From: {name} <a@b>\nSubject: number {number}\n\nx\n");
        server.put("misc.test", &article);
    }
    let outcome = news(&folder, &[&server.url("misc.test"), "over", "1-"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    let text = outcome.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2500);
    assert_eq!(lines[0], "   1  2006-06-17  Ann     Hello");
    assert_eq!(lines[2499], "2500              Annabe  number 2500");
    let outcome = news(&folder, &["--json", &server.url("misc.test"), "over", "3-"]);
    assert_eq!(outcome.text().lines().count(), 2498);
    let answer = "224 a\r\n1\tone\tAnn\r\nnothing\r\n".as_bytes().to_vec();
    server.order("OVER", 1, NntpFault::Says(answer));
    let outcome = news(
        &folder,
        &["--timeout", "2", &server.url("misc.test"), "over", "1-"],
    );
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.text().ends_with("Ann  one\n"), "{outcome:?}");
}
