//! What the servers do: one module for each protocol, under the protocol's name.
//!
//! A service decides; how bytes come and go is [`lariat_net`]'s, and what they mean is
//! [`lariat_protocol`]'s. [`routes`] is for line protocols of one's own.

pub mod call;
pub mod chargen;
pub mod chat;
pub mod clock;
pub mod command;
pub mod daytime;
pub mod discard;
pub mod echo;
mod loops;
pub mod metrics;
pub mod names;
mod platform;
pub mod qotd;
pub mod routes;
pub mod sleep;
pub mod time;
pub mod timestamp;
