//! One datagram, one reply; and what is not answered, so that nobody is made to talk for ever.

use std::net::UdpSocket;
use std::time::Duration;

use lariat::client::asking::{AskOptions, Error};
use lariat::client::{daytime, echo, qotd};
use lariat_testkit::Nobody;

use super::serve;
use crate::common::{PATIENCE, address, datagrams_to, reactor};

fn ask(socket: &UdpSocket, message: &[u8]) -> Vec<u8> {
    socket.send(message).expect("sent");
    let mut answer = vec![0; 65_536];
    let length = socket.recv(&mut answer).expect("answered in time");
    answer.truncate(length);
    answer
}

/// Sends these, none of which is to be answered, and then one that is.
fn only_the_last_is_answered(name: &str, unanswered: &[&[u8]], answered: &[u8]) -> Vec<u8> {
    let reactor = reactor();
    let socket = datagrams_to(address(&serve(&reactor, name, "udp://127.0.0.1:0")));
    for message in unanswered {
        socket.send(message).expect("sent");
    }
    let answer = ask(&socket, answered);
    socket.set_nonblocking(true).expect("set");
    let none = socket.recv(&mut [0; 100]).expect_err("nothing more");
    assert_eq!(none.kind(), std::io::ErrorKind::WouldBlock);
    answer
}

#[test]
fn a_datagram_of_any_kind_is_answered_each_time() {
    let reactor = reactor();
    for (name, lengths) in [
        ("daytime", 26..=26),
        ("time", 4..=4),
        ("qotd", 3..=512),
        ("chargen", 0..=512),
    ] {
        let listening = serve(&reactor, name, "udp://127.0.0.1:0");
        let socket = datagrams_to(address(&listening));
        for message in [&b""[..], b"hi", b"\xff\0\xff\r\n", &[b'.'; 2000]] {
            let length = ask(&socket, message).len();
            assert!(lengths.contains(&length), "{name}: {length}");
        }
    }
}

#[test]
fn an_answer_is_not_answered() {
    let time = b"Sat Jun 17 17:27:21 2006\r\n";
    let answer = only_the_last_is_answered("daytime", &[time, &time[..24]], b"and now?");
    assert_eq!(answer.len(), 26);
    let answer = only_the_last_is_answered("time", &[b"\xc8\x3e\xb9\xf9", b"four"], b"");
    assert_eq!(answer.len(), 4);
    only_the_last_is_answered("chargen", &[b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"], b"more");
    only_the_last_is_answered("qotd", &[b"Measure twice, cut once.\r\n"], b"another");
    only_the_last_is_answered("echo", &[], b"anything");
}

#[test]
fn a_server_of_the_same_port_is_not_heard() {
    // Only Linux has all of 127.0.0.0/8 on its loopback interface.
    if !cfg!(target_os = "linux") {
        return;
    }
    let reactor = reactor();
    for name in ["echo", "chargen", "qotd"] {
        let ours = address(&serve(&reactor, name, "udp://127.0.0.1:0"));
        let theirs = UdpSocket::bind(("127.0.0.2", ours.port())).expect("bound");
        theirs.send_to(&[b'x'; 200], ours).expect("sent");
        // Whoever is heard is answered in the order of sending.
        assert!(ask(&datagrams_to(ours), b"hello").len() <= 512);
        theirs.set_nonblocking(true).expect("set");
        let none = theirs.recv(&mut [0; 100]).expect_err("not answered");
        assert_eq!(none.kind(), std::io::ErrorKind::WouldBlock, "{name}");
    }
}

fn options(timeout: Duration) -> AskOptions {
    AskOptions {
        timeout: Some(timeout),
        ..AskOptions::default()
    }
}

#[test]
fn a_question_is_sent_three_times_before_it_is_given_up() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("bound");
    silent.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let endpoint = format!("udp://{}", silent.local_addr().expect("an address"));
    let endpoint = endpoint.parse().expect("an endpoint");
    let asked = reactor()
        .handle()
        .wait(async move { daytime::ask(&endpoint, options(Duration::from_millis(140))).await });
    let error = asked.expect_err("nobody answers");
    assert!(
        matches!(&error, Error::NoAnswer { datagrams: 3, .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("no answer to 3 datagrams within 0.14 s")
    );
    for _ in 0..3 {
        assert_eq!(silent.recv(&mut [0; 10]).expect("sent"), 0);
    }
    silent.set_nonblocking(true).expect("set");
    assert!(silent.recv(&mut [0; 10]).is_err());
}

#[test]
fn a_question_that_is_lost_is_asked_again_and_a_late_echo_is_no_error() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("bound");
    server.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let endpoint = format!("udp://{}", server.local_addr().expect("an address"));
    let endpoint = endpoint.parse().expect("an endpoint");
    let serving = std::thread::spawn(move || {
        let mut buffer = [0; 100];
        // The first is lost; the second is answered twice, the later one behind the next question.
        server.recv(&mut buffer).expect("asked");
        let (length, client) = server.recv_from(&mut buffer).expect("asked again");
        let first = buffer[..length].to_vec();
        server.send_to(&first, client).expect("answered");
        let (length, _) = server.recv_from(&mut buffer).expect("asked for more");
        server.send_to(&first, client).expect("answered twice");
        server.send_to(&buffer[..length], client).expect("answered");
        let (length, _) = server.recv_from(&mut buffer).expect("asked for more");
        server
            .send_to(&buffer[1..length], client)
            .expect("answered wrongly");
    });
    let wrong = reactor().handle().wait(async move {
        let client = echo::Client::connect(&endpoint, options(Duration::from_secs(7))).await;
        let mut client = client.expect("a socket");
        client.exchange(b"one").await.expect("answered");
        client.exchange(b"two").await.expect("answered");
        client.exchange(b"three").await
    });
    serving.join().expect("served");
    let error = wrong.expect_err("not what was sent").to_string();
    assert!(error.contains("is not what was sent"), "{error}");
}

#[test]
fn nobody_at_a_port_is_said_at_once() {
    let nobody = Nobody::udp();
    let endpoint = format!("udp://{}", nobody.address());
    let endpoint = endpoint.parse().expect("an endpoint");
    let asked = reactor()
        .handle()
        .wait(async move { qotd::ask(&endpoint, options(PATIENCE)).await });
    let error = asked.expect_err("nobody is there").to_string();
    assert!(error.contains("refused"), "{error}");
}
