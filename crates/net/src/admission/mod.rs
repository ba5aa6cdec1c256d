//! Admission: who may connect, how many, and how fast.
//!
//! Decided before anything is spent on a connection; what it is told when it is refused is
//! its service's to say.

mod bucket;
mod gate;
mod limits;

pub(crate) use bucket::Bucket;
pub(crate) use gate::{Gate, Handshaking, Lingering, visitor_of};
pub use limits::Limits;
