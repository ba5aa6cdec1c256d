//! Lariat's contracts and the protocols written against them: bytes to meaning and back.
//!
//! Nothing here opens a socket, reads a clock or touches a file: a [`Protocol`] is
//! called with what happened and answers by writing into the [`Transport`] that it is
//! lent, so it is tested as a plain value and fuzzed as a function. Who calls it (a TCP
//! connection, a TLS session, a datagram peer, a test) is none of its business.
//!
//! Read [`Protocol`] and [`Transport`] first; then [`framing`], which turns a stream of
//! bytes into lines and frames; then [`timestamp`], the smallest whole protocol.

// Tests may look at a clock, to have a moment to begin at.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod calendar;
pub mod call;
pub mod chargen;
pub mod chat;
pub mod command;
pub mod contract;
pub mod daytime;
pub mod discard;
pub mod echo;
pub mod endpoint;
pub mod framing;
pub mod ftp;
pub mod http_raw;
pub mod names;
mod network;
pub mod nntp;
mod pieces;
pub mod proxy;
pub mod qotd;
pub mod sleep;
pub mod talk;
pub mod time;
pub mod timestamp;

pub use contract::{
    Address, ConnectionId, ConnectionInfo, DatagramProtocol, DatagramTransport, Deadline,
    Deadlines, Error, Factory, Handle, Mailbox, Message, Protocol, Reason, Refusal, SendError,
    TimerId, TlsInfo, Transport, WaterMarks,
};
pub use endpoint::Endpoint;
pub use network::{Network, NetworkError};
