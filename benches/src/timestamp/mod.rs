//! The timestamp server on Lariat against the same server over epoll by hand.
//!
//! Both run as processes of their own on one processor, one after the other in pairs, and
//! are loaded from another processor by the same closed loop. Judged is the processor time
//! that the server's process has used for a request, not how long the request took.

pub mod lariat_server;
pub mod statistics;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crate::Engine;
use crate::platform::load::Load;
use crate::platform::{epoll_server, process};
use statistics::Quartiles;

/// How many connections are opened to see what one costs while it is idle.
const IDLE: usize = 10_000;

/// What one row of the table measures.
struct Row {
    name: &'static str,
    connections: usize,
    /// How many lines each connection sends at once.
    depth: usize,
    engine: Engine,
}

impl Row {
    const fn lariat(name: &'static str, connections: usize, depth: usize) -> Row {
        Row {
            name,
            connections,
            depth,
            engine: Engine::Lariat,
        }
    }
}

const ROWS: [Row; 5] = [
    Row {
        // The loop against itself: what the method makes of no difference.
        name: "control, C=64",
        connections: 64,
        depth: 1,
        engine: Engine::Epoll,
    },
    Row::lariat("C=1", 1, 1),
    Row::lariat("C=64", 64, 1),
    Row::lariat("C=1000", 1000, 1),
    Row::lariat("C=64, 16 lines at once", 64, 16),
];

/// How long and how often is measured.
struct Effort {
    /// Pairs of servers, each started anew.
    pairs: usize,
    /// How often the two servers of a pair are loaded, in turn. Short slices in turn see
    /// the same machine, which long ones, seconds apart, do not.
    slices: usize,
    slice: Duration,
    memory_samples: usize,
}

const FULL: Effort = Effort {
    pairs: 15,
    slices: 10,
    slice: Duration::from_millis(100),
    memory_samples: 3,
};

const QUICK: Effort = Effort {
    pairs: 5,
    slices: 2,
    slice: Duration::from_millis(50),
    memory_samples: 1,
};

/// Runs one server until it is killed.
pub fn serve(engine: Engine, processor: usize) -> io::Result<()> {
    process::end_with_parent()?;
    process::stay_on(processor)?;
    process::raise_open_files()?;
    match engine {
        Engine::Epoll => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            announce(&listener.local_addr()?.to_string())?;
            epoll_server::serve(listener)
        }
        Engine::Lariat => lariat_server::serve(announce),
    }
}

fn announce(address: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{address}")?;
    output.flush()
}

/// Loads a server that somebody else has started, and says how many lines it answered.
pub fn load(
    server: SocketAddr,
    connections: usize,
    depth: usize,
    duration: Duration,
) -> io::Result<()> {
    process::raise_open_files()?;
    let answered = Load::open(server, connections, depth)?.run(duration)?;
    println!("{answered} lines answered");
    Ok(())
}

/// Measures the rows whose name contains `wanted`, and prints the table.
pub fn measure(quick: bool, wanted: &str) -> io::Result<()> {
    let effort = if quick { QUICK } else { FULL };
    let processors = process::processors()?;
    let &[for_server, for_load, ..] = &processors[..] else {
        return Err(io::Error::other(
            "two processors are needed, one for each side",
        ));
    };
    let open_files = process::raise_open_files()?;
    process::stay_on(for_load)?;
    println!(
        "timestamp, 64-byte lines, closed loop; {} pairs of {} x {} ms each; server on processor {for_server}, load on {for_load}",
        effort.pairs,
        effort.slices,
        effort.slice.as_millis()
    );
    println!();
    println!(
        "{:<24}{:>10}{:>10}{:>8}{:>17}{:>14}{:>8}",
        "", "epoll", "lariat", "ratio", "quartiles", "calls/request", ""
    );
    println!(
        "{:<24}{:>10}{:>10}{:>8}{:>17}{:>14}{:>8}",
        "", "ns/req", "ns/req", "median", "", "epoll", "lariat"
    );
    for row in ROWS.iter().filter(|row| row.name.contains(wanted)) {
        measure_row(row, &effort, for_server)?;
    }
    if !"idle".contains(wanted) {
        return Ok(());
    }
    println!();
    if open_files < IDLE as u64 + 100 {
        println!("idle connections: not measured, only {open_files} files may be open");
        return Ok(());
    }
    for engine in [Engine::Epoll, Engine::Lariat] {
        let samples: io::Result<Vec<f64>> = (0..effort.memory_samples)
            .map(|_| idle_bytes(engine, for_server))
            .collect();
        let bytes = Quartiles::of(samples?).median;
        println!(
            "bytes per idle connection, {:<8}{bytes:>8.0}",
            engine.name()
        );
    }
    Ok(())
}

