//! Blocking handlers under the reactor.

use std::io::{Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use lariat::socketserver::{DatagramRequest, HandlerResult, StreamRequest, handler};
use lariat::{Protocol, Reactor, Transport, blocking, blocking_datagrams};

use crate::common::{PATIENCE, address_of, connect_to};

fn shout(request: &mut StreamRequest) -> HandlerResult {
    while let Some(line) = request.rfile.read_line(1024)? {
        if line == b"panic\n" {
            panic!("as it was told");
        }
        request.wfile.write_all(&line.to_ascii_uppercase())?;
    }
    Ok(())
}

fn ask(mut stream: impl Read + Write, end: impl FnOnce()) -> String {
    stream.write_all(b"one\ntwo\n").expect("it reads");
    end();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn the_handlers_of_the_blocking_servers_are_served_by_the_reactor() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let reactor = Reactor::builder().threads(1).build().expect("a reactor");
    let tcp = reactor.listen("tcp://127.0.0.1:0", blocking(shout));
    let tcp = tcp.expect("a port").endpoint().clone();
    let unix = format!("unix://{}", path.display());
    reactor.listen(unix, blocking(shout)).expect("a path");
    let handle = reactor.handle();
    let asked = std::thread::spawn(move || {
        let address = address_of(&tcp);
        for _ in 0..3 {
            let stream = connect_to(address);
            let answer = ask(&stream, || stream.shutdown(Shutdown::Write).expect("open"));
            assert_eq!(answer, "ONE\nTWO\n");
        }
        let stream = UnixStream::connect(&path).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let answer = ask(&stream, || stream.shutdown(Shutdown::Write).expect("open"));
        assert_eq!(answer, "ONE\nTWO\n");
        // A panic ends its connection only.
        let mut stream = connect_to(address);
        stream.write_all(b"panic\n").expect("it reads");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert_eq!(rest, b"");
        let stream = connect_to(address);
        let answer = ask(&stream, || stream.shutdown(Shutdown::Write).expect("open"));
        assert_eq!(answer, "ONE\nTWO\n");
        handle.stop();
    });
    reactor.run();
    asked.join().expect("no panic");
}

#[test]
fn a_handler_sees_who_is_at_the_ends() {
    let reactor = Reactor::builder().threads(1).build().expect("a reactor");
    let ends = handler(|request: &mut StreamRequest| {
        let (client, server) = (&request.client_address, &request.server_address);
        write!(request.wfile, "{client} {server}")?;
        Ok(())
    });
    let listening = reactor.listen("tcp://127.0.0.1:0", blocking(ends));
    let endpoint = listening.expect("a port").endpoint().clone();
    let handle = reactor.handle();
    let asked = std::thread::spawn(move || {
        let address = address_of(&endpoint);
        let mut stream = connect_to(address);
        let own = stream.local_addr().expect("connected");
        let mut told = String::new();
        stream.read_to_string(&mut told).expect("it tells");
        assert_eq!(told, format!("{own} {address}"));
        handle.stop();
    });
    reactor.run();
    asked.join().expect("no panic");
}

#[test]
fn a_handler_that_never_returns_does_not_hold_up_the_reactors_end() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let stuck = handler(move |request: &mut StreamRequest| {
        request.wfile.write_all(b"stuck\n")?;
        // An error means that the test is over.
        let _ = held.lock().expect("no panic").recv();
        Ok(())
    });
    let reactor = Reactor::builder()
        .threads(1)
        .drain_time(Duration::from_millis(50))
        .build()
        .expect("a reactor");
    let listening = reactor.listen("tcp://127.0.0.1:0", blocking(stuck));
    let endpoint = listening.expect("a port").endpoint().clone();
    let handle = reactor.handle();
    let asked = std::thread::spawn(move || {
        let mut stream = connect_to(address_of(&endpoint));
        stream.read_exact(&mut [0; 6]).expect("it speaks");
        handle.stop();
        stream
    });
    let report = reactor.run();
    assert_eq!(report.all(), 1, "{report:?}");
    drop(release);
    asked.join().expect("no panic");
}

