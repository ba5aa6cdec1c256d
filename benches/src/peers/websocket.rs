//! Messages over WebSocket, against the packages that are used most.

use std::io;
use std::time::Duration;

use super::Effort;
use super::rounds::{self, Work};
use crate::load::{Asking, Carrier, Form, Plan};
use crate::servers::{Server, lariat, scripts};

const SERVERS: [Server; 3] = [
    Server {
        name: "lariat serve",
        start: lariat::websocket,
    },
    Server {
        name: "Node, ws",
        start: scripts::node_websocket,
    },
    Server {
        name: "Python, websockets",
        start: scripts::python_websocket,
    },
];

struct Messages(Asking);

impl Work for Messages {
    fn run(&mut self, duration: Duration) -> io::Result<u64> {
        Ok(self.0.run(duration)?.len() as u64)
    }
}

/// Prints the table.
pub fn print(effort: &Effort) -> io::Result<()> {
    println!("messages of 64 bytes over WebSocket, closed loop, 64 connections");
    let plan = Plan {
        carrier: Carrier::WebSocket,
        form: Form::Frame,
        size: 64,
        connections: 64,
    };
    rounds::print(effort, &SERVERS, "message", |running, _| {
        Asking::open(running.address, &plan).map(Messages)
    })
}
