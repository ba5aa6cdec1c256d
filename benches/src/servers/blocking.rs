//! The timestamp server in blocking code: by hand, and by `lariat::socketserver` in each of its
//! ways.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use ::lariat::service::clock::local_ctime;
use ::lariat::socketserver::{
    Forking, HandlerResult, POLL_INTERVAL, Pooled, Server, Strategy, StreamRequest, Tcp, Threading,
};

use super::{lariat, scripts};

/// All of them, the one by hand first.
pub const BLOCKING: [super::Server; 7] = [
    super::Server {
        name: "threads by hand",
        start: |given| lariat::ourselves(given, "by-hand"),
    },
    super::Server {
        name: "lariat, threading",
        start: |given| lariat::ourselves(given, "threading"),
    },
    super::Server {
        name: "lariat, pooled",
        start: |given| lariat::ourselves(given, "pooled"),
    },
    super::Server {
        name: "lariat, forking",
        start: |given| lariat::ourselves(given, "forking"),
    },
    super::Server {
        name: "lariat, reactor",
        start: lariat::engine,
    },
    super::Server {
        name: "Python, threading",
        start: scripts::threads,
    },
    super::Server {
        name: "Python, forking",
        start: scripts::forking,
    },
];

/// As many threads as there are connections in any measurement: a pooled thread keeps its
/// connection.
const THREADS: usize = 1_100;

/// Which of them is served.
#[derive(Clone, Copy)]
pub enum Way {
    /// The accept loop that a person writes.
    ByHand,
    /// A thread for each connection.
    Threading,
    /// A fixed number of threads.
    Pooled,
    /// A process for each connection.
    Forking,
}

/// Serves until the process is killed; `listening` is told where.
pub fn serve(way: Way, listening: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    match way {
        Way::ByHand => by_hand(listening),
        Way::Threading => serve_by(
            Threading {
                max_threads: THREADS,
                ..Threading::default()
            },
            listening,
        ),
        Way::Pooled => serve_by(Pooled::new(THREADS, THREADS), listening),
        Way::Forking => serve_by(Forking::new(THREADS), listening),
    }
}

fn serve_by<S: Strategy + Default>(
    strategy: S,
    listening: impl FnOnce(&str) -> io::Result<()>,
) -> io::Result<()> {
    let server = Server::<Tcp, S, _>::builder(timestamp)
        .strategy(strategy)
        .bind("127.0.0.1:0")?;
    listening(&server.server_address()?.to_string())?;
    server.serve_forever(POLL_INTERVAL)
}

fn timestamp(request: &mut StreamRequest) -> HandlerResult {
    let mut reply = Vec::new();
    while let Some(line) = request.rfile.read_line(64 * 1024)? {
        stamp(&mut reply, line);
        request.wfile.write_all(&reply)?;
    }
    Ok(())
}

/// `std::net` and `std::thread` as their documentation has them.
fn by_hand(listening: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listening(&listener.local_addr()?.to_string())?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || answer(&stream));
    }
    Ok(())
}

fn answer(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut reply) = (Vec::new(), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        stamp(&mut reply, &line);
        stream.write_all(&reply)?;
        line.clear();
    }
    Ok(())
}

fn stamp(reply: &mut Vec<u8>, line: &[u8]) {
    reply.clear();
    reply.push(b'[');
    reply.extend_from_slice(&local_ctime());
    reply.extend_from_slice(b"] ");
    reply.extend_from_slice(line);
}
