//! Going down: who is being answered is answered, then hears the goodbye.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use lariat::observe::Ended;
use lariat::{ConnectionHandle, DrainReport, Message, Protocol, Reactor, Service, Transport};
use lariat_protocol::Deadlines;

use super::counting::EchoToAll;
use super::{ask, listen_with, next};
use crate::common::{PATIENCE, address, datagrams_to};

/// Works on some answers for as long as it is not told to go on.
struct Working {
    given: mpsc::Sender<ConnectionHandle>,
    stubborn: bool,
}

impl Protocol for Working {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if data != b"work" {
            return transport.write(data);
        }
        transport.pause_reading();
        let _ = self.given.send(transport.handle());
    }

    fn message_received(&mut self, transport: &mut Transport, _: Message) {
        transport.write(b"answer");
        transport.resume_reading();
    }

    fn drain(&mut self, transport: &mut Transport) {
        transport.write(b"goodbye");
        if !self.stubborn {
            transport.lose_connection();
        }
    }
}

fn working(
    stubborn: bool,
) -> (
    impl Fn() -> Working + Send + Sync + 'static,
    mpsc::Receiver<ConnectionHandle>,
) {
    let (given, handles) = mpsc::channel();
    let given = Mutex::new(given);
    let factory = move || Working {
        given: given.lock().expect("no panic").clone(),
        stubborn,
    };
    (factory, handles)
}

fn reactor(drain_time: Duration) -> Reactor {
    // One thread, so that its sessions hear of the drain in their order.
    let builder = Reactor::builder().threads(1).drain_time(drain_time);
    builder.build().expect("the reactor starts")
}

#[test]
fn the_goodbye_waits_for_the_answer() {
    let reactor = reactor(PATIENCE);
    let (factory, handles) = working(false);
    let listening = listen_with(&reactor, Deadlines::DEFAULT, factory);
    let busy = datagrams_to(address(&listening));
    busy.send(b"work").expect("sent");
    let handle = handles.recv_timeout(PATIENCE).expect("it works");
    let idle = datagrams_to(address(&listening));
    assert_eq!(ask(&idle, b"hi"), b"hi");
    reactor.handle().stop();
    let running = std::thread::spawn(move || reactor.run());
    // Whoever came later is told later.
    assert_eq!(next(&idle), b"goodbye");
    handle.send(Message::new(())).expect("there");
    assert_eq!(next(&busy), b"answer");
    assert_eq!(next(&busy), b"goodbye");
    let report = running.join().expect("ended");
    let expected = DrainReport {
        said_goodbye: 2,
        ..DrainReport::default()
    };
    assert_eq!(report, expected);
    assert_eq!(listening.stats().ended(Ended::Goodbye), 2);
}

#[test]
fn who_stays_beyond_the_drain_time_is_forced() {
    let reactor = reactor(Duration::from_millis(300));
    let (factory, _handles) = working(true);
    let listening = listen_with(&reactor, Deadlines::DEFAULT, factory);
    let peer = datagrams_to(address(&listening));
    ask(&peer, b"hi");
    reactor.handle().stop();
    let report = reactor.run();
    assert_eq!(next(&peer), b"goodbye");
    assert_eq!((report.forced, report.all()), (1, 1));
    assert_eq!(listening.stats().ended(Ended::Forced), 1);
}

#[test]
fn a_socket_with_one_protocol_ends_in_order() {
    let reactor = reactor(PATIENCE);
    let service = Service::datagrams(EchoToAll);
    let listening = reactor.listen("udp://127.0.0.1:0", service);
    let listening = listening.expect("listening");
    ask(&datagrams_to(address(&listening)), b"hi");
    reactor.handle().stop();
    let expected = DrainReport {
        said_goodbye: 1,
        ..DrainReport::default()
    };
    assert_eq!(reactor.run(), expected);
    assert_eq!(listening.stats().ended(Ended::Goodbye), 1);
}
