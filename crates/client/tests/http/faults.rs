//! Servers that are not there, say nothing, say too much, lie, and go away.

use std::time::Duration;

use http::Request;
use lariat_client::http::{Body, Client, Deadlines, Error, Limits};

use crate::server::{Server, answer, ends, ok, says, stalls};
use crate::{ALL, SHORT, client, failed, get, impatient};

/// Why there is nothing from a server that says this and goes.
async fn told(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    let server = Server::start(move |_| ends(bytes.clone())).await;
    let text = failed(&client(), server.at("/")).await;
    let before = format!("http://{}: ", server.address);
    text.strip_prefix(&before).expect(&text).to_owned()
}

#[tokio::test]
async fn who_is_not_there_is_named() {
    let text = failed(&client(), "http://127.0.0.1:1/a".parse().unwrap()).await;
    assert_eq!(
        text,
        "cannot connect to http://127.0.0.1:1: connection refused (127.0.0.1:1)"
    );
    let text = failed(&client(), "https://127.0.0.1:1/a".parse().unwrap()).await;
    assert!(
        text.starts_with("cannot connect to https://127.0.0.1:1: "),
        "{text}"
    );
    let text = failed(&client(), "http://nowhere.invalid/".parse().unwrap()).await;
    assert!(text.contains("nowhere.invalid"), "{text}");
}

#[tokio::test]
async fn what_is_no_http_is_told_in_a_line() {
    for (bytes, words) in [
        ("SSH-2.0-x\r\n\r\n", "what it answered is no HTTP: "),
        ("HTTP/1.1 2x0 OK\r\n\r\n", "no status of three digits"),
        ("HTTP/1.1\r\n\r\n", "what it answered"),
        (
            "HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n",
            "what it answered is no HTTP: ",
        ),
        (
            "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
            "what it answered is no HTTP: ",
        ),
        (
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "what it answered is no HTTP: ",
        ),
        (
            "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
            "what it answered is no HTTP: ",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "what it answered is no HTTP: ",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "what it answered is no HTTP: ",
        ),
        ("", "it closed the connection before it had answered"),
        (
            "HTTP/1.1 200 OK\r\nConte",
            "it closed the connection before it had answered",
        ),
    ] {
        let text = told(bytes).await;
        assert!(text.contains(words), "{bytes:?}: {text}");
    }
    let plain = Server::start(|_| ends("HTTP/1.1 200 OK\nA: b\nContent-Length: 2\n\nok")).await;
    // Lines that end by LF alone are lines (RFC 9112, section 2.2).
    let response = client().send(get(plain.at("/"))).await.unwrap();
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "ok");
}

#[tokio::test]
async fn a_header_without_end_is_not_read_to_its_end() {
    let many = "HTTP/1.1 200 OK\r\n".to_owned() + &"A: b\r\n".repeat(100_000);
    let long = "HTTP/1.1 200 OK\r\nA: ".to_owned() + &"b".repeat(1_000_000);
    let status = "HTTP/1.1 200 ".to_owned() + &"b".repeat(1_000_000);
    for bytes in [many, long, status] {
        let text = told(bytes).await;
        assert_eq!(
            text,
            "the header of its answer is longer than 262144 bytes or 256 lines"
        );
    }
    let head = |lines: usize| {
        let lines = "A: b\r\n".repeat(lines - 1);
        format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n")
    };
    let allowed = Limits {
        header_lines: 20,
        header_bytes: 8192,
        ..Limits::default()
    };
    let client = Client::builder().limits(allowed).build().unwrap();
    for (lines, passes) in [(20, true), (21, false)] {
        let server = Server::start(move |_| says(head(lines))).await;
        assert_eq!(
            client.send(get(server.at("/"))).await.is_ok(),
            passes,
            "{lines}"
        );
    }
    let few = Limits {
        header_bytes: 100,
        ..Limits::default()
    };
    let error = Client::builder().limits(few).build().unwrap_err();
    assert!(error.to_string().contains("below 8192"), "{error}");
}

