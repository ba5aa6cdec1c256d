//! One speaks to many, of whom one does not read: it is ended at its limit, and the others
//! hear everything.

use std::io::{BufReader, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use bytes::Bytes;
use lariat::{ConnectionHandle, Message, Protocol, Reason, Transport, WaterMarks};

use super::{connect, reactor};

const LISTENERS: usize = 20;
const BLOCK: usize = 64 * 1024;
const BLOCKS: usize = 400;

/// How many blocks the speaker may be ahead of the slowest reader.
const AHEAD: usize = 16;

type Room = Arc<Mutex<Vec<ConnectionHandle>>>;

/// Hears what is said in the room; whoever does not keep up is ended.
struct Hearer {
    room: Room,
    lost: mpsc::Sender<String>,
}

impl Protocol for Hearer {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.set_water_marks(WaterMarks {
            limit: 4 * 1024 * 1024,
            ..WaterMarks::DEFAULT
        });
        self.room.lock().expect("no panic").push(transport.handle());
        transport.write(b"!");
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        if let Some(said) = message.get::<Bytes>() {
            transport.write_bytes(said.clone());
        }
    }

    fn connection_lost(&mut self, reason: &Reason) {
        // The test may be over.
        let _ = self.lost.send(reason.to_string());
    }
}

#[test]
fn one_that_does_not_read_harms_only_itself() {
    let reactor = reactor();
    let room = Room::default();
    let (lost, endings) = mpsc::channel();
    let hearers = (Arc::clone(&room), Mutex::new(lost));
    let factory = move || Hearer {
        room: Arc::clone(&hearers.0),
        lost: hearers.1.lock().expect("no panic").clone(),
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", factory)
        .expect("listening");

    let join = || {
        let mut stream = connect(&listening);
        let mut greeting = [0];
        stream.read_exact(&mut greeting).expect("greeted");
        stream
    };
    let deaf = join();
    let progress: Vec<Arc<AtomicUsize>> = (1..LISTENERS).map(|_| Arc::default()).collect();
    let readers: Vec<_> = progress
        .iter()
        .map(|read| {
            let (read, stream) = (Arc::clone(read), join());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let mut block = vec![0; BLOCK];
                for number in 0..BLOCKS {
                    reader.read_exact(&mut block).expect("all of it");
                    assert!(block.iter().all(|byte| *byte == number as u8));
                    read.store(number + 1, Ordering::Release);
                }
            })
        })
        .collect();

    let members = room.lock().expect("no panic").clone();
    for number in 0..BLOCKS {
        let slowest = || {
            progress
                .iter()
                .map(|read| read.load(Ordering::Acquire))
                .min()
        };
        let begun = Instant::now();
        while slowest() < Some(number.saturating_sub(AHEAD)) {
            assert!(begun.elapsed() < super::PATIENCE, "a reader is stuck");
            std::thread::yield_now();
        }
        let said = Arc::new(Bytes::from(vec![number as u8; BLOCK]));
        for member in &members {
            // One of them is gone from some block on.
            let _ = member.send(Message::shared(Arc::clone(&said)));
        }
    }
    let first = endings.recv_timeout(super::PATIENCE).expect("one ends");
    assert!(first.starts_with("over the limit:"), "{first}");
    for reader in readers {
        reader.join().expect("heard everything");
    }
    drop(deaf);
}
