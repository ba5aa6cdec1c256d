//! Peers of datagram sockets in the counters and in the table of connections.

use std::net::IpAddr;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use lariat::observe::{Ended, Phase};
use lariat::{
    Address, DatagramProtocol, DatagramTransport, Listening, Protocol, Reason, Service, Transport,
};
use lariat_protocol::{Deadline, Deadlines};

use super::{OnData, ask, bound_to, echo, listen_with, next};
use crate::common::{PATIENCE, address, datagrams_to, reactor, wait_until};
use crate::host::table_of;

/// Whether everything that began has ended, and in which ways.
fn all_ended(listening: &Listening) -> bool {
    let stats = listening.stats();
    let ended: u64 = Ended::ALL.map(|how| stats.ended(how)).iter().sum();
    let active: u64 = Phase::ALL.map(|phase| stats.active(phase)).iter().sum();
    stats.accepted == ended && active == 0
}

/// Echoes, and tells how it ended.
struct Told(mpsc::Sender<String>);

impl Protocol for Told {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        assert_ne!(data, b"panic", "on purpose");
        match data {
            b"close" => transport.lose_connection(),
            b"abort" => transport.abort(),
            data => transport.write(data),
        }
    }

    fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
        transport.write(deadline.name().as_bytes());
    }

    fn connection_lost(&mut self, reason: &Reason) {
        // The test may be over.
        let _ = self.0.send(format!("{reason:?}"));
    }
}

fn telling() -> (
    impl Fn() -> Told + Send + Sync + 'static,
    mpsc::Receiver<String>,
) {
    let (told, telling) = mpsc::channel();
    let told = Mutex::new(told);
    (
        move || Told(told.lock().expect("no panic").clone()),
        telling,
    )
}

#[test]
fn what_moves_is_counted_and_shown() {
    let reactor = reactor();
    let listening = listen_with(&reactor, Deadlines::DEFAULT, || OnData(echo));
    let peers = [(); 2].map(|()| datagrams_to(address(&listening)));
    for question in ["one", "three", "eleven"] {
        assert_eq!(ask(&peers[0], question.as_bytes()), question.as_bytes());
    }
    ask(&peers[1], b"hi");
    let stats = listening.stats();
    assert_eq!((stats.accepted, stats.active(Phase::Idle)), (2, 2));
    // The last turn is counted when its answer is on its way.
    wait_until("four messages", || listening.stats().messages == 4);
    let stats = listening.stats();
    assert_eq!((stats.received, stats.sent), (16, 16));
    assert_eq!(stats.latencies.count(), 4);
    let shown = table_of(&reactor.handle(), 2);
    let own = Address::from(peers[0].local_addr().expect("an address"));
    let first = shown.iter().find(|status| status.peer == own);
    let first = first.expect("in the table");
    assert_eq!((first.received, first.sent, first.messages), (14, 14, 3));
    assert_eq!((first.phase, first.held), (Phase::Idle, 0));
    assert!(first.endpoint.starts_with("udp://127.0.0.1:"));
}

/// A sender has no other name than its address.
#[test]
fn whoever_takes_the_port_of_another_is_the_same_peer() {
    let reactor = reactor();
    let listening = listen_with(&reactor, Deadlines::DEFAULT, || OnData(echo));
    let server = address(&listening);
    // Where no other test takes the port meanwhile; only Linux has all of 127.0.0.0/8 on its loopback.
    let last = if cfg!(target_os = "linux") { 94 } else { 1 };
    let first = bound_to(([127, 0, 0, last], 0).into(), server);
    assert_eq!(ask(&first, b"one"), b"one");
    let own = first.local_addr().expect("an address");
    drop(first);
    assert_eq!(ask(&bound_to(own, server), b"two"), b"two");
    assert_eq!(listening.stats().accepted, 1);
}

#[test]
fn who_is_killed_ends_and_nobody_else() {
    let reactor = reactor();
    let (factory, endings) = telling();
    let listening = listen_with(&reactor, Deadlines::DEFAULT, factory);
    let peers = [(); 3].map(|()| datagrams_to(address(&listening)));
    for peer in &peers {
        ask(peer, b"hi");
    }
    let own = Address::from(peers[1].local_addr().expect("an address"));
    let shown = table_of(&reactor.handle(), 3);
    let chosen = shown.iter().find(|status| status.peer == own);
    let key = chosen.expect("in the table").key;
    assert!(reactor.handle().kill(key));
    assert_eq!(endings.recv_timeout(PATIENCE).as_deref(), Ok("Killed"));
    wait_until("nobody has that name", || !reactor.handle().kill(key));
    assert_eq!(listening.stats().ended(Ended::Killed), 1);
    let left = table_of(&reactor.handle(), 2);
    assert!(left.iter().all(|left| left.peer != own), "{left:?}");
    // The peer may come again, as anybody.
    ask(&peers[1], b"hi");
    assert_eq!(listening.stats().accepted, 4);
}

