//! Whom a server on UDP does not hear, and how much it says at the most.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use lariat::service::timestamp::Timestamp;
use lariat::timestamp::is_answer;
use lariat::{
    Address, ConnectionInfo, DatagramProtocol, DatagramTransport, Factory, Limits, ListenOptions,
    Listening, Protocol, Reactor, Service, Transport,
};

use super::{OnData, ask, bound_to, echo, is_silent, next};
use crate::common::{PATIENCE, address, datagrams_to, reactor, wait_until};

const ANSWER: &[u8] = b"[Sat Jun 17 17:27:21 2006] hi";

fn dropped(listening: &Listening) -> u64 {
    listening.stats().datagrams_dropped
}

/// An address of this machine by which others reach it; none where it has no network.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("bound");
    // Nothing is sent by this; the system only says which way it would go.
    socket.connect("198.51.100.1:9").ok()?;
    let own = socket.local_addr().expect("an address").ip();
    Some(own).filter(|own| !own.is_loopback() && !own.is_unspecified())
}

/// A socket on a port below 1024, if we may have one.
fn low_port() -> Option<SocketAddr> {
    (1..1024).rev().find_map(|port| {
        let socket = UdpSocket::bind(("127.0.0.1", port)).ok()?;
        socket.local_addr().ok()
    })
}

#[test]
fn low_ports_are_dropped_before_there_is_a_session() {
    let Some(low) = low_port() else {
        eprintln!("left out: no port below 1024 is to be had");
        return;
    };
    let reactor = reactor();
    let strict = reactor.listen("udp://127.0.0.1:0", || OnData(echo));
    let strict = strict.expect("listening");
    let socket = bound_to(low, address(&strict));
    socket.send(b"hi").expect("sent");
    // What comes later through the same socket is answered later.
    assert_eq!(ask(&datagrams_to(address(&strict)), b"hi"), b"hi");
    assert!(is_silent(&socket));
    assert_eq!(dropped(&strict), 1);
    assert_eq!(
        (strict.stats().accepted, reactor.handle().connections()),
        (1, 1)
    );
    drop(socket);
    let open = reactor.listen("udp://127.0.0.1:0?low_ports=true", || OnData(echo));
    let open = open.expect("listening");
    assert_eq!(ask(&bound_to(low, address(&open)), b"hi"), b"hi");
    assert_eq!(dropped(&open), 0);
}

#[test]
fn an_answer_is_not_answered() {
    let reactor = reactor();
    let listening = reactor.listen("udp://127.0.0.1:0", Timestamp::default());
    let listening = listening.expect("listening");
    let socket = datagrams_to(address(&listening));
    socket.send(ANSWER).expect("sent");
    assert!(ask(&socket, b"hello").ends_with(b"] hello"));
    assert!(is_silent(&socket));
    assert_eq!(dropped(&listening), 1);
    wait_until("the other is counted", || listening.stats().messages > 0);
    assert_eq!(listening.stats().messages, 1);
}

#[test]
fn what_was_sent_to_many_is_not_answered() {
    // Only Linux has a broadcast address on its loopback interface.
    if !cfg!(target_os = "linux") {
        eprintln!("left out: nothing can be sent to many on this system's loopback");
        return;
    }
    let reactor = reactor();
    let listening = reactor.listen("udp://0.0.0.0:0", || OnData(echo));
    let listening = listening.expect("listening");
    let port = listening.endpoint().port().expect("a port");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket.set_broadcast(true).expect("allowed");
    socket
        .send_to(b"all", ("127.255.255.255", port))
        .expect("sent");
    socket.send_to(b"you", ("127.0.0.1", port)).expect("sent");
    assert_eq!(next(&socket), b"you");
    assert!(is_silent(&socket));
    assert_eq!(dropped(&listening), 1);
}

/// Behaves like a server whose answers can be known or not, and sends a first message.
struct Server {
    first: Option<(Address, &'static [u8])>,
    knows_answers: bool,
}

impl DatagramProtocol for Server {
    fn listening(&mut self, transport: &mut DatagramTransport) {
        if let Some((to, message)) = &self.first {
            transport.send_to(to, *message);
        }
    }