fn start(engine: Engine, processor: usize) -> io::Result<process::Server> {
    process::Server::start(&["serve", engine.name(), &processor.to_string()])
}

fn measure_row(row: &Row, effort: &Effort, processor: usize) -> io::Result<()> {
    let mut peers = Vec::new();
    let mut ours = Vec::new();
    for _ in 0..effort.pairs {
        let (peer, our) = measure_pair(row, effort, processor)?;
        peers.push(peer);
        ours.push(our);
    }
    let ratios = Quartiles::of(ours.iter().zip(&peers).map(|(our, peer)| our / peer));
    let peer_calls = calls_per_request(Engine::Epoll, row, effort, processor)?;
    let our_calls = calls_per_request(row.engine, row, effort, processor)?;
    println!(
        "{:<24}{:>10.0}{:>10.0}{:>8.3}{:>17}{:>14}{:>8}",
        row.name,
        Quartiles::of(peers).median,
        Quartiles::of(ours).median,
        ratios.median,
        format!("{:.3} to {:.3}", ratios.first, ratios.third),
        peer_calls,
        our_calls
    );
    Ok(())
}

/// The processor time for one request of the peer and of ours, in nanoseconds, on two
/// servers that were just started and are loaded in turn.
fn measure_pair(row: &Row, effort: &Effort, processor: usize) -> io::Result<(f64, f64)> {
    let mut peer = Loaded::start(Engine::Epoll, row, processor)?;
    let mut our = Loaded::start(row.engine, row, processor)?;
    peer.load.run(effort.slice)?;
    our.load.run(effort.slice)?;
    for slice in 0..effort.slices {
        // Who comes first changes, so that a drift of the machine favours neither.
        if slice % 2 == 0 {
            peer.measure(effort.slice)?;
            our.measure(effort.slice)?;
        } else {
            our.measure(effort.slice)?;
            peer.measure(effort.slice)?;
        }
    }
    Ok((
        peer.nanoseconds_per_request(),
        our.nanoseconds_per_request(),
    ))
}

/// A server with its load, and what has been measured of it.
struct Loaded {
    server: process::Server,
    load: Load,
    used: Duration,
    answered: u64,
}

impl Loaded {
    fn start(engine: Engine, row: &Row, processor: usize) -> io::Result<Loaded> {
        let server = start(engine, processor)?;
        let load = Load::open(server.address(), row.connections, row.depth)?;
        Ok(Loaded {
            server,
            load,
            used: Duration::ZERO,
            answered: 0,
        })
    }

    fn measure(&mut self, duration: Duration) -> io::Result<()> {
        let before = self.server.processor_time()?;
        self.answered += self.load.run(duration)?;
        self.used += self.server.processor_time()? - before;
        Ok(())
    }

    fn nanoseconds_per_request(&self) -> f64 {
        self.used.as_nanos() as f64 / self.answered as f64
    }
}

/// The server's system calls for one request, as text; counted in a run of its own.
fn calls_per_request(
    engine: Engine,
    row: &Row,
    effort: &Effort,
    processor: usize,
) -> io::Result<String> {
    let mut loaded = Loaded::start(engine, row, processor)?;
    loaded.load.run(effort.slice)?;
    let duration = effort.slice * 5;
    let (answered, calls) = loaded
        .server
        .count_system_calls(|| loaded.load.run(duration))?;
    Ok(match calls {
        Some(calls) => format!("{:.3}", calls as f64 / answered as f64),
        None => "unknown".to_owned(),
    })
}

/// The server's memory for one connection that has exchanged a line and is idle.
fn idle_bytes(engine: Engine, processor: usize) -> io::Result<f64> {
    let server = start(engine, processor)?;
    // What the first connection brings once is not what each costs.
    let first = Load::open(server.address(), 1, 1)?;
    let before = server.private_memory()?;
    let idle = Load::open(server.address(), IDLE, 1)?;
    let after = server.private_memory()?;
    drop((first, idle));
    Ok(after.saturating_sub(before) as f64 / IDLE as f64)
}
