//! A server that gets another certificate while clients are there, as OpenSSL sees it.

use crate::lariat::{Certificates, Server, assert_stamped};
use crate::peer::{Peer, program};

/// What the server says when it has read its files again.
const RELOADED: &str = "info: reloaded";

/// A server of TLS with these certificates.
fn server(certificates: &Certificates) -> Server {
    let [certificate, key] = certificates.server();
    let service = format!("timestamp=tls://127.0.0.1:0?cert={certificate}&key={key}");
    Server::with(&["-v", &service])
}

/// A client that trusts the authority.
fn client(server: &Server, certificates: &Certificates) -> Peer {
    let address = server.address("tls");
    let authority = certificates.authority();
    let trusting = [
        "-verify_return_error",
        "-verify_hostname",
        "localhost",
        "-CAfile",
    ];
    let arguments = [
        &["s_client"],
        &trusting[..],
        &[&authority, "-connect", &address],
    ];
    program("openssl", arguments.concat())
}

/// The serial number of the certificate that the server showed.
fn serial(client: &mut Peer) -> String {
    let mut certificate = String::new();
    while !certificate.contains("-----END CERTIFICATE-----") {
        let line = client.line();
        if !certificate.is_empty() || line == "-----BEGIN CERTIFICATE-----" {
            certificate.push_str(&line);
            certificate.push('\n');
        }
    }
    let mut reader = program("openssl", ["x509", "-noout", "-serial"]);
    reader.say(&certificate);
    reader.succeed().concat()
}

/// Says a line and reads its answer, behind whatever OpenSSL still has to say.
fn is_answered(client: &mut Peer, message: &str) {
    client.say(&format!("{message}\n"));
    let answer = loop {
        let line = client.line();
        if line.ends_with(&format!("] {message}")) {
            break line;
        }
    };
    assert_stamped(&[answer], &[message]);
}

#[test]
fn openssl_sees_the_new_certificate_behind_sighup_and_old_connections_go_on() {
    let certificates = Certificates::new();
    let mut server = server(&certificates);
    let mut old = client(&server, &certificates);
    let before = serial(&mut old);
    is_answered(&mut old, "before");
    // Told so while nothing has changed, it can only be the signal that did it.
    server.signal("HUP");
    server.note(RELOADED);
    assert_eq!(serial(&mut client(&server, &certificates)), before);

    certificates.renew();
    server.signal("HUP");
    server.note(RELOADED);
    let mut new = client(&server, &certificates);
    assert_ne!(serial(&mut new), before);
    is_answered(&mut new, "new");
    is_answered(&mut old, "after");
}

#[test]
fn openssl_sees_the_new_certificate_when_the_files_have_changed() {
    let certificates = Certificates::new();
    let mut server = server(&certificates);
    let before = serial(&mut client(&server, &certificates));
    certificates.renew();
    server.note(RELOADED);
    assert_ne!(serial(&mut client(&server, &certificates)), before);
}
