//! Connecting from a reactor: what a factory is told, and connecting again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use lariat::{
    BackOff, ClientFactory, ConnectionInfo, Connector, Error, Message, Protocol, Reason,
    Reconnecting, Transport,
};
use lariat_testkit::Nobody;

use crate::common::{PATIENCE, reactor, wait_until};

/// Tells a test everything that a factory and its protocols are told.
struct Telling(Mutex<mpsc::Sender<String>>);

impl Telling {
    fn new() -> (Self, mpsc::Receiver<String>) {
        let (told, telling) = mpsc::channel();
        (Telling(Mutex::new(told)), telling)
    }

    fn tell(&self, words: String) {
        // The test may be over.
        let _ = self.0.lock().expect("no panic").send(words);
    }
}

impl ClientFactory for Telling {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        self.tell("built".into());
        Some(Box::new(TellingProtocol(
            self.0.lock().expect("no panic").clone(),
        )))
    }

    fn connection_failed(&self, _: &Connector, error: &Error) {
        assert!(matches!(error, Error::Connect { .. }), "{error}");
        self.tell("failed".into());
    }

    fn connection_lost(&self, _: &Connector, reason: &Reason) {
        self.tell(format!("lost: {reason}"));
    }
}

struct TellingProtocol(mpsc::Sender<String>);

impl Protocol for TellingProtocol {
    fn connection_made(&mut self, _: &mut Transport) {
        let _ = self.0.send("made".into());
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        transport.write(message.get::<&str>().expect("words").as_bytes());
    }

    fn connection_lost(&mut self, _: &Reason) {
        let _ = self.0.send("protocol lost".into());
    }
}

fn next(telling: &mpsc::Receiver<String>) -> String {
    telling.recv_timeout(PATIENCE).expect("told in time")
}

/// An endpoint that refuses until `listen` is called on what holds it.
fn refusing() -> (Nobody, String) {
    let nobody = Nobody::tcp();
    let endpoint = format!("tcp://{}", nobody.address());
    (nobody, endpoint)
}

fn quickly(limit: Option<u32>) -> BackOff {
    BackOff {
        initial: Duration::from_millis(5),
        maximum: Duration::from_millis(20),
        limit,
        ..BackOff::default()
    }
}

#[test]
fn a_factory_is_told_once_of_each_thing() {
    let reactor = reactor();
    let (_held, refused) = refusing();
    let (factory, telling) = Telling::new();
    reactor.connect(refused, factory).expect("an endpoint");
    assert_eq!(next(&telling), "failed");

    let server = TcpListener::bind("127.0.0.1:0").expect("bound");
    let endpoint = format!("tcp://{}", server.local_addr().expect("an address"));
    let (factory, telling_too) = Telling::new();
    let connector = reactor.connect(endpoint, factory).expect("an endpoint");
    let (stream, _) = server.accept().expect("connected");
    for expected in ["built", "made"] {
        assert_eq!(next(&telling_too), expected);
    }
    drop(stream);
    for expected in ["protocol lost", "lost: closed by the peer"] {
        assert_eq!(next(&telling_too), expected);
    }
    drop((connector, reactor));
    assert_eq!(telling.try_recv().ok(), None);
    assert_eq!(telling_too.try_recv().ok(), None);
}

#[test]
fn a_client_waits_for_its_server_and_comes_back_to_it() {
    let reactor = reactor();
    let (server, endpoint) = refusing();
    let (factory, telling) = Telling::new();
    let factory = Reconnecting::new(factory, quickly(None));
    let connector = reactor.connect(endpoint, factory).expect("an endpoint");
    for _ in 0..3 {
        assert_eq!(next(&telling), "failed");
    }
    let server = server.listen();
    for _ in 0..3 {
        let (mut stream, _) = server.accept().expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        // The place of a connection that was lost is not shown for long.
        let mut heard = [0; 5];
        let waiting = connector.clone();
        let connected = reactor
            .handle()
            .wait(async move { waiting.when_connected().await })
            .expect("not stopped");
        connected.send(Message::new("hello")).expect("connected");
        stream.read_exact(&mut heard).expect("heard");
        assert_eq!(&heard, b"hello");
        drop(stream);
        let lost = |words: String| words.starts_with("lost").then_some(words);
        wait_until("it is lost", || {
            telling.try_recv().ok().and_then(lost).is_some()
        });
    }
    connector.stop();
}

