//! A thousand TLS handshakes that were begun and not gone on with.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::PACE;
use crate::load::latency::{Latency, Milliseconds};
use crate::load::{Asking, Carrier, Form, Plan, churn, dial};
use crate::servers::{Given, Running, Server, lariat, nginx};
use crate::silent;

const STALLED: usize = 1_000;

/// Prints a row for each server that has TLS.
pub fn print(given: Given, quick: bool) -> io::Result<()> {
    let servers = [
        (
            Form::Line,
            "lariat serve",
            lariat::tls as fn(Given) -> io::Result<Running>,
        ),
        (Form::Post, "nginx", nginx::tls_echo),
    ];
    println!(
        "{STALLED} stalled TLS handshakes; p99 in ms of 100 connections that ask, and of new connections"
    );
    println!(
        "{:<24}{:>12}{:>12}{:>12}{:>12}{:>10}",
        "", "asking", "stalled", "new", "stalled", "failed"
    );
    for (form, name, start) in servers {
        match row(&Server { name, start }, form, given, quick) {
            Ok(row) => println!("{name:<24}{row}"),
            Err(error) => println!("{name:<24}{error}"),
        }
    }
    Ok(())
}

fn row(server: &Server, form: Form, given: Given, quick: bool) -> io::Result<String> {
    let running = (server.start)(given)?;
    // Both together end before the stalled ones are given up, 10 s after they came.
    let duration = Duration::from_secs(if quick { 1 } else { 4 });
    let asking = Plan {
        carrier: Carrier::tls()?,
        form,
        size: 64,
        connections: 100,
    };
    let new = Plan {
        connections: 4,
        ..asking.clone()
    };
    let mut connections = Asking::open(running.address, &asking)?;
    connections.run_paced(Duration::from_secs(1), PACE)?;
    let asked = Latency::of(connections.run_paced(duration, PACE)?);
    let opened = churn::churn(running.address, &new, duration)?;
    let stalled = stall(running.address)?;
    let asked_with = Latency::of(connections.run_paced(duration, PACE)?);
    let opened_with = churn::churn(running.address, &new, duration)?;
    drop(stalled);
    let failed = opened.failures.len() + opened_with.failures.len();
    Ok(format!(
        "{:>12}{:>12}{:>12}{:>12}{failed:>10}",
        Milliseconds(asked.p99),
        Milliseconds(asked_with.p99),
        Milliseconds(Latency::of(opened.times).p99),
        Milliseconds(Latency::of(opened_with.times).p99),
    ))
}

/// Begins the handshakes, from many addresses.
fn stall(server: SocketAddr) -> io::Result<Vec<TcpStream>> {
    let half = silent::half_hello(&dial::connector()?)?;
    let begin = |index| {
        let mut socket = dial::blocking(server, index)?;
        socket.write_all(&half)?;
        Ok(socket)
    };
    (0..STALLED).map(begin).collect()
}
