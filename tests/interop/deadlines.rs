//! Clients that sit and wait, until the server has waited for long enough.

use std::time::{Duration, Instant};

use crate::lariat::{Server, assert_stamped};
use crate::peer::{Peer, program};

/// Each is longer than the whole of what comes before it, and differs from the others, so
/// that the wrong one is seen to be wrong. For clients that do nothing at all before theirs.
const DEADLINES: [&str; 5] = [
    "proxy-header=300ms",
    "handshake=400ms",
    "first-message=500ms",
    "message=600ms",
    "idle=700ms",
];

/// The service on this endpoint, with those deadlines.
fn server(endpoint: &str) -> Server {
    server_with(endpoint, &DEADLINES)
}

/// The service on this endpoint, for clients that must have done something before the deadline.
fn server_with(endpoint: &str, deadlines: &[&str]) -> Server {
    let service = format!("timestamp={endpoint}");
    let mut arguments = vec![service.as_str()];
    for deadline in deadlines {
        arguments.extend(["--deadline", deadline]);
    }
    Server::with(&arguments)
}

/// Long before any other deadline that is not set here.
const SOON: Duration = Duration::from_secs(10);

/// That a client which does nothing more is closed by the server, for this reason, and not
/// before its time, nor when it would have been without any setting; returns what it still
/// printed.
fn is_closed(
    mut server: Server,
    client: Peer,
    begun: Instant,
    ms: u64,
    reason: &str,
) -> Vec<String> {
    let ended = client.wait();
    let took = begun.elapsed();
    let due = Duration::from_millis(ms);
    assert!((due..SOON).contains(&took), "closed after {took:?}");
    server.note(reason);
    ended.lines
}

#[test]
fn nc_that_says_nothing_is_closed() {
    let server = server("tcp://127.0.0.1:0");
    let begun = Instant::now();
    // Without -d it would go on to wait for its own input.
    let client = program("nc", ["-d", "127.0.0.1", &server.port("tcp")]);
    let told = is_closed(server, client, begun, 500, "no first message in time");
    assert_eq!(told, [""; 0]);
}

#[test]
fn nc_that_does_not_begin_with_tls_is_closed() {
    let server = server("tls://127.0.0.1:0");
    let begun = Instant::now();
    let client = program("nc", ["-d", "127.0.0.1", &server.port("tls")]);
    let told = is_closed(server, client, begun, 400, "the handshake took too long");
    assert_eq!(told, [""; 0]);
}

#[test]
fn nc_that_sends_no_proxy_header_is_closed() {
    let server = server("proxy+tcp://127.0.0.1:0");
    let begun = Instant::now();
    let client = program("nc", ["-d", "127.0.0.1", &server.port("proxy+tcp")]);
    let told = is_closed(server, client, begun, 300, "no PROXY header in time");
    assert_eq!(told, [""; 0]);
}

#[test]
fn socat_that_does_not_finish_a_line_is_closed() {
    let server = server_with("tcp://127.0.0.1:0?quiet_ms=0", &["message=600ms"]);
    let begun = Instant::now();
    let mut client = program("socat", ["-", &format!("TCP:{}", server.address("tcp"))]);
    client.say("half a li");
    let told = is_closed(
        server,
        client,
        begun,
        600,
        "a message was not finished in time",
    );
    assert_eq!(told, [""; 0]);
}

#[test]
fn socat_that_says_nothing_more_is_closed() {
    let server = server_with("tcp://127.0.0.1:0", &["idle=700ms"]);
    let mut client = program("socat", ["-", &format!("TCP:{}", server.address("tcp"))]);
    let begun = Instant::now();
    client.say("hi\n");
    let told = is_closed(server, client, begun, 700, "idle for too long");
    assert_stamped(&told, &["hi"]);
}

/// Closed in TLS's own words: without them, OpenSSL would say that the end came unexpectedly.
#[test]
fn openssl_s_client_that_says_nothing_more_is_closed_in_order() {
    let server = server_with("tls://127.0.0.1:0", &["idle=700ms"]);
    let address = server.address("tls");
    let mut client = program("openssl", ["s_client", "-connect", &address]);
    let begun = Instant::now();
    client.say("hi\n");
    let told = is_closed(server, client, begun, 700, "idle for too long");
    assert!(told.iter().any(|line| line.ends_with("] hi")), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("closed"));
}
