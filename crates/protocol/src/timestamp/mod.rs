//! The timestamp protocol: a message comes back behind the time at which it was handled.
//!
//! The wire is that of the classic teaching example: `[` and C's `ctime` of the server's
//! local time without its newline, `] `, and the message as it came, line end and all:
//!
//! ```text
//! C: hi\n
//! S: [Sat Jun 17 17:27:21 2006] hi\n
//! ```
//!
//! On a stream a message is a line; where messages have boundaries (datagrams, WebSocket)
//! each is one message, whatever is in it. The simplest socket clients send bare words and
//! wait, so on a stream a message without a line end is answered once the peer has been
//! quiet for a moment. Bytes pass through unchanged.
//!
//! Read [`TimestampServer`] and [`TimestampClient`]; neither has a clock: the time is an
//! argument.

#[doc(hidden)]
pub mod check;
mod client;
mod ctime;
mod server;

pub use client::{Answer, Ending, TimestampClient};
pub(crate) use ctime::is_ctime;
pub use ctime::{CivilTime, Ctime, is_answer};
pub use server::{Options, TimestampServer};

/// The port of the classic example's servers.
pub const DEFAULT_PORT: u16 = 21567;

/// The longest line that is a message: 64 KiB, its line end not counted.
pub const MAXIMUM_LINE: usize = 64 * 1024;
