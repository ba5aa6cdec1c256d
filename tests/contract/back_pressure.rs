//! A character generator against a reader that takes its time: writing stops when it must
//! and goes on when it may, and nothing is lost between.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lariat::{Protocol, Transport};

use super::{connect, reactor};

/// One line of the generated characters.
const LINE: &[u8; 74] =
    b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n";

/// What is sent in all: far more than every buffer between the two ends can hold.
const TOTAL: usize = LINE.len() * 400_000;

/// Writes until it is told to stop, and again when it is told to go on.
struct CharacterGenerator {
    left: usize,
    most_buffered: Arc<AtomicUsize>,
}

impl CharacterGenerator {
    fn generate(&mut self, transport: &mut Transport) {
        while self.left > 0 && !transport.is_write_paused() {
            transport.write(LINE);
            self.left -= LINE.len();
        }
        self.most_buffered
            .fetch_max(transport.buffered(), Ordering::Relaxed);
        if self.left == 0 {
            transport.lose_connection();
        }
    }
}

impl Protocol for CharacterGenerator {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.generate(transport);
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

    fn write_resumed(&mut self, transport: &mut Transport) {
        self.generate(transport);
    }
}

#[test]
fn a_slow_reader_slows_the_generator_and_loses_nothing() {
    let reactor = reactor();
    let most_buffered = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most_buffered);
    let generator = move || CharacterGenerator {
        left: TOTAL,
        most_buffered: Arc::clone(&seen),
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", generator)
        .expect("listening");
    let mut stream = connect(&listening);
    let mut received = 0;
    let mut block = [0; 1000];
    loop {
        let length = stream.read(&mut block).expect("within the time");
        if length == 0 {
            break;
        }
        for byte in &block[..length] {
            assert_eq!(*byte, LINE[received % LINE.len()], "at byte {received}");
            received += 1;
        }
    }
    assert_eq!(received, TOTAL);
    // The high-water mark and the write that crossed it.
    assert!(most_buffered.load(Ordering::Relaxed) <= 64 * 1024 + LINE.len());
}
