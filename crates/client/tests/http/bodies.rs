//! Bodies: sent from a source, received in pieces, unpacked, and never more than is allowed.

use std::io;

use async_compression::tokio::bufread::{
    BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder,
};
use http::Request;
use lariat_client::http::{Body, Client, Error, Exchange, Limits};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::server::{Server, answer, ok, says};
use crate::{ALL, client, failed, fetched, get, header};

async fn packed(mut encoder: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut packed = Vec::new();
    encoder.read_to_end(&mut packed).await.unwrap();
    packed
}

/// The same bytes in each of the ways.
async fn in_each_way(plain: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("gzip", packed(GzipEncoder::new(plain)).await),
        ("x-gzip", packed(GzipEncoder::new(plain)).await),
        ("deflate", packed(ZlibEncoder::new(plain)).await),
        ("Deflate", packed(DeflateEncoder::new(plain)).await),
        ("br", packed(BrotliEncoder::new(plain)).await),
        ("zstd", packed(ZstdEncoder::new(plain)).await),
    ]
}

/// A server that has these bytes, said to be of that kind, in chunks of `piece` bytes.
async fn serving(encoding: &'static str, bytes: Vec<u8>, piece: usize) -> Server {
    Server::start(move |_| {
        let mut message = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        .into_bytes();
        for piece in bytes.chunks(piece) {
            message.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            message.extend_from_slice(piece);
            message.extend_from_slice(b"\r\n");
        }
        message.extend_from_slice(b"0\r\n\r\n");
        says(message)
    })
    .await
}

#[tokio::test]
async fn compressed_bodies_are_unpacked_however_they_are_cut() {
    let plain: String = (0..3000).map(|number| format!("{number}, ")).collect();
    for (encoding, bytes) in in_each_way(plain.as_bytes()).await {
        for piece in [1, 7, 4096, ALL] {
            let server = serving(encoding, bytes.clone(), piece).await;
            let client = client();
            let response = client.send(get(server.at("/"))).await.unwrap();
            assert_eq!(header(&response, "content-encoding"), None);
            let exchange = response.extensions().get::<Exchange>().unwrap();
            assert!(encoding.to_lowercase().contains(exchange.encoding.unwrap()));
            let text = response.into_body().text(ALL).await.unwrap();
            assert!(text == plain, "{encoding} by {piece}");
            fetched(&client, server.at("/")).await.unwrap();
            assert_eq!(server.connections(), 1, "{encoding} by {piece}");
        }
    }
}

