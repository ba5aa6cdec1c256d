//! Stopping: nothing new, a goodbye to everybody, patience up to a moment, and a true report.

use std::io::{ErrorKind, Read, Write};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use lariat::service::timestamp::Timestamp;
use lariat::{
    BackOff, Connection, DrainReport, Protocol, Reactor, Reason, Reconnecting, Transport,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Certificates, PATIENCE, address, alone, connect, datagrams_to, wait_until};

fn patient_for(drain_time: Duration) -> Reactor {
    let builder = Reactor::builder().threads(2).drain_time(drain_time);
    builder.build().expect("the reactor starts")
}

/// Greets, and then says goodbye or not.
struct Guest {
    stubborn: bool,
    lost: mpsc::Sender<String>,
}

impl Protocol for Guest {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(b"hello\n");
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

    fn drain(&mut self, transport: &mut Transport) {
        transport.write(b"goodbye\n");
        if !self.stubborn {
            transport.lose_connection();
        }
    }

    fn connection_lost(&mut self, reason: &Reason) {
        // The test may be over.
        let _ = self.lost.send(reason.to_string());
    }
}

/// Stops a reactor that has three connections, and says how they ended.
fn stop_with_guests(stubborn: bool, drain_time: Duration) -> (DrainReport, Vec<String>) {
    let reactor = patient_for(drain_time);
    let (lost, endings) = mpsc::channel();
    let lost = Mutex::new(lost);
    let guest = move || Guest {
        stubborn,
        lost: lost.lock().expect("no panic").clone(),
    };
    let listening = reactor.listen(alone(), guest).expect("listening");
    let peers: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = connect(&listening);
            stream.read_exact(&mut [0; 6]).expect("greeted");
            std::thread::spawn(move || {
                let mut rest = Vec::new();
                match stream.read_to_end(&mut rest) {
                    Ok(_) => {}
                    Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
                }
                assert_eq!(rest, b"goodbye\n");
            })
        })
        .collect();
    reactor.handle().stop();
    let report = reactor.run();
    for peer in peers {
        peer.join().expect("heard the goodbye");
    }
    let refused = std::net::TcpStream::connect(address(&listening));
    assert_eq!(
        refused.expect_err("closed").kind(),
        ErrorKind::ConnectionRefused
    );
    (report, endings.try_iter().collect())
}

#[test]
fn everybody_hears_the_goodbye_and_has_finished() {
    let (report, endings) = stop_with_guests(false, PATIENCE);
    assert_eq!(
        report,
        DrainReport {
            said_goodbye: 3,
            ..DrainReport::default()
        }
    );
    assert_eq!(endings, ["closed"; 3]);
}

