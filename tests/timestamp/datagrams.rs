//! One datagram, one reply: to the sender, from the address that was asked.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use super::{MESSAGES, serve, unstamp};
use crate::common::{PATIENCE, address, address_of, datagrams_to, reactor, wait_until};

/// The most that a UDP datagram holds over IPv4.
const LONGEST: usize = 65_507;

fn ask(socket: &UdpSocket, message: &[u8]) -> Vec<u8> {
    socket.send(message).expect("sent");
    let mut answer = vec![0; LONGEST];
    let length = socket.recv(&mut answer).expect("answered in time");
    unstamp(&answer[..length]).to_vec()
}

#[test]
fn each_datagram_has_one_reply_whatever_is_in_it() {
    let reactor = reactor();
    for endpoint in serve(&reactor, "udp://localhost:0").endpoints() {
        let socket = datagrams_to(address_of(endpoint));
        for message in MESSAGES {
            assert_eq!(ask(&socket, message), message);
        }
        for message in [&b"one\ntwo\r\nhalf"[..], b"\n", b"\r\n\r\n"] {
            assert_eq!(ask(&socket, message), message);
        }
        // Nothing but the replies came.
        socket.set_nonblocking(true).expect("set");
        let none = socket.recv(&mut [0; 100]).expect_err("nothing more");
        assert_eq!(none.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[test]
fn an_answer_that_fits_no_datagram_is_left_out_and_counted() {
    let reactor = reactor();
    let listening = serve(&reactor, "udp://127.0.0.1:0");
    let socket = datagrams_to(address(&listening));
    let longest_answerable = vec![b'x'; LONGEST - 27];
    assert_eq!(ask(&socket, &longest_answerable), longest_answerable);
    socket.send(&vec![b'x'; LONGEST]).expect("sent");
    wait_until("it is counted", || listening.stats().datagrams_dropped == 1);
    assert_eq!(ask(&socket, b"hi"), b"hi");
    // What did not leave is not counted as sent: the longest answer has left, and a short one.
    wait_until("all is counted", || listening.stats().messages == 3);
    assert_eq!(listening.stats().sent, (LONGEST + 2 + 27) as u64);
}

#[test]
fn the_answer_leaves_from_the_address_that_was_asked() {
    let reactor = reactor();
    // Only Linux has all of 127.0.0.0/8 on its loopback interface.
    let other = if cfg!(target_os = "linux") { 2 } else { 1 };
    for wildcard in ["udp://0.0.0.0:0", "udp://[::]:0"] {
        let listening = serve(&reactor, wildcard);
        let port = listening.endpoint().port().expect("a port");
        let mut asked: Vec<IpAddr> = vec![[127, 0, 0, 1].into(), [127, 0, 0, other].into()];
        if wildcard.contains("::") {
            asked.push("::1".parse().expect("an address"));
        }
        for ip in asked {
            // A connected socket hears whom it asked, and nobody else.
            let socket = datagrams_to((ip, port).into());
            assert_eq!(ask(&socket, b"who?"), b"who?", "{ip} at {wildcard}");
        }
    }
}

#[test]
fn peers_without_number_are_remembered_up_to_a_bound() {
    if !cfg!(target_os = "linux") {
        return;
    }
    const BOUND: usize = 10_000;
    let reactor = reactor();
    let listening = serve(&reactor, "udp://127.0.0.1:0");
    let server = address(&listening);
    let first = datagrams_to(server);
    assert_eq!(ask(&first, b"first"), b"first");
    for number in 0..BOUND as u32 + 50 {
        let peer = Ipv4Addr::from(0x7f01_0000 + number);
        let socket = UdpSocket::bind((peer, 0)).expect("bound");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        socket.connect(server).expect("connected");
        assert_eq!(ask_briefly(&socket), 29);
    }
    assert_eq!(reactor.handle().connections(), BOUND);
    // Who was forgotten may come again.
    assert_eq!(ask(&first, b"again"), b"again");
}

fn ask_briefly(socket: &UdpSocket) -> usize {
    socket.send(b"hi").expect("sent");
    socket.recv(&mut [0; 100]).expect("answered in time")
}
