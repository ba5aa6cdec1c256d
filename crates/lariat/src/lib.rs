//! **Lariat** is a network engine: write a protocol once and serve it over TCP, TLS, UDP,
//! Unix sockets and WebSocket, with the accept loop, limits, TLS and draining done once
//! underneath.
//!
//! A service is written in one of two ways, and served by the same [`Reactor`] (a third, blocking code
//! on threads of its own, is [`socketserver`], on Unix only):
//!
//! ```
//! use lariat::{Connection, Protocol, Reactor, Transport};
//! use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//!
//! /// Event-driven: told what happens, answers into the transport.
//! struct Echo;
//!
//! impl Protocol for Echo {
//!     fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
//!         transport.write(data);
//!     }
//! }
//!
//! /// Async: a function of a connection.
//! async fn greet(connection: Connection) -> std::io::Result<()> {
//!     let mut stream = BufReader::new(connection);
//!     let mut name = String::new();
//!     stream.read_line(&mut name).await?;
//!     stream.write_all(format!("hello, {name}").as_bytes()).await?;
//!     stream.shutdown().await
//! }
//!
//! # fn main() -> Result<(), lariat::Error> {
//! let reactor = Reactor::builder().build()?;
//! reactor.listen("tcp://localhost:0", || Echo)?;
//! reactor.listen("tcp://localhost:0", greet)?;
//! # reactor.handle().stop();
//! reactor.run();
//! # Ok(()) }
//! ```
//!
//! Read [`Protocol`] and [`Transport`] first, then [`framing`] for lines and frames, and the
//! programs in `examples/`.

#[cfg(unix)]
mod blocking;

#[cfg(unix)]
pub use blocking::{blocking, blocking_datagrams};
pub use lariat_client as client;
pub use lariat_net::*;
pub use lariat_protocol::{
    Address, ConnectionInfo, DatagramProtocol, DatagramTransport, Endpoint, Factory, Message,
    Protocol, Reason, SendError, TimerId, TlsInfo, Transport, WaterMarks, call, chargen, chat,
    command, daytime, discard, echo, endpoint, framing, ftp, http_raw, names, nntp, qotd, remote,
    sleep, talk, time, timestamp,
};
pub use lariat_re as re;
pub use lariat_service as service;
pub use lariat_service::routes;
#[cfg(unix)]
pub use lariat_socketserver as socketserver;
pub use lariat_store as store;
pub use lariat_sync as sync;
pub use lariat_tls as tls;

/// What is said by a protocol about its connection; [`Error`] is the engine's own.
pub use lariat_protocol::Error as ProtocolError;
/// The address of one connection, for messages; [`Handle`] is the reactor's.
pub use lariat_protocol::Handle as ConnectionHandle;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/coming-from-python.md")]
mod coming_from_python {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/concepts.md")]
mod concepts {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/threads.md")]
mod threads {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/remote-calls.md")]
mod remote_calls {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/chat.md")]
mod chat_page {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/http.md")]
mod http {}
