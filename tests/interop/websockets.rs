//! Python's `websockets`, in text and in bytes.

use crate::lariat::{Certificates, Server, ask, assert_stamped};
use crate::peer::python;

/// A text is answered in text, and bytes in bytes.
fn client_is_answered(url: &str, authority: &str) {
    let messages = ["hi", " ", "two\nlines\n"];
    let told = python(
        "websocket_client.py",
        [[url, authority].as_slice(), &messages].concat(),
    );
    let lines = told.succeed();
    assert_eq!(lines.len(), 2 * messages.len(), "{lines:?}");
    for (pair, message) in lines.chunks(2).zip(messages) {
        assert!(pair[0].starts_with('\''), "{} is not text", pair[0]);
        assert!(pair[1].starts_with("b'"), "{} is not bytes", pair[1]);
        let told: Vec<String> = pair
            .iter()
            .map(|line| crate::classic::from_repr(line))
            .collect();
        assert_stamped(&told, &[message, message]);
    }
}

#[test]
fn a_client_is_answered() {
    let server = Server::start();
    client_is_answered(&format!("ws://{}", server.address("ws")), "");
}

#[test]
fn a_client_over_tls_that_trusts_our_authority_is_answered() {
    let server = Server::with(&["timestamp=wss://localhost:0"]);
    let url = format!("wss://localhost:{}", server.port("wss"));
    client_is_answered(&url, &server.authority());
}

#[test]
fn a_server_answers_us() {
    let mut server = python("websocket_server.py", ["", ""]);
    let endpoint = server.ready();
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_server_over_tls_with_our_certificate_answers_us() {
    let certificates = Certificates::new();
    let mut server = python("websocket_server.py", certificates.server());
    let endpoint = format!("{}?ca={}", server.ready(), certificates.authority());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}
