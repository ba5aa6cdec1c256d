//! Servers that say no, say nothing, say too much, lie, and go away.

use std::io;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Waker};
use std::time::Duration;

use lariat_client::nntp::{Client, Error, Options, REPLY_TIMEOUT, Security};
use lariat_protocol::Endpoint;
use lariat_protocol::nntp::Command;
use lariat_testkit::{NntpFault, NntpServer};
use tokio::task::JoinSet;

use crate::{SHORT, client, endpoint, frugal, server};

fn says(text: &str) -> NntpFault {
    NntpFault::Says(text.as_bytes().to_vec())
}

async fn welcomed(fault: NntpFault) -> Error {
    let server = server();
    let mut options = Options::default();
    if matches!(fault, NntpFault::Silent) {
        options.timeout = 10 * SHORT;
    }
    server.order("", 1, fault);
    Client::connect(&endpoint(&server), options)
        .await
        .err()
        .expect("no welcome")
}

#[tokio::test]
async fn a_welcome_that_is_none_is_told_in_a_line() {
    for (fault, words) in [
        (
            says("400 Too many.\r\n"),
            "the server closed the connection: 400 Too many.",
        ),
        (
            says("502 Not you.\r\n"),
            "the server closed the connection: 502 Not you.",
        ),
        (says("SSH-2.0-x\r\n"), "\"SSH-2.0-x\" is no reply of NNTP"),
        (says("220 A mail server\r\n"), "is no welcome"),
        (says("200 a\0b\r\n"), "a NUL stands in a reply"),
        (NntpFault::Endless("200 "), "longer than 8192 bytes"),
        (
            NntpFault::HangsUp,
            "closed the connection before it said anything",
        ),
        (NntpFault::Silent, "no answer to the connection within 3 s"),
    ] {
        let error = welcomed(fault.clone()).await.to_string();
        assert!(error.contains(words), "{fault:?}: {error}");
        assert!(!error.contains('\n'));
    }
    let nobody = Endpoint::tcp("127.0.0.1", 1);
    let error = Client::connect(&nobody, Options::default())
        .await
        .err()
        .expect("nobody");
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn a_server_that_was_idle_for_too_long_says_so() {
    let server = server();
    let mut client = client(&server).await;
    server.order("DATE", 1, says("400 Idle for 600 seconds.\r\n"));
    let error = client.date().await.expect_err("closed");
    assert_eq!(
        error.to_string(),
        "the server closed the connection: 400 Idle for 600 seconds."
    );
    assert!(error.is_fatal() && error.may_pass());
}

#[tokio::test]
async fn each_step_has_its_time() {
    // Each has what a busy machine needs, and waits for that long beside the others.
    let long = 10 * SHORT;
    let mut steps = JoinSet::new();
    for (verb, fault, words) in [
        (
            "CAPABILITIES",
            NntpFault::Silent,
            "no answer to CAPABILITIES",
        ),
        ("GROUP", NntpFault::Silent, "no answer to GROUP misc.test"),
        (
            "GROUP",
            NntpFault::Stalls(9),
            "no answer to GROUP misc.test",
        ),
        ("OVER", NntpFault::Silent, "no answer to OVER 1-"),
        (
            "OVER",
            NntpFault::Stalls(30),
            "no more of the answer to OVER 1-",
        ),
        (
            "ARTICLE",
            NntpFault::Stalls(60),
            "no more of the answer to ARTICLE 1",
        ),
        ("POST", NntpFault::Silent, "no answer to POST"),
        ("ARTICLE SENT", NntpFault::Silent, "no answer to POST"),
        ("QUIT", NntpFault::Silent, "no answer to QUIT"),
    ] {
        let server = server();
        server.order(verb, 1, fault);
        steps.spawn(async move {
            let error = everything(&server, long).await.expect_err(verb);
            let cause = match &error {
                Error::Unconfirmed(cause) if verb == "ARTICLE SENT" => cause,
                error => error,
            };
            assert!(matches!(cause, Error::TimedOut { .. }), "{verb}: {error}");
            let error = error.to_string();
            assert!(
                error.contains(words) && error.contains("within 3 s"),
                "{error}"
            );
        });
    }
    while let Some(done) = steps.join_next().await {
        done.expect("as it is to be");
    }
    let all = everything(&server(), REPLY_TIMEOUT).await;
    assert!(all.is_ok(), "{all:?}");
}

/// A step of each kind, by a client that waits for so long.
async fn everything(server: &NntpServer, timeout: Duration) -> Result<(), Error> {
    let options = Options {
        timeout,
        ..Options::default()
    };
    let mut client = Client::connect(&endpoint(server), options).await?;
    client.group("misc.test").await?;
    client.over(1..).await?;
    client.article(1).await?;
    client
        .post(&b"From: a\nSubject: b\nNewsgroups: misc.test\n\nc\n"[..])
        .await?;
    client.quit().await.map(drop)
}

#[tokio::test]
async fn a_drip_does_not_hold_a_reader_for_ever() {
    let server = server();
    server.order("HELP", 1, NntpFault::Drips(Duration::from_millis(50)));
    let patient = Options {
        timeout: 10 * SHORT,
        ..Options::default()
    };
    let client = Client::connect(&endpoint(&server), patient).await;
    let mut client = client.expect("connected");
    let error = client.help().await.expect_err("too slow");
    assert!(
        error.to_string().contains("not all of the answer to HELP"),
        "{error}"
    );
}

/// Somebody pages through the list, say, and reads its first page for an hour.
#[tokio::test(start_paused = true)]
async fn the_time_that_lines_take_here_is_not_the_servers() {
    // As long as something blocks, the clock stands still.
    let (end, ended) = channel::<()>();
    let clock = tokio::task::spawn_blocking(move || ended.recv());
    let server = server();
    server.order("HELP", 1, NntpFault::Drips(Duration::from_millis(5)));
    let mut client = client(&server).await;
    let mut lines = 0;
    let take = |_: &[u8]| {
        lines += 1;
        match lines {
            1 => {
                let advancing = pin!(tokio::time::advance(Duration::from_secs(3600)));
                let _ = advancing.poll(&mut Context::from_waker(Waker::noop()));
                Ok(())
            }
            2..20 => Ok(()),
            _ => Err(io::Error::other("these are enough")),
        }
    };
    let error = client.lines(&Command::Help, take).await;
    let error = error.expect_err("no more is wanted").to_string();
    assert!(error.contains("these are enough"), "{error}");
    drop(end);
    assert!(clock.await.is_ok());
}

#[tokio::test]
async fn answers_that_are_none_are_not_believed() {
    for (verb, answer, words) in [
        ("GROUP", "220 1 <a@b>\r\n", "is no answer to GROUP"),
        ("GROUP", "211 many\r\n", "no answer about a group"),
        (
            "GROUP",
            "211 -1 2 3 misc.test\r\n",
            "no answer about a group",
        ),
        ("GROUP", "hello\r\n", "no reply of NNTP"),
        ("GROUP", "2110 a\r\n", "no reply of NNTP"),
        ("STAT", "223 here\r\n", "no answer about an article"),
        ("STAT", "222 1 <a@b>\r\n", "is no answer to STAT"),
        (
            "ARTICLE",
            "220 one <a@b>\r\n.\r\n",
            "no answer about an article",
        ),
        ("DATE", "111 soon\r\n", "no time as"),
        (
            "DATE",
            "111 20060617172721\r\n111 20060617172721\r\n",
            "before it was asked",
        ),
        ("POST", "240 It is there\r\n", "is no answer to POST"),
    ] {
        let server = server();
        let mut client = frugal(&server).await;
        client.group("misc.test").await.expect("a group");
        server.order(verb, 1, says(answer));
        let error = match verb {
            "GROUP" => client.group("misc.test").await.err(),
            "STAT" => client.stat(1).await.err(),
            "ARTICLE" => client.article(1).await.err(),
            "POST" => client.post(&b"x"[..]).await.err(),
            _ => match client.date().await {
                Err(error) => Some(error),
                Ok(_) => client.date().await.err(),
            },
        };
        let error = error.expect(verb);
        assert!(error.to_string().contains(words), "{verb}: {error}");
        assert!(error.is_fatal(), "{verb}");
    }
}

#[tokio::test]
async fn what_is_too_much_is_given_up() {
    for (fault, words) in [
        (
            NntpFault::Endless("220 1 <a@b>\r\n"),
            "a line is longer than 1000 bytes",
        ),
        (
            NntpFault::Endless("220 1"),
            "a reply is longer than 8192 bytes",
        ),
        (
            NntpFault::EndlessLines("220 1 <a@b>\r\n"),
            "longer than 50000 bytes",
        ),
    ] {
        let server = server();
        let mut client = frugal(&server).await;
        client.group("misc.test").await.expect("a group");
        server.order("ARTICLE", 1, fault.clone());
        let error = client.article(1).await.expect_err("too much").to_string();
        assert!(error.contains(words), "{fault:?}: {error}");
    }
    let server = server();
    let mut client = frugal(&server).await;
    server.order("LIST", 1, NntpFault::EndlessLines("215 Groups\r\n"));
    let error = client.list(None).await.expect_err("too much").to_string();
    assert!(
        error.contains("more than 10000 lines") || error.contains("200000 bytes"),
        "{error}"
    );
}

/// With nothing set otherwise, and of an answer that takes more here than it is long.
#[tokio::test]
async fn what_is_kept_here_has_its_limit() {
    let server = server();
    let mut client = client(&server).await;
    server.order("HELP", 1, NntpFault::EndlessLines("100 Help\r\n"));
    let error = client.help().await.expect_err("too much").to_string();
    assert!(
        error.contains("128 MiB that are kept of an answer"),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_that_is_lost_in_the_middle_is_no_whole_article() {
    let server = server();
    for length in [0, 5, 24, 60, 150] {
        let mut client = client(&server).await;
        client.group("misc.test").await.expect("a group");
        server.order("ARTICLE", 1, NntpFault::Cuts(length));
        let error = client.article(1).await.expect_err("cut");
        assert!(
            error.to_string().contains("closed the connection"),
            "{length}: {error}"
        );
        assert!(error.is_fatal() && error.may_pass());
    }
}

#[tokio::test]
async fn bare_line_ends_and_other_bytes_stand_where_they_stood() {
    let server = server();
    let mut client = client(&server).await;
    client.group("misc.test").await.expect("a group");
    let answer = "222 1 <a@b>\r\none\n.\ntwo\r\n200 three\rfour\0\r\n..\r\n.\r\n";
    server.order("BODY", 1, says(answer));
    let body = client.body(1).await.expect("a body");
    assert_eq!(body.content, b"one\n.\ntwo\n200 three\rfour\0\n.\n");
    client.date().await.expect("of use");
    // Lines of lists that are none are left out.
    server.order("LIST", 1, says("215 Groups\r\nmisc.test 2 1 y\r\n\r\na b c d\r\n\x1b[2J 1 2 y\r\nmisc.b 2 1 n\r\n.\r\n"));
    let groups = client.list(None).await.expect("groups");
    assert_eq!(groups.len(), 2);
    server.order(
        "OVER",
        1,
        says("224 a\r\nnothing\r\n7\tb\r\n-1\tc\r\n.\r\n"),
    );
    assert_eq!(client.over(1..).await.expect("overviews").len(), 1);
    server.order("HDR", 1, says("225 a\r\nx y\r\n7 b\r\n.\r\n"));
    assert_eq!(client.xhdr("Subject", 1..).await.expect("values").len(), 1);
}

#[tokio::test]
async fn what_cannot_be_kept_here_is_told() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let server = server();
    let mut client = client(&server).await;
    client.group("misc.test").await.expect("a group");
    let error = client.article_to(1, &mut Full).await.expect_err("full");
    assert!(
        error
            .to_string()
            .contains("cannot keep what came: no storage space"),
        "{error}"
    );
    assert!(error.is_fatal());
}

#[tokio::test]
async fn a_step_that_was_dropped_leaves_a_connection_that_says_so() {
    let server = server();
    let mut client = client(&server).await;
    server.order("DATE", 1, NntpFault::Silent);
    let dropped = tokio::time::timeout(Duration::from_millis(50), client.date()).await;
    assert!(dropped.is_err());
    let error = client.help().await.expect_err("an answer is owed");
    assert!(
        error
            .to_string()
            .contains("before what was sent last is answered"),
        "{error}"
    );
}

#[tokio::test]
async fn tls_is_not_given_up_where_it_is_wanted() {
    let explicit = || Options {
        security: Security::Explicit,
        ..Options::default()
    };
    for (answer, words) in [
        (
            "580 No certificate\r\n",
            "STARTTLS: the server says 580 No certificate",
        ),
        ("500 What?\r\n", "STARTTLS: the server says 500 What?"),
        // Whoever is on the way has put an answer to what is asked under TLS.
        (
            "382 Go on\r\n101 Injected\r\nREADER\r\n.\r\n",
            "came behind the answer where TLS",
        ),
        ("382 Go on\r\n", "answered in plain text"),
        ("200 Hello\r\n", "is no answer to STARTTLS"),
    ] {
        let server = server();
        server.order("STARTTLS", 1, says(answer));
        let error = Client::connect(&endpoint(&server), explicit())
            .await
            .err()
            .expect(answer);
        assert!(error.to_string().contains(words), "{answer}: {error}");
        assert_eq!(server.heard()[0], "STARTTLS");
    }
    let implicit = Options {
        security: Security::Implicit,
        ..Options::default()
    };
    let error = Client::connect(&endpoint(&server()), implicit)
        .await
        .err()
        .expect("no TLS");
    assert!(error.to_string().contains("write tls://"), "{error}");
}
