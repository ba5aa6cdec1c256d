//! Peers of a datagram socket: each bounded, each heard when its protocol is open to it, and
//! none at the mercy of another.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use lariat::{
    Address, ConnectionHandle, DatagramProtocol, DatagramTransport, Message, Protocol, Reason,
    Service, TimerId, Transport,
};

use super::{OnData, echo};
use crate::common::{PATIENCE, address, datagrams_to, reactor};

/// What a protocol tells its test, which waits for it.
type Told = mpsc::Sender<String>;

/// Pauses at each datagram until it is told to go on, but echoes what begins with `!`.
struct Pausing {
    told: Told,
    given: mpsc::Sender<ConnectionHandle>,
}

impl Protocol for Pausing {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if data.starts_with(b"!") {
            return transport.write(data);
        }
        let _ = self.told.send(String::from_utf8_lossy(data).into_owned());
        let _ = self.given.send(transport.handle());
        transport.pause_reading();
    }

    fn message_end(&mut self, transport: &mut Transport) {
        if !transport.is_reading_paused() {
            let _ = self.told.send("end".into());
        }
    }

    fn message_received(&mut self, transport: &mut Transport, _: Message) {
        transport.resume_reading();
    }
}

#[test]
fn what_comes_to_a_paused_session_is_dropped_and_its_message_ends_later() {
    let reactor = reactor();
    let (told, telling) = mpsc::channel();
    let (given, handles) = mpsc::channel();
    let shared = Mutex::new((told, given));
    let listening = reactor.listen("udp://127.0.0.1:0", move || {
        let (told, given) = shared.lock().expect("no panic").clone();
        Pausing { told, given }
    });
    let server = address(&listening.expect("listening"));
    let (peer, other) = (datagrams_to(server), datagrams_to(server));
    let next = || telling.recv_timeout(PATIENCE).expect("told");
    peer.send(b"one").expect("sent");
    assert_eq!(next(), "one");
    peer.send(b"two").expect("sent");
    // One socket has both peers, so this comes behind what was sent before.
    other.send(b"!").expect("sent");
    other.recv(&mut [0; 10]).expect("echoed");
    assert_eq!(next(), "end");
    assert_eq!(telling.try_recv().ok(), None);
    let handle = handles.recv_timeout(PATIENCE).expect("introduced");
    handle.send(Message::new(())).expect("there");
    assert_eq!(next(), "end");
    peer.send(b"three").expect("sent");
    assert_eq!(next(), "three");
}

/// Writes more than may wait, and goes on when it has left.
struct Gushing;

impl Protocol for Gushing {
    fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
        for _ in 0..2 {
            transport.write(&[b'x'; 40_000]);
        }
        transport.hold_input();
    }

    fn write_resumed(&mut self, transport: &mut Transport) {
        transport.set_timer(TimerId(1), Duration::from_millis(1));
    }

    fn input_released(&mut self, transport: &mut Transport) {
        transport.write(b"released");
    }

    fn timer(&mut self, transport: &mut Transport, _: TimerId) {
        transport.write(b"timer");
    }
}

#[test]
fn a_session_whose_writing_resumes_goes_on_without_another_datagram() {
    let reactor = reactor();
    let listening = reactor.listen("udp://127.0.0.1:0", || Gushing);
    let peer = datagrams_to(address(&listening.expect("listening")));
    peer.send(b"go").expect("sent");
    let mut buffer = [0; 50_000];
    let mut next = || {
        let length = peer.recv(&mut buffer).expect("sent by itself");
        (length, buffer[0])
    };
    assert_eq!(next(), (40_000, b'x'));
    assert_eq!(next(), (40_000, b'x'));
    assert_eq!(next(), (8, b'r'));
    assert_eq!(next(), (5, b't'));
}

#[test]
fn a_factory_that_panics_costs_its_peer_only() {
    let reactor = reactor();
    let first = AtomicBool::new(true);
    let listening = reactor.listen("udp://127.0.0.1:0", move || {
        assert!(!first.swap(false, Ordering::Relaxed), "on purpose");
        OnData(echo)
    });
    let server = address(&listening.expect("listening"));
    datagrams_to(server).send(b"unlucky").expect("sent");
    let peer = datagrams_to(server);
    peer.send(b"hi").expect("sent");
    assert_eq!(peer.recv(&mut [0; 10]).expect("echoed"), 2);
}

/// Panics at what comes, and tells how it ended.
struct Panicking(Told);

impl Protocol for Panicking {
    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {
        panic!("on purpose");
    }

    fn connection_lost(&mut self, reason: &Reason) {
        let _ = self.0.send(format!("{reason:?}"));
    }
}

#[test]
fn a_session_is_told_of_its_end_after_a_panic_too() {
    let reactor = reactor();
    let (told, telling) = mpsc::channel();
    let told = Mutex::new(told);
    let factory = move || Panicking(told.lock().expect("no panic").clone());
    let listening = reactor.listen("udp://127.0.0.1:0", factory);
    let peer = datagrams_to(address(&listening.expect("listening")));
    peer.send(b"hi").expect("sent");
    let end = telling.recv_timeout(PATIENCE).expect("told");
    assert_eq!(end, "Panicked");
}

/// Sends some datagrams before anything comes.
struct Announcing {
    to: Address,
    told: Told,
}

impl DatagramProtocol for Announcing {
    fn listening(&mut self, transport: &mut DatagramTransport) {
        for number in 0..3 {
            transport.send_to(&self.to, vec![number]);
        }
        let _ = self.told.send("listening".into());
    }

    fn datagram_received(
        &mut self,
        _: &mut DatagramTransport,
        _: &[u8],
        _: &Address,
        _: Option<IpAddr>,
    ) {
    }

    fn closed(&mut self) {
        let _ = self.told.send("closed".into());
    }
}

#[test]
fn a_socket_that_is_closed_from_outside_sends_what_waits_and_says_so_once() {
    for stops in [false, true] {
        let reactor = reactor();
        let hearer = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
        hearer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let to = Address::from(hearer.local_addr().expect("an address"));
        let (told, telling) = mpsc::channel();
        let service = Service::datagrams(Announcing { to, told });
        let listening = reactor
            .listen("udp://127.0.0.1:0", service)
            .expect("listening");
        assert_eq!(telling.recv_timeout(PATIENCE).as_deref(), Ok("listening"));
        match stops {
            true => {
                reactor.handle().stop();
                reactor.run();
            }
            false => listening.close(),
        }
        for number in 0..3 {
            let mut datagram = [9];
            hearer.recv(&mut datagram).expect("sent");
            assert_eq!(datagram, [number]);
        }
        assert_eq!(telling.recv_timeout(PATIENCE).as_deref(), Ok("closed"));
        let gone = telling.recv_timeout(PATIENCE);
        assert_eq!(gone, Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