    fn datagram_received(
        &mut self,
        transport: &mut DatagramTransport,
        _: &[u8],
        peer: &Address,
        asked: Option<IpAddr>,
    ) {
        transport.send_from(asked, peer, ANSWER);
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        self.knows_answers && is_answer(datagram)
    }
}

/// Answers everything, answers too.
struct Gullible;

impl Factory for Gullible {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let answer = |transport: &mut Transport, _: &[u8]| transport.write(ANSWER);
        Some(Box::new(OnData(answer)))
    }
}

/// Has one server get a message from another's address, as if somebody had forged it.
fn forge(
    reactor: &Reactor,
    to: &Listening,
    message: &'static [u8],
    knows_answers: bool,
) -> Listening {
    let server = Server {
        first: Some((Address::from(address(to)), message)),
        knows_answers,
    };
    let listening = reactor.listen("udp://127.0.0.1:0", Service::datagrams(server));
    listening.expect("listening")
}

#[test]
fn two_servers_that_somebody_points_at_each_other_do_not_talk_for_ever() {
    let reactor = reactor();
    let honest = || {
        let listening = reactor.listen("udp://127.0.0.1:0", Timestamp::default());
        listening.expect("listening")
    };
    // The first answers; the second knows an answer, though it has all its peers in one place.
    let one = honest();
    let two = forge(&reactor, &one, b"hi", true);
    wait_until("the answer is dropped", || dropped(&two) == 1);
    wait_until("the question is counted", || one.stats().messages == 1);
    assert_eq!(two.stats().messages, 0);
    // The first knows one as well, although the second would go on.
    let one = honest();
    let two = forge(&reactor, &one, ANSWER, false);
    wait_until("the answer is dropped", || dropped(&one) == 1);
    assert_eq!((one.stats().messages, two.stats().messages), (0, 0));
    // Without manners, it would have been like this.
    let one = reactor
        .listen("udp://127.0.0.1:0", Gullible)
        .expect("listening");
    let two = forge(&reactor, &one, b"hi", false);
    wait_until("they talk for ever", || two.stats().messages > 1000);
}

/// Answers with as many bytes as the message says.
fn so_many(transport: &mut Transport, data: &[u8]) {
    transport.write(&vec![b'x'; length(data)]);
}

fn length(data: &[u8]) -> usize {
    let text = std::str::from_utf8(data).expect("digits");
    text.parse().expect("a number")
}

/// The same for all peers in one place.
struct SoMany;

impl DatagramProtocol for SoMany {
    fn datagram_received(
        &mut self,
        transport: &mut DatagramTransport,
        data: &[u8],
        peer: &Address,
        asked: Option<IpAddr>,
    ) {
        transport.send_from(asked, peer, vec![b'x'; length(data)]);
    }
}

#[test]
fn an_answer_that_is_more_than_three_times_the_question_is_not_sent() {
    let Some(own) = own_address() else { return };
    let reactor = reactor();
    let url = format!("udp://{own}:0");
    let sessions = reactor.listen(url.as_str(), || OnData(so_many));
    let socket = reactor.listen(url.as_str(), Service::datagrams(SoMany));
    for listening in [sessions, socket] {
        let listening = listening.expect("listening");
        let peer = bound_to((own, 0).into(), address(&listening));
        // Each question is two bytes and a header of 28: three times that leaves 62 bytes.
        assert_eq!(ask(&peer, b"62").len(), 62);
        peer.send(b"63").expect("sent");
        wait_until("it is dropped", || dropped(&listening) == 1);
        // What the second question has earned is unspent, so this answer may be longer.
        assert_eq!(ask(&peer, b"99").len(), 99);
        // A turn is counted when its answer is on its way.
        wait_until("all is counted", || listening.stats().messages == 3);
        assert!(is_silent(&peer));
        assert_eq!(dropped(&listening), 1);
        let stats = listening.stats();
        assert_eq!((stats.messages, stats.sent), (3, 62 + 99));
    }
}

