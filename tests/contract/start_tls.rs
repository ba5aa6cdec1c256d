//! STARTTLS, then a counted literal between lines: the connection changes its layer and its
//! framing in the middle, and nobody can slip bytes in before the change.

use std::io::{BufReader, Write};

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat::tls::{Authority, ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Trust};
use lariat::{ConnectOptions, ListenOptions, Listening, Protocol, Reactor};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};

use super::{connect, reactor, read_line};

/// A post box: `STARTTLS`, then `STORE n` and n bytes, answered with their sum.
#[derive(Default)]
struct PostBox {
    sum: u64,
}

impl FrameProtocol<Lines> for PostBox {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        let line = String::from_utf8_lossy(line.content()).into_owned();
        match line.split_once(' ') {
            None if line == "STARTTLS" => {
                transport.write_line(b"OK begin TLS");
                transport.start_tls();
            }
            Some(("STORE", count)) if transport.tls().is_some() => {
                self.sum = 0;
                transport.expect_bytes(count.parse().unwrap_or(0));
            }
            _ if transport.tls().is_none() => transport.write_line(b"NO say STARTTLS first"),
            _ => transport.write_line(b"NO what?"),
        }
    }

    fn bytes_received(&mut self, transport: &mut FrameTransport<'_, Lines>, data: &[u8]) {
        self.sum += data.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        if transport.expected_bytes() == 0 {
            transport.write_line(format!("OK stored {}", self.sum).as_bytes());
        }
    }

    fn handshake_done(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        assert!(transport.tls().is_some());
    }
}

fn post_box() -> impl Protocol {
    Framed::new(Lines::new(100), PostBox::default())
}

fn serve(reactor: &Reactor) -> (Listening, ClientTls) {
    let authority = Authority::create("Post box").expect("made");
    let issued = authority.issue_server(&["127.0.0.1"]).expect("issued");
    let identity = Identity::from_pem(issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes());
    let server = ServerTls::new(ServerOptions::new(identity.expect("readable")));
    let client = ClientTls::new(ClientOptions {
        trust: Trust::Authorities(authority.certificate_pem().into()),
        ..ClientOptions::default()
    });
    let options = ListenOptions {
        tls: Some(server.expect("configured")),
        ..ListenOptions::default()
    };
    let listening = reactor
        .handle()
        .listen_with("tcp://127.0.0.1:0", options, post_box)
        .expect("listening");
    (listening, client.expect("configured"))
}

#[test]
fn a_literal_is_taken_whole_inside_tls() {
    let reactor = reactor();
    let (listening, tls) = serve(&reactor);
    let endpoint = listening.endpoint().clone();
    reactor.handle().wait(async move {
        let options = ConnectOptions {
            tls: Some(tls),
            ..ConnectOptions::default()
        };
        let connection = lariat::connect_with(&endpoint, options)
            .await
            .expect("connected");
        let mut plain = tokio::io::BufReader::new(connection);
        let mut line = String::new();
        plain
            .write_all(b"STORE 3\r\nSTARTTLS\r\n")
            .await
            .expect("sent");
        plain.read_line(&mut line).await.expect("answered");
        plain.read_line(&mut line).await.expect("answered");
        assert_eq!(line, "NO say STARTTLS first\r\nOK begin TLS\r\n");
        assert!(plain.buffer().is_empty());
        let secure = plain.into_inner().start_tls().await.expect("a handshake");
        let mut secure = tokio::io::BufReader::new(secure);
        // The literal holds what looks like a command, and is cut by two writes.
        secure.write_all(b"STORE 7\r\nSTO").await.expect("sent");
        secure.flush().await.expect("sent");
        secure.write_all(b"RE\r\nwhat\r\n").await.expect("sent");
        secure.flush().await.expect("sent");
        line.clear();
        secure.read_line(&mut line).await.expect("answered");
        let sum: u64 = b"STORE\r\n".iter().map(|byte| u64::from(*byte)).sum();
        assert_eq!(line, format!("OK stored {sum}\r\n"));
        line.clear();
        secure.read_line(&mut line).await.expect("answered");
        assert_eq!(line, "NO what?\r\n");
    });
}

#[test]
fn bytes_behind_the_command_are_refused() {
    let reactor = reactor();
    let (listening, _) = serve(&reactor);
    let mut stream = connect(&listening);
    stream
        .write_all(b"STARTTLS\r\nSTORE 3\r\nabc")
        .expect("sent");
    let mut reader = BufReader::new(stream);
    assert_eq!(read_line(&mut reader), "OK begin TLS\r\n");
    // Not one byte of TLS, and no answer to what was slipped in.
    assert_eq!(read_line(&mut reader), "");
}

#[test]
fn tls_begins_on_plain_streams_only() {
    let reactor = reactor();
    let (_, tls) = serve(&reactor);
    for endpoint in ["ws://127.0.0.1:0", "udp://127.0.0.1:0"] {
        let listening = reactor.listen(endpoint, post_box).expect("listening");
        let endpoint = listening.endpoint().clone();
        let options = ConnectOptions {
            tls: Some(tls.clone()),
            ..ConnectOptions::default()
        };
        let error = reactor.handle().wait(async move {
            let connection = lariat::connect_with(&endpoint, options).await;
            let begun = connection.expect("connected").start_tls().await;
            begun.map(drop).expect_err("not plain")
        });
        assert_eq!(
            error.to_string(),
            "TLS can be started on a plain stream only, as of tcp:// or unix://, not over TLS, \
             WebSocket or datagrams"
        );
        let error = lariat::ProtocolError::from(error);
        assert!(
            matches!(error, lariat::ProtocolError::Misuse(_)),
            "{error:?}"
        );
    }
}
