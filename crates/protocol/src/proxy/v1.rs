//! Version 1: a line of text (section 2.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Header, MAXIMUM_LINE, Pair, Scanned, no_header, proxied};
use crate::Error;

/// How a line may begin, and how many bytes the shortest such line has, its line end counted.
const BEGINNINGS: [(&[u8], usize); 3] = [
    (UNKNOWN, UNKNOWN.len() + 2),
    (TCP6, TCP6.len() + ":: :: 0 0\r\n".len()),
    (TCP4, TCP4.len() + "0.0.0.0 0.0.0.0 0 0\r\n".len()),
];

const UNKNOWN: &[u8] = b"PROXY UNKNOWN";
const TCP4: &[u8] = b"PROXY TCP4 ";
const TCP6: &[u8] = b"PROXY TCP6 ";

/// Reads what begins with a `P`.
pub(super) fn scan(data: &[u8]) -> Result<Scanned, Error> {
    let line = &data[..data.len().min(MAXIMUM_LINE)];
    if let Some(end) = memchr::memmem::find(line, b"\r\n") {
        let header = parse(&line[..end])?;
        return Ok(Scanned::Whole {
            header,
            length: end + 2,
        });
    }
    let missing = missing(data)?;
    if data.len() + missing > MAXIMUM_LINE {
        return Err(Error::invalid(format!(
            "the PROXY line does not end with CRLF within {MAXIMUM_LINE} bytes"
        )));
    }
    Ok(Scanned::Partial { missing })
}

pub(super) fn encode(header: &Header) -> Vec<u8> {
    let Header::Proxied {
        source,
        destination,
    } = header
    else {
        return b"PROXY UNKNOWN\r\n".to_vec();
    };
    let (family, [from, to]) = match Pair::of(source, destination) {
        Pair::V4(pair) => ("TCP4", pair.map(|address| address.to_string())),
        Pair::V6(pair) => ("TCP6", pair.map(hexadecimal)),
    };
    let (from_port, to_port) = (source.port(), destination.port());
    format!("PROXY {family} {from} {to} {from_port} {to_port}\r\n").into_bytes()
}

/// An address of groups of hexadecimal digits only, as section 2.1 has it: the standard library
/// writes the end of `::ffff:192.0.2.7` with dots.
fn hexadecimal(address: Ipv6Addr) -> String {
    match (address.to_ipv4_mapped(), address.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}"),
        (None, _) => address.to_string(),
    }
}

/// Reads a line without its end.
fn parse(line: &[u8]) -> Result<Header, Error> {
    if let Some(rest) = line.strip_prefix(UNKNOWN) {
        // Whatever else the line says is to be ignored.
        return match rest {
            [] | [b' ', ..] => Ok(Header::Unknown),
            _ => Err(wrong_protocol()),
        };
    }
    let is_v4 = line.starts_with(TCP4);
    let Some(rest) = line.strip_prefix(if is_v4 { TCP4 } else { TCP6 }) else {
        return Err(wrong_beginning(line));
    };
    let rest = String::from_utf8_lossy(rest);
    let fields: Vec<&str> = rest.split(' ').collect();
    let [from, to, from_port, to_port] = fields[..] else {
        return Err(wrong_fields());
    };
    let address = |text: &str| if is_v4 { ipv4(text) } else { ipv6(text) };
    Ok(proxied(
        (address(from)?, port(from_port)?),
        (address(to)?, port(to_port)?),
    ))
}

fn ipv4(text: &str) -> Result<IpAddr, Error> {
    match text.parse::<Ipv4Addr>() {
        Ok(address) => Ok(IpAddr::V4(address)),
        Err(_) => Err(Error::invalid(format!(
            "{text:?} in a PROXY line is not an IPv4 address, which TCP4 announces"
        ))),
    }
}

/// It may end in dotted numbers, which section 2.1 does not have: HAProxy itself writes
/// `::ffff:192.0.2.7` so, as `inet_ntop` does.
fn ipv6(text: &str) -> Result<IpAddr, Error> {
    match text.parse::<Ipv6Addr>() {
        Ok(address) => Ok(IpAddr::V6(address)),
        Err(_) => Err(Error::invalid(format!(
            "{text:?} in a PROXY line is not an IPv6 address, which TCP6 announces"
        ))),
    }
}

fn port(text: &str) -> Result<u16, Error> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !is_padded(text);
    match text.parse() {
        Ok(port) if plain => Ok(port),
        _ => Err(Error::invalid(format!(
            "{text:?} in a PROXY line is not a port, a number from 0 to 65535 without leading zeros"
        ))),
    }
}

fn is_padded(number: &str) -> bool {
    number.len() > 1 && number.starts_with('0')
}

/// How many bytes are missing at least in a line whose end is not here. What no further bytes can
/// mend is refused at once (section 2.1 recommends it).
fn missing(line: &[u8]) -> Result<usize, Error> {
    if let Some(but_for_newline) = line.strip_suffix(b"\r") {
        return parse(but_for_newline).map(|_| 1);
    }
    if let Some(rest) = line.strip_prefix(UNKNOWN) {
        return match rest {
            [] | [b' ', ..] => Ok(2),
            _ => Err(wrong_protocol()),
        };
    }
    if let Some(rest) = line.strip_prefix(TCP4) {
        return missing_of_addresses(rest, "0.0.0.0".len());
    }
    if let Some(rest) = line.strip_prefix(TCP6) {
        return missing_of_addresses(rest, "::".len());
    }
    let possible = BEGINNINGS.into_iter();
    let possible = possible.filter(|(beginning, _)| beginning.starts_with(line));
    match possible.map(|(_, shortest)| shortest).min() {
        Some(shortest) => Ok(shortest - line.len()),
        None => Err(wrong_beginning(line)),
    }
}

/// The same of what follows `TCP4` or `TCP6`, fields of which each has a shortest form.
fn missing_of_addresses(rest: &[u8], shortest_address: usize) -> Result<usize, Error> {
    let allowed = |byte: &u8| byte.is_ascii_hexdigit() || b":. ".contains(byte);
    if let Some(wrong) = rest.iter().find(|byte| !allowed(byte)) {
        return Err(Error::invalid(format!(
            "'{}' has no place in a PROXY line, which ends with CRLF",
            wrong.escape_ascii()
        )));
    }
    let mut missing = 2;
    let mut fields = rest.split(|byte| *byte == b' ').peekable();
    for shortest in [shortest_address, shortest_address, 1, 1] {
        match fields.next() {
            // One that another follows is as long as it will be.
            Some(field) if fields.peek().is_some() && field.len() < shortest => {
                return Err(wrong_fields());
            }
            Some(field) => missing += shortest.saturating_sub(field.len()),
            None => missing += 1 + shortest,
        }
    }
    match fields.next() {
        Some(_) => Err(wrong_fields()),
        None => Ok(missing),
    }
}

fn wrong_fields() -> Error {
    Error::invalid("a PROXY line has two addresses and two ports, each behind one space")
}

fn wrong_beginning(line: &[u8]) -> Error {
    if line.starts_with(b"PROXY ") {
        wrong_protocol()
    } else {
        no_header()
    }
}

fn wrong_protocol() -> Error {
    Error::invalid("the word behind PROXY is none of TCP4, TCP6 and UNKNOWN")
}
