//! The character generator protocol (RFC 864): characters without end, for who wants some.
//!
//! The characters are the RFC's example: the 95 printing ones of ASCII in a ring, 72 a line,
//! each line beginning one character further along:
//!
//! ```text
//! S:  !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefg\r\n
//! S: !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefgh\r\n
//! ```
//!
//! On a stream they come for as long as the client reads. Where messages have boundaries, each
//! that comes has one of 0 to 512 characters for an answer. Nothing that a client sends is
//! looked at.
//!
//! Read [`Pattern`] and [`ChargenServer`]; randomness is an argument.

mod client;
mod pattern;
mod server;

pub use client::{ChargenClient, Portion};
pub use pattern::{LINE, Pattern, is_answer};
pub use server::{ChargenServer, Options};

/// The most characters in an answer to a datagram.
pub const MAXIMUM_ANSWER: usize = 512;
