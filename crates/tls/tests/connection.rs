//! Connections that come about: what both sides agree on, and how data and its end pass.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{ErrorKind, IoSlice};

use common::{
    authority, client, client_options, handshake, identity, server, server_identity, server_options,
};
use lariat_tls::{ClientOptions, ClientTls, ServerOptions, ServerTls, Trust};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

#[tokio::test]
async fn both_sides_tell_the_same_session() {
    let authority = authority();
    let (accepted, connected) =
        handshake(&server(&authority), &client(&authority), "localhost").await;
    let (accepted, connected) = (accepted.unwrap().session(), connected.unwrap().session());
    assert_eq!(accepted.version, "TLS 1.3");
    assert_eq!(connected.version, "TLS 1.3");
    assert_eq!(accepted.cipher, "TLS_AES_256_GCM_SHA384");
    assert_eq!(connected.cipher, accepted.cipher);
    assert_eq!(accepted.server_name.as_deref(), Some("localhost"));
    assert_eq!(connected.server_name.as_deref(), Some("localhost"));
    assert_eq!(accepted.alpn, None);
    assert!(accepted.peer_certificates.is_empty());
    assert_eq!(connected.peer_certificates.len(), 1);
}

#[tokio::test]
async fn an_address_is_proved_and_not_sent_as_a_name() {
    let authority = authority();
    let (accepted, connected) =
        handshake(&server(&authority), &client(&authority), "127.0.0.1").await;
    assert_eq!(accepted.unwrap().session().server_name, None);
    let session = connected.unwrap().session();
    assert_eq!(session.server_name.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn a_wildcard_covers_one_label() {
    let authority = authority();
    let issued = authority.issue_server(&["*.example.org"]).unwrap();
    let server = ServerTls::new(ServerOptions::new(identity(&issued))).unwrap();
    let client = client(&authority);
    let (_, connected) = handshake(&server, &client, "a.example.org").await;
    connected.unwrap();
    let (_, connected) = handshake(&server, &client, "a.b.example.org").await;
    connected.unwrap_err();
}

#[tokio::test]
async fn the_server_prefers_among_application_protocols() {
    let authority = authority();
    let protocols = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect();
    let server = ServerTls::new(ServerOptions {
        alpn: protocols(&["h2", "http/1.1"]),
        ..server_options(&authority)
    })
    .unwrap();
    let client = ClientTls::new(ClientOptions {
        alpn: protocols(&["irc", "http/1.1", "h2"]),
        ..client_options(&authority)
    })
    .unwrap();
    let (accepted, connected) = handshake(&server, &client, "localhost").await;
    assert_eq!(
        accepted.unwrap().session().alpn.as_deref(),
        Some(&b"h2"[..])
    );
    assert_eq!(
        connected.unwrap().session().alpn.as_deref(),
        Some(&b"h2"[..])
    );
}

#[tokio::test]
async fn a_client_certificate_reaches_the_server() {
    let authority = authority();
    let shown = identity(&authority.issue_client("alice").unwrap());
    for require_client in [true, false] {
        let server = ServerTls::new(ServerOptions {
            client_authorities: Some(authority.certificate_pem().into()),
            require_client,
            ..server_options(&authority)
        })
        .unwrap();
        let with = ClientTls::new(ClientOptions {
            identity: Some(shown.clone()),
            ..client_options(&authority)
        })
        .unwrap();
        let (accepted, _connected) = handshake(&server, &with, "localhost").await;
        let certificates = accepted.unwrap().session().peer_certificates;
        assert_eq!(
            certificates,
            shown.certificates().map(<[u8]>::to_vec).collect::<Vec<_>>()
        );

        let (accepted, _connected) = handshake(&server, &client(&authority), "localhost").await;
        assert_eq!(accepted.is_err(), require_client);
    }
}

#[tokio::test]
async fn an_unverified_client_connects_to_anybody() {
    let client = ClientTls::new(ClientOptions {
        trust: Trust::Unverified,
        ..ClientOptions::default()
    })
    .unwrap();
    let (accepted, connected) = handshake(&server(&authority()), &client, "elsewhere").await;
    accepted.unwrap();
    assert_eq!(connected.unwrap().session().peer_certificates.len(), 1);
}

#[tokio::test]
async fn data_passes_and_shutdown_ends_it() {
    let authority = authority();
    let (accepted, connected) =
        handshake(&server(&authority), &client(&authority), "localhost").await;
    let (mut accepted, mut connected) = (accepted.unwrap(), connected.unwrap());
    let sent = vec![b'x'; 300_000];
    let (received, ()) = tokio::join!(
        async {
            let mut received = Vec::new();
            accepted.read_to_end(&mut received).await.unwrap();
            received
        },
        async {
            connected.write_all(&sent).await.unwrap();
            connected.shutdown().await.unwrap();
        }
    );
    assert!(received == sent);
    // One direction has ended; the other still carries.
    accepted.write_all(b"thanks").await.unwrap();
    accepted.shutdown().await.unwrap();
    let mut answer = String::new();
    connected.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "thanks");
}

#[tokio::test]
async fn vectored_writes_are_passed_on() {
    let authority = authority();
    let (accepted, connected) =
        handshake(&server(&authority), &client(&authority), "localhost").await;
    let (mut accepted, mut connected) = (accepted.unwrap(), connected.unwrap());
    assert!(connected.is_write_vectored());
    let written = connected
        .write_vectored(&[IoSlice::new(b"one "), IoSlice::new(b"record")])
        .await
        .unwrap();
    assert_eq!(written, 10);
    connected.flush().await.unwrap();
    let mut buffer = [0; 32];
    let read = accepted.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..read], b"one record");
}

