//! A panic in any callback ends that connection and no other, and `connection_lost` still
//! comes, once.

use std::io::{BufReader, Read, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use lariat::{Message, Protocol, Reason, TimerId, Transport};

use super::{connect, reactor, read_line};

/// Panics where the word that it receives says.
struct Fragile {
    lost: mpsc::Sender<String>,
    panics_at_the_end: bool,
}

impl Protocol for Fragile {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        match data {
            b"data" => panic!("in data_received"),
            b"timer" => transport.set_timer(TimerId(1), Duration::ZERO),
            b"message" => {
                transport
                    .handle()
                    .send(Message::new(()))
                    .expect("we are here");
            }
            b"lost" => {
                self.panics_at_the_end = true;
                transport.lose_connection();
            }
            _ => transport.write(b"fine\n"),
        }
    }

    fn timer(&mut self, _: &mut Transport, _: TimerId) {
        panic!("in timer");
    }

    fn message_received(&mut self, _: &mut Transport, _: Message) {
        panic!("in message_received");
    }

    fn eof_received(&mut self, _: &mut Transport) {
        panic!("in eof_received");
    }

    fn connection_lost(&mut self, reason: &Reason) {
        // The test may be over.
        let _ = self.lost.send(reason.to_string());
        assert!(!self.panics_at_the_end, "in connection_lost");
    }
}

#[test]
fn a_panic_ends_its_connection_only() {
    let reactor = reactor();
    let (lost, endings) = mpsc::channel();
    let lost = Mutex::new(lost);
    let built = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&built);
    let factory = move || {
        // The third connection's factory is the one that breaks.
        assert_ne!(count.fetch_add(1, Ordering::Relaxed), 2, "in the factory");
        Fragile {
            lost: lost.lock().expect("no panic").clone(),
            panics_at_the_end: false,
        }
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", factory)
        .expect("listening");
    let mut steady = connect(&listening);
    let mut reader = BufReader::new(steady.try_clone().expect("a clone"));
    let mut still_fine = || {
        steady.write_all(b"hello").expect("sent");
        assert_eq!(read_line(&mut reader), "fine\n");
    };
    still_fine();

    for word in ["data", "factory", "timer", "message", "lost", "eof"] {
        let mut stream = connect(&listening);
        match word {
            "eof" => stream.shutdown(std::net::Shutdown::Write).expect("ended"),
            // It may be gone before a word was said.
            "factory" => drop(stream.write_all(b"hello")),
            word => stream.write_all(word.as_bytes()).expect("sent"),
        }
        let mut rest = Vec::new();
        // Closed, in order or by a reset.
        let _ = stream.read_to_end(&mut rest);
        assert_eq!(rest, b"");
        still_fine();
        if word != "factory" {
            let reason = endings.recv_timeout(super::PATIENCE).expect("told");
            let expected = match word {
                "lost" => "closed",
                _ => "the protocol panicked",
            };
            assert_eq!(reason, expected, "after {word}");
        }
    }
    assert_eq!(endings.try_recv(), Err(mpsc::TryRecvError::Empty));
}
