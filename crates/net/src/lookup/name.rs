//! Addresses to names, and the names of this machine: `getnameinfo`, `gethostbyaddr`,
//! `gethostbyname_ex`, `getfqdn`, `gethostname`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Type};

use super::address::AddressQuery;
use super::error::{LookupError, Reason};
use super::service::service_by_port;
use crate::platform::lookup as system;

/// How [`name_of`] is to answer; the default asks for both names and takes numbers for want of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameFlags {
    /// The host as an address written out; no name server is asked.
    pub numeric_host: bool,
    /// The service as a port number.
    pub numeric_service: bool,
    /// An error, rather than the address written out, for a host without a name.
    pub name_required: bool,
    /// The service's name over UDP rather than over TCP.
    pub datagram: bool,
    /// The host's name without the domain, for hosts of the local domain.
    pub short_name: bool,
}

/// A socket address in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameInfo {
    /// The host's name, or its address written out.
    pub host: String,
    /// The service's name, or its port number.
    pub service: String,
}

/// A host with its names and addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The canonical name.
    pub name: String,
    /// Other names that led here. Only the name that was asked for is known, where it is another
    /// than the canonical one; the system gives away further ones by no safe interface.
    pub aliases: Vec<String>,
    /// The addresses, none of them twice.
    pub addresses: Vec<IpAddr>,
}

/// A socket address in words: the host's name and the service's.
///
/// ```
/// use lariat_net::lookup::{NameFlags, name_of};
///
/// let address = "127.0.0.1:443".parse().expect("an address");
/// let numeric = NameFlags { numeric_host: true, ..NameFlags::default() };
/// let words = name_of(&address, numeric)?;
/// assert_eq!((words.host.as_str(), words.service.as_str()), ("127.0.0.1", "https"));
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::NoName`] where a name is required and there is none.
pub fn name_of(address: &SocketAddr, flags: NameFlags) -> Result<NameInfo, LookupError> {
    let protocol = if flags.datagram { "udp" } else { "tcp" };
    let service = match service_by_port(address.port(), Some(protocol)) {
        Ok(name) if !flags.numeric_service => name,
        _ => address.port().to_string(),
    };
    let host = if flags.numeric_host {
        // The system writes a scope of an IPv6 address as the interface's name.
        ask(address, system::NI_NUMERICHOST)?
    } else {
        let short_name = if flags.short_name {
            system::NI_NOFQDN
        } else {
            0
        };
        match named(address, short_name) {
            Err(LookupError::NoName { .. }) if !flags.name_required => {
                ask(address, system::NI_NUMERICHOST)?
            }
            answer => answer?,
        }
    };
    Ok(NameInfo { host, service })
}

/// The host that has an address: `gethostbyaddr`.
///
/// # Errors
///
/// [`LookupError::NoName`] for an address that has no name.
pub fn host_by_address(address: IpAddr) -> Result<Host, LookupError> {
    Ok(Host {
        name: named(&SocketAddr::new(address, 0), 0)?,
        aliases: Vec::new(),
        addresses: vec![address],
    })
}

/// The first IPv4 address of a host: `gethostbyname`. For both families, see [`AddressQuery`].
///
/// ```
/// let address = lariat_net::lookup::host_by_name("localhost")?;
/// assert!(address.is_loopback());
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::NoAddress`] for a host that has none.
pub fn host_by_name(name: &str) -> Result<Ipv4Addr, LookupError> {
    let host = host_by_name_full(name)?;
    host.addresses
        .iter()
        .find_map(|address| match address {
            IpAddr::V4(address) => Some(*address),
            IpAddr::V6(_) => None,
        })
        .ok_or_else(|| LookupError::NoAddress {
            host: name.to_owned(),
            reason: Reason::NoData,
        })
}

/// A host with its canonical name and all its IPv4 addresses: `gethostbyname_ex`.
///
/// # Errors
///
/// [`LookupError::NoAddress`] for a host that has none.
pub fn host_by_name_full(name: &str) -> Result<Host, LookupError> {
    let query = AddressQuery::new().host(name).kind(Type::STREAM);
    let found = query.family(Domain::IPV4).canonical_name(true).lookup()?;
    let canonical = found.first().and_then(|one| one.canonical_name.clone());
    let canonical = canonical.unwrap_or_else(|| name.to_owned());
    let mut addresses = Vec::new();
    for one in found {
        if !addresses.contains(&one.address.ip()) {
            addresses.push(one.address.ip());
        }
    }
    Ok(Host {
        aliases: (canonical != name)
            .then(|| name.to_owned())
            .into_iter()
            .collect(),
        name: canonical,
        addresses,
    })
}

/// The name of this machine: `gethostname`.
///
/// ```
/// assert!(!lariat_net::lookup::host_name()?.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What the system says, or a name that is not UTF-8.
pub fn host_name() -> io::Result<String> {
    dns_lookup::get_hostname()
}