#[tokio::test]
async fn answers_before_the_answer_do_not_go_on_for_ever() {
    let server = Server::start(|_| stalls("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000))).await;
    let text = failed(&impatient().build().unwrap(), server.at("/")).await;
    assert!(text.ends_with("no answer within 0.2 s"), "{text}");
}

#[tokio::test]
async fn a_body_that_is_not_what_was_announced_is_told() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (bytes, words) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour".to_owned(),
            "the body ended at 4 of 10 bytes",
        ),
        (
            format!("{chunks}4\r\nfour\r\n"),
            "the body ended before its end, when 4 bytes had come",
        ),
        (
            format!("{chunks}8\r\nfour"),
            "the body ended before its end, when 4 bytes had come",
        ),
        (
            format!("{chunks}4\r\nfour\r\n0\r\n"),
            "the body ended before its end, when 4 bytes had come",
        ),
        (
            format!("{chunks}x\r\nfour"),
            "what came behind 0 bytes of the body is no HTTP: ",
        ),
        (
            format!("{chunks}4\r\nfourfive\r\n"),
            "what came behind 4 bytes of the body is no HTTP: ",
        ),
        (
            format!("{chunks}-1\r\nx"),
            "what came behind 0 bytes of the body is no HTTP: ",
        ),
        (
            format!("{chunks}fffffffffffffffff\r\nx"),
            "what came behind 0 bytes of the body is no HTTP: ",
        ),
    ] {
        let text = told(bytes.clone()).await;
        assert!(text.contains(words), "{bytes:?}: {text}");
    }
    let endless = format!("{chunks}1;{}", "x".repeat(1_000_000));
    let text = told(endless).await;
    assert!(text.contains("is no HTTP"), "{text}");
    let trailers = format!("{chunks}0\r\n{}", "A: b\r\n".repeat(100_000));
    told(trailers).await;
}

#[tokio::test]
async fn each_step_has_its_time() {
    let server = Server::start(|request| match request {
        _ if request.starts_with("GET /nothing") => stalls(""),
        _ if request.starts_with("GET /head") => stalls("HTTP/1.1 200 OK\r\nContent-"),
        _ if request.starts_with("GET /body") => {
            stalls("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour")
        }
        _ => stalls("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"),
    })
    .await;
    let there = format!("http://{}: ", server.address);
    let usual = Deadlines::default();
    // What is to come in time has as long as a busy machine needs.
    let (for_answers, for_bodies) = ((SHORT, usual.between), (usual.answer, SHORT));
    for (path, (answer, between), words) in [
        ("/nothing", for_answers, "no answer within 0.2 s"),
        ("/head", for_answers, "no answer within 0.2 s"),
        (
            "/body",
            for_bodies,
            "nothing more of the body, of which 4 bytes came, within 0.2 s",
        ),
        (
            "/chunks",
            for_bodies,
            "nothing more of the body, of which 4 bytes came, within 0.2 s",
        ),
    ] {
        let client = Client::builder().deadlines(Deadlines {
            answer,
            between,
            ..usual
        });
        let client = client.build().unwrap();
        let error = crate::fetched(&client, server.at(path)).await.unwrap_err();
        assert!(error.is_time_out() && error.may_pass());
        assert_eq!(error.to_string(), format!("{there}{words}"));
    }
}

#[tokio::test]
async fn a_server_that_takes_no_more_has_its_time_and_a_slow_source_has_not() {
    // It reads nothing at all: a listener alone, whose system takes what fits.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = format!("http://{}/", listener.local_addr().unwrap());
    let body = Body::from(vec![0; 64 * 1024 * 1024]);
    let client = impatient().build().unwrap();
    let pieces = Body::reader(tokio::io::repeat(0), None);
    for body in [body, pieces] {
        let request = Request::put(&there).body(body).unwrap();
        let error = client.send(request).await.unwrap_err().to_string();
        assert!(error.ends_with("within 0.2 s"), "{error}");
    }

    // Its answer has less time than the source takes.
    let client = Client::builder().deadlines(Deadlines {
        answer: 10 * SHORT,
        between: SHORT,
        ..Deadlines::default()
    });
    let client = client.build().unwrap();
    let (mut writer, reader) = tokio::io::duplex(10);
    let server = Server::start(|_| ok("taken")).await;
    let request = Request::put(server.at("/"))
        .body(Body::reader(reader, Some(4)))
        .unwrap();
    let writing = tokio::spawn(async move {
        for byte in b"slow" {
            tokio::time::sleep(3 * SHORT).await;
            tokio::io::AsyncWriteExt::write_all(&mut writer, &[*byte])
                .await
                .unwrap();
        }
    });
    let response = client.send(request).await.unwrap();
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "taken");
    writing.await.unwrap();
}

