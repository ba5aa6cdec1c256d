//! Who registers and asks: an address without its port, this machine, or this process.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use lariat_protocol::{Address, Network};

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// A machine, by its address.
    Address(IpAddr),
    /// A program of this machine, over something that has no address.
    Local,
    /// This process itself.
    Inside,
}

impl Who {
    /// Who a peer is.
    pub fn of(peer: &Address) -> Self {
        let address = peer.inet().map(|address| address.ip().to_canonical());
        address.map_or(Who::Local, Who::Address)
    }

    /// Whether it is on this machine.
    pub fn is_local(self) -> bool {
        match self {
            Who::Address(address) => is_loopback(address),
            Who::Local | Who::Inside => true,
        }
    }

    /// Whom limits count with it: of IPv6 a whole /64, since whoever has one address there has
    /// them all.
    pub(super) fn counted(self) -> Self {
        match self {
            Who::Address(address) => Who::Address(Network::of(address, 64).address()),
            other => other,
        }
    }
}

/// Whether an address is this machine's to itself.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    Network::LOOPBACK
        .iter()
        .any(|network| network.contains(address))
}

impl fmt::Display for Who {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Address(address) => address.fmt(out),
            Who::Local => out.write_str("local"),
            Who::Inside => out.write_str("inside"),
        }
    }
}

impl FromStr for Who {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "local" => Ok(Who::Local),
            "inside" => Ok(Who::Inside),
            address => address.parse().map(Who::Address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_written_reads_the_same_and_counts_with_its_network() {
        for text in ["192.0.2.7", "2001:db8::1", "local", "inside"] {
            let who: Who = text.parse().expect("somebody");
            assert_eq!(who.to_string(), text);
        }
        let of = |text: &str| text.parse::<Who>().expect("somebody").counted();
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
