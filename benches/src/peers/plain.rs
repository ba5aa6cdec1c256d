//! Lines over TCP: processor time for a request, memory for an idle connection.

use std::io;
use std::time::Duration;

use super::Effort;
use super::rounds::{self, Work};
use crate::platform::load::Load;
use crate::servers::{Given, Server, TIMESTAMP};

const CONNECTIONS: usize = 64;

pub(super) struct Lines(pub(super) Load);

impl Work for Lines {
    fn run(&mut self, duration: Duration) -> io::Result<u64> {
        self.0.run(duration)
    }
}

/// Prints both tables.
pub fn print(effort: &Effort) -> io::Result<()> {
    println!("lines of 64 bytes over TCP, closed loop, {CONNECTIONS} connections");
    rounds::print(effort, &TIMESTAMP, "request", |running, _| {
        Load::open(running.address, CONNECTIONS, 1).map(Lines)
    })?;
    println!();
    println!("{} connections that are idle behind one line", effort.idle);
    println!("{:<28}{:>14}", "", "bytes each");
    for server in &TIMESTAMP {
        match idle_bytes(server, effort) {
            Ok(bytes) => println!("{:<28}{bytes:>14.0}", server.name),
            Err(error) => println!("{:<28}{error}", server.name),
        }
    }
    Ok(())
}

fn idle_bytes(server: &Server, effort: &Effort) -> io::Result<f64> {
    let given = Given {
        processor: Some(effort.for_server),
        ..Given::default()
    };
    let running = (server.start)(given)?;
    // What the first connections bring once is not what each costs.
    let first = Load::open(running.address, CONNECTIONS, 1)?;
    let before = running.process.private_memory()?;
    let idle = Load::open(running.address, effort.idle, 1)?;
    let after = running.process.private_memory()?;
    drop((first, idle));
    Ok(after.saturating_sub(before) as f64 / effort.idle as f64)
}