/// The full name of a host, or of this machine: `getfqdn`.
///
/// That is the first name with a dot in it among the name of the host's address and its canonical
/// name; for want of one the canonical name, and for a host that is not known its name as given.
///
/// ```
/// assert!(!lariat_net::lookup::full_name(None)?.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// None for a host that is given; for this machine, those of [`host_name`].
pub fn full_name(host: Option<&str>) -> io::Result<String> {
    let name = match host {
        None | Some("" | "0.0.0.0" | "::") => host_name()?,
        Some(host) => host.to_owned(),
    };
    let query = AddressQuery::new()
        .host(&*name)
        .kind(Type::STREAM)
        .canonical_name(true);
    let Ok(found) = query.lookup() else {
        return Ok(name);
    };
    let reverse = found.first().and_then(|one| named(&one.address, 0).ok());
    let canonical = found.into_iter().find_map(|one| one.canonical_name);
    Ok(choose_full_name(name, reverse, canonical))
}

/// Python's rule: the name of the address first, unless only the other one has a domain.
fn choose_full_name(name: String, reverse: Option<String>, canonical: Option<String>) -> String {
    // An address is its own canonical name, and has dots, but is not a name.
    let canonical = canonical.filter(|text| text.parse::<IpAddr>().is_err());
    let candidates = [reverse, canonical];
    let full = candidates.iter().flatten().find(|one| one.contains('.'));
    let any = candidates.iter().flatten().next();
    full.or(any).cloned().unwrap_or(name)
}

/// The name of an address; the loopback addresses have one whatever the system knows.
fn named(address: &SocketAddr, flags: i32) -> Result<String, LookupError> {
    match ask(address, flags | system::NI_NAMEREQD) {
        Err(LookupError::NoName { .. }) if is_localhost(address.ip()) => Ok("localhost".to_owned()),
        answer => answer,
    }
}

fn is_localhost(address: IpAddr) -> bool {
    address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST
}

fn ask(address: &SocketAddr, flags: i32) -> Result<String, LookupError> {
    // The service's name is not the system's to give: the built-in table has its say in it.
    dns_lookup::getnameinfo(address, flags | system::NI_NUMERICSERV)
        .map(|(host, _)| host)
        .map_err(|error| LookupError::no_name(address.ip(), error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn words(address: &str, flags: NameFlags) -> (String, String) {
        let words = name_of(&address.parse().unwrap(), flags).unwrap();
        (words.host, words.service)
    }

    fn pair(host: &str, service: &str) -> (String, String) {
        (host.to_owned(), service.to_owned())
    }

    #[test]
    fn an_address_is_put_into_numbers_or_words_as_asked() {
        let numeric = NameFlags {
            numeric_host: true,
            numeric_service: true,
            ..NameFlags::default()
        };
        let service = NameFlags {
            numeric_service: false,
            ..numeric
        };
        let datagram = NameFlags {
            datagram: true,
            ..service
        };
        assert_eq!(words("127.0.0.1:443", numeric), pair("127.0.0.1", "443"));
        assert_eq!(words("[::1]:443", service), pair("::1", "https"));
        assert_eq!(words("127.0.0.1:69", datagram), pair("127.0.0.1", "tftp"));
        assert_eq!(words("127.0.0.1:0", service), pair("127.0.0.1", "0"));
    }

    #[test]
    fn the_loopback_addresses_have_a_name() {
        let required = NameFlags {
            name_required: true,
            ..NameFlags::default()
        };
        for address in ["127.0.0.1:22", "[::1]:22"] {
            let (host, service) = words(address, required);
            assert!(host.parse::<IpAddr>().is_err(), "{host}");
            assert_eq!(service, "ssh");
        }
        let host = host_by_address(Ipv4Addr::LOCALHOST.into()).unwrap();
        assert!(!host.name.is_empty());
        assert_eq!(host.addresses, [IpAddr::from([127, 0, 0, 1])]);
    }

    #[test]
    fn a_host_by_name_has_its_addresses_once_and_the_other_name_as_alias() {
        assert!(host_by_name("localhost").unwrap().is_loopback());
        assert_eq!(host_by_name("127.0.0.1").unwrap(), Ipv4Addr::LOCALHOST);
        let host = host_by_name_full("localhost").unwrap();
        for (index, address) in host.addresses.iter().enumerate() {
            assert!(address.is_loopback() && !host.addresses[..index].contains(address));
        }
        assert_eq!(host.aliases.is_empty(), host.name == "localhost");
        assert!(matches!(
            host_by_name(""),
            Err(LookupError::NoAddress { .. })
        ));
    }

    #[test]
    fn a_full_name_is_the_first_with_a_domain() {
        let choose = |reverse: Option<&str>, canonical: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            choose_full_name("asked".to_owned(), owned(reverse), owned(canonical))
        };
        assert_eq!(choose(Some("a"), Some("b.example")), "b.example");
        assert_eq!(choose(Some("a.example"), Some("b.example")), "a.example");
        assert_eq!(choose(Some("a"), Some("b")), "a");
        assert_eq!(choose(None, Some("b")), "b");
        assert_eq!(choose(Some("a"), Some("127.0.0.1")), "a");
        assert_eq!(choose(None, None), "asked");
    }

    #[test]
    fn this_machine_has_a_name_and_an_unknown_host_keeps_its_own() {
        assert!(!host_name().unwrap().is_empty());
        assert!(!full_name(None).unwrap().is_empty());
        // A name with a NUL in it is refused before any name server is asked.
        assert_eq!(full_name(Some("a\0b")).unwrap(), "a\0b");
    }
}
