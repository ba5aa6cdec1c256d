//! What the tests of protocols share: a driver without sockets, on a clock that stands
//! still until it is moved, and transcripts that are replayed however they can be cut.
//!
//! For tests only; they live in `crates/*/tests/`, never in `src`.
//!
//! Read [`Driven`] first, then [`Transcript`] and [`Pair`]; [`Hostile`] is all of them at once.

mod driven;
mod hostile;
mod link;
mod pair;
mod transcript;

pub use driven::Driven;
pub use hostile::{Attack, Failure, Hostile};
pub use link::Link;
pub use pair::Pair;
pub use transcript::{Transcript, TranscriptError};
