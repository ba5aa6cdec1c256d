//! Calls that come later or from elsewhere: timers, work on other threads, messages.

use std::io::{BufReader, Read, Write};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use lariat::{ConnectionHandle, Handle, Message, Protocol, Reactor, SendError, TimerId, Transport};

use super::thread_name;
use crate::common::{PATIENCE, connect, reactor, read_line, wait_until};

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn calls_come_in_the_order_of_their_times_and_not_when_cancelled() {
    let reactor = Reactor::builder().threads(1).build().expect("started");
    let (called, calls) = mpsc::channel();
    let (scheduled_all, all) = mpsc::channel();
    let handle = reactor.handle();
    // By one call, so that the first does not come before the last is there.
    reactor.handle().call_later(Duration::ZERO, move || {
        let begun = Instant::now();
        let mut scheduled = Vec::new();
        for after in [90, 30, 60, 0, 120] {
            let called = called.clone();
            scheduled.push(handle.call_later(milliseconds(after), move || {
                let early = begun.elapsed() < milliseconds(after);
                // The test may be over.
                let _ = called.send((after, early, thread_name()));
            }));
        }
        scheduled[2].cancel();
        let _ = scheduled_all.send(scheduled);
    });
    let scheduled = all.recv_timeout(PATIENCE).expect("called");
    for expected in [0, 30, 90, 120] {
        let (after, early, thread) = calls.recv_timeout(PATIENCE).expect("called");
        assert_eq!((after, early, &thread[..]), (expected, false, "lariat-0"));
    }
    // Too late is no harm.
    scheduled[0].cancel();
}

/// Has each line worked on elsewhere.
struct Delegating {
    reactor: Handle,
    home: String,
}

impl Protocol for Delegating {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.home = thread_name();
        let data = data.to_vec();
        self.reactor.call_in_thread(transport.handle(), move || {
            assert!(data != b"panic\n", "as it was asked to");
            (thread_name(), data.len())
        });
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        assert_eq!(self.home, thread_name());
        match message.get::<std::thread::Result<(String, usize)>>() {
            Some(Ok((thread, length))) => {
                assert_ne!(*thread, self.home);
                transport.write(format!("{length}\n").as_bytes());
            }
            Some(Err(panic)) => {
                let words = panic.downcast_ref::<&str>();
                transport.write(format!("{}\n", words.expect("words")).as_bytes());
            }
            None => transport.abort(),
        }
    }
}

#[test]
fn work_elsewhere_comes_back_to_the_threads_own_connection() {
    let reactor = reactor();
    let handle = reactor.handle();
    let delegating = move || Delegating {
        reactor: handle.clone(),
        home: String::new(),
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", delegating)
        .expect("listening");
    for _ in 0..4 {
        let mut stream = connect(&listening);
        let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
        for (sent, answer) in [
            ("hello\n", "6\n"),
            ("panic\n", "as it was asked to\n"),
            ("hi\n", "3\n"),
        ] {
            stream.write_all(sent.as_bytes()).expect("sent");
            assert_eq!(read_line(&mut reader), answer);
        }
    }
}

/// Says everything to all the others.
struct Member {
    room: Arc<Mutex<Vec<ConnectionHandle>>>,
}

impl Protocol for Member {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.room.lock().expect("no panic").push(transport.handle());
        transport.write(format!("{}\n", thread_name()).as_bytes());
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        let me = transport.handle();
        let room = self.room.lock().expect("no panic").clone();
        for other in room.into_iter().filter(|other| *other != me) {
            other.send(Message::new(data.to_vec())).expect("there");
        }
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        transport.write(&message.take::<Vec<u8>>().expect("bytes"));
    }
}

#[test]
fn messages_go_between_connections_of_different_threads_in_order() {
    let reactor = reactor();
    let room = Arc::new(Mutex::new(Vec::new()));
    let member = {
        let room = Arc::clone(&room);
        move || Member {
            room: Arc::clone(&room),
        }
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", member)
        .expect("listening");
    let mut members: Vec<_> = (0..2)
        .map(|_| {
            let stream = connect(&listening);
            let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
            (read_line(&mut reader), stream, reader)
        })
        .collect();
    assert_ne!(members[0].0, members[1].0, "both are on one thread");
    let lines: String = (0..1000).map(|number| format!("{number}\n")).collect();
    for sender in 0..2 {
        members[sender].1.write_all(lines.as_bytes()).expect("sent");
        let mut heard = vec![0; lines.len()];
        members[1 - sender].2.read_exact(&mut heard).expect("heard");
        assert!(heard == lines.as_bytes());
    }
    drop(members);
    let gone = room.lock().expect("no panic")[0].clone();
    wait_until("the connection has ended", || {
        matches!(gone.send(Message::new(())), Err(SendError::Gone(_)))
    });
}

const LATE: TimerId = TimerId(1);
const SOON: TimerId = TimerId(2);
const NEVER: TimerId = TimerId(3);
const TICK: TimerId = TimerId(4);

/// Sets several timers, moves one and cancels one, and counts the ticks of another.
#[derive(Default)]
struct Timed {
    ticks: u32,
}

impl Protocol for Timed {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.set_timer(LATE, Duration::ZERO);
        transport.set_timer(NEVER, milliseconds(5));
        transport.set_timer(SOON, milliseconds(30));
        transport.set_timer(LATE, milliseconds(60));
        transport.cancel_timer(NEVER);
    }

    fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
        transport.set_timer(TICK, milliseconds(1));
        // Moved forward and back, and cancelled when it is set already.
        transport.set_timer(LATE, Duration::from_secs(3600));
        transport.set_timer(SOON, milliseconds(1));
        transport.cancel_timer(SOON);
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        match timer {
            SOON => transport.write(b"soon\n"),
            LATE => transport.write(b"late\n"),
            TICK if self.ticks < 10 => {
                self.ticks += 1;
                transport.set_timer(TICK, Duration::ZERO);
            }
            TICK => transport.write(b"ticked\n"),
            _ => transport.write(b"never\n"),
        }
    }
}

#[test]
fn timers_are_set_moved_and_cancelled_each_by_itself() {
    let reactor = reactor();
    let listening = reactor
        .listen("tcp://127.0.0.1:0", Timed::default)
        .expect("listening");
    let begun = Instant::now();
    let mut stream = connect(&listening);
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    assert_eq!(read_line(&mut reader), "soon\n");
    assert_eq!(read_line(&mut reader), "late\n");
    assert!(begun.elapsed() >= milliseconds(60));
    stream.write_all(b"go\n").expect("sent");
    assert_eq!(read_line(&mut reader), "ticked\n");
}

#[test]
fn datagram_peers_have_timers_too() {
    let reactor = reactor();
    let listening = reactor
        .listen("udp://127.0.0.1:0", Timed::default)
        .expect("listening");
    let socket = crate::common::datagrams_to(crate::common::address(&listening));
    socket.send(b"go").expect("sent");
    let mut answer = [0; 10];
    let length = socket.recv(&mut answer).expect("in time");
    assert_eq!(&answer[..length], b"ticked\n");
}
