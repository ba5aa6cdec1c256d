//! The daytime protocol (RFC 867): the time as text, and then the end.
//!
//! The RFC leaves the form to the server. This one writes C's `ctime` of its local time and
//! CRLF, as inetd does, so that clients that were written for inetd agree:
//!
//! ```text
//! S: Sat Jun 17 17:27:21 2006\r\n
//! S: <end>
//! ```
//!
//! Nothing that a client sends is looked at. Over datagrams any one of them, of no bytes too,
//! has the time for an answer. Read [`DaytimeServer`] and [`DaytimeClient`].

mod client;
mod server;

pub use client::DaytimeClient;
pub use server::{DaytimeServer, is_answer};

/// The longest answer that a client takes: more than any way to write a time needs.
pub const MAXIMUM_ANSWER: usize = 512;