#[test]
fn listed_networks_and_this_machine_may_be_sent_anything() {
    let listed = own_address().map(|own| (own, format!("udp://{own}:0?amplify_to={own}")));
    let here = (Ipv4Addr::LOCALHOST.into(), "udp://127.0.0.1:0".to_owned());
    let reactor = reactor();
    for (own, url) in listed.into_iter().chain([here]) {
        let sessions = reactor.listen(url.as_str(), || OnData(so_many));
        let socket = reactor.listen(url.as_str(), Service::datagrams(SoMany));
        for listening in [sessions, socket] {
            let listening = listening.expect("listening");
            let peer = bound_to((own, 0).into(), address(&listening));
            assert_eq!(ask(&peer, b"9999").len(), 9999);
            assert_eq!(dropped(&listening), 0);
        }
    }
}

#[test]
fn who_has_sent_nothing_is_sent_nothing() {
    let Some(own) = own_address() else { return };
    let reactor = reactor();
    let victim = UdpSocket::bind((own, 0)).expect("bound");
    let server = Server {
        first: Some((Address::from(victim.local_addr().expect("bound")), b"hi")),
        knows_answers: true,
    };
    let url = format!("udp://{own}:0");
    let listening = reactor.listen(url.as_str(), Service::datagrams(server));
    let listening = listening.expect("listening");
    wait_until("it is dropped", || dropped(&listening) == 1);
    assert!(is_silent(&victim));
}

#[test]
fn who_may_not_come_is_not_heard() {
    let reactor = reactor();
    let denying = |network: &str| ListenOptions {
        limits: Some(Limits {
            deny: vec![network.parse().expect("a network")],
            ..Limits::none()
        }),
        ..ListenOptions::default()
    };
    let handle = reactor.handle();
    let options = denying("127.0.0.1");
    let sessions = handle.listen_with("udp://127.0.0.1:0", options.clone(), || OnData(echo));
    let service = Service::datagrams(SoMany);
    let socket = handle.listen_with("udp://127.0.0.1:0", options, service);
    for (listening, length) in [(sessions, 1), (socket, 8)] {
        let listening = listening.expect("listening");
        let peer = datagrams_to(address(&listening));
        peer.send(b"8").expect("sent");
        wait_until("it is dropped", || dropped(&listening) == 1);
        assert!(is_silent(&peer));
        peer.set_nonblocking(false).expect("set");
        let elsewhere = denying("192.0.2.0/24").limits.expect("given");
        listening.set_limits(elsewhere);
        assert_eq!(ask(&peer, b"8").len(), length);
    }
}

/// Cannot say of everything whether it is an answer.
struct Unsure;

impl Factory for Unsure {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(OnData(echo)))
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        assert_ne!(datagram, b"panic", "on purpose");
        false
    }
}

#[test]
fn a_datagram_that_the_service_panics_at_costs_nobody_else() {
    let reactor = reactor();
    let listening = reactor
        .listen("udp://127.0.0.1:0", Unsure)
        .expect("listening");
    let peer = datagrams_to(address(&listening));
    peer.send(b"panic").expect("sent");
    assert_eq!(ask(&peer, b"hi"), b"hi");
    assert!(is_silent(&peer));
    assert_eq!((dropped(&listening), listening.stats().accepted), (1, 1));
}

#[test]
fn an_address_that_sends_too_fast_is_not_heard() {
    let Some(own) = own_address() else { return };
    let reactor = reactor();
    let url = format!("udp://{own}:0?rate=1");
    let sessions = reactor.listen(url.as_str(), || OnData(echo));
    let server = Server {
        first: None,
        knows_answers: true,
    };
    let socket = reactor.listen(url.as_str(), Service::datagrams(server));
    for listening in [sessions, socket] {
        let listening = listening.expect("listening");
        let peer = bound_to((own, 0).into(), address(&listening));
        for _ in 0..50 {
            peer.send(b"hi").expect("sent");
        }
        let counts = || (dropped(&listening), listening.stats().messages);
        wait_until("all are counted", || counts().0 + counts().1 == 50);
        // Two at once and one a second, of which none but a very slow machine sees many.
        assert!((2..40).contains(&counts().1), "{:?}", counts());
    }
}
