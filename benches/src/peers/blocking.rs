//! Servers of blocking code: lines, connections, and memory for a thousand connections.

use std::io;

use super::churn::Churn;
use super::plain::Lines;
use super::{Effort, rounds};
use crate::load::{Carrier, Form, Plan};
use crate::platform::load::Load;
use crate::servers::blocking::BLOCKING;
use crate::servers::{Given, Server};

const CONNECTIONS: usize = 64;

/// As many as a server of threads is asked to hold.
const HELD: usize = 1_000;

/// Prints the tables.
pub fn print(effort: &Effort) -> io::Result<()> {
    println!("blocking: lines of 64 bytes over TCP, closed loop, {CONNECTIONS} connections");
    rounds::print(effort, &BLOCKING, "request", |running, _| {
        Load::open(running.address, CONNECTIONS, 1).map(Lines)
    })?;
    let plan = Plan {
        carrier: Carrier::Plain,
        form: Form::Line,
        size: 64,
        connections: 32,
    };
    println!("\nblocking: connections that ask one line and close, over TCP, 32 at once");
    rounds::print(effort, &BLOCKING, "connection", |running, _| {
        Ok(Churn {
            server: running.address,
            plan: plan.clone(),
        })
    })?;
    println!("\nblocking: {HELD} connections that are idle behind one line");
    println!("{:<28}{:>14}", "", "bytes each");
    for server in &BLOCKING {
        match held_bytes(server, effort) {
            Ok(bytes) => println!("{:<28}{bytes:>14.0}", server.name),
            Err(error) => println!("{:<28}{error}", server.name),
        }
    }
    Ok(())
}

/// The memory that the server has for each, in whichever of its processes.
fn held_bytes(server: &Server, effort: &Effort) -> io::Result<f64> {
    let given = Given {
        processor: Some(effort.for_server),
        ..Given::default()
    };
    let running = (server.start)(given)?;
    let first = Load::open(running.address, CONNECTIONS, 1)?;
    let before = running.process.private_memory()?;
    let held = Load::open(running.address, HELD, 1)?;
    let after = running.process.private_memory()?;
    drop((first, held));
    Ok(after.saturating_sub(before) as f64 / HELD as f64)
}
