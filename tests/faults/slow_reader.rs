//! A peer that sends and does not read: what waits for it stays within the marks, and all of
//! it arrives when it reads.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lariat::service::timestamp::Timestamp;
use lariat::{ConnectionInfo, Factory, Message, Protocol, Reason, TimerId, Transport, WaterMarks};

use crate::common::{PATIENCE, connect, reactor};

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
