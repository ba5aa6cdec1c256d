//! A line without an end: how much of it a server keeps, and when it has had enough.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::servers::{Given, Server, TIMESTAMP};

const MEBIBYTE: usize = 1024 * 1024;

/// How long a server that has read everything may take to close.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it is sent: some servers become slower with each byte that they keep.
const LONGEST: Duration = Duration::from_secs(30);

/// Prints a row for each server of the timestamp.
pub fn print(given: Given, quick: bool) -> io::Result<()> {
    let mebibytes = if quick { 32 } else { 256 };
    println!("an endless line of {mebibytes} MiB");
    println!(
        "{:<24}{:>12}{:>16}{:>16}",
        "", "MiB taken", "memory, MiB", "closed after"
    );
    for server in &TIMESTAMP {
        match row(server, given, mebibytes) {
            Ok(row) => println!("{:<24}{row}", server.name),
            Err(error) => println!("{:<24}{error}", server.name),
        }
    }
    Ok(())
}

fn row(server: &Server, given: Given, mebibytes: usize) -> io::Result<String> {
    let running = (server.start)(given)?;
    let before = running.process.resident_memory()?;
    let (taken, closed) = send_endless_line(running.address, mebibytes)?;
    // A server may have ended of it.
    let grown = match running.process.most_memory() {
        Ok(most) => format!(
            "{:.1}",
            most.saturating_sub(before) as f64 / MEBIBYTE as f64
        ),
        Err(_) => "it ended".to_owned(),
    };
    let taken = taken as f64 / MEBIBYTE as f64;
    let closed = match closed {
        Some(after) => format!("{:.2} s", after.as_secs_f64()),
        None => "never".to_owned(),
    };
    Ok(format!("{taken:>12.1}{grown:>16}{closed:>16}"))
}

/// Returns how many bytes could be sent, and when the server closed, if it did.
fn send_endless_line(
    server: SocketAddr,
    mebibytes: usize,
) -> io::Result<(usize, Option<Duration>)> {
    let mut socket = TcpStream::connect(server)?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let mut reader = socket.try_clone()?;
    let begin = Instant::now();
    let closing = thread::spawn(move || {
        let mut buffer = [0; 4096];
        while matches!(reader.read(&mut buffer), Ok(1..)) {}
        begin.elapsed()
    });
    let block = [b'x'; 64 * 1024];
    let mut taken = 0;
    while taken < mebibytes * MEBIBYTE && begin.elapsed() < LONGEST {
        match socket.write(&block) {
            Ok(count) => taken += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let end = Instant::now() + PATIENCE;
    while !closing.is_finished() && Instant::now() < end {
        thread::sleep(Duration::from_millis(5));
    }
    if closing.is_finished() {
        return Ok((taken, closing.join().ok()));
    }
    // Lets the reader go; an error means that the server just did.
    let _ = socket.shutdown(std::net::Shutdown::Both);
    Ok((taken, None))
}
