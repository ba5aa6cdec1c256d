//! Ranges of IP addresses, as they are listed for trust and counted for limits.
//!
//! It does not know which networks this machine is in, and it takes no names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
///
/// An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.7`, as a socket for both
/// families shows it) counts as IPv4 everywhere; so `::/0` is every IPv6 address and no IPv4 one.
///
/// ```
/// use lariat_protocol::Network;
///
/// let network: Network = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?));
/// assert!(network.contains("::ffff:10.1.2.3".parse()?));
/// assert!(!network.contains("192.0.2.7".parse()?));
///
/// let prefix = Network::of("2001:db8:1:2::3".parse()?, 48);
/// assert_eq!(prefix.to_string(), "2001:db8:1::/48");
///
/// let error = "10.1.2.3/8".parse::<Network>().expect_err("it has bits beyond the prefix");
/// assert_eq!(
///     error.to_string(),
///     "10.1.2.3/8 is an address within a network; the network is 10.0.0.0/8, the address alone \
///      10.1.2.3"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Network {
    /// Zero behind the prefix, and never an IPv4 address in IPv6 clothes.
    address: IpAddr,
    /// At most as many bits as the address has.
    prefix_length: u8,
}

/// Why a text is not a [`Network`]. The message is one line that says what is right.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum NetworkError {
    /// What stands before the `/` is no address.
    #[error("{text:?} is not an address; write for example 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7")]
    Address {
        /// The text in the place of the address, cut where it is long.
        text: String,
    },
    /// What stands behind the `/` is no prefix length of this address.
    #[error("{text:?} is not a prefix length of {address}; that is a number from 0 to {maximum}")]
    PrefixLength {
        /// The text in the place of the number, cut where it is long.
        text: String,
        /// What stands before it.
        address: IpAddr,
        /// How many bits the address has.
        maximum: u8,
    },
    /// The address is not the first one of its network.
    #[error(
        "{address}/{prefix_length} is an address within a network; the network is {network}, the \
         address alone {address}"
    )]
    HostBits {
        /// The address as it was given.
        address: IpAddr,
        /// The prefix length as it was given.
        prefix_length: u8,
        /// The network that the address is in.
        network: Network,
    },
}

impl Network {
    /// The addresses by which a machine reaches itself (RFC 1122, section 3.2.1.3; RFC 4291,
    /// section 2.5.3).
    pub const LOOPBACK: [Network; 2] = [
        Network {
            address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)),
            prefix_length: 8,
        },
        Network {
            address: IpAddr::V6(Ipv6Addr::LOCALHOST),
            prefix_length: 128,
        },
    ];

    /// The network of this prefix length that `address` is in. A prefix longer than the address,
    /// which has 32 or 128 bits, stands for the address alone.
    pub fn of(address: IpAddr, prefix_length: u8) -> Network {
        let address = address.to_canonical();
        let prefix_length = prefix_length.min(bits(address));
        Network {
            address: without_host(address, prefix_length),
            prefix_length,
        }
    }

    /// Whether `address` is one of them.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && without_host(address, self.prefix_length) == self.address
    }

    /// The first address, whose bits behind the prefix are zero.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits all its addresses have in common.
    pub fn prefix_length(self) -> u8 {
        self.prefix_length
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Network {
        Network::of(address, u8::MAX)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (address_text, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let Ok(address) = address_text.parse::<IpAddr>() else {
            let text = shown(address_text);
            return Err(NetworkError::Address { text });
        };
        let Some(prefix) = prefix else {
            return Ok(Network::from(address));
        };
        let maximum = bits(address);
        let Some(prefix_length) = number(prefix).filter(|length| *length <= maximum) else {
            return Err(NetworkError::PrefixLength {
                text: shown(prefix),
                address,
                maximum,
            });
        };
        if without_host(address, prefix_length) != address {
            let network = network_as_written(address, prefix_length);
            return Err(NetworkError::HostBits {
                address,
                prefix_length,
                network,
            });
        }
        Ok(network_as_written(address, prefix_length))
    }
}

impl fmt::Display for Network {
    /// As it is read; one address alone without its prefix length.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(formatter)?;
        if self.prefix_length < bits(self.address) {
            write!(formatter, "/{}", self.prefix_length)?;
        }
        Ok(())
    }
}

/// The network of an address whose prefix length counts the bits that were written: of
/// `::ffff:10.0.0.0/104`, the first 96 say only that it is IPv4.
fn network_as_written(address: IpAddr, prefix_length: u8) -> Network {
    let first = without_host(address, prefix_length);
    match (first, first.to_canonical()) {
        (IpAddr::V6(_), canonical @ IpAddr::V4(_)) => {
            Network::of(canonical, prefix_length.saturating_sub(96))
        }
        _ => Network::of(first, prefix_length),
    }
}

fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with zeros behind its first `prefix_length` bits.
fn without_host(address: IpAddr, prefix_length: u8) -> IpAddr {
    let prefix_length = u32::from(prefix_length);
    match address {
        IpAddr::V4(address) => {
            // A shift by all 32 bits is what leaves nothing of them.
            let host = u32::MAX.checked_shr(prefix_length).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & !host))
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(prefix_length).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !host))
        }
    }
}

/// A number of digits only: the standard library would take a `+` before it.
fn number(text: &str) -> Option<u8> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok())?
}

