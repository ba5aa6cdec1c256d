//! What a client says when something is wrong: one line each, which names it.

use std::io::Read;
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use lariat_testkit::Nobody;
use lariat_tls::Directory;

use crate::process::run;
use crate::server::{Server, answering, once, read_some, reset};

/// The one line that the command ends with, without `lariat: `, and its exit code.
fn fault(arguments: &[&str]) -> (String, i32) {
    let outcome = run(arguments, b"hi\n");
    assert_eq!(outcome.output, b"", "{arguments:?}");
    let line = outcome.errors.strip_suffix('\n');
    let line = line.unwrap_or_else(|| panic!("{arguments:?} says {:?}", outcome.errors));
    assert!(!line.contains('\n'), "{line:?} is more than one line");
    let message = line.strip_prefix("lariat: ").expect("who says it");
    (message.to_string(), outcome.code.expect("no signal"))
}

/// What both clients say of an endpoint, which must be the same.
fn failed(endpoint: &str) -> String {
    let (message, code) = fault(&["timestamp", endpoint]);
    assert_eq!(code, 1, "{message}");
    assert_eq!(fault(&["connect", endpoint]), (message.clone(), 1));
    message
}

#[test]
fn an_endpoint_that_does_not_parse() {
    for (endpoint, message) in [
        (
            "tcp://localhost:99999",
            "port \"99999\" is not a number from 0 to 65535",
        ),
        (
            "tpc://localhost:1",
            "unknown scheme \"tpc\" (did you mean \"tcp\"? known: ",
        ),
        (
            "tls://localhost:1?crt=x",
            "unknown option \"crt\" (did you mean \"cert\"? known here: ",
        ),
        ("tcp://", "no host after \"//\""),
    ] {
        for command in ["timestamp", "connect"] {
            let (said, code) = fault(&[command, endpoint]);
            assert!(said.starts_with(message), "{said}");
            assert_eq!(code, 2, "{said}");
        }
    }
}

#[test]
fn options_that_cannot_be_meant() {
    for (arguments, message) in [
        (
            &["localhost:1", "2"][..],
            "the port is given twice: 1 in localhost:1, and 2 behind it",
        ),
        (&["unix:x", "2"], "unix:x has no port; leave out 2"),
        (
            &["--encoding", "klingon"],
            "unknown encoding \"klingon\"; known are, for example, ",
        ),
        (
            &["-m", "a\nb"],
            "-m: a message is one line, and this one has a line end in it",
        ),
    ] {
        let (said, code) = fault(&[&["timestamp"], arguments].concat());
        assert!(said.starts_with(message), "{said}");
        assert_eq!(code, 2, "{said}");
    }
}

#[test]
fn a_name_that_nobody_knows() {
    let said = failed("tcp://nohost.invalid:1");
    // Without a network the name server cannot be asked, which is not the same.
    assert!(
        said.starts_with("no address for \"nohost.invalid\": "),
        "{said}"
    );
}

#[test]
fn a_port_that_nobody_listens_on() {
    let nobody = Nobody::tcp();
    let port = nobody.port();
    assert_eq!(
        failed(&format!("tcp://127.0.0.1:{port}")),
        format!("cannot connect to tcp://127.0.0.1:{port}: connection refused (127.0.0.1:{port})")
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no.sock");
    let path = path.display();
    assert_eq!(
        failed(&format!("unix:{path}")),
        format!("cannot connect to unix://{path}: no such file ({path})")
    );
    // Of a datagram's way nothing is known until the answer, which is a refusal.
    let nobody = Nobody::udp();
    let port = nobody.port();
    assert_eq!(
        failed(&format!("udp://127.0.0.1:{port}")),
        format!("127.0.0.1:{port}: connection refused")
    );
}

#[test]
fn a_handshake_that_is_never_answered() {
    // The system accepts; nobody reads.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["tls", "ws"] {
        let endpoint = format!("{scheme}://{address}");
        let (said, code) = fault(&["timestamp", &endpoint, "--timeout", "0.2"]);
        assert_eq!(
            said,
            format!("cannot connect to {endpoint}: no answer within 0.2 s")
        );
        assert_eq!(code, 1);
        let same = fault(&["connect", &endpoint, "--timeout", "0.2"]);
        assert_eq!(same, (said, 1));
    }
    let endpoint = format!("tcp://{address}");
    let (said, code) = fault(&["timestamp", &endpoint, "--timeout", "0.2"]);
    assert_eq!(said, format!("{address}: no answer within 0.2 s"));
    assert_eq!(code, 1);
}

#[test]
fn a_certificate_for_another_name() {
    let server = Server::start();
    let endpoint = server.timestamp("tls").replace("localhost", "127.0.0.1");
    assert_eq!(
        failed(&endpoint),
        format!(
            "{endpoint}: the server's certificate is not for \"127.0.0.1\" but for localhost; \
             connect by one of these, or name the one to expect (?name=NAME)"
        )
    );
}

#[test]
fn an_authority_that_is_not_known() {
    let server = Server::start();
    let endpoint = server.timestamp("tls");
    let other = tempfile::tempdir().unwrap();
    Directory::open(other.path()).unwrap().authority().unwrap();
    let (plain, _) = endpoint.split_once('?').unwrap();
    let ca = other.path().join("ca.pem");
    for unknowing in [plain.to_string(), format!("{plain}?ca={}", ca.display())] {
        let expected = "the server's certificate is signed by an authority that is not trusted \
                        here; to trust it, give that authority's certificate (?ca=FILE)";
        assert_eq!(failed(&unknowing), format!("{unknowing}: {expected}"));
    }
    let said = failed(&format!(
        "{plain}?ca={}",
        other.path().join("no.pem").display()
    ));
    assert!(said.contains("no.pem: no such file"), "{said}");
}

