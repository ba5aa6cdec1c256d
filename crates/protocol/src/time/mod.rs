//! The time protocol (RFC 868): the seconds since 1900 as four bytes, and then the end.
//!
//! ```text
//! S: \xc8\x3e\xb9\xf9
//! S: <end>
//! ```
//!
//! The number is big-endian and counts from midnight UTC on the 1st of January 1900. Its 32 bits
//! begin again on the 7th of February 2036; a client takes the moment that is
//! [nearest] to its own clock, and so is right while that is wrong by less than 68
//! years. Over datagrams any one of them, of no bytes too, has the time for an answer.
//!
//! Read [`TimeServer`] and [`TimeClient`]; neither has a clock: the time is an argument.

mod client;
mod server;
mod wire;

pub use client::TimeClient;
pub use server::{TimeServer, is_answer};
pub use wire::{UNIX_EPOCH, nearest, wire};
