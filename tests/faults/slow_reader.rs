//! A peer that sends and does not read: what waits for it stays within the marks, and all of
//! it arrives when it reads.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lariat::service::timestamp::Timestamp;
use lariat::{
    ConnectOptions, ConnectionInfo, Endpoint, Factory, ListenOptions, Message, Protocol, Reason,
    TimerId, Transport, WaterMarks,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Certificates, PATIENCE, connect, reactor};

/// The timestamp service, with a look at how much it has buffered.
struct Gauged {
    most: Arc<AtomicUsize>,
}

struct Gauge {
    inner: Box<dyn Protocol>,
    most: Arc<AtomicUsize>,
}

impl Factory for Gauged {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(Gauge {
            inner: Timestamp::default().build(connection)?,
            most: Arc::clone(&self.most),
        }))
    }
}

impl Gauge {
    fn look(&self, transport: &Transport) {
        self.most.fetch_max(transport.buffered(), Ordering::Relaxed);
    }
}

impl Protocol for Gauge {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.inner.data_received(transport, data);
        self.look(transport);
    }

    fn input_released(&mut self, transport: &mut Transport) {
        self.inner.input_released(transport);
        self.look(transport);
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        self.inner.eof_received(transport);
        self.look(transport);
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        self.inner.message_received(transport, message);
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        self.inner.timer(transport, timer);
        self.look(transport);
    }

    fn connection_lost(&mut self, reason: &Reason) {
        self.inner.connection_lost(reason);
    }
}

/// Each line is as long, and has its number in it.
fn line(number: usize) -> String {
    format!("{number:0>999}\n")
}

const LINES: usize = 100_000;

#[test]
fn a_hundred_megabytes_wait_at_the_peer_and_not_here() {
    let reactor = reactor();
    let most = Arc::new(AtomicUsize::new(0));
    let service = Gauged {
        most: Arc::clone(&most),
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", service)
        .expect("listening");
    let stream = connect(&listening);
    let mut sending = stream.try_clone().expect("a clone");
    let (stalled, told) = std::sync::mpsc::channel();
    let sender = std::thread::spawn(move || {
        let briefly = Some(Duration::from_millis(500));
        sending.set_write_timeout(briefly).expect("a time-out");
        for number in 0..LINES {
            let line = line(number);
            let mut left = line.as_bytes();
            while !left.is_empty() {
                match sending.write(left) {
                    Ok(count) => left = &left[count..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        // The test may have read on already.
                        let _ = stalled.send(number);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
        sending.shutdown(std::net::Shutdown::Write).expect("ended");
    });

    let number = told.recv_timeout(PATIENCE).expect("it was never held up");
    assert!(number < LINES / 2, "{number} lines were taken unread");
    let mut reader = BufReader::new(stream);
    let mut answer = String::new();
    for number in 0..LINES {
        answer.clear();
        reader.read_line(&mut answer).expect("in time");
        assert_eq!(answer.split_once("] ").expect("an answer").1, line(number));
    }
    assert_eq!(reader.read(&mut [0]).expect("closed in order"), 0);
    sender.join().expect("all was sent");
    // The high-water mark and the answer that crossed it.
    let allowed = WaterMarks::DEFAULT.high + 1027;
    let most = most.load(Ordering::Relaxed);
    assert!((1000..=allowed).contains(&most), "{most} bytes waited");
}

/// The same over what is more than a socket, where more could pile up on the way.
#[test]
fn every_stream_and_websocket_holds_its_peer_back() {
    const LINES: usize = 20_000;
    let reactor = reactor();
    let certificates = Certificates::create();
    for endpoint in [
        "tls://127.0.0.1:0",
        "ws://127.0.0.1:0",
        "wss://127.0.0.1:0",
        "mem://slow-reader",
    ] {
        let most = Arc::new(AtomicUsize::new(0));
        let service = Gauged {
            most: Arc::clone(&most),
        };
        let tls = endpoint.parse::<Endpoint>().expect("an endpoint").is_tls();
        let (listening, connecting) = match tls {
            true => (certificates.listening(), certificates.connecting()),
            false => <(ListenOptions, ConnectOptions)>::default(),
        };
        let handle = reactor.handle();
        let listening = handle.listen_with(endpoint, listening, service);
        let bound = listening.expect("listening").endpoint().clone();
        let talk = async move {
            let connection = lariat::connect_with(&bound, connecting).await;
            let (mut reading, mut sending) = tokio::io::split(connection.expect("connected"));
            let sent = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&sent);
            let sender = tokio::spawn(async move {
                for number in 0..LINES {
                    sending
                        .write_all(line(number).as_bytes())
                        .await
                        .expect("sent");
                    count.store(number + 1, Ordering::Relaxed);
                }
                sending.flush().await.expect("sent");
                sending
            });
            // Until nothing has moved for a while.
            let mut before = 0;
            loop {
                tokio::time::sleep(Duration::from_millis(200)).await;
                match sent.load(Ordering::Relaxed) {
                    0 => {}
                    now if now == before => break,
                    now => before = now,
                }
            }
            assert!(before < LINES, "{bound}: all was taken unread");
            let mut answer = vec![0; 1027];
            for number in 0..LINES {
                reading.read_exact(&mut answer).await.expect("an answer");
                assert!(
                    answer.ends_with(line(number).as_bytes()),
                    "{bound}: {number}"
                );
            }
            drop(sender.await.expect("all was sent"));
        };
        let talked = handle.wait(async { tokio::time::timeout(PATIENCE, talk).await });
        talked.expect("all came in time");
        let most = most.load(Ordering::Relaxed);
        let allowed = WaterMarks::DEFAULT.high + 1027;
        assert!(
            (1000..=allowed).contains(&most),
            "{endpoint}: {most} bytes waited"
        );
    }
}