/// So much of a text as a message has room for.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn contains_its_first_and_last_address_and_no_neighbour() {
        for (text, before, first, last, after) in [
            (
                "10.0.0.0/8",
                "9.255.255.255",
                "10.0.0.0",
                "10.255.255.255",
                "11.0.0.0",
            ),
            (
                "192.0.2.128/25",
                "192.0.2.127",
                "192.0.2.128",
                "192.0.2.255",
                "192.0.3.0",
            ),
            (
                "192.0.2.7",
                "192.0.2.6",
                "192.0.2.7",
                "192.0.2.7",
                "192.0.2.8",
            ),
            ("::1", "::", "::1", "::1", "::2"),
            (
                "2001:db8::/32",
                "2001:db7:ffff::",
                "2001:db8::",
                "2001:db8:ffff::ffff",
                "2001:db9::",
            ),
        ] {
            let network = network(text);
            assert!(!network.contains(address(before)), "{before} in {text}");
            assert!(network.contains(address(first)), "{first} in {text}");
            assert!(network.contains(address(last)), "{last} in {text}");
            assert!(!network.contains(address(after)), "{after} in {text}");
        }
    }

    #[test]
    fn ipv4_in_ipv6_is_ipv4() {
        assert_eq!(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
        assert_eq!(network("::ffff:0:0/96"), network("0.0.0.0/0"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert!(network("::ffff:10.0.0.0/104").contains(address("10.1.1.1")));
        assert!(network("0.0.0.0/0").contains(address("::ffff:10.1.1.1")));
        assert!(!network("::/0").contains(address("::ffff:10.1.1.1")));
        assert!(!network("::/0").contains(address("10.1.1.1")));
        assert!(!network("0.0.0.0/0").contains(address("::1")));
        assert_eq!(
            Network::of(address("::ffff:10.1.2.3"), 24),
            network("10.1.2.0/24")
        );
    }

    #[test]
    fn loopback_is_what_is_printed_as_such() {
        let [v4, v6] = Network::LOOPBACK;
        assert_eq!((v4, v6), (network("127.0.0.0/8"), network("::1")));
        assert!(v4.contains(address("127.255.0.1")));
    }

    #[test]
    fn prints_the_shortest_form() {
        for (written, printed) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.1/32", "10.0.0.1"),
            ("2001:DB8:0::/32", "2001:db8::/32"),
            ("::1/128", "::1"),
            ("0.0.0.0/00", "0.0.0.0/0"),
        ] {
            assert_eq!(network(written).to_string(), printed);
        }
    }

    #[test]
    fn says_what_is_wrong_and_what_is_right() {
        let long = "x".repeat(1000);
        for (text, message) in [
            ("", "\"\" is not an address"),
            (
                "localhost",
                "\"localhost\" is not an address; write for example 10.0.0.0/8, ",
            ),
            ("10.0.0/8", "\"10.0.0\" is not an address"),
            ("[::1]", "\"[::1]\" is not an address"),
            ("fe80::1%eth0", "\"fe80::1%eth0\" is not an address"),
            (&long, "\"xxx"),
            (
                "10.0.0.0/33",
                "\"33\" is not a prefix length of 10.0.0.0; that is a number from 0 to 32",
            ),
            (
                "10.0.0.0/255.0.0.0",
                "\"255.0.0.0\" is not a prefix length of 10.0.0.0",
            ),
            (
                "::/129",
                "\"129\" is not a prefix length of ::; that is a number from 0 to 128",
            ),
            ("::/", "\"\" is not a prefix length of ::"),
            ("::/+1", "\"+1\" is not a prefix length of ::"),
            ("::/256", "\"256\" is not a prefix length of ::"),
            ("10.0.0.0/8/8", "\"8/8\" is not a prefix length of 10.0.0.0"),
            (
                "192.0.2.7/24",
                "192.0.2.7/24 is an address within a network; the network is 192.0.2.0/24, ",
            ),
            (
                "2001:db8::1/32",
                "2001:db8::1/32 is an address within a network; the network is 2001:db8::/32, ",
            ),
            (
                "::ffff:10.0.0.1/104",
                "::ffff:10.0.0.1/104 is an address within a network; the network is 10.0.0.0/8, ",
            ),
            (
                "::ffff:0:0/80",
                "::ffff:0.0.0.0/80 is an address within a network; the network is ::/80, ",
            ),
        ] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.starts_with(message), "{text:?}: {error}");
            assert!(error.len() < 200, "{error}");
        }
    }

    fn any_address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
            any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
            any::<u32>()
                .prop_map(|bits| { IpAddr::V6(Ipv4Addr::from_bits(bits).to_ipv6_mapped()) }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(address in any_address(), length in any::<u8>()) {
            let network = Network::of(address, length);
            prop_assert!(network.contains(address));
            prop_assert!(network.contains(network.address()));
            prop_assert_eq!(network.to_string().parse(), Ok(network));
        }

        /// Two addresses are in one network exactly if their first bits are the same.
        #[test]
        fn holds_those_with_the_same_first_bits(one in any::<u128>(), flip in 0u8..128, length in 0u8..=128) {
            // Out of reach of what stands for IPv4.
            let one = one | 1 << 127;
            let other = one ^ (1 << 126 >> flip.min(126));
            let differs_at = flip.min(126) + 1;
            let network = Network::of(IpAddr::V6(Ipv6Addr::from_bits(one)), length);
            let contains = network.contains(IpAddr::V6(Ipv6Addr::from_bits(other)));
            prop_assert_eq!(contains, length <= differs_at);
        }

        #[test]
        fn no_text_makes_it_disagree(text in "[0-9a-f:.]{0,20}(/[0-9]{0,3})?|\\PC{0,20}") {
            if let Ok(network) = text.parse::<Network>() {
                prop_assert_eq!(network.to_string().parse(), Ok(network));
            }
        }
    }
}
