//! What a request looks like, and what comes of the answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, StatusCode, Version};
use lariat_client::http::{
    Authentication, Blocking, Body, Client, Exchange, Limits, Observer, address,
};
use lariat_protocol::Endpoint;

use crate::server::{Server, answer, ends, ok, says};
use crate::{ALL, client, fetched, get, header};

#[tokio::test]
async fn a_page_is_asked_for_and_read() {
    let server = Server::start(|_| answer("200 Fine", "X-Colour: blue\r\n", "hello")).await;
    let response = client().send(get(server.at("/a?b"))).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.version(), Version::HTTP_11);
    assert_eq!(header(&response, "x-colour"), Some("blue"));
    assert_eq!(response.body().length(), Some(5));
    let exchange = response.extensions().get::<Exchange>().unwrap();
    assert_eq!(exchange.address, server.at("/a?b"));
    assert_eq!(exchange.peer.to_string(), server.address.to_string());
    assert_eq!((exchange.wire_length, exchange.is_reused), (Some(5), false));
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "hello");
    let agent = concat!("lariat/", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        server.heard(),
        [format!(
            "GET /a?b HTTP/1.1\r\nHost: {}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
             Accept-Encoding: gzip, deflate, br, zstd\r\n\r\n",
            server.address
        )]
    );
}

#[tokio::test]
async fn every_method_has_its_body_and_its_header() {
    let server = Server::start(|_| ok("")).await;
    let client = client();
    let send = async |method: Method, body: Body| {
        let request = Request::builder()
            .method(method)
            .uri(server.at("/"))
            .header("X-Mine", "1")
            .header("Accept", "text/plain")
            .header("Content-Length", "99")
            .body(body)
            .unwrap();
        client.send(request).await.unwrap();
        server.heard().pop().unwrap()
    };
    let heard = send(Method::POST, "hello".into()).await;
    assert!(heard.starts_with("POST / HTTP/1.1\r\n") && heard.ends_with("\r\n\r\nhello"));
    assert!(heard.contains("\r\nContent-Length: 5\r\n") && heard.contains("\r\nX-Mine: 1\r\n"));
    assert!(heard.contains("\r\nAccept: text/plain\r\n") && !heard.contains("*/*"));
    let heard = send(Method::PUT, Body::empty()).await;
    assert!(heard.contains("\r\nContent-Length: 0\r\n"), "{heard}");
    let heard = send(Method::DELETE, Body::empty()).await;
    assert!(
        heard.starts_with("DELETE /") && !heard.contains("Content-Length"),
        "{heard}"
    );
    let heard = send(Method::from_bytes(b"PROPFIND").unwrap(), "x".into()).await;
    assert!(
        heard.starts_with("PROPFIND /") && heard.ends_with('x'),
        "{heard}"
    );
    let heard = send(Method::POST, Body::reader(&b"piece"[..], None)).await;
    assert!(
        heard.contains("\r\nTransfer-Encoding: chunked\r\n"),
        "{heard}"
    );
    assert!(
        heard.ends_with("\r\n\r\n5\r\npiece\r\n0\r\n\r\n"),
        "{heard}"
    );
    let error = client.send(
        Request::connect(server.at("/"))
            .body(Body::empty())
            .unwrap(),
    );
    assert!(error.await.unwrap_err().to_string().contains("for proxies"));
}

#[tokio::test]
async fn answers_without_a_body_leave_the_connection_for_the_next_request() {
    let server = Server::start(|request| match request {
        _ if request.starts_with("HEAD") => says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        _ if request.starts_with("GET /204") => says("HTTP/1.1 204 No Content\r\n\r\n"),
        _ if request.starts_with("GET /304") => says("HTTP/1.1 304 Not Modified\r\n\r\n"),
        _ if request.starts_with("GET /chunks") => says(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             3\r\none\r\n3;x=y\r\ntwo\r\n0\r\nX-Trailer: 1\r\n\r\n",
        ),
        _ => ok("whole"),
    })
    .await;
    let client = client();
    let head = Request::head(server.at("/")).body(Body::empty()).unwrap();
    let response = client.send(head).await.unwrap();
    assert_eq!(header(&response, "content-length"), Some("5"));
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "");
    for (path, text) in [
        ("/204", ""),
        ("/304", ""),
        ("/chunks", "onetwo"),
        ("/", "whole"),
    ] {
        assert_eq!(
            fetched(&client, server.at(path)).await.unwrap(),
            text,
            "{path}"
        );
    }
    assert_eq!((server.heard().len(), server.connections()), (5, 1));
}

#[tokio::test]
async fn a_connection_is_used_again_only_as_long_as_it_is_good_for_it() {
    let server = Server::start(|request| match request {
        _ if request.starts_with("GET /close") => {
            says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
        }
        _ if request.starts_with("GET /end") => ends("HTTP/1.0 200 OK\r\n\r\nto the end"),
        _ if request.starts_with("GET /more") => {
            says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 Injected\r\n\r\n")
        }
        _ => ok("a body of some length"),
    })
    .await;
    let client = client();
    for (path, connections) in [
        ("/", 1),
        ("/", 1),
        ("/close", 1),
        ("/", 2),
        ("/end", 2),
        ("/more", 3),
        ("/", 4),
    ] {
        let text = fetched(&client, server.at(path)).await.unwrap();
        assert!(!text.is_empty());
        assert_eq!(server.connections(), connections, "{path}");
    }
    // A body that was not read to its end ends its connection.
    drop(client.send(get(server.at("/"))).await.unwrap());
    assert_eq!(server.connections(), 4);
    fetched(&client, server.at("/")).await.unwrap();
    assert!(server.connections() <= 5);
}

