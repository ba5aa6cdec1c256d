//! Host names as certificates and TLS clients write them.
//!
//! A name is a DNS name or an IP address, never a URL, and carries no port.

use std::net::IpAddr;

use rustls::pki_types::{DnsName, ServerName};

use crate::error::{Problem, TlsError};

/// A name that a server certificate can be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostName {
    /// Lower case, without a dot at its end; may begin with `*.`.
    Dns(String),
    Address(IpAddr),
}

impl HostName {
    pub(crate) fn parse(text: &str) -> Result<Self, TlsError> {
        let plain = plain(text);
        if let Ok(address) = plain.parse::<IpAddr>() {
            return Ok(Self::Address(address));
        }
        let host = plain.strip_prefix("*.").unwrap_or(plain);
        match DnsName::try_from(host) {
            Ok(_) => Ok(Self::Dns(plain.to_ascii_lowercase())),
            Err(_) => Err(bad(text)),
        }
    }

    /// The name in the form that a client would ask for it; a wildcard is
    /// asked for by one name that it covers.
    pub(crate) fn asked_for(&self) -> Result<ServerName<'static>, TlsError> {
        match self {
            Self::Address(address) => Ok(ServerName::from(*address)),
            Self::Dns(name) => {
                let host = name.replacen('*', "any", 1);
                ServerName::try_from(host).map_err(|_| bad(name))
            }
        }
    }
}

impl std::fmt::Display for HostName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// The name that a client asks the server to prove.
pub(crate) fn server_name(text: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(String::from(plain(text))).map_err(|_| bad(text))
}

/// Takes off what belongs to an address in a URL and not to a name: brackets,
/// an IPv6 scope, and the dot of the DNS root.
fn plain(text: &str) -> &str {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    match inner.split_once('%') {
        Some((address, _scope)) if address.contains(':') => address,
        _ => inner.strip_suffix('.').unwrap_or(inner),
    }
}

fn bad(text: &str) -> TlsError {
    TlsError::misuse(
        format!("the name \"{}\"", text.escape_debug()),
        Problem::BadHostName,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        for (text, shown) in [
            ("LocalHost", "localhost"),
            ("example.org.", "example.org"),
            ("*.example.org", "*.example.org"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("my_host", "my_host"),
        ] {
            assert_eq!(HostName::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(
            HostName::parse("::1").unwrap(),
            HostName::Address("::1".parse().unwrap())
        );
    }

    #[test]
    fn what_is_no_name_is_refused_by_name() {
        for text in [
            "",
            "a b",
            "host:443",
            "tls://host",
            "bücher.example",
            "*",
            "a..b",
            "-a\n",
        ] {
            let said = HostName::parse(text).unwrap_err().to_string();
            assert!(said.contains("not a host name"), "{text:?}: {said}");
            assert!(!said.contains('\n'), "{said:?}");
        }
        assert!(server_name("*.example.org").is_err());
    }
}
