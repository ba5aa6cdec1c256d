//! Connections that are kept end by themselves when nobody has asked for long enough.

use std::io::{Read, Write};
use std::time::Duration;

use http::Request;
use lariat_client::http::{Blocking, Client, Limits, Versions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{ALL, fetched};

/// Far longer than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks a server once, and waits for the end of the connection, which the server tells by its own end.
async fn ends_by_itself<F>(versions: Versions, serve: fn(TcpStream) -> F)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!("http://{}/", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        serve(stream).await
    });
    let client = Client::builder()
        .versions(versions)
        .limits(Limits {
            idle_time: Duration::from_millis(50),
            ..Limits::default()
        })
        .build()
        .unwrap();
    fetched(&client, there.parse().unwrap()).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, serving).await;
    ended.expect("an end in time").unwrap().unwrap();
    // It is not the end of the client that ended it.
    drop(client);
}

#[tokio::test]
async fn a_connection_that_nobody_asks_for_any_more_ends() {
    ends_by_itself(Versions::Http1, |mut stream| async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await?);
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(answer).await?;
        assert_eq!(stream.read(&mut [0]).await?, 0);
        Ok(())
    })
    .await;
}

#[test]
fn a_program_without_a_runtime_asks_over_no_connection_that_has_ended() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = format!("http://{}/", listener.local_addr().unwrap());
    let (has_ended, ended) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"ask") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            stream.write_all(answer).unwrap();
            drop(stream);
            has_ended.send(()).unwrap();
        }
    });
    let web = Blocking::new(crate::client()).unwrap();
    for _ in 0..3 {
        // What may do something twice is sent once, so that it is to be sent where somebody hears it.
        let request = Request::post(&there).body("ask".into()).unwrap();
        let answer = web.send(request).unwrap();
        assert_eq!(web.wait(answer.into_body().text(ALL)).unwrap(), "ok");
        ended.recv().unwrap();
    }
    serving.join().unwrap();
}

/// A frame of version 2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;

#[tokio::test]
async fn a_shared_connection_that_nobody_asks_for_any_more_ends() {
    ends_by_itself(Versions::Http2, |mut stream| async move {
        stream.read_exact(&mut [0; 24]).await?;
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
        let mut has_answered = false;
        let mut head = [0; 9];
        while stream.read_exact(&mut head).await.is_ok() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            stream.read_exact(&mut payload).await?;
            match (head[3], head[4]) {
                (SETTINGS, 0) => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
                (HEADERS, _) => {
                    // The status is 200, and both the header and the answer end here.
                    stream
                        .write_all(&frame(HEADERS, 5, head[8], &[0x88]))
                        .await?;
                    has_answered = true;
                }
                _ => {}
            }
        }
        assert!(has_answered);
        Ok(())
    })
    .await;
}
