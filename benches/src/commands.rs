//! The commands: one for each program that measures, and some that those start.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::platform::launch;
use crate::servers::host::{self, Hosted};
use crate::{
    chat, drain, executors, hostile, idle, names, peers, queues, re, silent, sleep, starved,
    timers, timestamp, transfers,
};

/// Measures Lariat against servers written by hand, and those of other worlds.
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
    /// Processor time per request, connection, handshake, datagram and message, against
    /// tokio, Go, Node, Python, Twisted and nginx.
    Peers {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
        /// Only this table.
        #[arg(long)]
        only: Option<peers::Table>,
    },
    /// How long a peer is kept that says nothing, or a byte now and then.
    Silent {
        /// Deadlines of 5 s for the peers, and a cap of 15 s.
        #[arg(long)]
        quick: bool,
        /// When a peer counts as kept for ever [default: 150, with --quick 15]
        #[arg(long, value_name = "SECONDS")]
        cap: Option<u64>,
        /// How often a dripping peer sends a byte [default: 5, with --quick 1]
        #[arg(long, value_name = "SECONDS")]
        drip: Option<u64>,
        /// Added to Lariat's endpoints.
        #[arg(long, value_name = "KEY=VALUE")]
        option: Vec<String>,
    },
    /// How late the answers of a sleep server are with ten thousand calls at once, and what one
    /// costs.
    Sleep {
        /// A thousand calls at the most.
        #[arg(long)]
        quick: bool,
        /// How many calls.
        #[arg(long, default_value_t = 10_000)]
        sleepers: usize,
    },
    /// 60 descriptors and 120 connections.
    Starved {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
    },
    /// An endless line, a peer that never reads, a thousand stalled handshakes.
    Hostile {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
        /// Only this one.
        #[arg(long)]
        only: Option<hostile::Peer>,
    },
    /// Memory per idle connection on tcp, tls and ws, and the processor at rest.
    Idle {
        /// At most 2,000 connections.
        #[arg(long)]
        quick: bool,
        /// How many connections.
        #[arg(long, default_value_t = 18_000)]
        connections: usize,
    },
    /// Replies lost by a stop and by a reload, under load.
    Drain {
        /// At most twice each.
        #[arg(long)]
        quick: bool,
        /// How often each.
        #[arg(long, default_value_t = 10)]
        times: usize,
    },
    /// What an item costs from thread to thread, and what a permit costs, against crossbeam-channel, flume, std, a lock and
    /// two condition variables, tokio and Python.
    Queues {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
    },
    /// How late a hundred thousand timers are, against tokio's.
    Timers {
        /// How many.
        #[arg(long, default_value_t = 100_000)]
        count: u32,
    },
    /// What a task costs in a pool of threads and in one of processes, against rayon and Python.
    Executors {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
    },
    /// The name server: look-ups on one processor, how evenly it probes, and acknowledged
    /// registrations that a `kill -9` loses.
    Names {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
        /// How often the server is killed.
        #[arg(long, default_value_t = 1000)]
        rounds: usize,
    },
    /// A room full of people: processor time per line and listener, against ngircd and inspircd.
    Chat {
        /// Two hundred people at the most; a look whether it works, not for figures.
        #[arg(long)]
        quick: bool,
        /// How many people.
        #[arg(long, default_value_t = 1000)]
        people: usize,
        /// Only the servers whose name contains this.
        #[arg(long, default_value = "")]
        row: String,
    },
    /// What compiling a pattern and finding all its matches costs, against CPython's `re`, the crates
    /// `regex` and `fancy-regex`, and PCRE2.
    Re {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
        /// Only the rows whose name contains this.
        #[arg(long, default_value = "")]
        row: String,
    },
    /// Files fetched and sent, and news listed: `lariat ftp`, `lariat fetch` and `lariat news` against curl, wget, lftp
    /// and Python.
    Transfers {
        /// A look whether it works; not for figures.
        #[arg(long)]
        quick: bool,
        /// Only this protocol.
        #[arg(long)]
        only: Option<transfers::Table>,
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
    /// A server of this program, started by the others.
    #[command(hide = true)]
    Host { server: Hosted },
    /// Another program in place of this one, started by the others.
    #[command(hide = true)]
    Launch {
        #[arg(long)]
        processor: Option<usize>,
        #[arg(long)]
        open_files: Option<u64>,
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

/// The servers that `timestamp` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// The loop by hand.
    Epoll,
    /// The same service on Lariat's reactor.
    Lariat,
}

impl Engine {
    /// What the tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Epoll => "epoll",
            Engine::Lariat => "lariat",
        }
    }
}

/// Runs what the command line says.
pub fn run() -> io::Result<()> {
    match Arguments::parse().command {
        Command::Timestamp { quick, row } => timestamp::measure(quick, &row),
        Command::Peers { quick, only } => peers::measure(quick, only),
        Command::Silent {
            quick,
            cap,
            drip,
            option,
        } => {
            let (default_cap, default_drip) = if quick { (15, 1) } else { (150, 5) };
            silent::measure(&silent::Wanted {
                cap: Duration::from_secs(cap.unwrap_or(default_cap)),
                drip: Duration::from_secs(drip.unwrap_or(default_drip)),
                quick,
                options: option,
            })
        }
        Command::Sleep { quick, sleepers } => sleep::measure(quick, sleepers),
        Command::Starved { quick } => starved::measure(quick),
        Command::Hostile { quick, only } => hostile::measure(quick, only),
        Command::Idle { quick, connections } => idle::measure(quick, connections),
        Command::Drain { quick, times } => drain::measure(quick, times),
        Command::Queues { quick } => queues::measure(quick),
        Command::Timers { count } => timers::measure(count),
        Command::Executors { quick } => executors::measure(quick),
        Command::Names { quick, rounds } => names::measure(quick, rounds),
        Command::Chat { quick, people, row } => chat::measure(quick, people, &row),
        Command::Re { quick, row } => re::measure(quick, &row),
        Command::Transfers { quick, only } => transfers::measure(quick, only),
        Command::Serve { engine, processor } => timestamp::serve(engine, processor),
        Command::Load {
            server,
            connections,
            depth,
            seconds,
        } => timestamp::load(server, connections, depth, Duration::from_secs(seconds)),
        Command::Host { server } => host::host(server),
        Command::Launch {
            processor,
            open_files,
            command,
        } => launch::launch(processor, open_files, &command),
    }
}
