//! Each of the words of `nntplib`, answered.

use lariat_client::nntp::{
    Article, Blocking, Client, Error, Login, MessageId, Moment, Options, Range, Site, decode_header,
};
use lariat_testkit::{NntpFault, NntpServer};

use crate::{client, endpoint, server};

fn id(text: &str) -> MessageId {
    MessageId::new(text).expect("a message-id")
}

#[tokio::test]
async fn a_group_is_selected_and_told_of() {
    let server = server();
    let mut client = client(&server).await;
    assert_eq!(client.welcome().text(), "A server for tests.");
    assert!(client.may_post() && !client.is_secret());
    let group = client.group("misc.test").await.expect("a group");
    assert_eq!((group.count, group.first, group.last), (2, 1, 2));
    assert_eq!(
        (group.name.as_str(), group.response.code()),
        ("misc.test", 211)
    );
    assert!(
        client
            .group("misc.empty")
            .await
            .expect("a group")
            .is_empty()
    );
    let error = client.group("misc.nothing").await.expect_err("no group");
    assert_eq!(
        error.to_string(),
        "GROUP misc.nothing: the server says 411 No such group"
    );
    assert!(error.is_unavailable() && !error.is_fatal());

    let (group, numbers) = client
        .listgroup(Some("misc.test"), None)
        .await
        .expect("numbers");
    let group = group.expect("told of");
    assert_eq!((group.count, numbers), (2, vec![1, 2]));
    let (_, numbers) = client
        .listgroup(Some("misc.test"), Some(Range::From(2)))
        .await
        .expect("numbers");
    assert_eq!(numbers, [2]);
    let (_, numbers) = client.listgroup(None, None).await.expect("numbers");
    assert_eq!(numbers.len(), 2);
    // As servers answered before RFC 3977.
    let old = b"211 list of article numbers follow\r\n7\r\n9\r\n.\r\n".to_vec();
    server.order("LISTGROUP", 1, NntpFault::Says(old));
    let (group, numbers) = client.listgroup(None, None).await.expect("numbers");
    assert_eq!((group, numbers), (None, vec![7, 9]));
    assert_eq!(client.quit().await.expect("answered").code(), 205);
}

#[tokio::test]
async fn articles_are_found_and_fetched_whole_and_in_half() {
    let server = server();
    let mut client = client(&server).await;
    let error = client.article(1).await.expect_err("no group");
    assert_eq!(error.code(), Some(412));
    client.group("misc.test").await.expect("a group");
    let place = client.stat(1).await.expect("there");
    assert_eq!((place.number, place.id.as_str()), (1, "<1@x.example>"));
    assert_eq!(client.next().await.expect("another").number, 2);
    assert_eq!(client.next().await.expect_err("the last").code(), Some(421));
    assert_eq!(client.last().await.expect("the one before").number, 1);
    assert_eq!(
        client.last().await.expect_err("the first").code(),
        Some(422)
    );

    let article = client.article(Article::Current).await.expect("an article");
    assert_eq!((article.number, article.id.as_str()), (1, "<1@x.example>"));
    assert_eq!(article.headers().get("subject"), Some("a rope"));
    assert_eq!(article.body(), b"Hello.\n.\n..two\n\n");
    let head = client.head(id("<1@x.example>")).await.expect("a head");
    assert_eq!(
        (
            head.number,
            head.headers().iter().count(),
            head.body().len()
        ),
        (0, 4, 0)
    );
    let body = client.body(2).await.expect("a body");
    assert_eq!(body.text(), "> Hello.\nYes.\n");
    assert_eq!(
        body.lines().collect::<Vec<_>>(),
        [&b"> Hello."[..], b"Yes."]
    );
    assert!(client.article(7).await.expect_err("none").is_unavailable());
    assert!(
        client
            .stat(id("<7@x.example>"))
            .await
            .expect_err("none")
            .is_unavailable()
    );
    let mut file = Vec::new();
    client.article_to(1, &mut file).await.expect("an article");
    assert_eq!(file, article.content);
    file.clear();
    client.head_to(1, &mut file).await.expect("a head");
    client.body_to(1, &mut file).await.expect("a body");
    assert_eq!(file.len() + 1, article.content.len());
}