#[test]
fn each_way_to_end_is_counted_as_what_it_is() {
    let reactor = reactor();
    let (factory, endings) = telling();
    let listening = listen_with(&reactor, Deadlines::DEFAULT, factory);
    for (message, reason, how) in [
        ("close", "Closed", Ended::Finished),
        ("abort", "Aborted", Ended::Failed),
        ("panic", "Panicked", Ended::Panicked),
    ] {
        let peer = datagrams_to(address(&listening));
        peer.send(message.as_bytes()).expect("sent");
        assert_eq!(endings.recv_timeout(PATIENCE).as_deref(), Ok(reason));
        assert_eq!(listening.stats().ended(how), 1, "{message}");
    }
    wait_until("all has ended", || all_ended(&listening));
    assert_eq!(listening.stats().accepted, 3);
}

#[test]
fn who_is_silent_is_forgotten_by_the_service_s_own_deadline() {
    let reactor = reactor();
    let (factory, endings) = telling();
    // Longer than a busy machine stops the peer between two of its questions.
    let idle = Duration::from_secs(2);
    let deadlines = Deadlines {
        idle: Some(idle),
        ..Deadlines::DEFAULT
    };
    let listening = listen_with(&reactor, deadlines, factory);
    let peer = datagrams_to(address(&listening));
    let mut last = Instant::now();
    for _ in 0..3 {
        last = Instant::now();
        ask(&peer, b"hi");
    }
    assert_eq!(endings.recv_timeout(PATIENCE).as_deref(), Ok("PeerClosed"));
    assert!(last.elapsed() >= idle, "{:?}", last.elapsed());
    assert!(all_ended(&listening));
    assert_eq!(listening.stats().ended(Ended::Finished), 1);
}

#[test]
fn a_shorter_deadline_counts_for_those_who_are_there() {
    let reactor = reactor();
    let (factory, endings) = telling();
    let listening = listen_with(&reactor, Deadlines::DEFAULT, factory);
    ask(&datagrams_to(address(&listening)), b"hi");
    listening.set_deadlines(Deadlines {
        idle: Some(Duration::ZERO),
        ..Deadlines::DEFAULT
    });
    assert_eq!(endings.recv_timeout(PATIENCE).as_deref(), Ok("PeerClosed"));
}

#[test]
fn nobody_stays_for_longer_than_a_life() {
    let reactor = reactor();
    let (factory, endings) = telling();
    let life = Duration::from_millis(300);
    let deadlines = Deadlines {
        life: Some(life),
        ..Deadlines::DEFAULT
    };
    let listening = listen_with(&reactor, deadlines, factory);
    let peer = datagrams_to(address(&listening));
    let begun = Instant::now();
    ask(&peer, b"hi");
    assert_eq!(next(&peer), b"life");
    assert!(begun.elapsed() >= life, "{:?}", begun.elapsed());
    let ending = endings.recv_timeout(PATIENCE).expect("told");
    assert!(ending.starts_with("Failed"), "{ending}");
    let stats = listening.stats();
    assert_eq!(
        (stats.deadline(Deadline::Life), stats.ended(Ended::Deadline)),
        (1, 1)
    );
    assert!(all_ended(&listening));
}

#[test]
fn a_factory_that_panics_is_counted() {
    let reactor = reactor();
    let listening = listen_with(
        &reactor,
        Deadlines::DEFAULT,
        || -> OnData<fn(&mut Transport, &[u8])> { panic!("on purpose") },
    );
    datagrams_to(address(&listening)).send(b"hi").expect("sent");
    wait_until("it is counted", || {
        listening.stats().ended(Ended::Panicked) == 1
    });
    assert!(all_ended(&listening));
}

/// Echoes to all peers from one place.
pub struct EchoToAll;

impl DatagramProtocol for EchoToAll {
    fn datagram_received(
        &mut self,
        transport: &mut DatagramTransport,
        data: &[u8],
        peer: &Address,
        asked: Option<IpAddr>,
    ) {
        assert_ne!(data, b"panic", "on purpose");
        transport.send_from(asked, peer, data.to_vec());
    }
}

#[test]
fn a_socket_with_one_protocol_counts_as_one_connection() {
    for (ending, how) in [
        ("close", Ended::Finished),
        ("kill", Ended::Killed),
        ("panic", Ended::Panicked),
    ] {
        let reactor = reactor();
        let service = Service::datagrams(EchoToAll);
        let listening = reactor
            .listen("udp://127.0.0.1:0", service)
            .expect("listening");
        let peer = datagrams_to(address(&listening));
        for _ in 0..3 {
            ask(&peer, b"hi");
        }
        ask(&datagrams_to(address(&listening)), b"hi");
        wait_until("four messages", || listening.stats().messages == 4);
        let stats = listening.stats();
        assert_eq!((stats.accepted, stats.received, stats.sent), (1, 8, 8));
        let shown = table_of(&reactor.handle(), 1);
        assert_eq!(
            (shown[0].received, shown[0].sent, shown[0].messages),
            (8, 8, 4)
        );
        assert_eq!(shown[0].peer, Address::from(address(&listening)));
        match ending {
            "close" => listening.close(),
            "kill" => assert!(reactor.handle().kill(shown[0].key)),
            message => assert_eq!(peer.send(message.as_bytes()).expect("sent"), 5),
        }
        wait_until(ending, || {
            listening.stats().ended(how) == 1 && all_ended(&listening)
        });
    }
}
