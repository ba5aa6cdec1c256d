//! Bytes on their way: large blocks, pauses, and ends that lose nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use lariat::{
    Address, ConnectOptions, Connection, ConnectionHandle, DatagramProtocol, DatagramTransport,
    Endpoint, ListenOptions, Message, Protocol, Reactor, Service, TimerId, Transport,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{OnData, echo};
use crate::common::{
    Certificates, PATIENCE, address, connect, datagrams_to, hear_the_log, logged, reactor,
    wait_until,
};

#[test]
fn large_blocks_arrive_whole_over_every_stream() {
    const ALL: usize = 12_000_000;
    let reactor = reactor();
    let certificates = Certificates::create();
    let folder = tempfile::tempdir().expect("a folder");
    let unix = format!("unix://{}", folder.path().join("blocks.sock").display());
    // A message of WebSocket has a maximum.
    for (endpoint, block) in [
        ("tcp://127.0.0.1:0", 1_000_000),
        ("tcp://127.0.0.1:0", 5_000),
        ("tls://127.0.0.1:0", 1_000_000),
        ("ws://127.0.0.1:0", 60_000),
        ("wss://127.0.0.1:0", 5_000),
        ("mem://large-blocks", 1_000_000),
        #[cfg(unix)]
        (&unix[..], 1_000_000),
    ] {
        let blocks = move |transport: &mut Transport, _: &[u8]| {
            for number in 0..ALL / block {
                // Small ones between, which are gathered.
                transport.write(&[number as u8; 10]);
                transport.write_bytes(Bytes::from(vec![number as u8; block - 10]));
            }
            transport.lose_connection();
        };
        let tls = endpoint.parse::<Endpoint>().expect("an endpoint").is_tls();
        let (listening, connecting) = match tls {
            true => (certificates.listening(), certificates.connecting()),
            false => <(ListenOptions, ConnectOptions)>::default(),
        };
        let listening = reactor
            .handle()
            .listen_with(endpoint, listening, move || OnData(blocks));
        let bound = listening.expect("listening").endpoint().clone();
        let received = reactor.handle().wait(async move {
            let mut connection = lariat::connect_with(&bound, connecting)
                .await
                .expect("connected");
            connection.write_all(b"go\n").await.expect("sent");
            connection.flush().await.expect("sent");
            let mut all = Vec::new();
            connection
                .read_to_end(&mut all)
                .await
                .expect("closed in order");
            all
        });
        assert_eq!(received.len(), ALL / block * block, "{endpoint}");
        let mut blocks = received.chunks(block).enumerate();
        assert!(
            blocks.all(|(number, block)| block.iter().all(|byte| *byte == number as u8)),
            "{endpoint}"
        );
    }
}

/// Reads one piece, then nothing until it is told to.
struct Pausing {
    told: mpsc::Sender<String>,
}

impl Protocol for Pausing {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(b"!");
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        let _ = self.told.send(String::from_utf8_lossy(data).into_owned());
        transport.pause_reading();
    }

    fn message_received(&mut self, transport: &mut Transport, _: Message) {
        let _ = self.told.send("resumed".into());
        transport.resume_reading();
    }
}

