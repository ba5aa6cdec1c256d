//! A hundred pages looked up by a pool, with a progress bar, and an exit handler that tells the
//! end: work that mostly waits is done as many times at once as there are threads.
//!
//! `cargo run -p lariat --example ranking` asks a server of its own in four ways: in turn by a plain loop, by a
//! thread for each page, and by pools of three threads and of a hundred. The outcomes come in the order of the items, so the table is
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

/// What a hundred pages give, in the order of the items.
type Ranks = Vec<io::Result<u32>>;

/// One after the other.
fn in_turn(server: SocketAddr, bar: &ProgressBar) -> Ranks {
    let pages = (0..ITEMS).map(|item| rank(server, item));
    pages.inspect(|_| bar.inc(1)).collect()
}

/// A thread for each page: nothing bounds how many there are.
fn by_threads(server: SocketAddr, bar: &ProgressBar) -> Ranks {
    let threads: Vec<_> = (0..ITEMS)
        .map(|item| thread::spawn(move || rank(server, item)))
        .collect();
    let joined = threads.into_iter().map(|thread| {
        let outcome = thread.join().unwrap_or_else(|panic| panic.resume());
        bar.inc(1);
        outcome
    });
    joined.collect()
}

/// As many at once as the pool has threads.
fn by_pool(server: SocketAddr, bar: &ProgressBar, threads: usize) -> io::Result<Ranks> {
    let pool = ThreadPool::builder()
        .threads(threads)
        .name("look-up")
        .build()?;
    let ranks = pool.map(0..ITEMS, move |item| rank(server, item));
    let ranks = ranks.look_ahead(threads).inspect(|_| bar.inc(1));
    let ranks = ranks.map(|rank| rank.map_err(io::Error::other));
    ranks.collect()
}

/// Looks them all up in one way, and says what was found and how long it took.
fn look_up(
    how: &str,
    pages: impl FnOnce(&ProgressBar) -> io::Result<Ranks>,
) -> Result<(), Box<dyn std::error::Error>> {
    let bar = ProgressBar::new(ITEMS.into());
    let start = Instant::now();
    let ranks = pages(&bar)?;
    let took = start.elapsed().as_millis();
    bar.finish_and_clear();
    let (mut found, mut best) = (0, (u32::MAX, 0));
    for (item, rank) in (0..).zip(ranks) {
        match rank {
            Ok(rank) => (found, best) = (found + 1, best.min((rank, item))),
            Err(error) => println!("  item {item}: {error}"),
        }
    }
    println!("{how}: {found} ranks in {took} ms; item {} leads", best.1);
    assert_eq!(found, ITEMS - 1);
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    exit::run(|| {
        let start = Instant::now();
        exit::at_exit(move || println!("all done after {} ms", start.elapsed().as_millis()));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = listener.local_addr()?;
        let builder = thread::Builder::new().name("server").daemon(true);
        drop(builder.spawn(move || serve(&listener))?);
        look_up("a plain loop", |bar| Ok(in_turn(server, bar)))?;
        look_up("a thread for each", |bar| Ok(by_threads(server, bar)))?;
        for threads in [3, 100] {
            let how = format!("a pool of {threads}");
            look_up(&how, |bar| by_pool(server, bar, threads))?;
        }
        Ok(())
    })
}