#[test]
fn who_stays_beyond_the_drain_time_is_forced() {
    let begun = Instant::now();
    let (report, endings) = stop_with_guests(true, Duration::from_millis(300));
    assert_eq!(
        report,
        DrainReport {
            forced: 3,
            ..DrainReport::default()
        }
    );
    assert_eq!(endings, ["ended by draining"; 3]);
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[test]
fn an_async_service_sees_the_draining_and_one_that_does_not_look_is_forced() {
    async fn polite(mut connection: Connection) -> std::io::Result<()> {
        connection.write_all(b"hello\n").await?;
        connection.draining().clone().cancelled().await;
        connection.write_all(b"goodbye\n").await?;
        connection.shutdown().await
    }

    async fn deaf(mut connection: Connection) -> std::io::Result<()> {
        connection.write_all(b"hello\n").await?;
        connection.read_u8().await.map(drop)
    }

    // Longer than an orderly close lingers for peers that do not close their side.
    let reactor = patient_for(Duration::from_secs(6));
    let one = reactor
        .listen("tcp://127.0.0.1:0", polite)
        .expect("listening");
    let other = reactor
        .listen("tcp://127.0.0.1:0", deaf)
        .expect("listening");
    let mut peers = [&one, &one, &other].map(connect);
    for peer in &mut peers {
        peer.read_exact(&mut [0; 6]).expect("greeted");
    }
    reactor.handle().stop();
    let report = reactor.run();
    assert_eq!(
        report,
        DrainReport {
            said_goodbye: 2,
            forced: 1,
            finished: 0,
        }
    );
    let rest = peers.map(|mut peer| {
        let mut rest = String::new();
        peer.read_to_string(&mut rest).expect("closed");
        rest
    });
    assert_eq!(rest, ["goodbye\n", "goodbye\n", ""]);
}

#[test]
fn whoever_is_in_a_handshake_does_not_hold_up_the_stop() {
    let reactor = patient_for(PATIENCE);
    let options = Certificates::create().listening();
    let tls = reactor
        .handle()
        .listen_with("tls://127.0.0.1:0", options, Timestamp::default());
    let ws = reactor.listen("ws://127.0.0.1:0", Timestamp::default());
    let _silent = [tls, ws].map(|listening| connect(&listening.expect("listening")));
    let handle = reactor.handle();
    wait_until("both are accepted", || handle.connections() == 2);
    let begun = Instant::now();
    handle.stop();
    reactor.run();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn websockets_and_datagram_peers_are_drained_too() {
    let reactor = patient_for(PATIENCE);
    let ws = reactor
        .listen("ws://127.0.0.1:0", Timestamp::default())
        .expect("listening");
    let udp = reactor
        .listen("udp://127.0.0.1:0", Timestamp::default())
        .expect("listening");
    let url = format!("ws://{}/", address(&ws));
    let (mut socket, _) = tungstenite::client(url, connect(&ws)).expect("upgraded");
    let datagrams = datagrams_to(address(&udp));
    datagrams.send(b"hi").expect("sent");
    datagrams.recv(&mut [0; 100]).expect("answered");
    assert_eq!(reactor.handle().connections(), 2);
    let peer = std::thread::spawn(move || {
        assert!(socket.read().expect("a goodbye").is_close());
        while socket.read().is_ok() {}
    });
    let begun = Instant::now();
    reactor.handle().stop();
    assert_eq!(
        reactor.run(),
        DrainReport {
            finished: 0,
            said_goodbye: 2,
            forced: 0,
        }
    );
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    peer.join().expect("heard the goodbye");
}

#[test]
fn who_waits_to_connect_again_does_not_hold_up_the_stop() {
    let reactor = patient_for(PATIENCE);
    let back_off = BackOff {
        initial: Duration::from_secs(3600),
        ..BackOff::default()
    };
    let factory = Reconnecting::new(|| super::OnData(super::echo), back_off);
    reactor
        .connect("mem://nobody-is-there", factory)
        .expect("an endpoint");
    let begun = Instant::now();
    reactor.handle().stop();
    reactor.run();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

/// Accepting goes on while the stop comes: nobody is let in who is then never told.
#[test]
fn nobody_slips_in_between_the_stop_and_the_goodbye() {
    let endpoint = alone();
    for _ in 0..30 {
        let reactor = Reactor::builder()
            .threads(4)
            .drain_time(PATIENCE)
            .build()
            .expect("started");
        let listening = reactor.listen(&endpoint[..], Timestamp::default());
        let listening = listening.expect("listening");
        let (handle, server) = (reactor.handle(), address(&listening));
        let knocking = std::thread::spawn(move || {
            let mut streams = Vec::new();
            // No more than there are descriptors for.
            while streams.len() < 300
                && let Ok(mut stream) = std::net::TcpStream::connect(server)
            {
                // It may be closed before a word was said.
                let _ = stream.write_all(b"hi\n");
                streams.push(stream);
                if streams.len() == 40 {
                    handle.stop();
                }
            }
            for mut stream in streams {
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        let begun = Instant::now();
        assert_eq!(reactor.run().forced, 0);
        knocking.join().expect("all ended");
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            begun.elapsed()
        );
    }
}
