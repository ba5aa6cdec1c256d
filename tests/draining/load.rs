//! A stop under load: whatever the service has read is answered whole.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat::{ConnectOptions, Protocol, Reactor};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};

use crate::common::{Certificates, PATIENCE, address, connect_to, wait_until};

const CLIENTS: u64 = 16;

/// Longer than what one write takes now and then, so that some are cut by it.
const FILL: usize = 300;

/// Answers each line with itself and something long.
struct Counting(Arc<AtomicU64>);

impl FrameProtocol<Lines> for Counting {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        transport.write_line(&[line.content(), &[b'.'; FILL]].concat());
    }
}

fn serve(counted: &Arc<AtomicU64>) -> impl Fn() -> Framed<Lines, Counting> + Send + Sync + 'static {
    let counted = Arc::clone(counted);
    move || Framed::new(Lines::new(1000), Counting(Arc::clone(&counted)))
}

fn reactor() -> Reactor {
    let builder = Reactor::builder().threads(2).drain_time(PATIENCE);
    builder.build().expect("the reactor starts")
}

/// Counts the replies, which come in order and whole up to the end.
fn check(number: u64, reply: &[u8]) {
    let whole = format!("{number}{}\r\n", ".".repeat(FILL));
    assert_eq!(String::from_utf8_lossy(reply), whole);
}

/// Lines without end, a burst at a time, from a thread of their own.
fn pipeline(mut writer: impl Write) {
    for burst in 0.. {
        let lines: String = (burst * 50..burst * 50 + 50)
            .map(|number| format!("{number}\n"))
            .collect();
        if writer.write_all(lines.as_bytes()).is_err() {
            return;
        }
    }
}

fn replies(reader: impl Read) -> u64 {
    let (mut reader, mut reply) = (BufReader::new(reader), Vec::new());
    for number in 0.. {
        reply.clear();
        // After a goodbye the end comes in order, and no reset takes anything back.
        if reader.read_until(b'\n', &mut reply).expect("no reset") == 0 {
            return number;
        }
        check(number, &reply);
    }
    unreachable!("it ends")
}

#[test]
fn no_reply_is_lost() {
    for round in 0..10 {
        let counted = Arc::new(AtomicU64::new(0));
        let reactor = reactor();
        let listening = reactor.listen("tcp://127.0.0.1:0", serve(&counted));
        let server = address(&listening.expect("listening"));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let stream = connect_to(server);
                let writer = stream.try_clone().expect("cloned");
                let writing = std::thread::spawn(move || pipeline(writer));
                let reading = std::thread::spawn(move || {
                    let count = replies(&stream);
                    let _ = stream.shutdown(std::net::Shutdown::Both);
                    count
                });
                (writing, reading)
            })
            .collect();
        let handle = reactor.handle();
        wait_until("all work", || {
            handle.connections() == CLIENTS as usize
                && counted.load(Ordering::Relaxed) > 5000 + 1000 * round
        });
        handle.stop();
        let report = reactor.run();
        assert_eq!((report.forced, report.said_goodbye as u64), (0, CLIENTS));
        let mut heard = 0;
        for (writing, reading) in clients {
            heard += reading.join().expect("all replies are whole");
            writing.join().expect("no panic");
        }
        assert_eq!(heard, counted.load(Ordering::Relaxed), "round {round}");
    }
}

#[test]
fn no_reply_is_lost_over_tls() {
    let certificates = Certificates::create();
    for round in 0..10 {
        let counted = Arc::new(AtomicU64::new(0));
        let reactor = reactor();
        let handle = reactor.handle();
        let options = certificates.listening();
        let listening = handle.listen_with("tls://127.0.0.1:0", options, serve(&counted));
        let endpoint = listening.expect("listening").endpoint().clone();
        let clients = std::thread::spawn({
            let options = certificates.connecting();
            move || tls_clients(&endpoint, &options)
        });
        wait_until("all work", || {
            handle.connections() == CLIENTS as usize
                && counted.load(Ordering::Relaxed) > 5000 + 500 * round
        });
        handle.stop();
        assert_eq!(reactor.run().forced, 0);
        let heard = clients.join().expect("all replies are whole");
        assert_eq!(heard, counted.load(Ordering::Relaxed), "round {round}");
    }
}

/// Clients on a runtime of their own; returns how many replies they had.
fn tls_clients(endpoint: &lariat::Endpoint, options: &ConnectOptions) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("started").block_on(async {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let connection = lariat::connect_with(endpoint, options.clone()).await;
            clients.push(tls_client(connection.expect("connected")));
        }
        futures(clients).await
    })
}

/// A burst, then its replies, and again: one task at a time uses a TLS connection.
async fn tls_client(connection: lariat::Connection) -> u64 {
    let mut stream = tokio::io::BufReader::new(connection);
    let (mut next, mut reply) = (0_u64, Vec::new());
    loop {
        let lines: String = (next..next + 50)
            .map(|number| format!("{number}\n"))
            .collect();
        let sent = stream.write_all(lines.as_bytes()).await;
        let sent = sent.is_ok() && stream.flush().await.is_ok();
        for _ in 0..50 {
            reply.clear();
            let read = stream.read_until(b'\n', &mut reply).await;
            match read {
                Ok(0) => return next,
                Err(error) => {
                    assert!(!sent, "{error}");
                    return next;
                }
                Ok(_) => check(next, &reply),
            }
            next += 1;
        }
    }
}

async fn futures(clients: Vec<impl Future<Output = u64> + Send + 'static>) -> u64 {
    let tasks: Vec<_> = clients.into_iter().map(spawn).collect();
    let mut all = 0;
    for task in tasks {
        all += task.await.expect("no panic");
    }
    all
}

fn spawn(client: impl Future<Output = u64> + Send + 'static) -> tokio::task::JoinHandle<u64> {
    tokio::spawn(client)
}

/// The framed service is a protocol like any other.
#[test]
fn it_counts_what_it_answers() {
    let counted = Arc::new(AtomicU64::new(0));
    let mut protocol = serve(&counted)();
    let mut transport = lariat::Transport::unconnected();
    protocol.data_received(&mut transport, b"0\n1\n2");
    assert_eq!(counted.load(Ordering::Relaxed), 2);
    let said = transport.take_written();
    let (first, second) = said.split_at(said.len() / 2);
    check(0, first);
    check(1, second);
}
