//! The same over a connection that is compressed.

use lariat_client::nntp::{Client, Error, Options};
use lariat_protocol::nntp::Deflater;
use lariat_testkit::{NntpFault, NntpServer};

use crate::{client, endpoint, frugal, server};

#[tokio::test]
async fn everything_goes_through_a_compressed_connection() {
    let server = server();
    let long: String = (0..20_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    let article = format!("From: a\nSubject: b\nNewsgroups: misc.test\n\n{long}");
    let mut client = client(&server).await;
    client.compress().await.expect("compressed");
    assert!(client.is_compressed());
    client.post(article.as_bytes()).await.expect("posted");
    let group = client.group("misc.test").await.expect("a group");
    let fetched = client.article(group.last).await.expect("an article");
    assert!(fetched.body() == long.as_bytes());
    assert_eq!(client.over(1..).await.expect("overviews").len(), 3);
    assert_eq!(client.quit().await.expect("answered").code(), 205);
}

#[tokio::test]
async fn a_server_without_compression_says_so() {
    let server = server();
    let mut client = client(&server).await;
    server.order(
        "COMPRESS",
        1,
        NntpFault::Says(b"502 Not today\r\n".to_vec()),
    );
    let error = client.compress().await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "COMPRESS DEFLATE: the server says 502 Not today"
    );
    assert!(!client.is_compressed());
    client.group("misc.test").await.expect("of use");
}

#[tokio::test]
async fn a_bomb_is_given_up_when_it_has_become_too_much() {
    let server = server();
    let mut client = frugal(&server).await;
    client.compress().await.expect("compressed");
    client.group("misc.test").await.expect("a group");
    // A thousand times as much comes out of it as goes in.
    server.order(
        "ARTICLE",
        1,
        NntpFault::EndlessLines("220 1 <1@x.example>\r\n"),
    );
    let error = client.article(1).await.expect_err("a bomb");
    assert!(
        error.to_string().contains("longer than 50000 bytes"),
        "{error}"
    );
    assert!(error.is_fatal());
    let mut client = frugal(&server).await;
    client.compress().await.expect("compressed");
    server.order("HELP", 1, NntpFault::Endless("100 Help\r\n"));
    let error = client.help().await.expect_err("a bomb");
    assert!(
        error.to_string().contains("longer than 1000 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_not_compressed_is_no_answer() {
    async fn failed(server: &NntpServer, injected: &[u8]) -> Error {
        let mut client = Client::connect(&endpoint(server), Options::default())
            .await
            .expect("connected");
        let answer = [b"206 Compression begins\r\n", injected].concat();
        server.order("COMPRESS", 1, NntpFault::Says(answer));
        match client.compress().await {
            Err(error) => error,
            Ok(_) => client.date().await.expect_err("nothing compressed"),
        }
    }
    let server = server();
    let error = failed(&server, b"211 1 1 1 a\r\n").await;
    assert!(
        error.to_string().contains("came behind the answer"),
        "{error}"
    );
    // Also what is compressed came too early.
    let early = Deflater::default().compress(b"111 20060617172721\r\n");
    let error = failed(&server, &early).await;
    assert!(
        error.to_string().contains("came behind the answer"),
        "{error}"
    );

    let mut client = client(&server).await;
    client.compress().await.expect("compressed");
    server.order("DATE", 1, NntpFault::Plain(b"\xff\xff\xff\xff".to_vec()));
    let error = client.date().await.expect_err("noise").to_string();
    assert!(error.contains("not compressed by DEFLATE"), "{error}");
}
