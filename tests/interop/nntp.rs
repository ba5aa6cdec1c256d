//! Our NNTP client at INN, with Python's `nntplib` beside it.

use std::process::Command;

use lariat::client::nntp::{
    Article, Client, Login, MessageId, Moment, Options, Security, decode_header,
};
use lariat_protocol::Endpoint;

use crate::inn::{Inn, free_port};
use crate::lariat::{Certificates, binary, text};
use crate::peer::{Peer, program, root};

fn article(number: usize) -> String {
    format!(
        "From: =?utf-8?q?J=C3=BCrgen?= <j@test.example>\nNewsgroups: misc.test\nSubject: number {number}\n\
         Message-ID: <{number}@test.example>\n\nHello.\n.\n..two dots\n\n> {number}\n"
    )
}

/// Puts so many articles into the group, and waits until the last of them is seen.
async fn fill(client: &mut Client, count: usize) {
    for number in 1..=count {
        let reply = client
            .post(article(number).as_bytes())
            .await
            .expect("posted");
        assert_eq!(reply.code(), 240);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inn_takes_articles_and_gives_them_back() {
    let inn = Inn::start();
    let mut client = inn.reader().await;
    assert!(client.may_post());
    fill(&mut client, 3).await;
    let group = client.group("misc.test").await.expect("a group");
    assert_eq!((group.count, group.first, group.last), (3, 1, 3));
    assert!(
        client
            .group("misc.empty")
            .await
            .expect("a group")
            .is_empty()
    );
    assert_eq!(
        client
            .group("misc.nothing")
            .await
            .expect_err("no group")
            .code(),
        Some(411)
    );
    client.group("misc.test").await.expect("a group");

    let fetched = client.article(2).await.expect("an article");
    assert_eq!(
        (fetched.number, fetched.id.as_str()),
        (2, "<2@test.example>")
    );
    assert_eq!(fetched.body(), b"Hello.\n.\n..two dots\n\n> 2\n");
    assert_eq!(fetched.headers().get("subject"), Some("number 2"));
    let by_name = MessageId::new("<2@test.example>").expect("a message-id");
    assert_eq!(
        client.body(by_name).await.expect("a body").content,
        fetched.body()
    );
    assert_eq!(
        client.head(2).await.expect("a head").headers(),
        fetched.headers()
    );
    assert_eq!(client.next().await.expect("the next").number, 3);
    assert_eq!(client.next().await.expect_err("the last").code(), Some(421));
    assert_eq!(client.last().await.expect("the one before").number, 2);
    assert_eq!(
        client.stat(Article::Current).await.expect("it").id,
        "<2@test.example>"
    );
    assert_eq!(client.stat(9).await.expect_err("none").code(), Some(423));

    client.quit().await.expect("answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn inn_lists_what_it_has() {
    let inn = Inn::start();
    let mut client = inn.reader().await;
    fill(&mut client, 3).await;
    client.group("misc.test").await.expect("a group");
    let overviews = client.over(1..).await.expect("overviews");
    assert_eq!(overviews.len(), 3);
    assert_eq!(
        decode_header(overviews[0].from()),
        "Jürgen <j@test.example>"
    );
    assert_eq!(overviews[2].subject(), "number 3");
    assert_eq!(
        overviews[2].get("xref"),
        Some("news.test.example misc.test:3")
    );
    assert!(overviews[2].bytes().is_some_and(|bytes| bytes > 100));
    let by_header = client.xhdr("Subject", 1..=2).await.expect("values");
    assert_eq!(by_header[1].value, "number 2");
    assert_eq!(
        client
            .xhdr(
                "Message-ID",
                MessageId::new("<2@test.example>").expect("a message-id")
            )
            .await
            .expect("values")[0]
            .value,
        "<2@test.example>"
    );

    let long_ago = Moment::from_seconds(1_000_000_000);
    assert_eq!(client.list(Some("misc.*")).await.expect("groups").len(), 2);
    let about = client.description("misc.test").await.expect("answered");
    assert_eq!(about.as_deref(), Some("For tests"));
    assert_eq!(
        client
            .newnews("misc.*", long_ago)
            .await
            .expect("articles")
            .len(),
        3
    );
    client.newgroups(long_ago).await.expect("groups");
    assert!(client.date().await.expect("a time") > long_ago);
    assert!(!client.help().await.expect("help").is_empty());
    let again = client
        .post(article(1).as_bytes())
        .await
        .expect_err("it has that");
    assert_eq!(again.code(), Some(441));
    assert_eq!(client.quit().await.expect("answered").code(), 205);
}

#[tokio::test(flavor = "multi_thread")]
async fn inn_hands_readers_over_and_compresses() {
    let inn = Inn::start();
    // innd itself, which serves no readers, until it is told that one is there.
    let endpoint = Endpoint::tcp("127.0.0.1", inn.feeders);
    let mut client = Client::connect(&endpoint, Options::default())
        .await
        .expect("connected");
    client.compress().await.expect("compressed");
    let long: String = (0..5_000).map(|line| format!("line {line}\n")).collect();
    let article = format!("From: a@test.example\nNewsgroups: misc.test\nSubject: long\n\n{long}");
    client.post(article.as_bytes()).await.expect("posted");
    fill(&mut client, 2).await;
    client.group("misc.test").await.expect("a group");
    let fetched = client.article(1).await.expect("an article");
    assert!(fetched.body() == long.as_bytes());
    assert_eq!(client.over(1..=3).await.expect("overviews").len(), 3);
    client.quit().await.expect("answered");

    // Without being told it takes what others hand on.
    let options = Options {
        reader: false,
        ..Options::default()
    };
    let mut feeder = Client::connect(&endpoint, options)
        .await
        .expect("connected");
    let id = MessageId::new("<9@test.example>").expect("a message-id");
    let handed = "Path: elsewhere\nFrom: a@test.example\nNewsgroups: misc.test\nSubject: on\n\
        Date: Thu, 19 Nov 2026 17:27:21 +0000\nMessage-ID: <9@test.example>\n\nHello.\n";
    let known = feeder.ihave(id.clone(), handed.as_bytes()).await;
    // It refuses what is older than ten days, or from the future.
    assert!(matches!(
        known.map_or_else(|error| error.code(), |reply| Some(reply.code())),
        Some(235 | 437)
    ));
    assert_eq!(
        feeder
            .ihave(id, handed.as_bytes())
            .await
            .expect_err("known")
            .code(),
        Some(435)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn inn_serves_tls_and_lets_in_who_has_a_password() {
    let mut inn = Inn::start();
    let (secret, members) = (free_port(), free_port());
    inn.serve_readers(secret, &["-S"]);
    let configuration = inn.path("members.conf");
    inn.serve_readers(members, &["-c", &configuration]);

    let implicit = inn.trusted(Endpoint::tls("localhost", secret));
    let mut client = Client::connect(&implicit, Options::default())
        .await
        .expect("connected");
    assert!(client.is_secret());
    client.group("misc.test").await.expect("a group");
    client.quit().await.expect("answered");

    let explicit = Options {
        security: Security::Explicit,
        ..Options::default()
    };
    let endpoint = inn.trusted(Endpoint::tcp("localhost", members));
    let mut client = Client::connect(&endpoint, explicit.clone())
        .await
        .expect("connected");
    assert!(client.is_secret());
    assert!(
        client
            .group("misc.test")
            .await
            .expect_err("nobody")
            .wants_login()
    );
    let wrong = client
        .login(&Login::new("anna", "guess"))
        .await
        .expect_err("wrong");
    assert_eq!(wrong.code(), Some(481));
    assert!(!wrong.to_string().contains("guess"));
    let mut client = Client::connect(&endpoint, explicit.clone())
        .await
        .expect("connected");
    client
        .login(&Login::new("anna", "swordfish"))
        .await
        .expect("let in");
    client.compress().await.expect("compressed");
    fill(&mut client, 2).await;
    client.group("misc.test").await.expect("a group");
    assert_eq!(client.over(1..).await.expect("overviews").len(), 2);

    let stranger = Certificates::new();
    let distrusted = Endpoint::tcp("localhost", members).with_option("ca", &stranger.authority());
    let refused = Client::connect(&distrusted.expect("an endpoint"), explicit).await;
    let error = refused.err().expect("a stranger").to_string();
    assert!(error.contains("certificate"), "{error}");
}

/// What Python's library gets, ours gets.
#[tokio::test(flavor = "multi_thread")]
async fn inn_says_the_same_to_nntplib() {
    let inn = Inn::start();
    let mut client = inn.reader().await;
    fill(&mut client, 3).await;
    let script = root().join("tests/interop/peers/nntp_client.py");
    let said = program(
        "python3.11",
        ["-W", "ignore", &text(&script), &inn.readers.to_string()],
    )
    .succeed();
    let said: serde_json::Value = serde_json::from_str(&said.concat()).expect("JSON");

    // It has posted one more.
    let group = client.group("misc.test").await.expect("a group");
    let numbers = [group.count, group.first, group.last];
    assert_eq!(
        said["group"],
        serde_json::json!([numbers[0], numbers[1], numbers[2], "misc.test"])
    );
    let posted = client.article(4).await.expect("an article");
    let lines: Vec<String> = posted
        .lines()
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    assert_eq!(said["article"], serde_json::json!(lines));
    assert!(posted.body().starts_with(b"..\n.\nGr"), "{lines:?}");
    let overviews = client.over(1..=4).await.expect("overviews");
    for (theirs, ours) in said["over"]
        .as_array()
        .expect("a list")
        .iter()
        .zip(&overviews)
    {
        assert_eq!(theirs[0], ours.number());
        for (name, value) in ours.fields() {
            let name = name.to_ascii_lowercase();
            assert_eq!(theirs[1][&name], value, "{name}");
        }
    }
    assert_eq!(said["over"].as_array().map(Vec::len), Some(overviews.len()));
    let values = client.xhdr("From", 1..=4).await.expect("values");
    let values: Vec<_> = values
        .iter()
        .map(|valued| [valued.number.to_string(), valued.value.clone()])
        .collect();
    assert_eq!(said["xhdr"], serde_json::json!(values));
    let decoded: Vec<String> = overviews
        .iter()
        .map(|overview| decode_header(overview.from()))
        .collect();
    assert_eq!(said["decoded"], serde_json::json!(decoded));
    assert_eq!(said["description"], "For tests");
}

/// The command, by which a person reads and posts.
#[test]
fn inn_serves_the_command() {
    let inn = Inn::start();
    let url = format!("nntp://127.0.0.1:{}/misc.test", inn.readers);
    let news = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["news", &url]).args(arguments);
        // Nobody's own files are looked at.
        command
            .env("NETRC", inn.path("none"))
            .env("HOME", inn.folder.path())
            .env("TZ", "UTC")
            .current_dir(inn.folder.path());
        Peer::start(&mut command)
    };
    for subject in ["Grüße", "Antwort"] {
        let article = format!(
            "From: \"Jürgen Müller\" <j@test.example>\nNewsgroups: misc.test\nSubject: {subject}\n\n.Ü\n> alt\nneu\n"
        );
        inn.write("article", &article);
        news(&["post", "article"]).succeed();
    }
    let read = news(&["read", "1"]).succeed();
    assert_eq!(
        read[..2],
        ["From: Jürgen Müller <j@test.example>", "Subject: Grüße"]
    );
    assert_eq!(read[3..], ["", ".Ü", "neu"]);
    for arguments in [&["over", "1-"][..], &["over", "1-", "--compress"]] {
        let over = news(arguments).succeed();
        let ends =
            |line: &str, subject: &str| line.ends_with(&format!("  Jürgen Müller  {subject}"));
        assert!(
            over.len() == 2 && ends(&over[0], "Grüße") && ends(&over[1], "Antwort"),
            "{over:?}"
        );
    }
    inn.write(
        "article",
        "From: a@b\nNewsgroups: no.where\nSubject: x\n\ny\n",
    );
    let refused = news(&["post", "article"]).wait();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.errors.contains("the server says 441"),
        "{}",
        refused.errors
    );
}
