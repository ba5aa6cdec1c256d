//! Peers of datagram sockets as the engine sees them: whom it hears, how much it says, and how
//! it counts them.

mod counting;
mod draining;
mod manners;
#[cfg(unix)]
mod platform;

use std::net::{SocketAddr, UdpSocket};

use lariat::{ListenOptions, Listening, Protocol, Reactor, Transport};
use lariat_protocol::Deadlines;

use crate::common::PATIENCE;

/// A protocol that is one function of what comes.
struct OnData<F>(F);

impl<F: FnMut(&mut Transport, &[u8]) + Send + 'static> Protocol for OnData<F> {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        (self.0)(transport, data);
    }
}

fn echo(transport: &mut Transport, data: &[u8]) {
    transport.write(data);
}

fn listen_with<P: Protocol>(
    reactor: &Reactor,
    deadlines: Deadlines,
    factory: impl Fn() -> P + Send + Sync + 'static,
) -> Listening {
    let options = ListenOptions {
        deadlines: Some(deadlines),
        ..ListenOptions::default()
    };
    let handle = reactor.handle();
    let listening = handle.listen_with("udp://127.0.0.1:0", options, factory);
    listening.expect("listening")
}

/// A plain socket that hears one server only, bound to an address of its own.
fn bound_to(own: SocketAddr, server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(own).expect("bound");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket.connect(server).expect("connected");
    socket
}

/// Whether nothing has come that was not taken.
fn is_silent(socket: &UdpSocket) -> bool {
    socket.set_nonblocking(true).expect("set");
    let none = socket.recv(&mut [0; 100]).err().map(|error| error.kind());
    none == Some(std::io::ErrorKind::WouldBlock)
}

fn ask(socket: &UdpSocket, question: &[u8]) -> Vec<u8> {
    socket.send(question).expect("sent");
    next(socket)
}

fn next(socket: &UdpSocket) -> Vec<u8> {
    let mut answer = vec![0; 65_536];
    let length = socket.recv(&mut answer).expect("something in time");
    answer.truncate(length);
    answer
}
