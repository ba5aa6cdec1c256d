//! Blocking servers in a few lines, without a runtime: the model of Python's `socketserver`.
//!
//! A [`Server`] is made of three parts, each a type: the [`Transport`] that requests come by
//! ([`Tcp`], [`Udp`], [`Unix`], [`UnixDatagram`], [`Tls`] over the stream ones), the [`Strategy`]
//! by which they are handled ([`Sequential`], [`Threading`], [`Pooled`], [`Forking`]), and the
//! [`RequestHandler`] that a program writes.
//!
//! ```no_run
//! use std::io::Write;
//! use std::time::Duration;
//!
//! use lariat_socketserver::{POLL_INTERVAL, StreamRequest, ThreadingTcpServer, handler};
//!
//! fn main() -> std::io::Result<()> {
//!     let server = ThreadingTcpServer::bind(
//!         "localhost:21567",
//!         handler(|request: &mut StreamRequest| {
//!             while let Some(line) = request.rfile.read_line(1024)? {
//!                 request.wfile.write_all(line)?;
//!             }
//!             Ok(())
//!         }),
//!     )?;
//!     server.shutdown_on_signals()?;
//!     server.serve_forever(POLL_INTERVAL)?;
//!     // Who is being served has ten seconds more; the rest is ended.
//!     server.drain(Duration::from_secs(10));
//!     Ok(())
//! }
//! ```
//!
//! Read [`Server`] and [`RequestHandler`] first. Deadlines, limits and an end that finishes
//! what was begun are there from the start ([`Options`], [`Server::drain`]); clients that have
//! connected and were not accepted yet are reset by it, as they are by every closed socket. Unix only.
//!
#![doc = include_str!("../python.md")]

mod address;
mod handler;
mod hooks;
mod job;
mod live;
mod options;
mod platform;
mod request;
mod server;
mod shutdown;
mod signals;
mod strategy;
mod transport;

pub use address::Address;
pub use handler::{HandlerError, HandlerResult, RequestHandler, handler};
pub use hooks::{Failure, Hooks, Refusal};
pub use job::Job;
pub use live::{Live, Permit};
pub use options::{AddressFamily, Deadlines, Options};
pub use request::{DatagramRequest, Reader, StreamRequest, Wire, Writer};
pub use server::{Builder, DrainReport, Handled, POLL_INTERVAL, Server};
pub use shutdown::ShutdownHandle;
pub use strategy::{Forking, Pooled, Sequential, Strategy, Threading};
pub use transport::{Accepted, Cut, Tcp, Tls, TlsSocket, Transport, Udp, Unix, UnixDatagram};

/// `TCPServer`: TCP, one request after the other.
pub type TcpServer<H> = Server<Tcp, Sequential, H>;
/// `UDPServer`: UDP, one datagram after the other.
pub type UdpServer<H> = Server<Udp, Sequential, H>;
/// `UnixStreamServer`: Unix stream sockets, one request after the other.
pub type UnixStreamServer<H> = Server<Unix, Sequential, H>;
/// `UnixDatagramServer`: Unix datagram sockets, one datagram after the other.
pub type UnixDatagramServer<H> = Server<UnixDatagram, Sequential, H>;
/// `ThreadingTCPServer`: TCP, a thread for each request.
pub type ThreadingTcpServer<H> = Server<Tcp, Threading, H>;
/// `ThreadingUDPServer`: UDP, a thread for each datagram.
pub type ThreadingUdpServer<H> = Server<Udp, Threading, H>;
/// `ThreadingUnixStreamServer`: Unix stream sockets, a thread for each request.
pub type ThreadingUnixStreamServer<H> = Server<Unix, Threading, H>;
/// `ThreadingUnixDatagramServer`: Unix datagram sockets, a thread for each datagram.
pub type ThreadingUnixDatagramServer<H> = Server<UnixDatagram, Threading, H>;
/// `ForkingTCPServer`: TCP, a process for each request.
pub type ForkingTcpServer<H> = Server<Tcp, Forking, H>;
/// `ForkingUDPServer`: UDP, a process for each datagram.
pub type ForkingUdpServer<H> = Server<Udp, Forking, H>;
/// `ForkingUnixStreamServer`: Unix stream sockets, a process for each request.
pub type ForkingUnixStreamServer<H> = Server<Unix, Forking, H>;
/// `ForkingUnixDatagramServer`: Unix datagram sockets, a process for each datagram.
pub type ForkingUnixDatagramServer<H> = Server<UnixDatagram, Forking, H>;
/// TCP, on a fixed number of threads.
pub type PooledTcpServer<H> = Server<Tcp, Pooled, H>;
/// UDP, on a fixed number of threads.
pub type PooledUdpServer<H> = Server<Udp, Pooled, H>;
/// Unix stream sockets, on a fixed number of threads.
pub type PooledUnixStreamServer<H> = Server<Unix, Pooled, H>;
/// Unix datagram sockets, on a fixed number of threads.
pub type PooledUnixDatagramServer<H> = Server<UnixDatagram, Pooled, H>;
