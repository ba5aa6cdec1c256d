//! Who is at each end of a connection, in the words of every carrier.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// One end of a connection.
///
/// Prints as the socket vocabulary prints it: `127.0.0.1:21567`, `[::1]:21567`, the path
/// of a Unix socket, or a word for what has no address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Address {
    /// An IPv4 or IPv6 address and port.
    Inet(SocketAddr),
    /// A Unix socket's path; none for a socket that was never bound, as clients' are.
    Unix(Option<Arc<Path>>),
    /// A `mem://` endpoint's name.
    Memory(Arc<str>),
    /// Standard input and output.
    Stdio,
}

impl Address {
    /// The internet address, if this is one.
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Address::Inet(address) => Some(*address),
            _ => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        // A dual-stack socket reports an IPv4 peer as ::ffff:a.b.c.d. People and
        // access rules write a.b.c.d, so that is what everything above here sees. Every other
        // address stays whole: without its scope a link-local one leads nowhere.
        let ip = address.ip().to_canonical();
        Address::Inet(match ip == address.ip() {
            true => address,
            false => SocketAddr::new(ip, address.port()),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet(address) => address.fmt(out),
            Address::Unix(Some(path)) => path.display().fmt(out),
            Address::Unix(None) => out.write_str("unix:unnamed"),
            Address::Memory(name) => write!(out, "mem://{name}"),
            Address::Stdio => out.write_str("stdio"),
        }
    }
}

/// What a completed TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// The version, as `TLSv1.3`.
    pub version: String,
    /// The cipher suite, by its IANA name.
    pub cipher: String,
    /// The application protocol chosen by ALPN, if any.
    pub alpn: Option<Vec<u8>>,
    /// The server name that the client asked for (SNI), on a server.
    pub server_name: Option<String>,
    /// The peer's verified certificates, leaf first, in DER; empty if it gave none.
    pub peer_certificates: Vec<Vec<u8>>,
}

/// What is known of a connection before its first byte.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// The other end.
    pub peer: Address,
    /// Our end.
    pub local: Address,
    /// The TLS session under the connection, if there is one.
    pub tls: Option<Arc<TlsInfo>>,
    /// Whether the carrier keeps message boundaries (UDP, Unix datagrams, WebSocket).
    pub message_oriented: bool,
}

impl ConnectionInfo {
    /// A plain stream between two ends.
    pub fn stream(peer: impl Into<Address>, local: impl Into<Address>) -> Self {
        ConnectionInfo {
            peer: peer.into(),
            local: local.into(),
            tls: None,
            message_oriented: false,
        }
    }

    /// A carrier between two ends on which each write is one message.
    pub fn messages(peer: impl Into<Address>, local: impl Into<Address>) -> Self {
        ConnectionInfo {
            message_oriented: true,
            ..ConnectionInfo::stream(peer, local)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_of_ipv4_is_written_as_such_and_any_other_keeps_its_scope() {
        for (given, kept) in [
            ("[::ffff:192.0.2.1]:7", "192.0.2.1:7"),
            ("192.0.2.1:7", "192.0.2.1:7"),
            ("[fe80::1%3]:7", "[fe80::1%3]:7"),
        ] {
            let given: SocketAddr = given.parse().expect("an address");
            assert_eq!(Address::from(given).to_string(), kept);
        }
    }
}
