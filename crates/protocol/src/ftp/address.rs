//! Addresses of data connections, as `PORT`, `PASV`, `EPRT` and `EPSV` write them (RFC 959, RFC 2428).

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use crate::contract::Error;

/// The address in the text of a reply to `PASV`: six numbers wherever they stand, since the RFC does
/// not say between what.
///
/// Whoever connects takes its port alone: the address is behind a router another one than here, and
/// a server that names somebody else's has the client connect there.
///
/// ```
/// use lariat_protocol::ftp::parse_passive;
///
/// let address = parse_passive("Entering Passive Mode (127,0,0,1,195,149).")?;
/// assert_eq!(address.to_string(), "127.0.0.1:50069");
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Invalid`] if there are no six numbers from 0 to 255, or the port is 0.
pub fn parse_passive(text: &str) -> Result<SocketAddrV4, Error> {
    let is_in_address = |character: char| character.is_ascii_digit() || character == ',';
    let found = text
        .split(|character| !is_in_address(character))
        .find_map(|part| six_numbers(part.trim_matches(',')));
    found.ok_or_else(|| {
        Error::invalid(format!(
            "no address as (127,0,0,1,195,149) stands in {}",
            shown(text)
        ))
    })
}

/// What a server says to `PASV`, as parenthesised numbers.
pub fn print_passive(address: SocketAddrV4) -> String {
    format!("Entering Passive Mode ({}).", print_port(address))
}

/// The argument of `PORT`.
///
/// # Errors
///
/// [`Error::Invalid`] if it is not six numbers from 0 to 255, or the port is 0.
pub fn parse_port(argument: &str) -> Result<SocketAddrV4, Error> {
    six_numbers(argument.trim()).ok_or_else(|| {
        Error::invalid(format!(
            "{} is no address as 127,0,0,1,195,149 is one",
            shown(argument)
        ))
    })
}

/// An address as `PORT` has it.
pub fn print_port(address: SocketAddrV4) -> String {
    let [a, b, c, d] = address.ip().octets();
    let [high, low] = address.port().to_be_bytes();
    format!("{a},{b},{c},{d},{high},{low}")
}

/// The port in the text of a reply to `EPSV`.
///
/// ```
/// use lariat_protocol::ftp::parse_extended_passive;
///
/// assert_eq!(parse_extended_passive("Entering Extended Passive Mode (|||6446|)")?, 6446);
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Invalid`] if no port from 1 on stands there between three and one of the same character.
pub fn parse_extended_passive(text: &str) -> Result<u16, Error> {
    let read = || {
        let inner = text.rsplit_once('(')?.1.split_once(')')?.0;
        let delimiter = inner.chars().next().filter(|first| is_delimiter(*first))?;
        let port = inner
            .strip_prefix(&delimiter.to_string().repeat(3))?
            .strip_suffix(delimiter)?;
        number::<u16>(port).filter(|port| *port != 0)
    };
    read().ok_or_else(|| Error::invalid(format!("no port as (|||6446|) stands in {}", shown(text))))
}

/// What a server says to `EPSV`.
pub fn print_extended_passive(port: u16) -> String {
    format!("Entering Extended Passive Mode (|||{port}|)")
}

/// The argument of `EPRT`.
///
/// ```
/// use lariat_protocol::ftp::parse_extended_port;
///
/// assert_eq!(parse_extended_port("|2|::1|5282|")?.to_string(), "[::1]:5282");
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Invalid`] if it is not a family, an address of it and a port.
pub fn parse_extended_port(argument: &str) -> Result<SocketAddr, Error> {
    let read = || {
        let delimiter = argument
            .chars()
            .next()
            .filter(|first| is_delimiter(*first))?;
        let mut parts = argument.split(delimiter).skip(1);
        let (family, address) = (parts.next()?, parts.next()?.parse::<IpAddr>().ok()?);
        let port = number::<u16>(parts.next()?).filter(|port| *port != 0)?;
        let is_right = match family {
            "1" => address.is_ipv4(),
            "2" => address.is_ipv6(),
            _ => false,
        };
        let ends = parts.next() == Some("") && parts.next().is_none();
        (is_right && ends).then(|| SocketAddr::new(address, port))
    };
    read().ok_or_else(|| {
        Error::invalid(format!(
            "{} is no address as |1|127.0.0.1|50069| or |2|::1|50069| is one",
            shown(argument)
        ))
    })
}

/// An address as `EPRT` has it.
pub fn print_extended_port(address: SocketAddr) -> String {
    let family = if address.is_ipv4() { 1 } else { 2 };
    format!("|{family}|{}|{}|", address.ip(), address.port())
}

fn six_numbers(text: &str) -> Option<SocketAddrV4> {
    let mut numbers = text.split(',').map(number::<u8>);
    let mut next = || numbers.next().flatten();
    let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    let port = u16::from_be_bytes([next()?, next()?]);
    (port != 0 && numbers.next().is_none()).then(|| SocketAddrV4::new(address, port))
}

/// A number of digits alone, of which there may be zeros in front.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// RFC 2428 allows these between the parts.
fn is_delimiter(character: char) -> bool {
    ('!'..='~').contains(&character) && !character.is_ascii_alphanumeric()
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(60).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn addresses_come_back(address: Ipv4Addr, port in 1u16..) {
            let address = SocketAddrV4::new(address, port);
            prop_assert_eq!(parse_port(&print_port(address)).expect("an address"), address);
            prop_assert_eq!(parse_passive(&print_passive(address)).expect("an address"), address);
            let both = SocketAddr::V4(address);
            prop_assert_eq!(parse_extended_port(&print_extended_port(both)).expect("an address"), both);
            let printed = print_extended_passive(port);
            prop_assert_eq!(parse_extended_passive(&printed).expect("a port"), port);
        }
    }

    #[test]
    fn servers_write_passive_addresses_in_many_ways() {
        for text in [
            "Entering Passive Mode (10,0,0,7,4,1)",
            "Entering Passive Mode 10,0,0,7,4,1",
            "=10,0,0,7,4,1",
            "Ok, 10,0,0,7,4,1.",
            "10,0,0,7,004,001",
        ] {
            let address = parse_passive(text).expect(text);
            assert_eq!(address.to_string(), "10.0.0.7:1025", "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "1,2,3,4,5",
            "1,2,3,4,5,256",
            "1,2,3,4,0,0",
            "1,2,3,4,5,6,7",
        ] {
            assert!(parse_passive(text).is_err(), "{text}");
            assert!(parse_port(text).is_err(), "{text}");
        }
        for text in [
            "|||6446|",
            "(|||0|)",
            "(||6446|)",
            "(|||65536|)",
            "(|||6446)",
            "(aaa6446a)",
            "(|||+5|)",
            "()",
        ] {
            assert!(parse_extended_passive(text).is_err(), "{text}");
        }
        for text in [
            "",
            "|1|::1|5|",
            "|2|127.0.0.1|5|",
            "|3|127.0.0.1|5|",
            "|1|127.0.0.1|0|",
            "|1|127.0.0.1|5",
            "|1|127.0.0.1|5||",
            "1127.0.0.15",
        ] {
            assert!(parse_extended_port(text).is_err(), "{text}");
        }
    }
}
