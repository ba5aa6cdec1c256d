//! The contract of a protocol, held to its hard corners: one miniature for each, small
//! enough to be read, over real connections.

mod back_pressure;
mod data_connection;
mod fan_out;
mod held_back;
mod http_upgrade;
mod panicking;
mod slow_tls;
mod ssh;
mod start_tls;

use crate::common::{PATIENCE, connect, reactor, read_line};
