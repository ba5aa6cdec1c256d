//! What the tests of protocols share: a driver without sockets, on a clock that stands
//! still until it is moved, and transcripts that are replayed however they can be cut.
//!
//! For tests only; they live in `crates/*/tests/`, never in `src`.
//!
//! Read [`Driven`] first, then [`Transcript`] and [`Pair`].

mod driven;
mod pair;
mod transcript;

pub use driven::Driven;
pub use pair::{Link, Pair};
pub use transcript::{Transcript, TranscriptError};
