//! What those may do who come through one endpoint, and where probes may go.

use std::net::IpAddr;

use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::{Endpoint, Network};

use crate::names::Who;
use crate::names::who::is_loopback;

/// The endpoint's options that this service knows.
const OPTIONS: [&str; 5] = ["total", "per_address", "probe", "no_probe", "log"];

/// The most registrations that an option can allow: at a kilobyte each, a gigabyte.
const MOST: usize = 1_000_000;

/// What those may do who come through one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How many registrations there may be in all. Default 20,000, some 20 MB.
    pub total: usize,
    /// How many of them one address may have; of IPv6, one /64. Names that are kept for their
    /// token count. Default 1,000. This process itself is not limited.
    pub per_address: usize,
    /// Who may read the log, beside this machine. Default nobody: who asked for what is
    /// nobody else's business.
    pub log: Vec<Network>,
    /// Where probes may go.
    pub probes: Probes,
}

/// Where probes may go beside whoever registered: the server must not be a scanner of ports for
/// those who cannot reach them themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// Networks that may be probed for anybody.
    pub allowed: Vec<Network>,
    /// Networks that are never probed, whoever asks for it.
    pub denied: Vec<Network>,
    /// Nothing is probed.
    pub is_off: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            total: 20_000,
            per_address: 1_000,
            log: Vec::new(),
            probes: Probes::default(),
        }
    }
}

impl Terms {
    /// The terms as an endpoint's options want them: `?total=N`, `?per_address=N`,
    /// `?log=NETWORK,…`, `?probe=NETWORK,…` (or `none`) and `?no_probe=NETWORK,…`.
    ///
    /// # Errors
    ///
    /// An option that neither this service nor the engine knows, a value that is not one, or an
    /// endpoint of datagrams.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        let mut terms = Terms::default();
        for (key, value) in endpoint.service_options(&OPTIONS)? {
            let refused = |reason: String| EndpointError::Option {
                key: key.to_string(),
                reason,
            };
            let networks = || -> Result<Vec<Network>, EndpointError> {
                let each = value.split(',').map(str::parse::<Network>);
                each.collect::<Result<_, _>>()
                    .map_err(|error| refused(error.to_string()))
            };
            let number = || {
                let number = value.parse().ok();
                let number = number.filter(|number| (1..=MOST).contains(number));
                number.ok_or_else(|| refused(format!("{value:?} is not a number from 1 to {MOST}")))
            };
            match key {
                "total" => terms.total = number()?,
                "per_address" => terms.per_address = number()?,
                "log" => terms.log = networks()?,
                "probe" if value == "none" => terms.probes.is_off = true,
                "probe" => terms.probes.allowed = networks()?,
                _ => terms.probes.denied = networks()?,
            }
        }
        Ok(terms)
    }

    /// Whether somebody may read the log.
    pub fn shows_log_to(&self, who: Who) -> bool {
        let is_listed = |address: IpAddr| self.log.iter().any(|network| network.contains(address));
        who.is_local() || matches!(who, Who::Address(address) if is_listed(address))
    }
}

impl Probes {
    /// Whether an address may be probed for somebody: it is their own; they are on this machine and
    /// it is this machine; or the operator allows it. This process may have anything probed.
    pub fn allow(&self, who: Who, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_in = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        let is_own = who == Who::Address(address);
        let is_here = who.is_local() && is_loopback(address);
        !self.is_off
            && !is_in(&self.denied)
            && (is_own || is_here || who == Who::Inside || is_in(&self.allowed))
    }

    /// Takes what another endpoint says as well: what one allows is allowed, what one denies
    /// denied.
    pub(super) fn merge(&mut self, other: &Probes) {
        self.allowed.extend(&other.allowed);
        self.denied.extend(&other.denied);
        self.is_off |= other.is_off;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(options: &str) -> Result<Terms, String> {
        let endpoint: Endpoint = format!("tcp://localhost:1{options}")
            .parse()
            .expect("an endpoint");
        Terms::from_endpoint(&endpoint).map_err(|error| error.to_string())
    }

    #[test]
    fn an_endpoint_says_who_may_do_what() {
        assert_eq!(terms(""), Ok(Terms::default()));
        let said = terms("?total=5&per_address=2&log=10.0.0.0/8&probe=none").expect("known");
        assert_eq!((said.total, said.per_address), (5, 2));
        assert!(said.probes.is_off);
        assert!(said.shows_log_to("10.1.2.3".parse().expect("an address")));
        assert!(!said.shows_log_to("192.0.2.7".parse().expect("an address")));
        assert!(said.shows_log_to(Who::Local));
        for wrong in [
            "total=0",
            "per_address=x",
            "log=10.0.0.1/8",
            "probe=all",
            "colour=red",
        ] {
            let error = terms(&format!("?{wrong}")).expect_err(wrong);
            assert!(
                error.contains(wrong.split('=').next().expect("a key")),
                "{error}"
            );
        }
    }

    #[test]
    fn nobody_has_others_probed_unless_the_operator_says_so() {
        let may = |probes: &Probes, who: &str, address: &str| {
            let address = address.parse().expect("an address");
            probes.allow(who.parse().expect("somebody"), address)
        };
        let usual = Probes::default();
        assert!(may(&usual, "192.0.2.7", "192.0.2.7"));
        assert!(may(&usual, "192.0.2.7", "::ffff:192.0.2.7"));
        assert!(!may(&usual, "192.0.2.7", "192.0.2.8"));
        assert!(!may(&usual, "192.0.2.7", "127.0.0.1"));
        assert!(may(&usual, "local", "127.0.0.9") && may(&usual, "127.0.0.1", "::1"));
        assert!(!may(&usual, "local", "10.0.0.1") && may(&usual, "inside", "10.0.0.1"));
        let said = terms("?probe=10.0.0.0/8&no_probe=10.9.0.0/16")
            .expect("known")
            .probes;
        assert!(may(&said, "192.0.2.7", "10.1.2.3"));
        assert!(!may(&said, "192.0.2.7", "10.9.2.3") && !may(&said, "inside", "10.9.2.3"));
        let off = terms("?probe=none").expect("known").probes;
        assert!(!may(&off, "192.0.2.7", "192.0.2.7"));
    }
}