#[test]
fn after_so_many_failures_it_gives_up() {
    let reactor = reactor();
    let (_held, endpoint) = refusing();
    let (factory, telling) = Telling::new();
    let factory = Reconnecting::new(factory, quickly(Some(3)));
    let connector = reactor.connect(endpoint, factory).expect("an endpoint");
    for _ in 0..3 {
        assert_eq!(next(&telling), "failed");
    }
    wait_until("it has given up", || connector.is_stopped());
    // With the connector stopped, not even asking for it makes another attempt.
    connector.connect();
    wait_until("nothing is under way", || {
        reactor.handle().connections() == 0
    });
    assert_eq!(telling.try_recv().ok(), None);
}

#[test]
fn the_waits_grow() {
    let reactor = reactor();
    let (_held, endpoint) = refusing();
    let (factory, telling) = Telling::new();
    let back_off = BackOff {
        initial: Duration::from_millis(40),
        jitter: 0.0,
        limit: Some(4),
        ..BackOff::default()
    };
    let begun = Instant::now();
    let factory = Reconnecting::new(factory, back_off);
    reactor.connect(endpoint, factory).expect("an endpoint");
    for _ in 0..4 {
        assert_eq!(next(&telling), "failed");
    }
    // 40 + 80 + 160 ms.
    assert!(
        begun.elapsed() >= Duration::from_millis(280),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn an_interactive_client_ends_by_stopping_the_reactor() {
    struct Stopping;

    impl ClientFactory for Stopping {
        fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
            Some(Box::new(super::OnData(
                |transport: &mut Transport, _: &[u8]| {
                    transport.lose_connection();
                },
            )))
        }

        fn connection_lost(&self, connector: &Connector, reason: &Reason) {
            assert_eq!(reason.to_string(), "closed");
            connector.reactor().stop();
        }
    }

    let reactor = reactor();
    let server = TcpListener::bind("127.0.0.1:0").expect("bound");
    let endpoint = format!("tcp://{}", server.local_addr().expect("an address"));
    reactor.connect(endpoint, Stopping).expect("an endpoint");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().expect("connected");
        stream.write_all(b"that was all\n").expect("sent");
        assert_eq!(stream.read(&mut [0]).expect("closed in order"), 0);
    });
    reactor.run();
    server.join().expect("served");
}

/// Waits for a connection that does not come, in a thread of its own.
fn waiting_for(connector: &Connector) -> mpsc::Receiver<bool> {
    let (told, telling) = mpsc::channel();
    let (connector, reactor) = (connector.clone(), connector.reactor().clone());
    reactor.spawn(async move {
        let _ = told.send(connector.when_connected().await.is_some());
    });
    telling
}

#[test]
fn nobody_waits_for_a_connection_that_will_not_be() {
    let reactor = reactor();
    let (_held, endpoint) = refusing();
    let connect = |limit| {
        let (factory, _) = Telling::new();
        let factory = Reconnecting::new(factory, quickly(limit));
        reactor
            .connect(&endpoint[..], factory)
            .expect("an endpoint")
    };
    let given_up = connect(Some(3));
    assert_eq!(waiting_for(&given_up).recv_timeout(PATIENCE), Ok(false));

    let stopped = connect(None);
    let waiting = waiting_for(&stopped);
    assert!(waiting.try_recv().is_err());
    stopped.stop();
    assert_eq!(waiting.recv_timeout(PATIENCE), Ok(false));

    let going_down = connect(None);
    let waiting = waiting_for(&going_down);
    reactor.handle().stop();
    assert_eq!(waiting.recv_timeout(PATIENCE), Ok(false));
    assert!(going_down.is_stopped());
}
