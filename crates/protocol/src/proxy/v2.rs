//! Version 2: binary, with its length in it (section 2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Header, MAXIMUM_LENGTH, Pair, Scanned, no_header, proxied};
use crate::Error;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family and protocol, and how many bytes follow.
const FIXED: usize = 16;

const VERSION: u8 = 0x20;
const COMMAND_LOCAL: u8 = 0x0;
const COMMAND_PROXY: u8 = 0x1;

const FAMILY_UNSPECIFIED: u8 = 0x0;
const FAMILY_INET: u8 = 0x1;
const FAMILY_INET6: u8 = 0x2;
const FAMILY_UNIX: u8 = 0x3;

const PROTOCOL_UNSPECIFIED: u8 = 0x0;
const PROTOCOL_STREAM: u8 = 0x1;
const PROTOCOL_DATAGRAM: u8 = 0x2;

/// What the bytes behind the fixed part are.
#[derive(Clone, Copy)]
enum Block {
    /// The proxy speaks for itself; whatever is there does not count.
    Local,
    V4,
    V6,
    Unix,
    Unspecified,
}

impl Block {
    /// What the 14th byte says.
    fn of(family_and_protocol: u8) -> Result<Block, Error> {
        let (family, protocol) = (family_and_protocol >> 4, family_and_protocol & 0xf);
        match (family, protocol) {
            (FAMILY_UNSPECIFIED..=FAMILY_UNIX, PROTOCOL_UNSPECIFIED)
            | (FAMILY_UNSPECIFIED, PROTOCOL_STREAM | PROTOCOL_DATAGRAM) => Ok(Block::Unspecified),
            (FAMILY_INET, PROTOCOL_STREAM | PROTOCOL_DATAGRAM) => Ok(Block::V4),
            (FAMILY_INET6, PROTOCOL_STREAM | PROTOCOL_DATAGRAM) => Ok(Block::V6),
            (FAMILY_UNIX, PROTOCOL_STREAM | PROTOCOL_DATAGRAM) => Ok(Block::Unix),
            _ => Err(Error::invalid(format!(
                "family and protocol {family_and_protocol:#04x} of a PROXY header do not exist; \
                 families go to 0x3_ and protocols to 0x_2"
            ))),
        }
    }

    /// How many bytes the addresses have.
    fn length(self) -> usize {
        match self {
            Block::Local | Block::Unspecified => 0,
            Block::V4 => 2 * (4 + 2),
            Block::V6 => 2 * (16 + 2),
            Block::Unix => 2 * 108,
        }
    }

    /// Reads the addresses, which are all there.
    fn read(self, mut addresses: &[u8]) -> Header {
        match self {
            Block::Local => Header::Local,
            Block::Unix | Block::Unspecified => Header::Unknown,
            Block::V4 => {
                let from = IpAddr::V4(Ipv4Addr::from(take(&mut addresses)));
                let to = IpAddr::V4(Ipv4Addr::from(take(&mut addresses)));
                with_ports(from, to, addresses)
            }
            Block::V6 => {
                let from = IpAddr::V6(Ipv6Addr::from(take(&mut addresses)));
                let to = IpAddr::V6(Ipv6Addr::from(take(&mut addresses)));
                with_ports(from, to, addresses)
            }
        }
    }
}

/// Reads what begins with a CR.
pub(super) fn scan(data: &[u8]) -> Result<Scanned, Error> {
    let common = data.len().min(SIGNATURE.len());
    if data[..common] != SIGNATURE[..common] {
        return Err(no_header());
    }
    let [.., version_and_command, family_and_protocol, high, low] = *match data.first_chunk() {
        Some::<&[u8; FIXED]>(fixed) => fixed,
        None => {
            return Ok(Scanned::Partial {
                missing: FIXED - data.len(),
            });
        }
    };
    let block = match version_and_command ^ VERSION {
        // Its family is ignored.
        COMMAND_LOCAL => Block::Local,
        COMMAND_PROXY => Block::of(family_and_protocol)?,
        _ => {
            return Err(Error::invalid(format!(
                "version and command {version_and_command:#04x} of a PROXY header do not exist; \
                 there are 0x20 (local) and 0x21 (proxied)"
            )));
        }
    };
    let announced = usize::from(u16::from_be_bytes([high, low]));
    let length = FIXED + announced;
    if length > MAXIMUM_LENGTH {
        return Err(Error::limit(format!(
            "a PROXY header of {length} bytes; at most {MAXIMUM_LENGTH} are read"
        )));
    }
    if announced < block.length() {
        return Err(Error::invalid(format!(
            "a PROXY header has {announced} bytes for its addresses, which need {}",
            block.length()
        )));
    }
    match data.get(FIXED..length) {
        Some(addresses) => Ok(Scanned::Whole {
            header: block.read(addresses),
            length,
        }),
        None => Ok(Scanned::Partial {
            missing: length - data.len(),
        }),
    }
}

pub(super) fn encode(header: &Header) -> Vec<u8> {
    let (command, family, addresses) = match header {
        Header::Local => (COMMAND_LOCAL, FAMILY_UNSPECIFIED, Vec::new()),
        Header::Unknown => (COMMAND_PROXY, FAMILY_UNSPECIFIED, Vec::new()),
        Header::Proxied {
            source,
            destination,
        } => {
            let (family, mut addresses) = match Pair::of(source, destination) {
                Pair::V4(pair) => (FAMILY_INET, pair.map(|ip| ip.octets()).concat()),
                Pair::V6(pair) => (FAMILY_INET6, pair.map(|ip| ip.octets()).concat()),
            };
            addresses.extend(source.port().to_be_bytes());
            addresses.extend(destination.port().to_be_bytes());
            (COMMAND_PROXY, family, addresses)
        }
    };
    let protocol = match family {
        FAMILY_UNSPECIFIED => PROTOCOL_UNSPECIFIED,
        _ => PROTOCOL_STREAM,
    };
    let mut wire = SIGNATURE.to_vec();
    // No addresses have more than 36 bytes.
    let length = u8::try_from(addresses.len()).unwrap_or(u8::MAX);
    wire.extend([VERSION | command, family << 4 | protocol, 0, length]);
    wire.extend(addresses);
    wire
}

fn with_ports(from: IpAddr, to: IpAddr, mut ports: &[u8]) -> Header {
    let from_port = u16::from_be_bytes(take(&mut ports));
    let to_port = u16::from_be_bytes(take(&mut ports));
    proxied((from, from_port), (to, to_port))
}

/// The first `N` bytes, of which [`Block::length`] has promised that they are there.
fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    match bytes.split_first_chunk() {
        Some((first, rest)) => {
            *bytes = rest;
            *first
        }
        None => [0; N],
    }
}
