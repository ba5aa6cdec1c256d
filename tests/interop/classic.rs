//! Python's `socket`, `ssl` and `socketserver`, as teaching programs use them.

use crate::lariat::{Certificates, Server, ask, assert_stamped, lariat, text};
use crate::peer::{Peer, python};

const ENDINGS: [(&str, &str); 3] = [("bare", ""), ("lf", "\n"), ("crlf", "\r\n")];

/// What Python prints for bytes, as the text in them.
pub fn from_repr(line: &str) -> String {
    let quoted = line.strip_prefix('b').unwrap_or(line);
    let inner = quoted
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    let inner = inner.unwrap_or_else(|| panic!("{line:?} is not what Python prints for bytes"));
    inner.replace("\\r", "\r").replace("\\n", "\n")
}

fn answers(client: Peer) -> Vec<String> {
    let lines = client.succeed();
    lines.iter().map(|line| from_repr(line)).collect()
}

/// Every way of ending a message, over one connection each.
fn clients_are_answered(scheme: &str, address: &str, authority: &str) {
    for (name, ending) in ENDINGS {
        let arguments = [scheme, address, name, authority, "hi", " ", "a third one"];
        let told = answers(python("classic_client.py", arguments));
        let sent = ["hi", " ", "a third one"].map(|message| format!("{message}{ending}"));
        assert_stamped(&told, &sent.each_ref().map(String::as_str));
    }
}

#[test]
fn a_client_over_tcp_is_answered() {
    let server = Server::start();
    clients_are_answered("tcp", &server.address("tcp"), "");
}

#[test]
fn a_client_over_tls_that_trusts_our_authority_is_answered() {
    let server = Server::start();
    clients_are_answered("tls", &server.address("tls"), &server.authority());
}

#[test]
fn a_client_over_tls_that_trusts_another_authority_refuses_us() {
    let server = Server::start();
    let other = Certificates::new();
    let arguments = [
        "tls",
        &server.address("tls"),
        "lf",
        &other.authority(),
        "hi",
    ];
    let ended = python("classic_client.py", arguments).finish();
    assert!(!ended.status.success());
    assert!(
        ended.errors.contains("CERTIFICATE_VERIFY_FAILED"),
        "{}",
        ended.errors
    );
}

#[test]
fn a_client_over_udp_is_answered_by_the_address_that_it_asked() {
    let server = Server::with(&["timestamp=udp://0.0.0.0:0"]);
    let port = server.port("udp");
    clients_are_answered("udp", &format!("127.0.0.1:{port}"), "");
    clients_are_answered("udp", &format!("127.0.0.2:{port}"), "");
}

#[test]
fn a_client_over_a_unix_socket_is_answered() {
    let server = Server::start();
    clients_are_answered("unix", &server.address("unix"), "");
}

#[test]
fn a_client_over_unix_datagrams_is_answered() {
    let server = Server::with(&["timestamp=unixgram:STATE/datagrams"]);
    clients_are_answered("unixgram", &server.address("unixgram"), "");
}

#[test]
fn a_request_and_response_client_is_answered_once() {
    let server = Server::with(&["timestamp=tcp://127.0.0.1:0?one_request=true"]);
    let address = server.address("tcp");
    let told = answers(python(
        "classic_client.py",
        ["tcp", &address, "crlf", "", "hi"],
    ));
    assert_stamped(&told, &["hi\r\n"]);
}

fn classic_server(scheme: &str, path: &str, certificates: [&str; 2]) -> Peer {
    let [certificate, key] = certificates;
    python("classic_server.py", [scheme, path, certificate, key])
}

#[test]
fn a_server_over_tcp_answers_us() {
    let mut server = classic_server("tcp", "", ["", ""]);
    let endpoint = format!("tcp://{}", server.ready());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
    assert_eq!(from_repr(&server.line()), "hi\n");
    assert_eq!(from_repr(&server.line()), "there\n");
    assert_eq!(server.line(), "closed");
}

#[test]
fn a_server_over_udp_answers_us() {
    let mut server = classic_server("udp", "", ["", ""]);
    let endpoint = format!("udp://{}", server.ready());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_server_over_a_unix_socket_answers_us() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = text(&folder.path().join("socket"));
    let mut server = classic_server("unix", &path, ["", ""]);
    let endpoint = format!("unix:{}", server.ready());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_server_over_tls_with_our_certificate_answers_us() {
    let certificates = Certificates::new();
    let [certificate, key] = certificates.server();
    let mut server = classic_server("tls", "", [&certificate, &key]);
    let endpoint = format!("tls://{}?ca={}", server.ready(), certificates.authority());
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
}

#[test]
fn a_server_over_tls_of_another_authority_is_refused() {
    let [ours, other] = [Certificates::new(), Certificates::new()];
    let [certificate, key] = other.server();
    let mut server = classic_server("tls", "", [&certificate, &key]);
    let endpoint = format!("tls://{}?ca={}", server.ready(), ours.authority());
    let ended = lariat(["timestamp", &endpoint, "-m", "hi"]).finish();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.errors);
    assert!(!ended.errors.trim().is_empty());
    assert_eq!(ended.lines, Vec::<String>::new());
    let told = server.line();
    assert!(told.starts_with("error"), "{told}");
}

#[test]
fn a_socketserver_answers_us_on_a_connection_for_each_line() {
    let mut server = python("handler_server.py", [""; 0]);
    let endpoint = format!("tcp://{}", server.ready());
    let arguments = [
        "timestamp",
        "--per-line",
        &endpoint,
        "-m",
        "hi",
        "-m",
        "there",
    ];
    assert_stamped(&lariat(arguments).succeed(), &["hi", "there"]);
    assert_eq!(from_repr(&server.line()), "hi\n");
    assert_eq!(from_repr(&server.line()), "there\n");
}

#[test]
fn a_socketserver_that_closes_is_noticed() {
    let mut server = python("handler_server.py", [""; 0]);
    let endpoint = format!("tcp://{}", server.ready());
    let mut client = lariat(["timestamp", &endpoint]);
    client.say("hi\n");
    assert_stamped(&[client.line()], &["hi"]);
    // Its input stays open: it ends since the server closed, and says so.
    let ended = client.wait();
    assert!(ended.errors.contains("closed"), "{:?}", ended.errors);
}
