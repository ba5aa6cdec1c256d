//! Articles that are sent.

use std::io;
use std::time::Duration;

use lariat_client::nntp::{Client, Error, MessageId, Options};
use lariat_testkit::{NntpFault, NntpServer};

use crate::{client, endpoint, server};

const ARTICLE: &str =
    "From: a@x.example\nNewsgroups: misc.test\nSubject: dots\n\n.\n..two\n.three\n\n.";

/// Gives its text in pieces of one to three bytes, so that each line's end is cut somewhere.
struct Drip<'a>(&'a [u8]);

impl io::Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = (self.0.len() % 3 + 1).min(self.0.len());
        out[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

#[tokio::test]
async fn what_is_posted_comes_back_as_it_was() {
    let server = server();
    let mut client = client(&server).await;
    for text in [ARTICLE.to_owned(), ARTICLE.replace('\n', "\r\n")] {
        let reply = client.post(Drip(text.as_bytes())).await.expect("posted");
        assert_eq!(reply.code(), 240);
    }
    let group = client.group("misc.test").await.expect("a group");
    let article = client.article(group.last).await.expect("an article");
    assert_eq!(article.body(), b".\n..two\n.three\n\n.\n");
    assert_eq!(
        server.posted(),
        [ARTICLE.to_owned() + "\n", ARTICLE.to_owned() + "\n"]
    );
}

#[tokio::test]
async fn an_article_is_handed_on_once() {
    let server = server();
    let mut client = client(&server).await;
    let id = MessageId::new("<9@x.example>").expect("a message-id");
    let article = format!("Message-ID: {id}\n{ARTICLE}");
    assert_eq!(
        client
            .ihave(id.clone(), article.as_bytes())
            .await
            .expect("taken")
            .code(),
        235
    );
    let error = client
        .ihave(id, article.as_bytes())
        .await
        .expect_err("known");
    assert_eq!(error.code(), Some(435));
    assert_eq!(server.posted().len(), 1);
}

#[tokio::test]
async fn what_is_refused_says_why_and_the_connection_is_of_use() {
    let server = server();
    let mut client = client(&server).await;
    let error = client
        .post(&b"Subject: a\n\nb\n"[..])
        .await
        .expect_err("no From");
    assert_eq!(error.to_string(), "POST: the server says 441 No From");
    server.order("POST", 1, NntpFault::Says(b"440 You may not\r\n".to_vec()));
    let error = client
        .post(ARTICLE.as_bytes())
        .await
        .expect_err("not allowed");
    assert_eq!(error.code(), Some(440));
    client.group("misc.test").await.expect("of use");
}

#[tokio::test]
async fn what_cannot_be_read_here_is_not_posted_in_half() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    async fn failed(server: &NntpServer, article: impl io::Read) -> String {
        let mut client = Client::connect(&endpoint(server), Options::default())
            .await
            .expect("connected");
        let error = client.post(article).await.expect_err("unreadable");
        assert!(error.is_fatal());
        assert!(client.date().await.is_err());
        error.to_string()
    }
    let server = server();
    let half = io::Read::chain(ARTICLE.as_bytes(), Broken);
    let error = failed(&server, half).await;
    assert!(
        error.contains("cannot read what is to be sent: permission denied"),
        "{error}"
    );
    let error = failed(&server, &b"From: a\n\n\0"[..]).await;
    assert!(
        error.contains("what is to be sent: a NUL cannot be sent in an article"),
        "{error}"
    );
    // Another one is served, so the first has been given up.
    client(&server)
        .await
        .group("misc.test")
        .await
        .expect("a group");
    assert_eq!(server.posted().len(), 0);
}

#[tokio::test]
async fn a_server_that_breaks_off_while_it_is_sent_to_is_told_of() {
    let server = server();
    let mut client = client(&server).await;
    server.order("ARTICLE SENT", 1, NntpFault::HangsUp);
    let error = client.post(ARTICLE.as_bytes()).await.expect_err("gone");
    assert!(
        error
            .to_string()
            .contains("before it said what becomes of the article"),
        "{error}"
    );
    assert!(matches!(error, Error::Unconfirmed(_)) && error.is_fatal() && !error.may_pass());
    assert!(
        error
            .to_string()
            .ends_with("it is not known whether the article has arrived")
    );
    assert!(client.is_unconfirmed());

    let mut other = crate::client(&server).await;
    server.order(
        "POST",
        1,
        NntpFault::Says(b"340 Send it\r\n400 Going down\r\n".to_vec()),
    );
    let error = other.post(ARTICLE.as_bytes()).await.expect_err("gone");
    assert_eq!(
        error.to_string(),
        "the server closed the connection: 400 Going down"
    );
    assert!(error.may_pass() && error.is_fatal());
    assert!(!other.is_unconfirmed());
}

#[tokio::test]
async fn whether_an_article_was_sent_is_known_where_nobody_waited_for_the_answer() {
    let server = server();
    let mut client = client(&server).await;
    assert!(!client.is_unconfirmed());
    client.post(ARTICLE.as_bytes()).await.expect("posted");
    assert!(!client.is_unconfirmed());
    server.order("POST", 1, NntpFault::Silent);
    let asked = || server.heard().iter().filter(|line| *line == "POST").count() == 2;
    given_up(&mut client, asked).await;
    assert!(!client.is_unconfirmed());

    let mut other = crate::client(&server).await;
    server.order("ARTICLE SENT", 1, NntpFault::Silent);
    given_up(&mut other, || server.posted().len() == 2).await;
    assert!(other.is_unconfirmed());
}

/// Posts, and waits for no answer once this is so.
async fn given_up(client: &mut Client, is_enough: impl Fn() -> bool) {
    let enough = async {
        while !is_enough() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        posted = client.post(ARTICLE.as_bytes()) => panic!("answered: {posted:?}"),
        () = enough => {}
    }
}
