//! A new connection for each line.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::Effort;
use super::rounds::{self, Work};
use crate::load::{Carrier, Form, Plan, churn};
use crate::servers::TIMESTAMP;

/// Connections that are opened anew for each question.
pub struct Churn {
    /// Who is asked.
    pub server: SocketAddr,
    /// How.
    pub plan: Plan,
}

impl Work for Churn {
    fn run(&mut self, duration: Duration) -> io::Result<u64> {
        let churned = churn::churn(self.server, &self.plan, duration)?;
        match churned.failures.first() {
            None => Ok(churned.times.len() as u64),
            Some(first) => Err(io::Error::other(format!(
                "{} connections failed: {first}",
                churned.failures.len()
            ))),
        }
    }
}

/// Prints the table.
pub fn print(effort: &Effort) -> io::Result<()> {
    let plan = Plan {
        carrier: Carrier::Plain,
        form: Form::Line,
        size: 64,
        connections: 32,
    };
    println!("connections that ask one line and close, over TCP, 32 at once");
    rounds::print(effort, &TIMESTAMP, "connection", |running, _| {
        Ok(Churn {
            server: running.address,
            plan: plan.clone(),
        })
    })
}
