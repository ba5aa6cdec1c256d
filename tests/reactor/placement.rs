//! Where connections are: on the thread that had the fewest, or on a runtime that was there
//! before the reactor.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::sync::mpsc;
use std::time::Duration;

use lariat::service::timestamp::Timestamp;
use lariat::{DrainReport, Protocol, Reactor, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{OnData, echo, thread_name};
use crate::common::{PATIENCE, address, alone, connect, read_line, wait_until};

/// Says on which thread it is, then and now.
struct Where;

impl Protocol for Where {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(format!("{}\n", thread_name()).as_bytes());
    }

    fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
        self.connection_made(transport);
    }
}

#[test]
fn connections_are_spread_evenly_and_stay_where_they_are() {
    let reactor = Reactor::builder().threads(4).build().expect("started");
    let listening = reactor
        .listen("tcp://127.0.0.1:0", || Where)
        .expect("listening");
    let place = |_| {
        let mut stream = connect(&listening);
        let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
        let thread = read_line(&mut reader);
        stream.write_all(b"and now?\n").expect("sent");
        assert_eq!(read_line(&mut reader), thread);
        (thread, stream)
    };
    let mut streams: Vec<_> = (0..64).map(place).collect();
    let count = |streams: &[(String, _)]| {
        let mut threads = BTreeMap::new();
        for (thread, _) in streams {
            *threads.entry(thread.clone()).or_insert(0) += 1;
        }
        threads
    };
    let threads = count(&streams);
    assert!(
        threads.len() == 4 && threads.values().all(|count| *count == 16),
        "{threads:?}"
    );

    // Where many have left, the next ones go.
    let left = streams[0].0.clone();
    streams.retain(|(thread, _)| *thread != left);
    wait_until("they are gone", || reactor.handle().connections() == 48);
    let next: Vec<_> = (0..8).map(place).collect();
    assert_eq!(count(&next), BTreeMap::from([(left, 8)]));
}

async fn serve_and_stop() {
    let reactor = Reactor::builder().attach();
    let listening = reactor
        .listen(alone(), Timestamp::default())
        .expect("listening");
    let server = address(&listening);
    let mut stream = tokio::net::TcpStream::connect(server)
        .await
        .expect("connected");
    stream.write_all(b"hi").await.expect("sent");
    // In the silence behind it: timers run too.
    let mut answer = [0; 29];
    stream.read_exact(&mut answer).await.expect("answered");
    assert!(answer.ends_with(b"] hi"));
    assert_eq!(reactor.connections(), 1);
    reactor.stop();
    let goodbye = tokio::spawn(async move {
        assert_eq!(stream.read(&mut [0]).await.expect("closed in order"), 0);
    });
    assert_eq!(
        reactor.stopped().await,
        DrainReport {
            said_goodbye: 1,
            ..DrainReport::default()
        }
    );
    goodbye.await.expect("closed");
    assert!(tokio::net::TcpStream::connect(server).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reactor_runs_on_a_runtime_of_many_threads() {
    serve_and_stop().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_reactor_runs_on_a_runtime_of_one_thread() {
    serve_and_stop().await;
}

#[test]
fn who_runs_a_reactor_is_its_first_thread() {
    let reactor = Reactor::builder().threads(1).build().expect("started");
    let handle = reactor.handle();
    let timer_runs_on = move || {
        let (sender, told) = mpsc::channel();
        handle.call_later(Duration::from_millis(1), move || {
            let _ = sender.send(std::thread::current().id());
        });
        told.recv_timeout(PATIENCE).expect("called")
    };
    let here = std::thread::current().id();
    assert_ne!(timer_runs_on(), here, "nobody runs it yet");
    // What was begun on its own thread goes on here.
    let listening = reactor.listen("tcp://127.0.0.1:0", || OnData(echo));
    let mut stream = connect(&listening.expect("listening"));
    stream.write_all(b"1").expect("sent");
    stream.read_exact(&mut [0]).expect("echoed");
    let handle = reactor.handle();
    let peer = std::thread::spawn(move || {
        wait_until("the caller runs it", || timer_runs_on() == here);
        stream.write_all(b"2").expect("sent");
        stream.read_exact(&mut [0]).expect("echoed");
        handle.stop();
        stream.read(&mut [0]).expect("ended in order")
    });
    let report = reactor.run();
    assert_eq!((report.said_goodbye, report.forced), (1, 0), "{report:?}");
    assert_eq!(peer.join().expect("no panic"), 0);
}

#[test]
fn a_reactor_that_is_dropped_ends_everything() {
    let reactor = Reactor::builder().threads(2).build().expect("started");
    let listening = reactor.listen(alone(), || Where).expect("listening");
    let mut stream = connect(&listening);
    let mut byte = [0];
    stream.read_exact(&mut byte).expect("greeted");
    drop(reactor);
    let mut rest = Vec::new();
    // Closed, in order or by a reset.
    let _ = stream.read_to_end(&mut rest);
    assert!(std::net::TcpStream::connect(address(&listening)).is_err());
}
