//! What goes wrong between a server and its peers: each fault has one clear line, ends what it
//! must, and harms nobody else.

mod connecting;
mod hostile;
#[cfg(unix)]
mod platform;
mod slow_reader;

use std::io::{Read, Write};
use std::net::TcpStream;

use lariat::service::timestamp::Timestamp;
use lariat::{Listening, Reactor};

use crate::common::connect;

fn serve(reactor: &Reactor, endpoint: &str) -> Listening {
    let listening = reactor.listen(endpoint, Timestamp::default());
    listening.expect("listening")
}

/// Asks a line and reads its answer.
fn is_served(stream: &mut TcpStream) {
    stream.write_all(b"still there?\n").expect("sent");
    let mut answer = [0; 40];
    stream.read_exact(&mut answer).expect("answered in time");
    assert!(answer.ends_with(b"] still there?\n"));
}

fn others_are_served(listening: &Listening) {
    is_served(&mut connect(listening));
}
