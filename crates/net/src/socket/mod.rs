//! The few words of Python's `socket` that neither std nor socket2 has: connecting to every address
//! of a host, a default time-out, connected TCP pairs, adopting a descriptor, families by name.
//!
//! No socket type of our own: what comes out is a [`socket2::Socket`] or a [`std::net::TcpStream`],
//! both blocking. `docs/coming-from-python.md` says for each Python word where it is found.
//!
//! Read [`create_connection`] first, then [`SocketError`].

mod connection;
mod error;
mod family;
mod pair;
mod timeout;

#[cfg(unix)]
pub use crate::platform::socket::{bytes_waiting, from_fd};
pub use connection::{ConnectionRequest, create_connection};
pub use error::{Attempt, SocketError};
pub use family::{Family, has_ipv6, open};
pub use pair::tcp_pair;
pub use timeout::{default_timeout, is_timeout, set_default_timeout};
