//! One that asks and never reads, among a hundred that do both.

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::PACE;
use crate::load::latency::{Latency, Milliseconds};
use crate::load::{Asking, Carrier, Form, Plan};
use crate::servers::{Given, Running, Server, timestamp};

/// The servers that are looked at: one that holds back and some of other worlds.
const NAMES: [&str; 4] = ["lariat serve", "tokio, usual loop", "Go", "Twisted"];

/// Prints a row for each.
pub fn print(given: Given, quick: bool) -> io::Result<()> {
    let (alone, cap) = if quick { (1, 5) } else { (5, 90) };
    println!(
        "one that never reads among 100 that ask and read; watched for at most {cap} s; in ms"
    );
    println!(
        "{:<24}{:>12}{:>12}{:>14}{:>12}",
        "", "p99 before", "p99 with it", "memory, MiB", "ended"
    );
    for name in NAMES {
        let server = timestamp(name);
        let (alone, cap) = (Duration::from_secs(alone), Duration::from_secs(cap));
        match row(&server, given, alone, cap) {
            Ok(row) => println!("{name:<24}{row}"),
            Err(error) => println!("{name:<24}{error}"),
        }
    }
    Ok(())
}

fn row(server: &Server, given: Given, alone: Duration, cap: Duration) -> io::Result<String> {
    let running = (server.start)(given)?;
    let plan = Plan {
        carrier: Carrier::Plain,
        form: Form::Line,
        size: 64,
        connections: 100,
    };
    let mut asking = Asking::open(running.address, &plan)?;
    asking.run_paced(Duration::from_secs(1), PACE)?;
    let before = Latency::of(asking.run_paced(alone, PACE)?);
    let memory = running.process.resident_memory()?;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = {
        let (address, stop) = (running.address, Arc::clone(&stop));
        thread::spawn(move || never_read(address, &stop))
    };
    let with = watch(&mut asking, &running, cap, || reader.is_finished());
    stop.store(true, Ordering::Relaxed);
    let ended = reader
        .join()
        .map_err(|_| io::Error::other("the reader failed"))??;
    let (times, most) = with?;
    let with = Latency::of(times);
    Ok(format!(
        "{:>12}{:>12}{:>14.1}{:>12}",
        Milliseconds(before.p99),
        Milliseconds(with.p99),
        most.saturating_sub(memory) as f64 / (1024.0 * 1024.0),
        match ended {
            Some(after) => format!("{:.1} s", after.as_secs_f64()),
            None => "never".to_owned(),
        }
    ))
}

/// Keeps the others busy until the cap or the end. Returns their times, and the most memory.
fn watch(
    asking: &mut Asking,
    running: &Running,
    cap: Duration,
    ended: impl Fn() -> bool,
) -> io::Result<(Vec<Duration>, u64)> {
    let begin = Instant::now();
    let mut times = Vec::new();
    let mut most = 0;
    while begin.elapsed() < cap && !ended() {
        times.extend(asking.run_paced(Duration::from_millis(500), PACE)?);
        most = most.max(running.process.resident_memory()?);
    }
    Ok((times, most))
}

/// Asks as fast as it is taken. Returns when the server ended it, if it did.
fn never_read(server: SocketAddr, stop: &AtomicBool) -> io::Result<Option<Duration>> {
    let mut socket = TcpStream::connect(server)?;
    socket.set_write_timeout(Some(Duration::from_millis(100)))?;
    let begin = Instant::now();
    let mut line = [b'x'; 64];
    line[63] = b'\n';
    let lines = line.repeat(256);
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        // Goes on where the socket was full, so that lines stay lines.
        match socket.write(&lines[sent % lines.len()..]) {
            Ok(count) => sent += count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => return Ok(Some(begin.elapsed())),
        }
    }
    Ok(None)
}
