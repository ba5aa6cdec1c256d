//! The servers that are part of this program, each run in a process of its own.

use std::io::{self, Write};
use std::net::{TcpListener, UdpSocket};

use clap::ValueEnum;

use super::blocking::{self, Way};
use super::{news, tokio_usual};
use crate::platform::{datagram_server, epoll_server};
use crate::timestamp::lariat_server;

/// A server of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hosted {
    /// The loop by hand.
    Epoll,
    /// Lariat's reactor with the timestamp service.
    Lariat,
    /// The loop of a tokio tutorial.
    Tokio,
    /// Datagrams by hand, in batches.
    Datagrams,
    /// A thread for each connection, by hand.
    ByHand,
    /// `lariat::socketserver` with a thread for each connection.
    Threading,
    /// `lariat::socketserver` with a fixed number of threads.
    Pooled,
    /// `lariat::socketserver` with a process for each connection.
    Forking,
    /// A news server with one group.
    News,
    /// The same on TLS.
    NewsTls,
}

/// Prints the address and serves until the process is killed.
pub fn host(server: Hosted) -> io::Result<()> {
    match server {
        Hosted::Epoll => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            announce(&listener.local_addr()?.to_string())?;
            epoll_server::serve(listener)
        }
        Hosted::Lariat => lariat_server::serve(announce),
        Hosted::ByHand => blocking::serve(Way::ByHand, announce),
        Hosted::Threading => blocking::serve(Way::Threading, announce),
        Hosted::Pooled => blocking::serve(Way::Pooled, announce),
        Hosted::Forking => blocking::serve(Way::Forking, announce),
        Hosted::News => news::serve(false, announce),
        Hosted::NewsTls => news::serve(true, announce),
        Hosted::Tokio => tokio_usual::serve(announce),
        Hosted::Datagrams => {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            announce(&socket.local_addr()?.to_string())?;
            datagram_server::serve(&socket)
        }
    }
}

fn announce(address: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{address}")?;
    output.flush()
}
