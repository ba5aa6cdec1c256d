//! TLS for the engine: identities, a private certificate authority, and both
//! sides of a connection.
//!
//! It is the one place that knows rustls; none of rustls's types shows in what
//! is public here. It opens no socket, resolves no name and sets no deadline.
//!
//! Read [`ServerTls`] and [`ClientTls`] first: each turns a stream of bytes
//! into a [`TlsStream`]. An [`Identity`] is what a side shows; where there is
//! none, a [`Directory`] makes one with an [`Authority`] of its own.

mod asked;
mod authority;
mod blocking;
mod certificate;
mod client;
mod directory;
mod error;
mod explain;
mod fingerprint;
mod identity;
mod names;
mod opening;
mod pem;
mod platform;
mod provider;
mod records;
mod scratch;
mod server;
mod stream;

pub use authority::{Authority, Issued};
pub use blocking::BlockingTlsStream;
pub use client::{ClientOptions, ClientTls, Trust};
pub use directory::{ClientFiles, Directory};
pub use error::{Cause, PeerFault, Problem, Side, TlsError};
pub use fingerprint::fingerprint;
pub use identity::Identity;
pub use server::{ServerOptions, ServerTls};
pub use stream::{Session, TlsStream};
