//! Placeholder.

pub mod lookup;
mod platform;
pub mod socket;
