//! The `lariat` binary, driven as a person or a script drives it.

#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod bench;
mod cert;
mod connect;
mod faults;
mod pages;
mod process;
mod readme;
mod serve;
mod server;
mod terminal;
mod timestamp;