#[test]
fn a_certificate_that_has_expired() {
    let server = Server::start();
    let folder = server.folder.path();
    let authority = Directory::open(folder).unwrap().authority().unwrap();
    let (certificate, key) = expired(&authority);
    std::fs::write(folder.join("old.pem"), certificate).unwrap();
    std::fs::write(folder.join("old.key"), key).unwrap();
    let path = |name| folder.join(name).display().to_string();
    let (cert, key, ca) = (path("old.pem"), path("old.key"), path("ca.pem"));
    let listen = format!("tls://localhost:0?cert={cert}&key={key}");
    let listening = server
        .reactor
        .listen(listen, lariat_service::timestamp::Timestamp::default());
    let port = listening.unwrap().endpoint().port().unwrap();
    let said = failed(&format!("tls://localhost:{port}?ca={ca}"));
    assert!(
        said.contains(": the server's certificate has expired (20"),
        "{said}"
    );
}

/// A server's certificate that ended yesterday, and its key.
fn expired(authority: &lariat_tls::Authority) -> (String, String) {
    const DAY: Duration = Duration::from_secs(86_400);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_string()]).unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    parameters.not_before = epoch + (now - 2 * DAY);
    parameters.not_after = epoch + (now - DAY);
    let authority_key = rcgen::KeyPair::from_pem(authority.key_pem()).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(authority.certificate_pem(), authority_key);
    let certificate = parameters.signed_by(&key, &issuer.unwrap()).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn plain_text_where_tls_is_spoken() {
    let server = Server::start();
    let endpoint = server.timestamp("tls");
    let (address, _) = endpoint.split_once('?').unwrap();
    let (_, port) = address.rsplit_once(':').unwrap();
    let (said, code) = fault(&["timestamp", "localhost", port]);
    let expected = format!(
        ":{port} closed the connection before it answered; \
         if it speaks TLS on this port, use tls://"
    );
    assert!(said.ends_with(&expected), "{said}");
    assert_eq!(code, 1);
    // Others say what displeases them before they close.
    let (endpoint, server) = answering(b"\x15\x03\x01\x00\x02\x02\x46");
    let (said, code) = fault(&["timestamp", &endpoint]);
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let expected = format!("{address} speaks TLS on this port; use tls://");
    assert_eq!((said, code), (expected, 1));
    server.join().unwrap();
}

#[test]
fn tls_where_plain_text_is_spoken() {
    let (endpoint, server) = answering(b"220 mail.example ESMTP\r\n");
    let endpoint = endpoint.replace("tcp:", "tls:");
    let (said, code) = fault(&["timestamp", &endpoint]);
    assert_eq!(
        said,
        format!(
            "{endpoint}: the server answered in plain text (\"220 mail.example ESMTP\"); \
             use tcp:// for this port, or tls:// on the server's TLS port"
        )
    );
    assert_eq!(code, 1);
    server.join().unwrap();
    // A timestamp server takes the handshake for a message.
    let server = Server::start();
    let endpoint = server.timestamp("tcp").replace("tcp:", "tls:");
    let said = failed(&endpoint);
    assert!(said.contains("use tcp:// for this port"), "{said}");
}

#[test]
fn a_websocket_where_something_else_is_spoken() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp").replace("tcp:", "ws:");
    assert_eq!(
        failed(&endpoint),
        format!("{endpoint}: the server does not speak WebSocket on this port")
    );
    let (endpoint, server) = answering(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    let endpoint = endpoint.replace("tcp:", "ws:");
    let (said, code) = fault(&["connect", &endpoint]);
    let expected = "the server answered the WebSocket request with 404 Not Found";
    assert_eq!((said, code), (format!("{endpoint}: {expected}"), 1));
    server.join().unwrap();
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
    });
    let endpoint = endpoint.replace("tcp:", "ws:");
    let (said, code) = fault(&["connect", &endpoint]);
    assert!(
        said.starts_with(&format!("{endpoint}: ")) && said.len() > endpoint.len() + 2,
        "{said}"
    );
    assert_eq!(code, 1);
    server.join().unwrap();
}

#[test]
fn a_reset_in_the_place_of_an_answer() {
    // Half of one, followed by silence, would be an answer.
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        reset(stream);
    });
    let (said, code) = fault(&["timestamp", &endpoint]);
    let address = endpoint.strip_prefix("tcp://").unwrap();
    assert_eq!(
        said,
        format!("{address}: the connection was reset by the peer")
    );
    assert_eq!(code, 1);
    server.join().unwrap();
}

#[test]
fn a_line_that_is_too_long_for_a_message() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp");
    let outcome = run(&["timestamp", &endpoint], &[b'x'; 65_537]);
    assert_eq!(
        outcome.errors,
        "lariat: a line of the input is longer than 65536 bytes\n"
    );
    assert_eq!(outcome.code, Some(1));
    let longest = [&[b'x'; 65_536][..], b"\n"].concat();
    let outcome = run(&["timestamp", &endpoint], &longest);
    assert_eq!(
        outcome.output.len(),
        27 + longest.len(),
        "{}",
        outcome.errors
    );
}

#[test]
fn a_server_that_hangs_up_at_once() {
    let (endpoint, server) = once(|mut stream| {
        let mut byte = [0];
        let _ = stream.read(&mut byte);
        reset(stream);
    });
    let endpoint = endpoint.replace("tcp:", "tls:");
    let (said, code) = fault(&["connect", &endpoint]);
    assert!(said.starts_with(&format!("{endpoint}: ")), "{said}");
    assert_eq!(code, 1);
    server.join().unwrap();
}