#[test]
fn who_pauses_reading_is_given_nothing_until_it_resumes() {
    let reactor = Reactor::builder().threads(1).build().expect("started");
    let (told, telling) = mpsc::channel();
    let (given, handles) = mpsc::channel::<ConnectionHandle>();
    let shared = Mutex::new((told, given));
    let factory = move || {
        let (told, given) = shared.lock().expect("no panic").clone();
        Introduced {
            inner: Pausing { told },
            given,
        }
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", factory)
        .expect("listening");
    let other = reactor
        .listen("tcp://127.0.0.1:0", || OnData(echo))
        .expect("listening");
    let mut stream = connect(&listening);
    stream.read_exact(&mut [0]).expect("greeted");
    let handle = handles.recv_timeout(PATIENCE).expect("introduced");
    let next = || telling.recv_timeout(PATIENCE).expect("told");
    stream.write_all(b"one").expect("sent");
    assert_eq!(next(), "one");
    for (sent, expected) in [("two", "two"), ("three", "three")] {
        stream.write_all(sent.as_bytes()).expect("sent");
        // The same thread has gone round since.
        let mut other = connect(&other);
        other.write_all(b"x").expect("sent");
        other.read_exact(&mut [0]).expect("echoed");
        assert_eq!(telling.try_recv().ok(), None);
        handle.send(Message::new(())).expect("there");
        assert_eq!(next(), "resumed");
        assert_eq!(next(), expected);
    }
}

/// A protocol that gives its handle away first.
struct Introduced<P> {
    inner: P,
    given: mpsc::Sender<ConnectionHandle>,
}

impl<P: Protocol> Protocol for Introduced<P> {
    fn connection_made(&mut self, transport: &mut Transport) {
        let _ = self.given.send(transport.handle());
        self.inner.connection_made(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.inner.data_received(transport, data);
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        self.inner.message_received(transport, message);
    }
}

/// Answers only when its peer has ended, and not at once.
struct LastWord {
    received: usize,
}

impl Protocol for LastWord {
    fn data_received(&mut self, _: &mut Transport, data: &[u8]) {
        self.received += data.len();
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        transport.set_timer(TimerId(1), Duration::from_millis(20));
    }

    fn timer(&mut self, transport: &mut Transport, _: TimerId) {
        transport.write(self.received.to_string().as_bytes());
        transport.lose_connection();
    }
}

#[test]
fn a_half_closed_connection_is_answered_when_the_protocol_likes() {
    let reactor = reactor();
    let listening = reactor.listen("tcp://127.0.0.1:0", || LastWord { received: 0 });
    let mut stream = connect(&listening.expect("listening"));
    stream.write_all(&[b'x'; 100_000]).expect("sent");
    stream.shutdown(Shutdown::Write).expect("ended");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("closed in order");
    assert_eq!(answer, "100000");
}

#[test]
fn a_long_reply_arrives_whole_over_input_that_is_never_read() {
    const REPLY: usize = 5_000_000;
    let reactor = reactor();
    let reply = || {
        OnData(|transport: &mut Transport, _: &[u8]| {
            transport.write_bytes(Bytes::from(vec![b'r'; REPLY]));
            transport.lose_connection();
        })
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", reply)
        .expect("listening");
    for unread in [10_000, 60_000, 1_000_000] {
        let mut stream = connect(&listening);
        let briefly = Some(Duration::from_millis(200));
        stream.set_write_timeout(briefly).expect("a time-out");
        let mut left = unread;
        while left > 0 {
            match stream.write(&vec![b'x'; left]) {
                Ok(count) => left -= count,
                // As much as there is room for.
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("behind {unread} bytes: {error}"),
            }
        }
        let mut received = Vec::new();
        let read = stream.read_to_end(&mut received);
        assert_eq!(received.len(), REPLY, "behind {unread} bytes: {read:?}");
    }
}

/// An async function that says its last and returns, over input that it never reads.
#[test]
fn what_an_async_service_said_last_arrives() {
    const REPLY: usize = 600_000;
    let reactor = reactor();
    let reply = |mut connection: lariat::Connection| async move {
        let mut first = [0];
        connection.read_exact(&mut first).await?;
        connection.write_all(&vec![b'r'; REPLY]).await?;
        connection.shutdown().await
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", reply)
        .expect("listening");
    for _ in 0..10 {
        let mut stream = connect(&listening);
        stream.write_all(&[b'x'; 50_000]).expect("sent");
        let mut received = Vec::new();
        let read = stream.read_to_end(&mut received);
        assert_eq!(received.len(), REPLY, "{read:?}");
    }
}

#[test]
fn a_callback_that_holds_its_thread_is_logged() {
    hear_the_log();
    let reactor = reactor();
    let slow = || {
        OnData(|transport: &mut Transport, data: &[u8]| {
            if data == b"slow" {
                std::thread::sleep(Duration::from_millis(120));
            }
            transport.write(data);
        })
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", slow)
        .expect("listening");
    let mut stream = connect(&listening);
    let peer = stream.local_addr().expect("an address").to_string();
    stream.write_all(b"slow").expect("sent");
    stream.read_exact(&mut [0; 4]).expect("answered");
    let line = logged(&["WARN", "a callback held its thread", &peer, "held_ms="]);
    let (_, held) = line.split_once("held_ms=").expect("how long");
    let digits = held.split(|c: char| !c.is_ascii_digit()).next();
    let held: u64 = digits
        .and_then(|digits| digits.parse().ok())
        .expect("a number");
    assert!(held >= 120, "{line}");
}

/// Numbers all datagrams, whoever sends them.
struct Counting {
    count: u64,
    told: mpsc::Sender<&'static str>,
}

impl DatagramProtocol for Counting {
    fn listening(&mut self, transport: &mut DatagramTransport) {
        let _ = self.told.send("listening");
        transport.set_timer(TimerId(1), Duration::from_millis(1));
    }

    fn datagram_received(
        &mut self,
        transport: &mut DatagramTransport,
        data: &[u8],
        peer: &Address,
        asked: Option<IpAddr>,
    ) {
        self.count += 1;
        let answer = format!("{} {}", self.count, data.len());
        transport.send_from(asked, peer, answer);
        if data == b"enough" {
            transport.close();
        }
    }

    fn timer(&mut self, _: &mut DatagramTransport, _: TimerId) {
        let _ = self.told.send("timer");
    }

    fn closed(&mut self) {
        let _ = self.told.send("closed");
    }
}

#[test]
fn one_protocol_has_all_datagrams_of_a_socket() {
    let reactor = reactor();
    let (told, telling) = mpsc::channel();
    let counting = Service::datagrams(Counting { count: 0, told });
    let listening = reactor
        .listen("udp://127.0.0.1:0", counting)
        .expect("listening");
    let next = || telling.recv_timeout(PATIENCE).expect("told");
    assert_eq!((next(), next()), ("listening", "timer"));
    let peers = [0; 3].map(|_| datagrams_to(address(&listening)));
    let ask = |peer: usize, message: &[u8]| {
        peers[peer].send(message).expect("sent");
        let mut answer = [0; 100];
        let length = peers[peer].recv(&mut answer).expect("answered");
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    assert_eq!(ask(0, b"hi"), "1 2");
    assert_eq!(ask(1, b""), "2 0");
    assert_eq!(ask(2, &[0; 60_000]), "3 60000");
    assert_eq!(ask(0, b"enough"), "4 6");
    assert_eq!(next(), "closed");
    wait_until("the socket is gone", || reactor.handle().connections() == 0);
}

#[test]
fn one_protocol_for_two_sockets_is_refused_in_words() {
    let (told, _) = mpsc::channel();
    let counting = Service::datagrams(Counting { count: 0, told });
    let refused = reactor().listen("udp://localhost:0", counting);
    assert_eq!(
        refused.expect_err("two sockets").to_string(),
        "udp://localhost:0: one protocol for every peer's datagrams needs one datagram socket, \
         as udp://127.0.0.1:PORT or udp://[::]:PORT"
    );
}

#[test]
fn an_async_function_for_datagrams_is_refused_in_words() {
    let nothing = |_: Connection| async { Ok::<(), std::io::Error>(()) };
    let refused = reactor().listen("udp://localhost:0", nothing);
    assert_eq!(
        refused.expect_err("no stream").to_string(),
        "udp://localhost:0: an async function needs a stream: give datagrams a Factory, or \
         Service::datagrams"
    );
}
