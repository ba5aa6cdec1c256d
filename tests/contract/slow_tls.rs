//! A reader that is late, through TLS: the layer holds back the last bytes that it was
//! given while the socket was full, and they leave without anything else being written.

use std::net::SocketAddr;

use lariat::tls::{Authority, ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Trust};
use lariat::{ListenOptions, Protocol, Transport};
use socket2::{Domain, Socket, Type};
use tokio::io::AsyncReadExt;

use crate::common::{PATIENCE, address, reactor};

/// Far more than the sockets between the two ends can hold.
const REPLY: usize = 4_800_000;

/// How many readers: not every one finds the socket full at the last byte.
const READERS: usize = 10;

/// Says all that it has to say at once, and stays.
struct Outpouring;

impl Protocol for Outpouring {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(&vec![b'x'; REPLY]);
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

#[test]
fn the_last_bytes_of_a_reply_through_tls_arrive() {
    let authority = Authority::create("Slow reader").expect("made");
    let issued = authority.issue_server(&["127.0.0.1"]).expect("issued");
    let identity = Identity::from_pem(issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes());
    let server = ServerTls::new(ServerOptions::new(identity.expect("readable")));
    let client = ClientTls::new(ClientOptions {
        trust: Trust::Authorities(authority.certificate_pem().into()),
        ..ClientOptions::default()
    })
    .expect("configured");
    let options = ListenOptions {
        tls: Some(server.expect("configured")),
        ..ListenOptions::default()
    };
    let reactor = reactor();
    let listening = reactor
        .handle()
        .listen_with("tls://127.0.0.1:0", options, || Outpouring)
        .expect("listening");
    let server = address(&listening);
    for _ in 0..READERS {
        let client = client.clone();
        let received = reactor.handle().wait(async move {
            let stream = with_a_small_buffer(server);
            let stream = tokio::net::TcpStream::from_std(stream).expect("registered");
            let mut stream = client
                .connect("127.0.0.1", stream)
                .await
                .expect("a handshake");
            let mut reply = vec![0; REPLY];
            let read = stream.read_exact(&mut reply);
            tokio::time::timeout(PATIENCE, read).await.expect("in time")
        });
        assert_eq!(received.expect("all of it"), REPLY);
    }
}

/// A connection whose receiver is always full.
fn with_a_small_buffer(server: SocketAddr) -> std::net::TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("an option");
    socket.connect(&server.into()).expect("connected");
    socket.set_nonblocking(true).expect("an option");
    socket.into()
}
