//! Peers that speak something else, or stop in the middle: their connection ends, the log
//! says why, and the others are served.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use lariat::service::timestamp::Timestamp;
use lariat::{ConnectOptions, Listening, Reactor};

use super::{is_served, others_are_served, serve};
use crate::common::{Certificates, PATIENCE, connect, hear_the_log, logged, reactor, wait_until};

fn serve_tls(reactor: &Reactor, certificates: &Certificates) -> Listening {
    let options = certificates.listening();
    let listening =
        reactor
            .handle()
            .listen_with("tls://127.0.0.1:0", options, Timestamp::default());
    listening.expect("listening")
}

fn tls_is_served(reactor: &Reactor, listening: &Listening, certificates: &Certificates) {
    let (endpoint, options) = (listening.endpoint().clone(), certificates.connecting());
    reactor.handle().wait(async move {
        let ending = lariat::timestamp::Ending::Lf;
        let client = lariat::client::timestamp::Client::connect_with(&endpoint, ending, options);
        let answer = client.await.expect("connected").ask(b"hi").await;
        assert!(
            answer
                .expect("in time")
                .expect("an answer")
                .text
                .ends_with(b"] hi")
        );
    });
}

/// Sends bytes and reads to the end, in order or by a reset.
fn rest_after(stream: &mut TcpStream, sent: &[u8]) -> Vec<u8> {
    // Who refuses early may be gone before the last byte is sent.
    let _ = stream.write_all(sent);
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => rest,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => rest,
        Err(error) => panic!("the connection stays open: {error}"),
    }
}

#[test]
fn plain_text_to_a_tls_port() {
    hear_the_log();
    let reactor = reactor();
    let certificates = Certificates::create();
    let listening = serve_tls(&reactor, &certificates);
    for plain in [&b"hi\n"[..], b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut stream = connect(&listening);
        let peer = stream.local_addr().expect("an address").to_string();
        let padded = [plain, &[b'.'; 100]].concat();
        let rest = rest_after(&mut stream, &padded);
        assert!(
            !rest.windows(2).any(|two| two == b"] "),
            "it was answered: {rest:?}"
        );
        logged(&["connection ended", &peer]);
    }
    tls_is_served(&reactor, &listening, &certificates);
}

#[test]
fn a_peer_that_goes_away_in_its_handshake() {
    hear_the_log();
    let reactor = reactor();
    let certificates = Certificates::create();
    let listening = serve_tls(&reactor, &certificates);
    let stream = connect(&listening);
    let peer = stream.local_addr().expect("an address").to_string();
    // The head of a record of TLS, whose body never comes.
    (&stream).write_all(&[22, 3, 1, 2, 0, 1]).expect("sent");
    drop(stream);
    logged(&["connection ended", &peer]);
    tls_is_served(&reactor, &listening, &certificates);
}

#[test]
fn tls_to_a_plain_port() {
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0");
    let endpoint = format!("tls://{}?verify=none", crate::common::address(&listening));
    let error = reactor.handle().wait(async move {
        let options = ConnectOptions {
            timeout: PATIENCE,
            ..ConnectOptions::default()
        };
        let endpoint = endpoint.parse().expect("an endpoint");
        let connected = lariat::connect_with(&endpoint, options).await;
        connected
            .map(drop)
            .expect_err("it speaks no TLS")
            .to_string()
    });
    assert!(
        error.contains("the server did not answer in TLS; use tcp:// for this port"),
        "{error}"
    );
    others_are_served(&listening);
}