fn shout_once(request: &mut DatagramRequest) -> HandlerResult {
    match request.packet() {
        b"nothing" => {}
        b"panic" => panic!("as it was told"),
        b"fail" => return Err("as it was told".into()),
        words => request.wfile = words.to_ascii_uppercase(),
    }
    Ok(())
}

#[test]
fn handlers_of_datagrams_are_served_by_the_reactor_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let reactor = Reactor::builder().threads(1).build().expect("a reactor");
    let udp = reactor.listen("udp://127.0.0.1:0", blocking_datagrams(shout_once));
    let udp = udp.expect("a port").endpoint().clone();
    let unix = format!("unixgram://{}", path.display());
    let listened = reactor.listen(unix, blocking_datagrams(shout_once));
    listened.expect("a path");
    let handle = reactor.handle();
    let asked = std::thread::spawn(move || {
        let client = UdpSocket::bind("127.0.0.1:0").expect("a port");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let port = udp.port().expect("a port");
        client.connect(("127.0.0.1", port)).expect("a port");
        let named = UnixDatagram::bind(folder.path().join("client")).expect("a path");
        named.set_read_timeout(Some(PATIENCE)).expect("a socket");
        named.connect(&path).expect("it is bound");
        // Each is whole, and neither what is not answered nor what fails is an end.
        for (words, answer) in [
            ("one", "ONE"),
            ("nothing", ""),
            ("panic", ""),
            ("fail", ""),
            ("three", "THREE"),
        ] {
            client.send(words.as_bytes()).expect("sent");
            named.send(words.as_bytes()).expect("sent");
            if answer.is_empty() {
                continue;
            }
            let mut heard = [0; 100];
            let length = client.recv(&mut heard).expect("an answer");
            assert_eq!(&heard[..length], answer.as_bytes());
            let length = named.recv(&mut heard).expect("an answer");
            assert_eq!(&heard[..length], answer.as_bytes());
        }
        handle.stop();
    });
    reactor.run();
    asked.join().expect("no panic");
}

/// Greets, and leaves when the reactor drains.
struct Neighbour;

impl Protocol for Neighbour {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(b"!");
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

#[test]
fn a_datagram_that_is_being_handled_is_answered_before_the_reactor_ends() {
    let (begun, begins) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let slow = handler(move |request: &mut DatagramRequest| {
        begun.send(())?;
        held.lock().expect("no panic").recv_timeout(PATIENCE)?;
        request.wfile = request.packet().to_vec();
        Ok(())
    });
    let reactor = Reactor::builder()
        .threads(1)
        .drain_time(PATIENCE)
        .build()
        .expect("a reactor");
    let listening = reactor.listen("udp://127.0.0.1:0", blocking_datagrams(slow));
    let endpoint = listening.expect("a port").endpoint().clone();
    let listening = reactor.listen("tcp://127.0.0.1:0", || Neighbour);
    let neighbour = listening.expect("a port").endpoint().clone();
    let handle = reactor.handle();
    let asked = std::thread::spawn(move || {
        let client = UdpSocket::bind("127.0.0.1:0").expect("a port");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let port = endpoint.port().expect("a port");
        client.connect(("127.0.0.1", port)).expect("a port");
        client.send(b"late").expect("sent");
        begins.recv_timeout(PATIENCE).expect("it is handled");
        let mut beside = connect_to(address_of(&neighbour));
        beside.read_exact(&mut [0]).expect("a greeting");
        handle.stop();
        // The goodbye is said to all, and this one leaves by it.
        assert_eq!(beside.read(&mut [0]).expect("the end"), 0);
        release.send(()).expect("it waits");
        let mut heard = [0; 100];
        let length = client.recv(&mut heard).expect("an answer");
        assert_eq!(&heard[..length], b"late");
    });
    reactor.run();
    asked.join().expect("no panic");
}
