//! The queues do what Python's documentation promises of `queue`, and lose nothing.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod plain;
mod wakeups;
