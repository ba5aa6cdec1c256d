//! The async clients: one module for each protocol, under the protocol's name.

mod argument;
pub mod asking;
pub mod call;
pub mod chargen;
pub mod chat;
pub mod command;
pub mod daytime;
pub mod discard;
pub mod echo;
pub mod ftp;
pub mod http;
pub mod http_raw;
mod line_stream;
pub mod names;
pub mod nntp;
pub mod part;
mod platform;
pub mod qotd;
pub mod talk;
pub mod time;
pub mod timestamp;
