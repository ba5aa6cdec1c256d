//! Records however they come: cut anywhere, many at once, broken, ended early; and what both
//! sides do when the other does not read.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::peer::{Cut, Peer};
use common::{Stream, authority, client, handshake, server};
use lariat_tls::{Authority, TlsStream};
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, Error as RustlsError, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, split};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);

fn bytes(length: usize, seed: u8) -> Vec<u8> {
    let step = |index: usize| (index * 7 + index / 251) as u8 ^ seed;
    (0..length).map(step).collect()
}

/// Our server, connected to the library's own client.
async fn with_client(version: &'static SupportedProtocolVersion) -> (Stream, Peer) {
    let authority = authority();
    let (near, far) = tokio::io::duplex(1024 * 1024);
    let mut peer = Peer::client(&authority, near, version, None);
    let accept = server(&authority);
    let (accepted, ()) = tokio::join!(accept.accept(far), peer.handshake());
    (accepted.unwrap(), peer)
}

/// Sends both ways at once, ends both ways, and compares all that comes.
async fn exchange<S>(near: TlsStream<S>, far: TlsStream<S>, lengths: [usize; 2])
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    async fn send<W: AsyncWrite + Unpin>(mut to: W, data: &[u8]) {
        to.write_all(data).await.unwrap();
        to.shutdown().await.unwrap();
    }
    async fn hear<R: AsyncRead + Unpin>(mut from: R) -> Vec<u8> {
        let mut heard = Vec::new();
        from.read_to_end(&mut heard).await.unwrap();
        heard
    }
    let sent = [bytes(lengths[0], 1), bytes(lengths[1], 2)];
    let ((near_read, near_write), (far_read, far_write)) = (split(near), split(far));
    let all = async {
        tokio::join!(
            send(near_write, &sent[0]),
            send(far_write, &sent[1]),
            hear(far_read),
            hear(near_read)
        )
    };
    let ((), (), heard_far, heard_near) = timeout(LONG, all).await.unwrap();
    assert!(heard_far == sent[0], "what the near side sent");
    assert!(heard_near == sent[1], "what the far side sent");
}

async fn cut_pair(authority: &Authority, seed: u64) -> [TlsStream<Cut<DuplexStream>>; 2] {
    let (near, far) = tokio::io::duplex(3000);
    let cut = |stream, seed| Cut { stream, seed };
    let (server, client) = (server(authority), client(authority));
    let (accepted, connected) = tokio::join!(
        server.accept(cut(far, seed)),
        client.connect("localhost", cut(near, seed.wrapping_mul(31)))
    );
    let (accepted, connected) = (accepted.unwrap(), connected.unwrap());
    assert_eq!(accepted.session().server_name.as_deref(), Some("localhost"));
    [connected, accepted]
}

#[tokio::test]
async fn a_byte_at_a_time() {
    let [near, far] = cut_pair(&authority(), 0).await;
    exchange(near, far, [20_000, 5_000]).await;
}

#[tokio::test]
async fn cuts_anywhere_change_nothing() {
    let authority = authority();
    for seed in 1..=60u64 {
        let [near, far] = cut_pair(&authority, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).await;
        let length = usize::try_from(seed * seed * 13).unwrap();
        exchange(near, far, [length, 60_000 - length]).await;
    }
}

#[tokio::test]
async fn a_mebibyte_both_ways() {
    let authority = authority();
    let (near, far) = tokio::io::duplex(4096);
    let (server, client) = (server(&authority), client(&authority));
    let (accepted, connected) = tokio::join!(server.accept(far), client.connect("localhost", near));
    exchange(connected.unwrap(), accepted.unwrap(), [1 << 20, 1 << 20]).await;
}

#[tokio::test]
async fn a_handshake_in_many_small_records() {
    let authority = authority();
    for fragment in [32, 33, 100] {
        for version in [&TLS12, &TLS13] {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let far = Cut {
                stream: far,
                seed: 77,
            };
            let mut peer = Peer::client(&authority, near, version, Some(fragment));
            let accept = server(&authority);
            let (accepted, ()) = tokio::join!(accept.accept(far), peer.handshake());
            let mut accepted = accepted.unwrap();
            let records = peer.encrypt(&bytes(1000, 3));
            peer.stream.write_all(&records).await.unwrap();
            let mut heard = vec![0; 1000];
            accepted.read_exact(&mut heard).await.unwrap();
            assert!(heard == bytes(1000, 3));
        }
        let (near, far) = tokio::io::duplex(64 * 1024);
        let near = Cut {
            stream: near,
            seed: 78,
        };
        let mut peer = Peer::server(&authority, far, Some(fragment));
        let connect = client(&authority);
        let (connected, ()) = tokio::join!(connect.connect("localhost", near), peer.handshake());
        assert_eq!(connected.unwrap().session().peer_certificates.len(), 1);
    }
}