#[tokio::test]
async fn there_are_no_more_connections_than_allowed() {
    let server = Server::start(|_| ok("x")).await;
    let client = Client::builder()
        .limits(Limits {
            connections_per_host: 2,
            ..Limits::default()
        })
        .build()
        .unwrap();
    let fetching: Vec<_> = (0..20)
        .map(|_| {
            let (client, there) = (client.clone(), server.at("/"));
            tokio::spawn(async move { fetched(&client, there).await.unwrap() })
        })
        .collect();
    for fetching in fetching {
        assert_eq!(fetching.await.unwrap(), "x");
    }
    assert!(server.connections() <= 2, "{}", server.connections());
    let idle_for_no_time = Client::builder()
        .limits(Limits {
            idle_time: Duration::ZERO,
            ..Limits::default()
        })
        .build()
        .unwrap();
    let before = server.connections();
    for _ in 0..3 {
        fetched(&idle_for_no_time, server.at("/")).await.unwrap();
    }
    assert_eq!(server.connections(), before + 3);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_is_replaced() {
    // Each connection takes one request, though it does not say so.
    let server = Server::start(|_| ends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")).await;
    let client = client();
    for _ in 0..5 {
        assert_eq!(fetched(&client, server.at("/")).await.unwrap(), "x");
        let request = Request::post(server.at("/")).body("once".into()).unwrap();
        let posted = client.send(request).await.unwrap();
        assert_eq!(posted.into_body().text(ALL).await.unwrap(), "x");
    }
    assert_eq!(server.heard().len(), 10);
}

#[tokio::test]
async fn who_asks_is_said_by_the_address_or_by_the_caller() {
    let server = Server::start(|_| ok("")).await;
    let client = client();
    let with_password = format!("http://me:s%20ecret@{}/", server.address);
    fetched(&client, address(&with_password).unwrap())
        .await
        .unwrap();
    let bearer = Authentication::bearer("token").unwrap();
    let request = Request::get(server.at("/"))
        .header("Authorization", bearer.header())
        .body(Body::empty())
        .unwrap();
    client.send(request).await.unwrap();
    let heard = server.heard();
    assert!(
        heard[0].contains("\r\nAuthorization: Basic bWU6cyBlY3JldA==\r\n"),
        "{}",
        heard[0]
    );
    assert!(!heard[0].contains("@"), "{}", heard[0]);
    assert!(
        heard[1].contains("\r\nAuthorization: Bearer token\r\n"),
        "{}",
        heard[1]
    );
}

#[tokio::test]
async fn an_endpoint_may_stand_for_a_host() {
    let server = Server::start(|_| ok("here")).await;
    let endpoint = Endpoint::tcp("127.0.0.1", server.address.port());
    let client = Client::builder()
        .instead("Far.example", 80, endpoint)
        .build()
        .unwrap();
    let there = "http://far.example/".parse().unwrap();
    assert_eq!(fetched(&client, there).await.unwrap(), "here");
    assert!(server.heard()[0].contains("\r\nHost: far.example\r\n"));
    let secret = Client::builder().instead("a", 443, Endpoint::tls("b", 1));
    assert!(
        secret
            .build()
            .unwrap_err()
            .to_string()
            .contains("tls://b:1 cannot stand")
    );
}

#[derive(Default)]
struct Ears {
    sent: Mutex<Vec<u8>>,
    received: Mutex<Vec<u8>>,
}

impl Observer for Ears {
    fn sent(&self, connection: u64, bytes: &[u8]) {
        assert_eq!(connection, 1);
        self.sent.lock().unwrap().extend_from_slice(bytes);
    }

    fn received(&self, connection: u64, bytes: &[u8]) {
        assert_eq!(connection, 1);
        self.received.lock().unwrap().extend_from_slice(bytes);
    }
}

#[tokio::test]
async fn who_watches_sees_each_byte_both_ways() {
    let server = Server::start(|_| ok("hello")).await;
    let ears = Arc::new(Ears::default());
    let client = Client::builder().observer(ears.clone()).build().unwrap();
    let request = Request::post(server.at("/"))
        .body("question".into())
        .unwrap();
    let response = client.send(request).await.unwrap();
    response.into_body().bytes(ALL).await.unwrap();
    assert_eq!(*ears.sent.lock().unwrap(), server.heard()[0].as_bytes());
    let received = ears.received.lock().unwrap();
    assert_eq!(
        *received,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    );
}

#[test]
fn a_program_without_a_runtime_waits() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(Server::start(|_| ok("hello")));
    let client = Blocking::new(client()).unwrap();
    for _ in 0..2 {
        let response = client.send(get(server.at("/"))).unwrap();
        assert_eq!(
            client.wait(response.into_body().text(ALL)).unwrap(),
            "hello"
        );
    }
    assert_eq!(server.connections(), 1);
}
