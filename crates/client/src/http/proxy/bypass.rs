//! For whom there is no proxy: the list that `no_proxy` is.

use std::net::IpAddr;

use lariat_protocol::Network;

/// Hosts to which connections are made directly.
#[derive(Clone, Debug, Default)]
pub(super) struct Bypass {
    everybody: bool,
    /// In lower case, without dots around them.
    domains: Vec<String>,
    networks: Vec<Network>,
}

impl Bypass {
    /// Reads names, addresses and networks between commas or spaces.
    pub(super) fn read(list: &str) -> Self {
        let mut bypass = Bypass::default();
        let entries = list
            .split([',', ' ', '\t'])
            .filter(|entry| !entry.is_empty());
        for entry in entries {
            let bare = entry.trim_start_matches('[').trim_end_matches(']');
            if entry == "*" {
                bypass.everybody = true;
            } else if let Ok(network) = bare.parse() {
                bypass.networks.push(network);
            } else {
                let domain = entry.trim_matches('.').to_ascii_lowercase();
                bypass.domains.push(domain);
            }
        }
        bypass
    }

    /// Whether a host is among them: by its address, by its name, or by a domain that it is in.
    pub(super) fn has(&self, host: &str) -> bool {
        if self.everybody {
            return true;
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return self
                .networks
                .iter()
                .any(|network| network.contains(address));
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.domains.iter().any(|domain| {
            host.strip_suffix(domain.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_among_the_names_addresses_and_networks_of_a_list() {
        let bypass = Bypass::read("example.org, .Local ,10.0.0.0/8 192.0.2.7,[::1]");
        for host in [
            "example.org",
            "www.EXAMPLE.org.",
            "a.local",
            "local",
            "10.1.2.3",
            "192.0.2.7",
            "::1",
        ] {
            assert!(bypass.has(host), "{host}");
        }
        for host in ["notexample.org", "org", "11.0.0.1", "192.0.2.8", "::2"] {
            assert!(!bypass.has(host), "{host}");
        }
        assert!(Bypass::read("a, *").has("anybody"));
        assert!(!Bypass::read("").has("anybody"));
    }
}
