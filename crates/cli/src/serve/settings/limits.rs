//! The limits by name.

use lariat_net::Limits;
use lariat_protocol::Network;

use crate::serve::settings::Change;
use crate::serve::settings::values::{self, Right};

/// A change of one of the [`Limits`].
#[derive(Clone, Debug, PartialEq)]
pub enum LimitChange {
    /// `connections`
    Connections(Option<usize>),
    /// `per-address`
    PerAddress(Option<usize>),
    /// `per-network`
    PerNetwork(Option<usize>),
    /// `prefix-v4`
    PrefixV4(u8),
    /// `prefix-v6`
    PrefixV6(u8),
    /// `accept-rate`
    AcceptRate(Option<u32>),
    /// `accept-burst`
    AcceptBurst(u32),
    /// `handshakes`
    Handshakes(Option<usize>),
    /// `memory`
    Memory(Option<usize>),
    /// `allow`
    Allow(Vec<Network>),
    /// `deny`
    Deny(Vec<Network>),
    /// `exempt`
    Exempt(Vec<Network>),
}

type Read = fn(&str) -> Result<LimitChange, Right>;

/// Each name, and how its value is read.
const TABLE: [(&str, Read); 12] = [
    ("connections", |text| {
        values::count(text).map(LimitChange::Connections)
    }),
    ("per-address", |text| {
        values::count(text).map(LimitChange::PerAddress)
    }),
    ("per-network", |text| {
        values::count(text).map(LimitChange::PerNetwork)
    }),
    ("prefix-v4", |text| {
        values::number(text, 0..=32).map(|bits| LimitChange::PrefixV4(bits as u8))
    }),
    // A /64 is one address to the limits, so a longer prefix would be none.
    ("prefix-v6", |text| {
        values::number(text, 0..=64).map(|bits| LimitChange::PrefixV6(bits as u8))
    }),
    ("accept-rate", |text| {
        values::rate(text).map(LimitChange::AcceptRate)
    }),
    ("accept-burst", |text| {
        values::number(text, 1..=u32::MAX).map(LimitChange::AcceptBurst)
    }),
    ("handshakes", |text| {
        values::count(text).map(LimitChange::Handshakes)
    }),
    ("memory", |text| {
        values::bytes(text).map(LimitChange::Memory)
    }),
    ("allow", |text| {
        values::networks(text).map(LimitChange::Allow)
    }),
    ("deny", |text| values::networks(text).map(LimitChange::Deny)),
    ("exempt", |text| {
        values::networks(text).map(LimitChange::Exempt)
    }),
];

impl LimitChange {
    /// Makes the change.
    pub fn apply(&self, limits: &mut Limits) {
        match self {
            LimitChange::Connections(most) => limits.connections = *most,
            LimitChange::PerAddress(most) => limits.per_address = *most,
            LimitChange::PerNetwork(most) => limits.per_network = *most,
            LimitChange::PrefixV4(bits) => limits.prefix_v4 = *bits,
            LimitChange::PrefixV6(bits) => limits.prefix_v6 = *bits,
            LimitChange::AcceptRate(rate) => limits.accept_rate = *rate,
            LimitChange::AcceptBurst(burst) => limits.accept_burst = *burst,
            LimitChange::Handshakes(most) => limits.handshakes = *most,
            LimitChange::Memory(most) => limits.memory = *most,
            LimitChange::Allow(networks) => limits.allow.clone_from(networks),
            LimitChange::Deny(networks) => limits.deny.clone_from(networks),
            LimitChange::Exempt(networks) => limits.exempt.clone_from(networks),
        }
    }
}

impl Change for LimitChange {
    const KIND: &'static str = "limit";

    fn names() -> Vec<&'static str> {
        TABLE.iter().map(|(name, _)| *name).collect()
    }

    fn read(name: &str, value: &str) -> Option<Result<Self, String>> {
        let (_, read) = TABLE.iter().find(|(known, _)| *known == name)?;
        Some(read(value))
    }

    fn is_of_services(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(name: &str, value: &str) -> Limits {
        let mut limits = Limits::none();
        let change = LimitChange::read(name, value).expect(name).expect(value);
        change.apply(&mut limits);
        limits
    }

    #[test]
    fn each_name_changes_its_own_limit() {
        let mut seen: Vec<Limits> = vec![Limits::none()];
        for name in LimitChange::names() {
            let value = match name {
                "allow" | "deny" | "exempt" => "10.0.0.0/8, 192.0.2.7",
                _ => "3",
            };
            let limits = changed(name, value);
            assert!(!seen.contains(&limits), "{name}");
            seen.push(limits);
        }
        let networks = vec!["10.0.0.0/8".parse(), "192.0.2.7".parse()];
        let networks: Result<Vec<Network>, _> = networks.into_iter().collect();
        assert_eq!(Ok(changed("deny", "10.0.0.0/8,192.0.2.7").deny), networks);
    }

    #[test]
    fn a_value_that_cannot_be_meant_is_refused() {
        for (name, value) in [
            ("connections", "-1"),
            ("prefix-v4", "33"),
            ("prefix-v6", "65"),
            ("accept-rate", "0"),
            ("accept-burst", "none"),
            ("memory", "5T"),
            ("allow", ""),
            ("deny", "10.1.2.3/8"),
        ] {
            let read = LimitChange::read(name, value).expect(name);
            assert!(read.is_err(), "{name}={value}");
        }
        assert!(LimitChange::read("port", "1").is_none());
    }
}
