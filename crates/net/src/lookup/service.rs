//! Service words to ports and back: `getservbyname` and `getservbyport`.
//!
//! The system is asked first, through `getaddrinfo` and `getnameinfo`, which read `/etc/services`
//! and whatever else the machine is set up with; the built-in table answers what it does not know.

use std::net::{Ipv4Addr, SocketAddr};

use dns_lookup::AddrInfoHints;
use socket2::{Domain, Type};

use super::error::LookupError;
use super::table;
use crate::platform::lookup as system;

/// The port of a service word, over `tcp`, `udp`, or whichever of the two has it.
///
/// ```
/// use lariat_net::lookup::service_by_name;
///
/// assert_eq!(service_by_name("https", Some("tcp"))?, 443);
/// assert_eq!(service_by_name("domain", None)?, 53);
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::NoService`] for a word that is not known; a number is not a word.
pub fn service_by_name(name: &str, protocol: Option<&str>) -> Result<u16, LookupError> {
    find_port(name, protocol, port_from_system)
}

/// The service word of a port, over `tcp`, `udp`, or whichever of the two has it.
///
/// ```
/// use lariat_net::lookup::service_by_port;
///
/// assert_eq!(service_by_port(443, Some("tcp"))?, "https");
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::NoServiceName`] for a port that has none.
pub fn service_by_port(port: u16, protocol: Option<&str>) -> Result<String, LookupError> {
    find_name(port, protocol, name_from_system)
}

fn find_port(
    name: &str,
    protocol: Option<&str>,
    from_system: impl Fn(&str, &str) -> Option<u16>,
) -> Result<u16, LookupError> {
    let is_word =
        !name.is_empty() && !name.contains('\0') && !name.bytes().all(|byte| byte.is_ascii_digit());
    protocols(protocol)
        .filter(|_| is_word)
        .find_map(|over| from_system(name, over).or_else(|| table::service_port(name, over)))
        .ok_or_else(|| LookupError::NoService {
            name: name.to_owned(),
            protocol: protocol.unwrap_or("tcp or udp").to_owned(),
        })
}

fn find_name(
    port: u16,
    protocol: Option<&str>,
    from_system: impl Fn(u16, &str) -> Option<String>,
) -> Result<String, LookupError> {
    protocols(protocol)
        .find_map(|over| {
            from_system(port, over).or_else(|| table::service_name(port, over).map(str::to_owned))
        })
        .ok_or_else(|| LookupError::NoServiceName {
            port,
            protocol: protocol.unwrap_or("tcp or udp").to_owned(),
        })
}

/// The protocols to look under; none for one that has no ports here.
fn protocols(asked: Option<&str>) -> impl Iterator<Item = &'static str> {
    ["tcp", "udp"]
        .into_iter()
        .filter(move |protocol| asked.is_none_or(|asked| asked == *protocol))
}

fn port_from_system(name: &str, protocol: &str) -> Option<u16> {
    let kind = if protocol == "udp" {
        Type::DGRAM
    } else {
        Type::STREAM
    };
    let hints = AddrInfoHints {
        flags: system::AI_NUMERICHOST,
        address: Domain::IPV4.into(),
        socktype: kind.into(),
        protocol: 0,
    };
    let mut found = dns_lookup::getaddrinfo(Some("127.0.0.1"), Some(name), Some(hints)).ok()?;
    found.next()?.ok().map(|one| one.sockaddr.port())
}

fn name_from_system(port: u16, protocol: &str) -> Option<String> {
    let datagram = if protocol == "udp" {
        system::NI_DGRAM
    } else {
        0
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let (_, name) = dns_lookup::getnameinfo(&address, system::NI_NUMERICHOST | datagram).ok()?;
    // A port without a name comes back as its number.
    (name != port.to_string()).then_some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn words_and_ports_lead_to_each_other() {
        for (name, port) in [("https", 443), ("ssh", 22), ("ftp", 21), ("nntp", 119)] {
            assert_eq!(service_by_name(name, Some("tcp")).unwrap(), port);
            assert_eq!(service_by_port(port, Some("tcp")).unwrap(), name);
        }
        assert_eq!(service_by_name("tftp", None).unwrap(), 69);
        assert_eq!(service_by_port(69, None).unwrap(), "tftp");
    }

    #[test]
    fn a_system_without_a_list_of_services_knows_the_well_known_ones() {
        let port = |name, protocol| find_port(name, protocol, |_, _| None).ok();
        assert_eq!(port("https", Some("tcp")), Some(443));
        assert_eq!(port("www", None), Some(80));
        assert_eq!(port("tftp", Some("tcp")), None);
        assert_eq!(port("tftp", None), Some(69));
        let name = |port, protocol| find_name(port, protocol, |_, _| None).ok();
        assert_eq!(name(443, Some("tcp")).as_deref(), Some("https"));
        assert_eq!(name(1, Some("udp")), None);
    }

    #[test]
    fn the_system_goes_before_the_built_in_table() {
        let port = find_port("https", Some("tcp"), |_, _| Some(4433));
        assert_eq!(port.unwrap(), 4433);
        let name = find_name(443, Some("tcp"), |_, _| Some("ours".to_owned()));
        assert_eq!(name.unwrap(), "ours");
    }

    #[test]
    fn what_is_not_known_is_named_in_the_error() {
        for name in ["", "443", "no-such-service", "a\0b"] {
            let error = service_by_name(name, None).unwrap_err().to_string();
            let expected =
                format!("no service {name:?} over tcp or udp: give its port number instead");
            assert_eq!(error, expected);
        }
        assert_eq!(
            service_by_name("https", Some("smoke"))
                .unwrap_err()
                .to_string(),
            "no service \"https\" over smoke: give its port number instead"
        );
        assert_eq!(
            service_by_port(0, Some("tcp")).unwrap_err().to_string(),
            "no service name for port 0 over tcp"
        );
    }
}
