//! A hundred pages looked up by a pool, with a progress bar, and an exit handler that tells the
//! end: work that mostly waits is done as many times at once as there are threads.
//!
//! `cargo run -p lariat --example ranking` asks a server of its own, first in turn and then by pools of
//! three and of fifty threads. The outcomes come in the order of the items, so the table is
//! sorted by itself; one page that cannot be fetched is one line of it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use lariat::sync::executor::ThreadPool;
use lariat::sync::{exit, thread};

const ITEMS: u32 = 100;

/// Answers every request after a while with a rank, and one with an error.
fn serve(listener: &TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        let answer = move || -> io::Result<()> {
            let mut request = String::new();
            let mut stream = BufReader::new(stream);
            stream.read_line(&mut request)?;
            std::thread::sleep(Duration::from_millis(10));
            let item = request.strip_prefix("GET /").unwrap_or_default();
            let item = item.split(' ').next().unwrap_or_default().parse::<u32>();
            let stream = stream.get_mut();
            match item {
                Ok(item) if item != 13 => {
                    write!(stream, "HTTP/1.0 200 OK\r\n\r\n{}", item * 7919 % 1000)
                }
                _ => write!(stream, "HTTP/1.0 404 Not Found\r\n\r\n"),
            }
        };
        drop(thread::Builder::new().daemon(true).spawn(answer)?);
    }
}

/// The rank that stands on an item's page.
fn rank(server: SocketAddr, item: u32) -> io::Result<u32> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /{item} HTTP/1.0\r\n\r\n")?;
    let mut page = String::new();
    stream.take(10_000).read_to_string(&mut page)?;
    let (head, body) = page.split_once("\r\n\r\n").unwrap_or((&page, ""));
    let status = head.lines().next().unwrap_or_default().to_owned();
    if !status.ends_with("200 OK") {
        return Err(io::Error::other(status));
    }
    body.parse().map_err(io::Error::other)
}

fn look_up(server: SocketAddr, threads: usize) -> Result<u32, Box<dyn std::error::Error>> {
    let pool = ThreadPool::builder()
        .threads(threads)
        .name("look-up")
        .build()?;
    let bar = ProgressBar::new(ITEMS.into());
    let start = Instant::now();
    let (mut found, mut best) = (0, (u32::MAX, 0));
    let ranks = pool.map(0..ITEMS, move |item| rank(server, item));
    for (item, rank) in (0..).zip(ranks.look_ahead(threads)) {
        bar.inc(1);
        match rank? {
            Ok(rank) => (found, best) = (found + 1, best.min((rank, item))),
            Err(error) => bar.suspend(|| println!("  item {item}: {error}")),
        }
    }
    bar.finish_and_clear();
    let took = start.elapsed().as_millis();
    println!(
        "{threads} at once: {found} ranks in {took} ms; item {} leads",
        best.1
    );
    Ok(found)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    exit::run(|| {
        let start = Instant::now();
        exit::at_exit(move || println!("all done after {} ms", start.elapsed().as_millis()));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = listener.local_addr()?;
        let builder = thread::Builder::new().name("server").daemon(true);
        drop(builder.spawn(move || serve(&listener))?);
        for threads in [1, 3, 50] {
            assert_eq!(look_up(server, threads)?, ITEMS - 1);
        }
        Ok(())
    })
}
