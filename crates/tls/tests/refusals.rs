//! Connections that do not come about: each fault is provoked, and told in words on both sides.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::ErrorKind;

use common::{
    authority, client, client_options, handshake, identity, issue_with_validity, server,
    server_options,
};
use lariat_tls::{
    Authority, ClientOptions, ClientTls, Identity, PeerFault, ServerOptions, ServerTls, Side,
    TlsError,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn fault(error: &TlsError) -> &PeerFault {
    match error {
        TlsError::Invalid { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

fn one_line(error: &TlsError) -> String {
    let said = error.to_string();
    assert!(!said.contains('\n'), "{said:?}");
    said
}

async fn refusals(server: &ServerTls, client: &ClientTls, name: &str) -> (TlsError, TlsError) {
    let (accepted, connected) = handshake(server, client, name).await;
    (accepted.unwrap_err(), connected.unwrap_err())
}

/// A server that answers with these bytes whatever it is sent, and stays.
async fn connect_to_bytes(answer: &[u8]) -> TlsError {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    far.write_all(answer).await.unwrap();
    client(&authority())
        .connect("localhost", near)
        .await
        .unwrap_err()
}

/// A client that sends these bytes and stays.
async fn accept_bytes(sent: &[u8]) -> TlsError {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    near.write_all(sent).await.unwrap();
    server(&authority()).accept(far).await.unwrap_err()
}

fn server_valid(authority: &Authority, begin: i64, end: i64) -> ServerTls {
    let (certificate, key) = issue_with_validity(authority, begin, end);
    let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    ServerTls::new(ServerOptions::new(identity)).unwrap()
}

fn server_asking(authority: &Authority) -> ServerTls {
    ServerTls::new(ServerOptions {
        client_authorities: Some(authority.certificate_pem().into()),
        require_client: true,
        ..server_options(authority)
    })
    .unwrap()
}

#[tokio::test]
async fn a_certificate_for_other_names() {
    let authority = authority();
    let (server, client) = (server(&authority), client(&authority));
    let (accepted, connected) = refusals(&server, &client, "example.org").await;
    assert_eq!(
        one_line(&connected),
        "the server's certificate is not for \"example.org\" but for localhost, 127.0.0.1; \
         connect by one of these, or name the one to expect (?name=NAME)"
    );
    assert!(
        one_line(&accepted).starts_with("the client does not accept this server's certificate")
    );
    let (_, connected) = refusals(&server, &client, "::1").await;
    assert!(one_line(&connected).contains("not for \"::1\" but for localhost, 127.0.0.1"));
}

#[tokio::test]
async fn a_certificate_that_has_expired() {
    let authority = authority();
    let server = server_valid(&authority, -2 * DAY, -DAY);
    let (accepted, connected) = refusals(&server, &client(&authority), "localhost").await;
    let said = one_line(&connected);
    assert!(
        said.starts_with("the server's certificate has expired (20"),
        "{said}"
    );
    assert!(said.ends_with(" UTC)"), "{said}");
    assert_eq!(
        one_line(&accepted),
        "the client does not accept this server's certificate: it has expired or is not valid yet"
    );
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_yet() {
    let authority = authority();
    let server = server_valid(&authority, DAY, 2 * DAY);
    let (_, connected) = refusals(&server, &client(&authority), "localhost").await;
    let said = one_line(&connected);
    assert!(
        said.starts_with("the server's certificate is not valid yet (20"),
        "{said}"
    );
    assert!(said.ends_with("check the clocks of both sides"), "{said}");
}

#[tokio::test]
async fn an_authority_that_is_not_trusted() {
    let (accepted, connected) =
        refusals(&server(&authority()), &client(&authority()), "localhost").await;
    // The two have one name and different keys, as after a folder was thrown away.
    let said = one_line(&connected);
    assert!(said.contains("was the authority made anew?"), "{said}");
    one_line(&accepted);

    let other = Authority::create("Another authority").unwrap();
    let (accepted, connected) = refusals(&server(&authority()), &client(&other), "localhost").await;
    assert_eq!(
        one_line(&connected),
        "the server's certificate is signed by an authority that is not trusted here; \
         to trust it, give that authority's certificate (?ca=FILE)"
    );
    assert_eq!(
        one_line(&accepted),
        "the client does not accept this server's certificate: it does not trust the authority; \
         give it that authority's certificate (?ca=FILE)"
    );
}

#[tokio::test]
async fn an_authority_that_serves_by_its_own_certificate() {
    let authority = authority();
    let own = Identity::from_pem(
        authority.certificate_pem().as_bytes(),
        authority.key_pem().as_bytes(),
    )
    .unwrap();
    let server = ServerTls::new(ServerOptions::new(own)).unwrap();
    let (_, connected) = refusals(&server, &client(&authority), "localhost").await;
    assert_eq!(fault(&connected), &PeerFault::AuthorityAsServer);
}

#[tokio::test]
async fn a_client_certificate_shown_by_a_server() {
    let authority = authority();
    let wrong = identity(&authority.issue_client("alice").unwrap());
    let server = ServerTls::new(ServerOptions::new(wrong)).unwrap();
    let (_, connected) = refusals(&server, &client(&authority), "localhost").await;
    assert!(one_line(&connected).contains("it is not meant for a server"));
}

#[tokio::test]
async fn a_client_certificate_that_is_required_and_not_given() {
    let authority = authority();
    let (accepted, connected) =
        handshake(&server_asking(&authority), &client(&authority), "localhost").await;
    assert_eq!(
        one_line(&accepted.unwrap_err()),
        "the client gave no certificate, and this server requires one"
    );
    // TLS 1.3: the client had finished before the server looked.
    let error = connected.unwrap().read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let error = error.get_ref().unwrap().downcast_ref::<TlsError>().unwrap();
    assert_eq!(
        one_line(error),
        "the server requires a client certificate; give one that it accepts (?cert=FILE&key=FILE)"
    );
}

#[tokio::test]
async fn a_client_certificate_of_another_authority() {
    let authority = authority();
    let other = Authority::create("Another authority").unwrap();
    let client = ClientTls::new(ClientOptions {
        identity: Some(identity(&other.issue_client("mallory").unwrap())),
        ..client_options(&authority)
    })
    .unwrap();
    let (accepted, connected) = handshake(&server_asking(&authority), &client, "localhost").await;
    let said = one_line(&accepted.unwrap_err());
    assert!(
        said.contains("not accepted here") && said.contains("?client_ca=FILE"),
        "{said}"
    );
    let error = connected.unwrap().read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server does not accept our client certificate: it does not trust the authority that signed it"
    );
}

#[tokio::test]
async fn plain_text_spoken_to_a_tls_server() {
    // Shorter than the header of a TLS record, and told at once all the same.
    let error = accept_bytes(b"hi\n").await;
    assert_eq!(
        one_line(&error),
        "the peer spoke plain text to a TLS port (it began with \"hi\")"
    );
    let error = accept_bytes(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(one_line(&error).contains("\"GET / HTTP/1.1\""));
}

#[tokio::test]
async fn what_is_neither_tls_nor_text() {
    let error = accept_bytes(b"\x80\x2e\x01\x00\x02\x00\x15").await;
    assert_eq!(fault(&error), &PeerFault::NotTls { side: Side::Server });
    // It begins like a record and is none.
    let error = accept_bytes(b"\x16HELLO WORLD").await;
    assert_eq!(fault(&error), &PeerFault::NotTls { side: Side::Server });
}

#[tokio::test]
async fn a_server_that_answers_in_plain_text() {
    let error = connect_to_bytes(b"220 mail.example ESMTP\r\n").await;
    assert_eq!(
        one_line(&error),
        "the server answered in plain text (\"220 mail.example ESMTP\"); \
         use tcp:// for this port, or tls:// on the server's TLS port"
    );
}

#[tokio::test]
async fn a_server_that_echoes_in_plain_text() {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let echo = tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(far);
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let error = client(&authority())
        .connect("localhost", near)
        .await
        .unwrap_err();
    assert_eq!(fault(&error), &PeerFault::Echo);
    assert!(one_line(&error).contains("use tcp://"));
    // Its last write may meet a client that has left.
    let _ = echo.await.unwrap();
}

#[tokio::test]
async fn a_peer_that_goes_away_during_the_handshake() {
    let (near, far) = tokio::io::duplex(64 * 1024);
    drop(near);
    let error = server(&authority()).accept(far).await.unwrap_err();
    assert!(
        matches!(
            error,
            TlsError::Unexpected {
                side: Side::Server,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        one_line(&error),
        "the client closed the connection during the TLS handshake"
    );

    let (near, mut far) = tokio::io::duplex(64 * 1024);
    far.shutdown().await.unwrap();
    let error = client(&authority())
        .connect("localhost", near)
        .await
        .unwrap_err();
    assert!(one_line(&error).ends_with("it may not speak TLS on this port: try tcp://"));
}

#[tokio::test]
async fn no_application_protocol_in_common() {
    let authority = authority();
    let server = ServerTls::new(ServerOptions {
        alpn: vec![b"irc".to_vec()],
        ..server_options(&authority)
    })
    .unwrap();
    let client = ClientTls::new(ClientOptions {
        alpn: vec![b"h2".to_vec()],
        ..client_options(&authority)
    })
    .unwrap();
    let (accepted, connected) = refusals(&server, &client, "localhost").await;
    assert_eq!(
        one_line(&accepted),
        "the client and we have no application protocol (ALPN) in common"
    );
    assert_eq!(
        one_line(&connected),
        "the server and we have no application protocol (ALPN) in common"
    );
}

#[tokio::test]
async fn a_client_of_an_old_version() {
    let schemes = [0, 13, 0, 4, 0, 2, 4, 3];
    for extension in [&schemes[..], &[]] {
        let error = accept_bytes(&old_client_hello(extension)).await;
        assert_eq!(
            one_line(&error),
            "the client and we have no version of TLS in common; here it is TLS 1.2 and 1.3"
        );
    }
}

#[tokio::test]
async fn a_server_of_an_old_version() {
    // The alert protocol_version (70), fatal; and a ServerHello of TLS 1.1.
    let alert = [21, 3, 1, 0, 2, 2, 70];
    for answer in [alert.to_vec(), old_server_hello()] {
        let error = connect_to_bytes(&answer).await;
        assert_eq!(
            fault(&error),
            &PeerFault::NoCommonVersion { side: Side::Client }
        );
    }
}

#[tokio::test]
async fn an_alert_without_a_word_of_ours_keeps_its_name() {
    let error = connect_to_bytes(&[21, 3, 3, 0, 2, 2, 80]).await;
    assert_eq!(
        one_line(&error),
        "the server ended TLS with the alert InternalError"
    );
    let error = connect_to_bytes(&[21, 3, 3, 0, 2, 2, 40]).await;
    assert!(one_line(&error).contains("it may require a client certificate"));
}

#[tokio::test]
async fn a_server_name_that_is_none() {
    let (near, _far) = tokio::io::duplex(64);
    let error = client(&authority())
        .connect("host:443", near)
        .await
        .unwrap_err();
    assert!(matches!(error, TlsError::Misuse { .. }), "{error:?}");
    assert!(one_line(&error).starts_with("the name \"host:443\": not a host name"));
}

#[test]
fn a_protocol_name_of_no_or_too_many_bytes() {
    for length in [0, 256] {
        let error = ClientTls::new(ClientOptions {
            alpn: vec![vec![b'x'; length]],
            ..client_options(&authority())
        })
        .unwrap_err();
        assert!(one_line(&error).ends_with("has 1 to 255 bytes"));
    }
}

/// TLS 1.1 with one cipher suite and a group, this extension, and without the
/// one that names newer versions (RFC 4346, 7.4.1.2).
fn old_client_hello(extension: &[u8]) -> Vec<u8> {
    let mut body = vec![3, 2];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    let groups = [0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0];
    let extensions = [extension, &groups].concat();
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    record(1, &body)
}

fn old_server_hello() -> Vec<u8> {
    let mut body = vec![3, 2];
    body.extend([7; 32]);
    body.extend([0, 0xc0, 0x13, 0]);
    record(2, &body)
}

/// A handshake message in a record of its own.
fn record(message: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap();
    let mut bytes = vec![22, 3, 1];
    bytes.extend((length + 4).to_be_bytes());
    bytes.extend([message, 0]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(body);
    bytes
}
