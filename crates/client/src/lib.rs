//! The async clients: one module for each protocol, under the protocol's name.

pub mod timestamp;