#[tokio::test]
async fn an_end_without_a_close_notify_is_unexpected() {
    let authority = authority();
    let (accepted, connected) =
        handshake(&server(&authority), &client(&authority), "localhost").await;
    drop(connected.unwrap());
    let error = accepted.unwrap().read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_session_is_taken_up_again() {
    let authority = authority();
    let (server, client) = (server(&authority), client(&authority));
    for resumed in [false, true] {
        let (accepted, connected) = handshake(&server, &client, "localhost").await;
        let (mut accepted, mut connected) = (accepted.unwrap(), connected.unwrap());
        assert_eq!(accepted.session().resumed, resumed);
        assert_eq!(connected.session().resumed, resumed);
        // The ticket comes with the first data.
        accepted.write_all(b"x").await.unwrap();
        accepted.flush().await.unwrap();
        connected.read_exact(&mut [0]).await.unwrap();
    }
}

#[tokio::test]
async fn a_new_identity_is_for_new_connections() {
    let authority = authority();
    let server = server(&authority);
    let clone = server.clone();
    let (_accepted, before) = handshake(&server, &client(&authority), "localhost").await;
    let before = before.unwrap();
    let renewed = server_identity(&authority);
    clone.replace(ServerOptions::new(renewed.clone())).unwrap();
    let (_accepted, after) = handshake(&server, &client(&authority), "localhost").await;
    let after = after.unwrap().session().peer_certificates;
    assert_eq!(
        after,
        renewed
            .certificates()
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    );
    assert_ne!(before.session().peer_certificates, after);
}

#[tokio::test]
async fn options_that_cannot_be_used_change_nothing() {
    let authority = authority();
    let server = server(&authority);
    let unusable = ServerOptions {
        require_client: true,
        ..server_options(&authority)
    };
    let said = server.replace(unusable).unwrap_err().to_string();
    assert!(said.contains("?client_ca=FILE"), "{said}");
    let (accepted, connected) = handshake(&server, &client(&authority), "localhost").await;
    accepted.unwrap();
    connected.unwrap();
}

#[test]
fn streams_and_handshakes_can_move_between_threads() {
    fn movable<T: Send>(_: &T) {}
    let authority = authority();
    let (near, far) = tokio::io::duplex(64);
    movable(&server(&authority).accept(far));
    movable(&client(&authority).connect("localhost", near));
}
