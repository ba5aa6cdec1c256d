//! Many connections of one thread, which share its turns.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, mpsc};

use lariat::{ConnectionHandle, Message, Protocol, Reactor, Reason, Transport};

use super::{OnData, echo};
use crate::common::{PATIENCE, connect, wait_until};

/// More than have their turn in one go.
const MANY: usize = 260;

fn one_thread() -> Reactor {
    let reactor = Reactor::builder().threads(1).build();
    reactor.expect("the reactor starts")
}

fn byte_of(stream: &mut TcpStream) -> u8 {
    let mut byte = [0];
    stream
        .read_exact(&mut byte)
        .expect("a byte within the time");
    byte[0]
}

/// Gives its handle away, and passes messages on to its peer.
struct Member(mpsc::Sender<ConnectionHandle>);

impl Protocol for Member {
    fn connection_made(&mut self, transport: &mut Transport) {
        let _ = self.0.send(transport.handle());
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        let byte = message.get::<u8>().expect("a byte");
        transport.write(&[*byte]);
    }
}

#[test]
fn messages_to_more_than_have_their_turn_at_once_reach_all() {
    let reactor = one_thread();
    let (sender, handles) = mpsc::channel();
    let sender = Mutex::new(sender);
    let listening = reactor.listen("tcp://127.0.0.1:0", move || {
        Member(sender.lock().expect("no panic").clone())
    });
    let listening = listening.expect("listening");
    let mut streams: Vec<_> = (0..MANY).map(|_| connect(&listening)).collect();
    let handles: Vec<_> = (0..MANY)
        .map(|_| handles.recv_timeout(PATIENCE).expect("all are made"))
        .collect();
    for round in 0..3 {
        for handle in &handles {
            handle.send(Message::new(round)).expect("it is there");
        }
        for stream in &mut streams {
            assert_eq!(byte_of(stream), round);
        }
    }
}

#[test]
fn who_sends_without_end_holds_nobody_up() {
    let reactor = one_thread();
    let sink = reactor
        .listen("tcp://127.0.0.1:0", || {
            OnData(|_: &mut Transport, _: &[u8]| {})
        })
        .expect("listening");
    let listening = reactor
        .listen("tcp://127.0.0.1:0", || OnData(echo))
        .expect("listening");
    let flood = connect(&sink);
    let flooding = {
        let mut flood = flood.try_clone().expect("a second descriptor");
        std::thread::spawn(move || {
            let block = vec![b'x'; 1 << 20];
            while flood.write_all(&block).is_ok() {}
        })
    };
    // Connections that were there before, and such as come in the meantime.
    let mut before = connect(&listening);
    for _ in 0..50 {
        let mut new = connect(&listening);
        for stream in [&mut before, &mut new] {
            stream.write_all(b"!").expect("sent");
            assert_eq!(byte_of(stream), b'!');
        }
    }
    flood.shutdown(Shutdown::Both).expect("ended");
    flooding.join().expect("no panic");
}

/// Panics when it is dropped.
struct Brittle;

impl Protocol for Brittle {
    fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
        transport.lose_connection();
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        panic!("as some destructors do");
    }
}

#[test]
fn a_panic_while_a_protocol_is_dropped_ends_its_connection_alone() {
    let reactor = one_thread();
    let brittle = reactor.listen("tcp://127.0.0.1:0", || Brittle);
    let brittle = brittle.expect("listening");
    let listening = reactor
        .listen("tcp://127.0.0.1:0", || OnData(echo))
        .expect("listening");
    let mut other = connect(&listening);
    for _ in 0..3 {
        let mut stream = connect(&brittle);
        stream.write_all(b"end").expect("sent");
        match stream.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            read => panic!("not ended: {read:?}"),
        }
        other.write_all(b"?").expect("sent");
        assert_eq!(byte_of(&mut other), b'?');
    }
}

#[test]
fn panics_while_protocols_are_dropped_do_not_keep_a_reactor_from_its_end() {
    let reactor = one_thread();
    let brittle = reactor.listen("tcp://127.0.0.1:0", || Brittle);
    let brittle = brittle.expect("listening");
    let _streams: Vec<_> = (0..5).map(|_| connect(&brittle)).collect();
    wait_until("all are there", || reactor.handle().connections() == 5);
    drop(reactor);
}

/// Tells of its end.
struct Ending(mpsc::Sender<String>);

impl Protocol for Ending {
    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

    fn connection_lost(&mut self, reason: &Reason) {
        let _ = self.0.send(reason.to_string());
    }
}

#[test]
fn all_are_told_of_the_end_when_their_reactor_is_dropped() {
    let reactor = one_thread();
    let (sender, ends) = mpsc::channel();
    let sender = Mutex::new(sender);
    let listening = reactor.listen("tcp://127.0.0.1:0", move || {
        Ending(sender.lock().expect("no panic").clone())
    });
    let listening = listening.expect("listening");
    let streams: Vec<_> = (0..10).map(|_| connect(&listening)).collect();
    let open = || reactor.handle().connections() == streams.len();
    wait_until("all are there", open);
    drop(listening);
    drop(reactor);
    for _ in &streams {
        ends.recv_timeout(PATIENCE).expect("told");
    }
}