#[tokio::test]
async fn what_becomes_too_much_is_not_unpacked() {
    let zeros = vec![0; 4_000_000];
    let client = Client::builder()
        .limits(Limits {
            decoded_bytes: 1_000_000,
            decoded_ratio: 100,
            ..Limits::default()
        })
        .build()
        .unwrap();
    for (encoding, bytes) in in_each_way(&zeros).await {
        let server = serving(encoding, bytes, 100).await;
        let response = client.send(get(server.at("/"))).await.unwrap();
        let mut body = response.into_body();
        let mut came = 0;
        let error = loop {
            match body.data().await {
                Ok(Some(piece)) => came += piece.len(),
                Ok(None) => panic!("{encoding} was unpacked"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Limit { .. }), "{error}");
        assert!(error.to_string().contains("become more than"), "{error}");
        assert!((900_000..1_500_000).contains(&came), "{encoding}: {came}");
    }
}

#[tokio::test]
async fn what_is_not_what_it_is_said_to_be_is_told() {
    let plain = b"hello, hello, hello, hello";
    for (encoding, bytes) in in_each_way(plain).await {
        let cut = serving(encoding, bytes[..bytes.len() - 3].to_vec(), ALL).await;
        let text = failed(&client(), cut.at("/")).await;
        assert!(
            text.contains("the body is no ") || text.contains("behind its end"),
            "{encoding}: {text}"
        );
        let empty = serving(encoding, Vec::new(), ALL).await;
        assert_eq!(fetched(&client(), empty.at("/")).await.unwrap(), "");
        if encoding != "Deflate" {
            let wrong = serving(encoding, b"\xffthis is none".to_vec(), ALL).await;
            let text = failed(&client(), wrong.at("/")).await;
            assert!(text.contains("the body is no "), "{encoding}: {text}");
        }
    }
    let mut behind = packed(BrotliEncoder::new(&plain[..])).await;
    behind.extend_from_slice(b"more");
    let server = serving("br", behind, ALL).await;
    let text = failed(&client(), server.at("/")).await;
    assert!(
        text.ends_with("the body is no br: more comes behind its end"),
        "{text}"
    );
}

#[tokio::test]
async fn what_nobody_asked_to_be_unpacked_is_left_as_it_is() {
    let bytes = packed(GzipEncoder::new(&b"hello"[..])).await;
    let sent = bytes.clone();
    let server =
        Server::start(move |_| answer("200 OK", "Content-Encoding: gzip\r\n", &sent)).await;
    let raw = Client::builder().decoding(false).build().unwrap();
    let ranged = Request::get(server.at("/")).header("Range", "bytes=0-");
    let own = Request::get(server.at("/")).header("Accept-Encoding", "gzip");
    for (client, request) in [
        (&raw, Request::get(server.at("/"))),
        (&client(), ranged),
        (&client(), own),
    ] {
        let response = client
            .send(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(header(&response, "content-encoding"), Some("gzip"));
        assert_eq!(response.into_body().bytes(ALL).await.unwrap(), bytes);
    }
    assert!(!server.heard()[0].contains("Accept-Encoding"));
    assert!(!server.heard()[1].contains("Accept-Encoding"));
    let unknown = Server::start(|_| answer("200 OK", "Content-Encoding: sdch\r\n", "x")).await;
    assert_eq!(fetched(&client(), unknown.at("/")).await.unwrap(), "x");
}

#[tokio::test]
async fn no_more_is_taken_into_memory_than_is_wanted() {
    let server = Server::start(|request| match request.starts_with("GET /chunks") {
        true => {
            says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        }
        false => ok("hello"),
    })
    .await;
    for path in ["/", "/chunks"] {
        let response = client().send(get(server.at(path))).await.unwrap();
        let error = response.into_body().bytes(4).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "http://{}: the body is longer than the 4 bytes that are wanted",
                server.address
            )
        );
        let response = client().send(get(server.at(path))).await.unwrap();
        assert_eq!(response.into_body().bytes(5).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_source_is_sent_as_it_comes_and_its_failure_is_told() {
    let server = Server::start(|_| ok("taken")).await;
    let client = client();
    let large = vec![b'x'; 300_000];
    let body = Body::reader(io::Cursor::new(large.clone()), Some(300_000));
    let request = Request::put(server.at("/")).body(body).unwrap();
    client.send(request).await.unwrap();
    let heard = server.heard().pop().unwrap();
    assert!(heard.contains("\r\nContent-Length: 300000\r\n"));
    assert!(heard.as_bytes().ends_with(&large));

    for (length, words) in [(5, "shorter"), (3, "longer")] {
        let body = Body::reader(&b"four"[..], Some(length));
        let request = Request::put(server.at("/")).body(body).unwrap();
        let error = client.send(request).await.expect_err(words).to_string();
        assert!(
            error.contains(words) && error.contains("announced"),
            "{error}"
        );
    }
    let broken = broken_reader();
    let request = Request::put(server.at("/"))
        .body(Body::reader(broken, None))
        .unwrap();
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error, Error::Source(_)), "{error}");
    assert_eq!(
        error.to_string(),
        "the body of the request cannot be read: the disk is gone"
    );
}

/// A reader that fails behind its first bytes.
fn broken_reader() -> impl AsyncRead + Send + 'static {
    struct Broken(bool);
    impl AsyncRead for Broken {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            if std::mem::replace(&mut self.0, true) {
                return std::task::Poll::Ready(Err(io::Error::other("the disk is gone")));
            }
            buffer.put_slice(b"some");
            std::task::Poll::Ready(Ok(()))
        }
    }
    Broken(false)
}
