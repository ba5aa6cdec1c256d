//! The networks that this machine is in, as far as it matters whom a datagram was sent to.

use std::net::Ipv4Addr;

/// The addresses by which every machine of a network is reached at once; none if the system does
/// not tell. The one of all networks is not among them.
#[cfg(unix)]
pub(crate) fn broadcast_addresses() -> Vec<Ipv4Addr> {
    use nix::sys::socket::SockaddrStorage;

    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    let ip = |address: Option<SockaddrStorage>| Some(address?.as_sockaddr_in()?.ip());
    let mut found = Vec::new();
    for interface in interfaces {
        let (address, mask) = (ip(interface.address), ip(interface.netmask));
        if let (Some(address), Some(mask)) = (address, mask) {
            let hosts = !mask.to_bits();
            // Two machines on a line between them have no third (RFC 3021).
            if hosts > 1 {
                found.push(Ipv4Addr::from_bits(address.to_bits() | hosts));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// None, for this system is not asked.
#[cfg(not(unix))]
pub(crate) fn broadcast_addresses() -> Vec<Ipv4Addr> {
    Vec::new()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_network_of_its_own() {
        let found = broadcast_addresses();
        assert!(
            found.contains(&Ipv4Addr::new(127, 255, 255, 255)),
            "{found:?}"
        );
        assert!(!found.contains(&Ipv4Addr::LOCALHOST), "{found:?}");
    }
}
