//! The guards do what Python's documentation promises of `threading`, and survive those who go.

#![allow(clippy::unwrap_used)]

mod barriers;
#[path = "../common/mod.rs"]
mod common;
mod gates;
mod reentrant;
mod semaphores;
