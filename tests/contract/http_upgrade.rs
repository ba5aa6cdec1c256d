//! hyper over a `Connection`: requests with keep-alive, then an upgrade after which the
//! same connection is the service's own.

use std::convert::Infallible;
use std::io::{BufReader, Write};

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use lariat::{Connection, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{connect, reactor, read_line};

async fn answer(
    mut request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from("hello\n")));
    if request.headers().contains_key(header::UPGRADE) {
        tokio::spawn(async move {
            let Ok(upgraded) = hyper::upgrade::on(&mut request).await else {
                return;
            };
            let mut stream = TokioIo::new(upgraded);
            let mut byte = [0];
            while let Ok(1) = stream.read(&mut byte).await {
                byte[0] = byte[0].to_ascii_uppercase();
                if stream.write_all(&byte).await.is_err() {
                    return;
                }
            }
        });
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, header::HeaderValue::from_static("shout"));
        headers.insert(
            header::CONNECTION,
            header::HeaderValue::from_static("upgrade"),
        );
        *response.body_mut() = Full::default();
    }
    Ok(response)
}

async fn serve(connection: Connection) -> Result<(), hyper::Error> {
    http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service_fn(answer))
        .with_upgrades()
        .await
}

#[test]
fn a_connection_is_upgraded_in_its_middle() {
    let reactor = reactor();
    let listening = reactor
        .listen("tcp://127.0.0.1:0", serve)
        .expect("listening");
    let mut stream = connect(&listening);
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    for _ in 0..2 {
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .expect("sent");
        assert_eq!(read_line(&mut reader), "HTTP/1.1 200 OK\r\n");
        while read_line(&mut reader) != "\r\n" {}
        assert_eq!(read_line(&mut reader), "hello\n");
    }
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: shout\r\n\r\n")
        .expect("sent");
    assert_eq!(
        read_line(&mut reader),
        "HTTP/1.1 101 Switching Protocols\r\n"
    );
    while read_line(&mut reader) != "\r\n" {}
    stream.write_all(b"louder\n").expect("sent");
    assert_eq!(read_line(&mut reader), "LOUDER\n");
}

/// The other way round: an async service that hands its connection to a `Protocol`.
#[test]
fn an_async_service_hands_its_connection_to_a_protocol() {
    struct Shout;

    impl lariat::Protocol for Shout {
        fn data_received(&mut self, transport: &mut lariat::Transport, data: &[u8]) {
            transport.write(&data.to_ascii_uppercase());
        }
    }

    let reactor = reactor();
    let (reasons, told) = std::sync::mpsc::channel();
    let greet = move |mut connection: Connection| {
        let reasons = reasons.clone();
        async move {
            connection.write_all(b"your turn\n").await?;
            let reason: Reason = connection.serve(Shout).await;
            // The test may be over.
            let _ = reasons.send(reason.to_string());
            Ok::<(), std::io::Error>(())
        }
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", greet)
        .expect("listening");
    let mut stream = connect(&listening);
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    assert_eq!(read_line(&mut reader), "your turn\n");
    stream.write_all(b"hello\n").expect("sent");
    assert_eq!(read_line(&mut reader), "HELLO\n");
    stream.shutdown(std::net::Shutdown::Write).expect("ended");
    let reason = told.recv_timeout(super::PATIENCE).expect("told");
    assert_eq!(reason, "closed by the peer");
}
