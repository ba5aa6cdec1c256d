//! The echo protocol (RFC 862): everything comes back as it was sent.
//!
//! ```text
//! C: any bytes
//! S: any bytes
//! ```
//!
//! On a stream bytes come back in their order; where messages have boundaries, each comes back
//! whole. What is sent is nobody's business: there is no form and no end of a message.
//!
//! Read [`EchoServer`] and [`EchoClient`], which holds a server to its word.

mod client;
mod server;

pub use client::EchoClient;
pub use server::EchoServer;