#[tokio::test]
async fn the_whole_has_its_time_too() {
    let server = Server::start(|request| match request.starts_with("GET /head") {
        true => stalls(""),
        false => stalls("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour"),
    })
    .await;
    let deadlines = Deadlines {
        whole: Some(SHORT),
        ..Deadlines::default()
    };
    let client = Client::builder().deadlines(deadlines).build().unwrap();
    for path in ["/head", "/body"] {
        let text = failed(&client, server.at(path)).await;
        assert!(
            text.ends_with("it was not done within 0.2 s"),
            "{path}: {text}"
        );
    }
    // Connecting has its own: this address answers nobody.
    let deadlines = Deadlines {
        connect: Duration::from_millis(50),
        ..Deadlines::default()
    };
    let client = Client::builder().deadlines(deadlines).build().unwrap();
    let listener = full_listener();
    let there = format!("http://{}/", listener.0.local_addr().unwrap());
    let error = client.send(get(there.parse().unwrap())).await.unwrap_err();
    assert!(
        error.is_time_out() && error.to_string().contains("within 0.05 s"),
        "{error}"
    );
}

/// A listener whose queue is full, so that nobody else is let in.
fn full_listener() -> (std::net::TcpListener, Vec<std::net::TcpStream>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = socket2::SockRef::from(&listener);
    socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, SHORT) {
        waiting.push(stream);
    }
    (listener, waiting)
}

#[tokio::test]
async fn a_handshake_that_stalls_holds_up_no_other() {
    let server = Server::start(|_| stalls("")).await;
    let client = impatient()
        .limits(Limits {
            connections_per_host: 100,
            ..Limits::default()
        })
        .instead(
            "a.example",
            443,
            lariat_protocol::Endpoint::tcp("127.0.0.1", server.address.port()),
        )
        .insecure()
        .build()
        .unwrap();
    let asking: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            let there = "https://a.example/".parse().unwrap();
            tokio::spawn(async move { failed(&client, there).await })
        })
        .collect();
    // One after another they would take 20 s.
    let all = async {
        for asking in asking {
            let text = asking.await.unwrap();
            assert_eq!(
                text,
                "cannot connect to https://a.example: no answer within 0.2 s"
            );
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_answer_that_comes_before_the_question_is_over_counts() {
    let refused =
        "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!("http://{}/", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 1000]).await.unwrap(), 0);
        stream.write_all(refused.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    });
    let body = Body::reader(
        tokio::io::AsyncReadExt::take(tokio::io::repeat(0), 20_000_000),
        None,
    );
    let request = Request::put(&there).body(body).unwrap();
    let response = client().send(request).await.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "too much");
    serving.abort();
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_the_client_whole() {
    let server = Server::start(|request| match request.starts_with("GET /never") {
        true => stalls(""),
        false => answer("200 OK", "", "x"),
    })
    .await;
    let one = Limits {
        connections_per_host: 1,
        ..Limits::default()
    };
    let client = Client::builder().limits(one).build().unwrap();
    for _ in 0..3 {
        let never = client.send(get(server.at("/never")));
        assert!(
            tokio::time::timeout(Duration::from_millis(20), never)
                .await
                .is_err()
        );
        let response = client.send(get(server.at("/"))).await.unwrap();
        assert_eq!(response.into_body().text(ALL).await.unwrap(), "x");
    }
}

#[tokio::test]
async fn errors_go_through_readers_and_come_back() {
    let error = client()
        .send(get("http://127.0.0.1:1/".parse().unwrap()))
        .await
        .unwrap_err();
    let words = error.to_string();
    let back = Error::from_io(std::io::Error::from(error)).unwrap();
    assert_eq!(back.to_string(), words);
    assert!(Error::from_io(std::io::Error::other("x")).is_err());
}

/// A source without end, which tells by its own end that nobody holds it any more.
struct Endless(
    tokio::io::Repeat,
    #[allow(dead_code)] tokio::sync::oneshot::Sender<()>,
);

impl tokio::io::AsyncRead for Endless {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

#[tokio::test]
async fn a_connection_whose_request_nobody_takes_is_ended_behind_the_answer() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It answers as soon as it is asked, and reads no more.
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 16]).await.unwrap();
        let answer = b"HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno";
        stream.write_all(answer).await.unwrap();
        std::future::pending::<()>().await;
        drop(stream);
    });
    let (held, gone) = tokio::sync::oneshot::channel();
    let body = Body::reader(Endless(tokio::io::repeat(0), held), None);
    let request = Request::post(format!("http://{address}/")).body(body);
    let response = client().send(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "no");
    let ended = tokio::time::timeout(Duration::from_secs(30), gone).await;
    assert!(ended.expect("let go of in time").is_err());
    server.abort();
}