/// One of 64 KiB whose pieces are a byte each would take a megabyte to put together.
#[tokio::test]
async fn an_endless_handshake_message_is_given_up() {
    let authority = authority();
    let (mut near, far) = tokio::io::duplex(4096);
    let flood = async {
        // A client's first message of 65,000 bytes begins.
        let mut sent = near.write_all(&[22, 3, 1, 0, 4, 1, 0, 0xfd, 0xe8]).await;
        let mut count = 0;
        while sent.is_ok() && count < 40_000 {
            sent = near.write_all(&[22, 3, 1, 0, 1, 0]).await;
            count += 1;
        }
        count * 6
    };
    let accept = server(&authority);
    let accept = async move { accept.accept(far).await.map(drop).unwrap_err() };
    let (error, sent) = timeout(LONG, async { tokio::join!(accept, flood) })
        .await
        .unwrap();
    assert!((60_000..120_000).contains(&sent), "{sent}: {error}");
}

#[tokio::test]
async fn a_reader_with_room_for_a_byte() {
    let (mut accepted, mut peer) = with_client(&TLS13).await;
    let sent = bytes(40_000, 5);
    let mut records = peer.encrypt(&sent);
    peer.tls.send_close_notify();
    records.extend(peer.records());
    peer.stream.write_all(&records).await.unwrap();
    let mut heard = Vec::new();
    let mut byte = [0];
    while accepted.read(&mut byte).await.unwrap() == 1 {
        heard.push(byte[0]);
    }
    assert!(heard == sent);
    assert_eq!(accepted.read(&mut byte).await.unwrap(), 0, "it stays ended");
    // Our own side goes on, also while the peer's has ended.
    accepted.write_all(b"still here").await.unwrap();
    accepted.shutdown().await.unwrap();
    peer.take().await.unwrap();
    assert_eq!(peer.received(), b"still here");
}

#[tokio::test]
async fn our_end_first() {
    let (mut accepted, mut peer) = with_client(&TLS12).await;
    accepted.write_all(b"bye").await.unwrap();
    accepted.shutdown().await.unwrap();
    peer.take().await.unwrap();
    assert_eq!(peer.received(), b"bye");
    assert!(peer.tls.process_new_packets().unwrap().peer_has_closed());
    let error = accepted.write(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let records = peer.encrypt(b"and you");
    peer.stream.write_all(&records).await.unwrap();
    peer.tls.send_close_notify();
    peer.send().await;
    let mut heard = String::new();
    accepted.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "and you");
    accepted.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_writer_waits_for_a_peer_that_does_not_read() {
    let authority = authority();
    let (near, far) = tokio::io::duplex(4096);
    let (server, client) = (server(&authority), client(&authority));
    let (accepted, connected) = tokio::join!(server.accept(far), client.connect("localhost", near));
    let (mut accepted, mut connected) = (accepted.unwrap(), connected.unwrap());
    let sent = bytes(1000, 9);
    let mut taken = 0;
    // Each write takes all of what it is given, until something waits.
    while let Ok(written) = timeout(Duration::from_millis(20), accepted.write(&sent)).await {
        assert_eq!(written.unwrap(), sent.len());
        taken += 1;
        assert!(taken < 10, "it must wait at some time");
    }
    assert!(taken >= 3, "{taken}");
    let hear = async {
        let mut heard = Vec::new();
        connected.read_to_end(&mut heard).await.unwrap();
        heard
    };
    let (ended, heard) = tokio::join!(accepted.shutdown(), hear);
    ended.unwrap();
    assert!(heard == sent.repeat(taken));
}

#[tokio::test]
async fn many_small_writes() {
    let (mut accepted, mut peer) = with_client(&TLS13).await;
    let mut heard = Vec::new();
    for byte in bytes(3000, 6) {
        accepted.write_all(&[byte]).await.unwrap();
    }
    while heard.len() < 3000 {
        peer.take().await.unwrap();
        heard.extend(peer.received());
    }
    assert!(heard == bytes(3000, 6));
}

/// RFC 8446, 4.6.3: who is asked for new keys answers before its next data.
#[tokio::test]
async fn new_keys_are_answered_with_new_keys() {
    let (mut accepted, mut peer) = with_client(&TLS13).await;
    // The session tickets come before the first data.
    accepted.write_all(b"x").await.unwrap();
    peer.take().await.unwrap();
    assert_eq!(peer.received(), b"x");
    for round in 0..3u8 {
        let mut records = peer.encrypt(&[round]);
        peer.tls.refresh_traffic_keys().unwrap();
        records.extend(peer.encrypt(&[round + 100]));
        peer.stream.write_all(&records).await.unwrap();
        let mut heard = [0; 2];
        accepted.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, [round, round + 100]);

        for expected in [2, 1] {
            accepted.write_all(b"x").await.unwrap();
            let raw = peer.take().await.unwrap();
            assert_eq!(peer.received(), b"x");
            assert_eq!(count_records(&raw), expected, "round {round}");
        }
    }
}

