//! Where a server is, and where a client comes from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// An address of any of the families that are served.
///
/// ```
/// use lariat_socketserver::Address;
///
/// let address = Address::from("127.0.0.1:21567".parse::<std::net::SocketAddr>().unwrap());
/// assert_eq!(address.port(), Some(21567));
/// assert_eq!(address.to_string(), "127.0.0.1:21567");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An address and port of IPv4 or IPv6.
    Inet(SocketAddr),
    /// The path of a Unix socket; most clients' have none.
    Unix(Option<PathBuf>),
}

impl Address {
    /// The IP address, if there is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Address::Inet(address) => Some(address.ip()),
            Address::Unix(_) => None,
        }
    }

    /// The port, if there is one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::Inet(address) => Some(address.port()),
            Address::Unix(_) => None,
        }
    }

    /// The path of a Unix socket, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Address::Inet(_) => None,
            Address::Unix(path) => path.as_deref(),
        }
    }
}

impl From<SocketAddr> for Address {
    /// IPv4 stays IPv4, also where a socket of both families shows it as IPv6.
    fn from(address: SocketAddr) -> Self {
        let shown = match address {
            SocketAddr::V6(six) => six.ip().to_ipv4_mapped(),
            SocketAddr::V4(_) => None,
        };
        // What is IPv6 keeps its zone, without which a link's own address leads nowhere.
        Address::Inet(shown.map_or(address, |four| (four, address.port()).into()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet(address) => address.fmt(f),
            Address::Unix(Some(path)) => path.display().fmt(f),
            Address::Unix(None) => f.write_str("a Unix socket without a name"),
        }
    }
}
