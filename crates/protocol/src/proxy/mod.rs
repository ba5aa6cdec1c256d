//! The PROXY protocol's header: who the client of a proxied connection is, told before its first
//! byte.
//!
//! It follows HAProxy's *The PROXY protocol, versions 1 & 2*, section 2.1 (a line of text) and
//! section 2.2 (binary); each is read by its own file. Both are read wherever one is expected, and
//! which is written is the caller's choice:
//!
//! ```text
//! PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n
//! ```
//!
//! Whom to believe such a header is not decided here, nor how long to wait for it. The additions
//! of version 2 (TLVs, section 2.2: TLS names, unique identifiers, a checksum) are skipped
//! unread. There is no guessing whether a header is there (section 2): what does not begin with
//! one is an error.
//!
//! Read [`Header`] and [`decode`] first; [`needed`] is for a reader that must leave what follows
//! the header where it is.

#[doc(hidden)]
pub mod check;
#[cfg(test)]
mod tests;
mod v1;
mod v2;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::Error;

/// How many bytes a header of version 1 may have, its line end counted (section 2.1).
pub const MAXIMUM_LINE: usize = 107;

/// How many bytes a header may have that is read. Version 2 could announce 65,551; an address
/// needs at most 232, and what proxies add to it is some hundred bytes, with a TLS client
/// certificate's name some more.
pub const MAXIMUM_LENGTH: usize = 4096;

/// What the shortest header has, which is `PROXY UNKNOWN` and its line end.
const SHORTEST: usize = 15;

/// What a proxy tells of a connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Header {
    /// The proxy speaks for itself, as for a health check: the connection's own addresses hold.
    Local,
    /// The connection is another's.
    Proxied {
        /// The client's address.
        source: SocketAddr,
        /// The address that the client connected to.
        destination: SocketAddr,
    },
    /// The connection is another's, of whom no IP address is known: `UNKNOWN`, an unspecified
    /// family, or a Unix socket. The connection's own addresses are all there is.
    Unknown,
}

/// The two ways to write a header.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Version {
    /// A line of text (section 2.1).
    V1,
    /// Binary (section 2.2).
    #[default]
    V2,
}

/// The header at the beginning of `data` and how many bytes it takes, or None if more bytes are
/// needed to tell.
///
/// Addresses come as IPv4 where an IPv6 one only stands for it (`::ffff:192.0.2.7`).
///
/// ```
/// use lariat_protocol::proxy::{Header, decode};
///
/// let wire = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\nhello";
/// let header = Header::Proxied {
///     source: "192.0.2.7:56324".parse()?,
///     destination: "192.0.2.1:443".parse()?,
/// };
/// assert_eq!(decode(wire)?, Some((header, 42)));
/// assert_eq!(decode(b"PROXY TCP4 192.0.2.7")?, None);
/// assert!(decode(b"GET / HTTP/1.1\r\n").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::Invalid`] as soon as no header can become of the bytes, [`Error::Limit`] for one of
/// more than [`MAXIMUM_LENGTH`] bytes.
pub fn decode(data: &[u8]) -> Result<Option<(Header, usize)>, Error> {
    match scan(data)? {
        Scanned::Whole { header, length } => Ok(Some((header, length))),
        Scanned::Partial { .. } => Ok(None),
    }
}

/// How many bytes are missing at least until the header at the beginning of `data` is whole; 0 if
/// it is.
///
/// Whoever reads no more than that, again and again, never reads past the header, so that what
/// follows it stays with the system. A header of version 2 is read in three steps, a usual
/// line of version 1 in at most eight.
///
/// ```
/// use lariat_protocol::proxy::needed;
///
/// let wire = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\nhello";
/// let mut read = 0;
/// loop {
///     match needed(&wire[..read])? {
///         0 => break,
///         more => read += more,
///     }
/// }
/// assert_eq!(&wire[read..], b"hello");
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
///
/// # Errors
///
/// As [`decode`].
pub fn needed(data: &[u8]) -> Result<usize, Error> {
    match scan(data)? {
        Scanned::Whole { .. } => Ok(0),
        Scanned::Partial { missing } => Ok(missing),
    }
}

/// The header on the wire, in this version.
pub fn encode(header: &Header, version: Version) -> Vec<u8> {
    match version {
        Version::V1 => encode_v1(header),
        Version::V2 => encode_v2(header),
    }
}

/// The header as a line of text. It has no word for [`Header::Local`], and says `UNKNOWN`.
///
/// Of two addresses of different families both are written as IPv6; scopes and flow labels have
/// no place in a header.
pub fn encode_v1(header: &Header) -> Vec<u8> {
    v1::encode(header)
}

/// The header in binary, without additions, for a connection of a stream; addresses as in
/// [`encode_v1`].
pub fn encode_v2(header: &Header) -> Vec<u8> {
    v2::encode(header)
}

/// What the beginning of a stream is.
enum Scanned {
    Whole {
        header: Header,
        length: usize,
    },
    /// So far a header, and no whole one before `missing` bytes more, of which there is one at
    /// least.
    Partial {
        missing: usize,
    },
}

fn scan(data: &[u8]) -> Result<Scanned, Error> {
    match data {
        [] => Ok(Scanned::Partial { missing: SHORTEST }),
        [b'P', ..] => v1::scan(data),
        [b'\r', ..] => v2::scan(data),
        _ => Err(no_header()),
    }
}

fn no_header() -> Error {
    Error::invalid("the connection does not begin with a PROXY header, and one is needed here")
}

/// What a header says of two addresses.
fn proxied(source: (IpAddr, u16), destination: (IpAddr, u16)) -> Header {
    let address = |(address, port): (IpAddr, u16)| SocketAddr::new(address.to_canonical(), port);
    Header::Proxied {
        source: address(source),
        destination: address(destination),
    }
}

/// Two addresses in the family that holds both.
enum Pair {
    V4([Ipv4Addr; 2]),
    V6([Ipv6Addr; 2]),
}

impl Pair {
    fn of(source: &SocketAddr, destination: &SocketAddr) -> Pair {
        let canonical = |address: &SocketAddr| address.ip().to_canonical();
        match (canonical(source), canonical(destination)) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Pair::V4([source, destination]),
            (source, destination) => Pair::V6([source, destination].map(|address| match address {
                IpAddr::V4(address) => address.to_ipv6_mapped(),
                IpAddr::V6(address) => address,
            })),
        }
    }
}
