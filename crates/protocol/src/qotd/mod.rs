//! The quote of the day protocol (RFC 865): a short text, and then the end.
//!
//! ```text
//! S: Measure twice, cut once.\r\n
//! S: <end>
//! ```
//!
//! A quote is at most 512 bytes, line ends included, so that it fits any datagram. Nothing that
//! a client sends is looked at. Over datagrams any one of them, of no bytes too, has a quote for
//! an answer.
//!
//! Read [`Quotes`], which checks a file of them, [`QotdServer`] and [`QotdClient`].

#[doc(hidden)]
pub mod check;
mod client;
mod quotes;
mod server;

pub use client::QotdClient;
pub use quotes::{Quotes, QuotesError};
pub use server::QotdServer;

/// The longest quote that is served, in bytes and with its line ends, as RFC 865 advises.
pub const MAXIMUM_QUOTE: usize = 512;

/// The longest answer that a client takes, since not all servers keep to the RFC.
pub const MAXIMUM_ANSWER: usize = 64 * 1024;