#[test]
fn a_client_that_does_not_trust_the_server() {
    hear_the_log();
    let reactor = reactor();
    let listening = serve_tls(&reactor, &Certificates::create());
    let (endpoint, options) = (
        listening.endpoint().clone(),
        Certificates::create().connecting(),
    );
    let error = reactor.handle().wait(async move {
        let connected = lariat::connect_with(&endpoint, options).await;
        connected.map(drop).expect_err("not trusted").to_string()
    });
    assert!(
        error.starts_with(&listening.endpoint().to_string()),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
    logged(&[
        "connection ended",
        &format!("endpoint=\"{}\"", listening.endpoint()),
    ]);
}

#[test]
fn websocket_to_a_plain_port() {
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0");
    let endpoint = format!("ws://{}/", crate::common::address(&listening));
    let error = reactor.handle().wait(async move {
        let options = ConnectOptions {
            timeout: PATIENCE,
            ..ConnectOptions::default()
        };
        let endpoint = endpoint.parse().expect("an endpoint");
        let connected = lariat::connect_with(&endpoint, options).await;
        connected
            .map(drop)
            .expect_err("it speaks no WebSocket")
            .to_string()
    });
    assert!(
        error.ends_with("the server does not speak WebSocket on this port"),
        "{error}"
    );
    others_are_served(&listening);
}

#[test]
fn what_is_no_websocket_request() {
    hear_the_log();
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    for garbage in [
        &b"hi\n\r\n\r\n"[..],
        b"GET /time HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /time HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &[b'x'; 200_000],
    ] {
        let mut stream = connect(&listening);
        let peer = stream.local_addr().expect("an address").to_string();
        let rest = rest_after(&mut stream, garbage);
        assert!(!rest.windows(12).any(|words| words == b"HTTP/1.1 101"));
        logged(&["connection ended", &peer]);
    }
    let url = format!("ws://{}/time", crate::common::address(&listening));
    let (mut socket, _) = tungstenite::client(url, connect(&listening)).expect("upgraded");
    socket.send("hi".into()).expect("sent");
    assert!(
        socket
            .read()
            .expect("answered")
            .into_data()
            .ends_with(b"] hi")
    );
}

#[test]
fn a_reset_in_the_middle_of_a_line() {
    hear_the_log();
    let reactor = reactor();
    let listening = serve(&reactor, "tcp://127.0.0.1:0");
    let mut steady = connect(&listening);
    is_served(&mut steady);
    let mut stream = connect(&listening);
    is_served(&mut stream);
    let peer = stream.local_addr().expect("an address").to_string();
    stream.write_all(b"half a li").expect("sent");
    socket2::SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .expect("set");
    drop(stream);
    logged(&[
        "connection ended: the connection was reset by the peer",
        &peer,
    ]);
    is_served(&mut steady);
}

#[test]
fn half_lines_hold_up_nobody() {
    let reactor = reactor();
    let endpoint: lariat::Endpoint = "tcp://127.0.0.1:0?quiet_ms=0".parse().expect("an endpoint");
    let service = Timestamp::from_endpoint(&endpoint).expect("known");
    let listening = reactor.listen(endpoint, service).expect("listening");
    let mut halves: Vec<TcpStream> = (0..50).map(|_| connect(&listening)).collect();
    for half in &mut halves {
        half.write_all(b"still ").expect("sent");
    }
    others_are_served(&listening);
    for (number, half) in halves.iter_mut().enumerate() {
        if number % 2 == 0 {
            half.write_all(b"there?\n").expect("sent");
        } else {
            half.shutdown(Shutdown::Write).expect("ended");
        }
        let expected = if number % 2 == 0 { 40 } else { 33 };
        let mut answer = vec![0; expected];
        half.read_exact(&mut answer).expect("answered in time");
        let message = if number % 2 == 0 {
            &b"] still there?\n"[..]
        } else {
            b"] still "
        };
        assert!(answer.ends_with(message));
    }
}

/// A request that comes in very many small packets is refused, not waited for.
#[test]
fn a_websocket_request_that_drips() {
    hear_the_log();
    let reactor = reactor();
    let listening = serve(&reactor, "ws://127.0.0.1:0/time");
    let mut stream = connect(&listening);
    let peer = stream.local_addr().expect("an address").to_string();
    stream
        .write_all(b"GET /time HTTP/1.1\r\nx: ")
        .expect("sent");
    wait_until("it is refused", || stream.write_all(b"x").is_err());
    logged(&["connection ended", "handshake", &peer]);
}
