//! Sockets of IPv4 and IPv6 at an address that a person wrote.

use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use socket2::{Domain, Socket, Type};

use crate::options::{AddressFamily, Options};
use crate::transport::wrong;

/// A socket that is bound to the first address that a name stands for and that can be had.
pub(super) fn bind(address: &OsStr, kind: Type, options: &Options) -> io::Result<Socket> {
    let name = Name::read(address)?;
    let mut failure = None;
    for address in name.addresses(options.address_family)? {
        match bind_one(address, name.host.is_empty(), kind, options) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = failure.or(Some((address, error))),
        }
    }
    Err(match failure {
        Some((address, error)) => {
            io::Error::new(error.kind(), format!("cannot listen at {address}: {error}"))
        }
        None => wrong(format!(
            "{:?} has no address of the family {:?}",
            name.host, options.address_family
        )),
    })
}

/// Without a host an IPv6 socket hears IPv4 too, unless only IPv6 was asked for.
fn bind_one(
    address: SocketAddr,
    everywhere: bool,
    kind: Type,
    options: &Options,
) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    if address.is_ipv6() {
        let both = everywhere && options.address_family == AddressFamily::Any;
        socket.set_only_v6(!both)?;
    }
    // On datagrams it would share the port with whoever else asks for it.
    if options.allow_reuse_address && kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    }
    if options.allow_reuse_port {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A host, or none for every address, and a port.
struct Name<'a> {
    host: &'a str,
    port: u16,
}

impl<'a> Name<'a> {
    fn read(address: &'a OsStr) -> io::Result<Self> {
        let form = "write HOST:PORT, [IPV6]:PORT or :PORT";
        let text = address
            .to_str()
            .ok_or_else(|| wrong(format!("{address:?} is no address; {form}")))?;
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| wrong(format!("{text:?} has no port; {form}")))?;
        let port = port
            .parse()
            .map_err(|_| wrong(format!("{port:?} is no port from 0 to 65535; {form}")))?;
        let bracketed = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        if bracketed.is_none() && host.contains(':') {
            return Err(wrong(format!("{host:?} is IPv6 without brackets; {form}")));
        }
        let host = bracketed.unwrap_or(host);
        Ok(Name { host, port })
    }

    fn addresses(&self, family: AddressFamily) -> io::Result<Vec<SocketAddr>> {
        if self.host.is_empty() {
            let every = [
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, self.port)),
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port)),
            ];
            return Ok(of_family(every.into_iter(), family));
        }
        let found = (self.host, self.port).to_socket_addrs().map_err(|error| {
            let words = format!("cannot look up {:?}: {error}", self.host);
            io::Error::new(error.kind(), words)
        })?;
        let mut found = of_family(found, family);
        // A client of IPv4 finds only that; one of both tries the other.
        found.sort_by_key(SocketAddr::is_ipv6);
        Ok(found)
    }
}

fn of_family(
    addresses: impl Iterator<Item = SocketAddr>,
    family: AddressFamily,
) -> Vec<SocketAddr> {
    addresses
        .filter(|address| match family {
            AddressFamily::Any => true,
            AddressFamily::Inet => address.is_ipv4(),
            AddressFamily::Inet6 => address.is_ipv6(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, u16), String> {
        let name = Name::read(OsStr::new(text)).map_err(|error| error.to_string())?;
        Ok((name.host.to_string(), name.port))
    }

    #[test]
    fn a_host_and_a_port() {
        assert_eq!(read("localhost:7"), Ok(("localhost".into(), 7)));
        assert_eq!(read("[::1]:7"), Ok(("::1".into(), 7)));
        assert_eq!(read(":0"), Ok((String::new(), 0)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("localhost", "has no port; write HOST:PORT"),
            ("localhost:http", "\"http\" is no port"),
            ("localhost:65536", "\"65536\" is no port"),
            ("::1:7", "IPv6 without brackets"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }

    #[test]
    fn a_name_of_both_families_is_ipv4() {
        let address = |family| {
            let options = Options {
                address_family: family,
                ..Options::default()
            };
            let bound = bind(OsStr::new("localhost:0"), Type::STREAM, &options);
            bound.expect("a free port").local_addr().expect("bound")
        };
        for family in [AddressFamily::Any, AddressFamily::Inet] {
            assert!(address(family).is_ipv4());
        }
    }

    #[test]
    fn a_family_that_a_host_is_not_in() {
        let options = Options {
            address_family: AddressFamily::Inet6,
            ..Options::default()
        };
        let bound = bind(OsStr::new("127.0.0.1:0"), Type::STREAM, &options);
        let said = bound.expect_err("no IPv6").to_string();
        assert!(said.contains("no address of the family Inet6"), "{said}");
    }
}
