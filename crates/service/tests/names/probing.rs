//! Probes of real sockets: those that answer, go away, are mute, come and go, and may not be asked.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use lariat_net::Reactor;
use lariat_protocol::names::{Incoming, NamesClient, State};
use lariat_service::names::{Directory, Names, Settings, Terms, Who};
use lariat_store::names::MemoryNames;
use lariat_testkit::Nobody;

use crate::{Hand, registration};

/// How long anything may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

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
        let settings = hand.settings();
        World::with(hand, settings)
    }

    /// One whose probes are in time, however late they are.
    fn patient() -> Self {
        let hand = Hand::default();
        let settings = Settings {
            probe_timeout: PATIENCE,
            ..hand.settings()
        };
        World::with(hand, settings)
    }

    fn with(hand: Hand, settings: Settings) -> Self {
        let directory = Directory::open(MemoryNames::default(), settings).unwrap();
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
            self.hear();
        }
        panic!("no event {change}");
    }

    /// Takes what the watcher is told within a moment.
    fn hear(&mut self) {
        let mut buffer = [0; 4096];
        if let Ok(count) = self.stream.read(&mut buffer) {
            self.client.data_received(&buffer[..count]).unwrap();
        }
    }

    /// Waits until the watcher is told that it is one.
    fn until_it_watches(&mut self) {
        let begun = Instant::now();
        while !matches!(self.client.next(), Some(Incoming::Answer(_))) {
            assert!(begun.elapsed() < PATIENCE, "no answer");
            self.hear();
        }
    }

    /// What the watcher is told until it is told of this name.
    fn told_until(&mut self, name: &str) -> Vec<&'static str> {
        let begun = Instant::now();
        let mut told = Vec::new();
        loop {
            match self.client.next() {
                Some(Incoming::Event(event)) if event.entry.name.as_str() == name => return told,
                Some(Incoming::Event(event)) => told.push(event.change.word()),
                Some(_) => {}
                None => {
                    assert!(begun.elapsed() < PATIENCE, "it is told {told:?} only");
                    self.hear();
                }
            }
        }
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

/// A service that answers with `said`, or closes without a word, and counts who came.
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
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            count.fetch_add(1, Ordering::Relaxed);
            if answer.load(Ordering::Relaxed) {
                let mut asked = [0; 6];
                let _ = stream.read_exact(&mut asked);
                let _ = stream.write_all(said);
            }
        }
    });
    Service {
        port,
        answers,
        visits,
    }
}

/// A service that is there at two visits and not at the next two, over and over. It says when the
/// prober is done with one.
fn coming_and_going() -> (u16, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (done, visits) = mpsc::channel();
    std::thread::spawn(move || {
        for (visit, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            stream.read_exact(&mut [0; 6]).unwrap();
            if visit % 4 < 2 {
                stream.write_all(b"+PONG\r\n").unwrap();
            } else {
                stream.shutdown(Shutdown::Write).unwrap();
            }
            // It closes when it knows, and on the one thread that it has, nothing comes in between.
            let _ = stream.read_to_end(&mut Vec::new());
            if done.send(()).is_err() {
                return;
            }
        }
    });
    (port, visits)
}

const DAY: &str = "ttl=86400 interval=5";

#[test]
fn one_that_goes_away_fails_recovers_and_is_dropped() {
    let mut world = World::patient();
    world.until_it_watches();
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
fn one_that_is_mute_is_dropped() {
    let mut world = World::new();
    world.until_it_watches();
    // The system takes its connections, and nobody answers.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    world.register(&format!(
        "register redis 127.0.0.1:{port} {DAY} send=\"PING\\r\\n\" expect=PONG"
    ));
    world.until("failing");
    world.until("dropped");
    assert_eq!(world.state("redis"), None);
    world.end();
}

#[test]
fn the_watchers_of_one_that_comes_and_goes_are_left_in_peace() {
    let mut world = World::patient();
    world.until_it_watches();
    let (port, visits) = coming_and_going();
    world.register(&format!(
        "register redis 127.0.0.1:{port} {DAY} send=\"PING\\r\\n\" expect=PONG"
    ));
    // It goes away fifteen times. What the last visit comes to changes nothing; by then it is known
    // what the others have come to.
    for _ in 0..61 {
        world.hand.advance(Duration::from_secs(5));
        world.directory.tick();
        visits.recv_timeout(PATIENCE).expect("it is probed");
    }
    world.register(&format!(
        "register last 127.0.0.1:{port} ttl=86400 probe=none"
    ));
    // Each time that it is told it has to stay for longer to have come back.
    assert_eq!(
        world.told_until("last"),
        ["registered", "recovered", "failing", "recovered", "failing"]
    );
    assert_eq!(world.state("redis"), Some(State::Failing));
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
    let gone = Nobody::tcp();
    world.register(&format!("register c {} {DAY}", gone.address()));
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