fn count_records(mut raw: &[u8]) -> usize {
    let mut count = 0;
    while let [_, _, _, high, low, rest @ ..] = raw {
        raw = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
        count += 1;
    }
    count
}

#[tokio::test]
async fn what_ends_within_a_record_was_cut_short() {
    for version in [&TLS12, &TLS13] {
        let (mut accepted, mut peer) = with_client(version).await;
        let mut records = peer.encrypt(b"whole");
        let second = peer.encrypt(b"cut");
        records.extend(&second[..second.len() - 1]);
        peer.stream.write_all(&records).await.unwrap();
        drop(peer);
        let mut heard = [0; 64];
        assert_eq!(accepted.read(&mut heard).await.unwrap(), 5);
        for _ in 0..2 {
            let error = accepted.read(&mut heard).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
    }
}

#[tokio::test]
async fn a_changed_record_ends_the_connection_in_words_and_with_an_alert() {
    for version in [&TLS12, &TLS13] {
        let (mut accepted, mut peer) = with_client(version).await;
        let mut records = peer.encrypt(b"good");
        let mut second = peer.encrypt(b"changed");
        *second.last_mut().unwrap() ^= 1;
        records.extend(second);
        peer.stream.write_all(&records).await.unwrap();
        let mut heard = [0; 64];
        assert_eq!(
            accepted.read(&mut heard).await.unwrap(),
            4,
            "what came before is whole"
        );
        for _ in 0..2 {
            let error = accepted.read(&mut heard).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains("client"), "{error}");
        }
        let error = accepted.write(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let alert = peer.take().await.unwrap_err();
        assert_eq!(
            alert,
            RustlsError::AlertReceived(AlertDescription::BadRecordMac)
        );
        accepted.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn garbage_in_place_of_a_record() {
    let (mut accepted, mut peer) = with_client(&TLS13).await;
    peer.stream.write_all(b"QUIT\r\n").await.unwrap();
    let error = accepted.read(&mut [0; 64]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let alert = peer.take().await.unwrap_err();
    assert_eq!(
        alert,
        RustlsError::AlertReceived(AlertDescription::DecodeError)
    );
}

#[tokio::test]
async fn an_alert_behind_the_handshake() {
    let (mut accepted, mut peer) = with_client(&TLS13).await;
    // Something that the client does not understand lets it say so.
    let mut nonsense = &b"\x17\x03\x03\x00\x20................................"[..];
    peer.tls.read_tls(&mut nonsense).unwrap();
    peer.tls.process_new_packets().unwrap_err();
    peer.send().await;
    let error = accepted.read(&mut [0; 64]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains("BadRecordMac"), "{error}");
}

/// The first data may come in one piece with the last of the handshake.
#[tokio::test]
async fn data_on_the_heels_of_the_handshake() {
    let authority = authority();
    let (near, far) = tokio::io::duplex(64 * 1024);
    let mut peer = Peer::client(&authority, near, &TLS13, None);
    let early = async {
        peer.send().await;
        while peer.tls.is_handshaking() {
            peer.take().await.unwrap();
        }
        let mut last = peer.records();
        last.extend(peer.encrypt(b"hello"));
        peer.tls.send_close_notify();
        last.extend(peer.records());
        peer.stream.write_all(&last).await.unwrap();
    };
    let accept = server(&authority);
    let (accepted, ()) = tokio::join!(accept.accept(far), early);
    let mut heard = String::new();
    accepted.unwrap().read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "hello");
}

#[tokio::test]
async fn both_sides_of_ours_close_in_either_order() {
    let authority = authority();
    for server_first in [true, false] {
        let (accepted, connected) =
            handshake(&server(&authority), &client(&authority), "localhost").await;
        let (accepted, connected) = (accepted.unwrap(), connected.unwrap());
        let (mut first, mut second) = match server_first {
            true => (accepted, connected),
            false => (connected, accepted),
        };
        first.shutdown().await.unwrap();
        assert_eq!(second.read(&mut [0]).await.unwrap(), 0);
        second.write_all(b"last").await.unwrap();
        second.shutdown().await.unwrap();
        let mut heard = String::new();
        first.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "last");
    }
}
