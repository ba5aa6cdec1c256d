//! What the tests of protocols share: a driver without sockets, on a clock that stands
//! still until it is moved, and transcripts that are replayed however they can be cut.
//!
//! For tests only; they live in `crates/*/tests/`, never in `src`.
//!
//! Read [`Driven`] first, then [`Transcript`] and [`Pair`]; [`Hostile`] is all of them at once. [`FtpServer`],
//! [`NntpServer`] and [`WebServer`] are what has sockets here: what clients and commands of some size talk to.
//! [`Nobody`] is a port that refuses.

mod driven;
mod ftp;
mod hostile;
mod link;
mod nntp;
mod nobody;
mod pair;
mod transcript;
mod web;

pub use driven::Driven;
pub use ftp::{Fault, FtpServer};
pub use hostile::{Attack, Failure, Hostile};
pub use link::Link;
pub use nntp::{NntpFault, NntpServer};
pub use nobody::Nobody;
pub use pair::Pair;
pub use transcript::{Transcript, TranscriptError};
pub use web::{Heard, WebFault, WebServer};
