//! Probes of real sockets: those that answer, are mute, come and go, and may not be asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use lariat_net::Reactor;
use lariat_protocol::names::{Incoming, NamesClient, State};
use lariat_service::names::{Directory, Names, Terms, Who};
use lariat_store::names::MemoryNames;

use crate::{Hand, registration};

/// A name server on a real socket with a client that watches, and time that a test lets pass.
struct World {
    hand: Hand,
    directory: Directory,
    reactor: Reactor,
    stream: TcpStream,
    client: NamesClient,
}

impl World {
    fn new() -> Self {
        let hand = Hand::default();
        let directory = Directory::open(MemoryNames::default(), hand.settings()).unwrap();
        let reactor = Reactor::builder().threads(1).build().unwrap();
        directory.probe_on(&reactor.handle());
        let names = Names::new(directory.clone(), Terms::default());
        let listening = reactor.listen("tcp://127.0.0.1:0", names).unwrap();
        let port = listening.endpoints()[0].port().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"watch\n").unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        World {
            hand,
            directory,
            reactor,
            stream,
            client: NamesClient::default(),
        }
    }

    fn register(&self, line: &str) {
        let registration = registration(line);
        let done = self
            .directory
            .register(registration, Who::Local, Terms::default());
        done.unwrap();
    }

    /// Lets time pass until the watcher is told of something with this word.
    fn until(&mut self, change: &str) {
        // Far more than any of it takes; the test fails by hanging otherwise.
        for _ in 0..1_200 {
            while let Some(incoming) = self.client.next() {
                if let Incoming::Event(event) = incoming
                    && event.change.word() == change
                {
                    return;
                }
            }
            self.hand.advance(Duration::from_secs(1));
            self.directory.tick();
            let mut buffer = [0; 4096];
            if let Ok(count) = self.stream.read(&mut buffer) {
                self.client.data_received(&buffer[..count]).unwrap();
            }
        }
        panic!("no event {change}");
    }

    fn state(&self, name: &str) -> Option<State> {
        let query = lariat_protocol::names::Query::name(name.parse().unwrap());
        let found = self.directory.find(&query, false, Who::Local);
        found.ok().map(|entries| entries[0].state)
    }

    fn end(self) {
        self.reactor.handle().stop();
        drop(self.stream);
        self.reactor.run();
    }
}

/// A service that answers with `said`, or is mute, and counts who came.
struct Service {
    port: u16,
    answers: Arc<AtomicBool>,
    visits: Arc<AtomicUsize>,
}

fn service(said: &'static [u8]) -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = Arc::new(AtomicBool::new(true));
    let visits = Arc::new(AtomicUsize::new(0));
    let (answer, count) = (Arc::clone(&answers), Arc::clone(&visits));
    std::thread::spawn(move || {
        let mut mute = Vec::new();
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            count.fetch_add(1, Ordering::Relaxed);
            if answer.load(Ordering::Relaxed) {
                let mut asked = [0; 6];
                let _ = stream.read_exact(&mut asked);
                let _ = stream.write_all(said);
            } else {
                mute.push(stream);
            }
        }
    });
    Service {
        port,
        answers,
        visits,
    }
}

const DAY: &str = "ttl=86400 interval=5";

#[test]
fn one_that_is_mute_fails_recovers_and_is_dropped() {
    let mut world = World::new();
    let service = service(b"+PONG\r\n");
    let line = format!(
        "register redis 127.0.0.1:{} {DAY} send=\"PING\\r\\n\" expect=\"^\\\\+PONG\"",
        service.port
    );
    world.register(&line);
    world.until("recovered");
    assert_eq!(world.state("redis"), Some(State::Up));
    service.answers.store(false, Ordering::Relaxed);
    world.until("failing");
    assert_eq!(world.state("redis"), Some(State::Failing));
    service.answers.store(true, Ordering::Relaxed);
    world.until("recovered");
    service.answers.store(false, Ordering::Relaxed);
    world.until("dropped");
    assert_eq!(world.state("redis"), None);
    world.end();
}

#[test]
fn one_that_says_something_else_or_has_no_tls_is_dropped() {
    let mut world = World::new();
    let service = service(b"-LOADING\r\n");
    world.register(&format!(
        "register a 127.0.0.1:{} {DAY} send=\"PING\\r\\n\" expect=PONG",
        service.port
    ));
    world.until("dropped");
    world.register(&format!(
        "register b tls://127.0.0.1:{} {DAY}",
        service.port
    ));
    world.until("dropped");
    // Nobody is there any more.
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    world.register(&format!("register c 127.0.0.1:{gone} {DAY}"));
    world.until("dropped");
    world.end();
}

#[test]
fn a_name_that_leads_where_its_registrant_may_not_ask_is_not_probed() {
    let mut world = World::new();
    let (asked, spared) = (service(b""), service(b""));
    let line = format!(
        "register local 127.0.0.1:{} {DAY} probe=connect",
        asked.port
    );
    // Somebody from elsewhere has this machine's own port looked at, by a name for it.
    let registration = registration(&format!(
        "register scan localhost:{} {DAY} probe=connect",
        spared.port
    ));
    let elsewhere = Who::Address("192.0.2.7".parse().unwrap());
    let registered = world
        .directory
        .register(registration, elsewhere, Terms::default());
    registered.unwrap();
    world.register(&line);
    // Both have had their time several times over when the one that may be asked has. An hour
    // and more, of the day for which they are registered.
    for _ in 0..4_000 {
        if asked.visits.load(Ordering::Relaxed) >= 4 {
            break;
        }
        world.hand.advance(Duration::from_secs(1));
        world.directory.tick();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(asked.visits.load(Ordering::Relaxed) >= 4, "not asked");
    assert_eq!(spared.visits.load(Ordering::Relaxed), 0);
    assert_eq!(world.state("scan"), Some(State::Unprobed));
    let _ = &mut world;
    world.end();
}
