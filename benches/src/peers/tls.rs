//! TLS: processor time for a handshake and for bytes, against nginx.
//!
//! The same certificate (ECDSA on P-256), the same client, nothing resumed.

use std::io;
use std::time::Duration;

use super::Effort;
use super::churn::Churn;
use super::rounds::{self, Work};
use crate::load::{Asking, Carrier, Form, Plan};
use crate::servers::{Server, lariat, nginx, scripts};

/// What is sent and comes back where bytes are measured: a TLS record's most.
const BLOCK: usize = 16 * 1024;

const NGINX: &str = "nginx";

const HANDSHAKES: [Server; 3] = [
    Server {
        name: NGINX,
        start: nginx::tls,
    },
    Server {
        name: "lariat serve",
        start: lariat::tls,
    },
    Server {
        name: "Twisted",
        start: scripts::twisted_tls,
    },
];

const BYTES: [Server; 3] = [
    Server {
        name: NGINX,
        start: nginx::tls_echo,
    },
    Server {
        name: "lariat serve",
        start: lariat::tls,
    },
    Server {
        name: "Twisted",
        start: scripts::twisted_tls,
    },
];

struct Blocks(Asking);

impl Work for Blocks {
    fn run(&mut self, duration: Duration) -> io::Result<u64> {
        // In kilobytes, both ways.
        let blocks = self.0.run(duration)?.len();
        Ok((blocks * 2 * BLOCK / 1000) as u64)
    }
}

/// Prints both tables.
pub fn print(effort: &Effort) -> io::Result<()> {
    let carrier = Carrier::tls()?;
    println!("TLS: a handshake, one question and its answer, and the end; 16 at once");
    rounds::print(effort, &HANDSHAKES, "handshake", |running, server| {
        Ok(Churn {
            server: running.address,
            plan: Plan {
                carrier: carrier.clone(),
                form: form(server, Form::GetAndClose),
                size: 64,
                connections: 16,
            },
        })
    })?;
    println!();
    println!("TLS: {BLOCK} bytes sent and sent back, 8 connections; kB counted both ways");
    rounds::print(effort, &BYTES, "kB", |running, server| {
        let plan = Plan {
            carrier: carrier.clone(),
            form: form(server, Form::Post),
            size: BLOCK,
            connections: 8,
        };
        Asking::open(running.address, &plan).map(Blocks)
    })
}

/// nginx speaks HTTP, the others lines.
fn form(server: &Server, http: Form) -> Form {
    match server.name {
        NGINX => http,
        _ => Form::Line,
    }
}
