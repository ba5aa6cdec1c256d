//! What a request costs the servers of other worlds, and ours.
//!
//! Every server is pinned to one processor and the load runs on another. In each round all
//! servers are started anew and loaded in turn, in short slices, so that they see the same
//! machine; the ratios are made within a round.

mod blocking;
mod churn;
mod datagrams;
mod plain;
pub mod rounds;
mod tls;
mod websocket;

use std::io;
use std::time::Duration;

use clap::ValueEnum;

use crate::platform::process;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Table {
    /// Lines over TCP, and memory per idle connection.
    Plain,
    /// A new connection for each line.
    Churn,
    /// Handshakes and bytes over TLS.
    Tls,
    /// Datagrams.
    Udp,
    /// Messages over WebSocket.
    Ws,
    /// Blocking servers: lines, connections, memory.
    Blocking,
}

/// How long and how often is measured.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Rounds, each with servers that were just started.
    pub rounds: usize,
    /// How often each server is loaded in a round.
    pub slices: usize,
    /// How long each time.
    pub slice: Duration,
    /// How many connections are opened to see what an idle one costs.
    pub idle: usize,
    /// The processor that the servers stay on.
    pub for_server: usize,
}

/// Measures one table, and prints it.
type Print = fn(&Effort) -> io::Result<()>;

/// Prints the tables, or the one that is wanted.
pub fn measure(quick: bool, only: Option<Table>) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    process::raise_open_files()?;
    process::stay_on(for_load)?;
    let (rounds, slices, milliseconds, idle) = if quick {
        (2, 2, 100, 500)
    } else {
        (9, 6, 150, 4_000)
    };
    let effort = Effort {
        rounds,
        slices,
        slice: Duration::from_millis(milliseconds),
        idle,
        for_server,
    };
    println!(
        "{rounds} rounds of {slices} x {milliseconds} ms for each server; servers on processor {for_server}, load on {for_load}"
    );
    let tables: [(Table, Print); 6] = [
        (Table::Plain, plain::print),
        (Table::Churn, churn::print),
        (Table::Tls, tls::print),
        (Table::Udp, datagrams::print),
        (Table::Ws, websocket::print),
        (Table::Blocking, blocking::print),
    ];
    for (table, print) in tables {
        if only.is_none_or(|only| only == table) {
            println!();
            print(&effort)?;
        }
    }
    Ok(())
}
