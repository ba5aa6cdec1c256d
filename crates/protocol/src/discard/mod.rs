//! The discard protocol (RFC 863): everything is taken and nothing is answered.
//!
//! ```text
//! C: any bytes
//! ```
//!
//! It has no client side of its own: whatever sends is one. Read [`DiscardServer`].

mod server;

pub use server::DiscardServer;