#[tokio::test]
async fn overviews_and_header_fields_are_listed() {
    for capabilities in [
        &["VERSION 2", "READER", "OVER MSGID", "HDR"][..],
        // A server from before RFC 3977, and one from between.
        &[],
        &["VERSION 2", "MODE-READER"],
    ] {
        let server = server();
        server.set_capabilities(capabilities);
        let mut client = client(&server).await;
        client.group("misc.test").await.expect("a group");
        let overviews = client.over(1..).await.expect("overviews");
        assert_eq!(overviews.len(), 2);
        let second = &overviews[1];
        assert_eq!((second.number(), second.subject()), (2, "Re: a rope"));
        assert_eq!(decode_header(second.from()), "Jürgen <j@x.example>");
        assert_eq!(second.references().collect::<Vec<_>>(), ["<1@x.example>"]);
        assert_eq!(
            (second.lines(), second.get("xref")),
            (Some(2), Some("test.example"))
        );
        assert_eq!(client.over(1..=1).await.expect("overviews").len(), 1);
        assert!(client.over(7..).await.expect_err("none").is_unavailable());

        let values = client.xhdr("Subject", 1..).await.expect("values");
        assert_eq!((values[0].number, values[0].value.as_str()), (1, "a rope"));
        assert_eq!(
            client.xhdr(":lines", 2).await.expect("values")[0].value,
            "2"
        );
        let mut file = Vec::new();
        client
            .xhdr_to("Subject", 1.., &mut file)
            .await
            .expect("values");
        assert_eq!(file, b"1 a rope\n2 Re: a rope\n");
        file.clear();
        client.over_to(2, &mut file).await.expect("overviews");
        assert!(file.starts_with(b"2\tRe: a rope\t") && file.ends_with(b"\n"));

        let heard = server.heard();
        let has = |verb: &str| heard.iter().any(|line| line.starts_with(verb));
        let is_new = capabilities.contains(&"HDR");
        assert_eq!(
            (has("OVER"), has("HDR"), has("MODE READER")),
            (is_new, is_new, !is_new)
        );
        assert_eq!((has("XOVER"), has("XHDR")), (!is_new, !is_new));
    }
}

#[tokio::test]
async fn what_the_server_has_is_listed() {
    let server = server();
    server.add_group("comp.ropes", "Of hemp");
    let mut client = client(&server).await;
    let groups = client.list(Some("misc.*,!*.empty")).await.expect("groups");
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (groups[0].last, groups[0].first, groups[0].may_post()),
        (2, 1, true)
    );
    assert_eq!(client.list(None).await.expect("groups").len(), 3);
    let about = client.description("comp.ropes").await.expect("answered");
    assert_eq!(about.as_deref(), Some("Of hemp"));
    assert_eq!(
        client.description("comp.nothing").await.expect("answered"),
        None
    );
    assert_eq!(
        client.descriptions(None).await.expect("descriptions").len(),
        3
    );
    assert_eq!(client.list_headers().await.expect("fields"), [":"]);
    assert_eq!(
        client.overview_format().await.expect("a format").names()[7],
        "Xref"
    );

    let (before, behind) = (Moment::from_seconds(0), Moment::from_seconds(2_000_000_000));
    assert_eq!(client.newgroups(before).await.expect("groups").len(), 3);
    assert_eq!(client.newgroups(behind).await.expect("groups").len(), 0);
    let new = client.newnews("misc.*", before).await.expect("articles");
    assert_eq!(new, ["<1@x.example>", "<2@x.example>"]);
    assert_eq!(client.date().await.expect("a time").date(), (2006, 6, 17));
    assert_eq!(client.help().await.expect("help"), ["Ask somebody."]);
    let mut lines = Vec::new();
    let take = |line: &[u8]| {
        lines.push(line.to_vec());
        Ok(())
    };
    let reply = client
        .sendcmd("list newsgroups comp.*", take)
        .await
        .expect("answered");
    assert_eq!(
        (reply.code(), lines),
        (215, vec![b"comp.ropes\tOf hemp".to_vec()])
    );
    let error = client
        .sendcmd("XFEATURE", |_| Ok(()))
        .await
        .expect_err("unknown");
    assert_eq!(error.to_string(), "XFEATURE: the server says 500 What?");
}

#[tokio::test]
async fn who_logs_in_is_let_in_and_who_does_not_is_told() {
    let server = server();
    server.require_login();
    let mut client = client(&server).await;
    let error = client.group("misc.test").await.expect_err("nobody");
    assert!(error.wants_login(), "{error}");
    let error = client
        .login(&Login::new("anna", "wrong"))
        .await
        .expect_err("wrong");
    assert_eq!(
        error.to_string(),
        "AUTHINFO PASS ****: the server says 481 Not you"
    );
    assert!(!error.is_fatal());
    client
        .login(&Login::new("anna", "swordfish"))
        .await
        .expect("let in");
    client.group("misc.test").await.expect("a group");

    let mut site = Site {
        endpoint: endpoint(&server),
        options: Options::default(),
        login: Some(Login::new("anna", "swordfish")),
        compress: true,
    };
    let mut client = site.connect().await.expect("let in");
    assert!(client.is_compressed());
    client.group("misc.test").await.expect("a group");
    site.login = Some(Login::new("anna", "wrong"));
    let error = site.connect().await.err().expect("wrong");
    assert_eq!(error.code(), Some(481));
    assert_eq!(server.heard().last().map(String::as_str), Some("QUIT"));

    // A server that has nothing but SASL.
    server.set_capabilities(&[
        "VERSION 2",
        "READER",
        "AUTHINFO SASL",
        "SASL PLAIN CRAM-MD5",
    ]);
    let mut client = Client::connect(&endpoint(&server), Options::default())
        .await
        .expect("connected");
    let error = client
        .login(&Login::new("anna", "wrong"))
        .await
        .expect_err("wrong");
    assert_eq!(
        error.to_string(),
        "AUTHINFO SASL PLAIN ****: the server says 481 Not you"
    );
    client
        .login(&Login::new("anna", "swordfish"))
        .await
        .expect("let in");
    client.group("misc.test").await.expect("a group");
    assert!(!format!("{:?}", Login::new("anna", "swordfish")).contains("swordfish"));
}

