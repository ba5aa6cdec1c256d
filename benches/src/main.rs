//! Measures Lariat against servers that a person would write by hand.
//!
//! `cargo run --release -p lariat-benches -- timestamp` prints the table that stands in
//! `benches/README.md`; how it is measured is told there.

#[cfg(target_os = "linux")]
mod platform;
#[cfg(target_os = "linux")]
mod timestamp;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

/// Measures Lariat against servers written by hand.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The timestamp server as a `Protocol` against a loop over epoll: processor time per
    /// request, system calls per request, memory per idle connection.
    Timestamp {
        /// A tenth of the time, for a look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
        /// Only the rows whose name contains this.
        #[arg(long, default_value = "")]
        row: String,
    },
    /// Only the server: prints its address, and serves until it is killed. For a profiler.
    Serve {
        engine: Engine,
        /// The processor to stay on.
        processor: usize,
    },
    /// Only the load, on a server that runs already. For a profiler.
    Load {
        server: SocketAddr,
        connections: usize,
        /// How many lines each connection sends at once.
        depth: usize,
        seconds: u64,
    },
}

/// The servers that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The loop by hand.
    Epoll,
    /// The same service on Lariat's reactor.
    Lariat,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Engine::Epoll => "epoll",
            Engine::Lariat => "lariat",
        }
    }
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Timestamp { quick, row } => timestamp::measure(quick, &row),
        Command::Serve { engine, processor } => timestamp::serve(engine, processor),
        Command::Load {
            server,
            connections,
            depth,
            seconds,
        } => timestamp::load(server, connections, depth, Duration::from_secs(seconds)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lariat-benches: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("lariat-benches: epoll, and so this measurement, exists on Linux only");
    ExitCode::FAILURE
}
