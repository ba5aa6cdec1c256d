//! Twisted, the reactor that many protocols were first written for.

use crate::classic::from_repr;
use crate::lariat::{Certificates, Server, ask, assert_stamped, lariat, text};
use crate::peer::python;

fn client_is_answered(kind: &str, address: &str, authority: &str) {
    let arguments = [kind, address, authority, "hi", "there"];
    let lines = python("twisted_client.py", arguments).succeed();
    let told: Vec<String> = lines.iter().map(|line| from_repr(line)).collect();
    assert_stamped(&told, &["hi", "there"]);
}

#[test]
fn a_client_with_bare_words_is_answered() {
    let server = Server::start();
    client_is_answered("tcp", &server.address("tcp"), "");
}

#[test]
fn a_line_receiver_is_answered() {
    let server = Server::start();
    client_is_answered("line", &server.address("tcp"), "");
}

#[test]
fn a_client_over_tls_that_trusts_our_authority_is_answered() {
    let server = Server::start();
    client_is_answered("tls", &server.address("tls"), &server.authority());
}

#[test]
fn a_client_over_udp_is_answered() {
    let server = Server::with(&["timestamp=udp://127.0.0.1:0"]);
    client_is_answered("udp", &server.address("udp"), "");
}

#[test]
fn a_client_over_a_unix_socket_is_answered() {
    let server = Server::start();
    client_is_answered("unix", &server.address("unix"), "");
}

#[test]
fn a_server_over_tcp_answers_us() {
    let mut server = python("twisted_server.py", ["tcp", "", "", ""]);
    let endpoint = format!("tcp://{}", server.ready());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_server_over_tls_with_our_certificate_answers_us() {
    let certificates = Certificates::new();
    let [certificate, key] = certificates.server();
    let mut server = python("twisted_server.py", ["tls", "", &certificate, &key]);
    let endpoint = format!("tls://{}?ca={}", server.ready(), certificates.authority());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_server_over_udp_answers_us() {
    let mut server = python("twisted_server.py", ["udp", "", "", ""]);
    let endpoint = format!("udp://{}", server.ready());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_server_over_a_unix_socket_answers_us() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = text(&folder.path().join("socket"));
    let mut server = python("twisted_server.py", ["unix", &path, "", ""]);
    let endpoint = format!("unix:{}", server.ready());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_line_receiver_understands_our_crlf() {
    let mut server = python("twisted_server.py", ["line", "", "", ""]);
    let endpoint = format!("tcp://{}", server.ready());
    let mut client = lariat(["connect", "--crlf", &endpoint]);
    for message in ["hi", "there"] {
        client.say(&format!("{message}\n"));
        let answer = client.line();
        assert_stamped(&[answer.trim_end().to_string()], &[message]);
    }
}