#[tokio::test]
async fn a_server_that_wants_to_be_told_of_a_reader_is_told() {
    let server = server();
    server.set_capabilities(&["VERSION 2", "IHAVE", "MODE-READER"]);
    server.order(
        "MODE READER",
        1,
        NntpFault::Says(b"201 You may not post\r\n".to_vec()),
    );
    let mut told = client(&server).await;
    assert!(!told.may_post());
    told.group("misc.test").await.expect("a group");
    let options = Options {
        reader: false,
        ..Options::default()
    };
    let untold = Client::connect(&endpoint(&server), options)
        .await
        .expect("connected");
    assert!(untold.may_post());
    untold.close().await;
    let told = server
        .heard()
        .iter()
        .filter(|line| *line == "MODE READER")
        .count();
    assert_eq!(told, 1);
    // One that says no to it may still be asked.
    server.order(
        "MODE READER",
        1,
        NntpFault::Says(b"480 Who are you?\r\n".to_vec()),
    );
    client(&server)
        .await
        .group("misc.test")
        .await
        .expect("a group");
}

#[test]
fn programs_without_a_runtime_read_as_well() {
    let server = server();
    let mut news = Blocking::connect(&endpoint(&server), Options::default()).expect("connected");
    let login = news.login(&Login::new("otto", "x"));
    assert!(matches!(login, Err(Error::Refused { .. })));
    let group = news
        .wait(async |client| client.group("misc.test").await)
        .expect("a group");
    let overviews = news.wait(async |client| client.over(group.first..=group.last).await);
    assert_eq!(overviews.expect("overviews").len(), 2);
    news.quit().expect("answered");
}

#[tokio::test]
async fn arguments_that_would_be_two_commands_are_not_sent() {
    let server: NntpServer = server();
    let mut client = client(&server).await;
    let before = server.heard().len();
    let bad = "misc.test\r\nQUIT";
    let errors = [
        client.group(bad).await.err(),
        client.list(Some(bad)).await.err(),
        client.listgroup(Some(bad), None).await.err(),
        client.listgroup(None, Some(Range::One(1))).await.err(),
        client.description(bad).await.err(),
        client.newnews(bad, Moment::from_seconds(0)).await.err(),
        client.xhdr("Subject\r\nQUIT", 1).await.err(),
        client.login(&Login::new("anna\r\nQUIT", "x")).await.err(),
        client.login(&Login::new("anna", "x\nQUIT")).await.err(),
        client.sendcmd(bad, |_| Ok(())).await.err(),
    ];
    for error in errors {
        let error = error.expect("refused");
        assert!(
            matches!(error, Error::Misuse(_)) && !error.is_fatal() && !error.may_pass(),
            "{error}"
        );
    }
    assert_eq!(server.heard().len(), before);
    client.group("misc.test").await.expect("of use");
}

#[tokio::test]
async fn what_is_more_than_lines_is_no_command_of_a_callers_own() {
    let server = server();
    let mut client = client(&server).await;
    for line in [
        "POST",
        "ihave <9@x.example>",
        "STARTTLS",
        "compress DEFLATE",
    ] {
        let error = client.sendcmd(line, |_| Ok(())).await.expect_err(line);
        assert!(error.to_string().contains("a method of its own"), "{error}");
        assert!(!error.is_fatal());
    }
    client.date().await.expect("of use");
    assert!(!server.heard().iter().any(|line| line.contains("POST")));
}

#[tokio::test]
async fn who_has_logged_in_may_post_if_the_server_says_so_then() {
    let server = server();
    let welcome = b"201 Reading alone, as yet.\r\n".to_vec();
    server.order("", 1, NntpFault::Says(welcome));
    let mut client = client(&server).await;
    assert!(!client.may_post());
    let anna = Login::new("anna", "swordfish");
    client.login(&anna).await.expect("let in");
    assert!(client.may_post());
    server.set_capabilities(&["VERSION 2", "READER"]);
    client.login(&anna).await.expect("let in");
    assert!(!client.may_post());
}
