//! The host of an endpoint: a name or an address.
//!
//! It does not resolve anything, and it does not know whether a scope exists on this machine.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::error::{EndpointError, quoted};
use super::percent;

/// Where to connect to or listen on: a name that is still to be resolved, or an address.
///
/// `from_str` checks; `From<&str>` tells addresses from names and takes everything else as a name,
/// which then fails where it is resolved. `Display` is the text that a resolver takes, without the
/// brackets of a URL.
///
/// ```
/// use lariat_protocol::endpoint::Host;
///
/// assert_eq!(Host::from("localhost"), Host::Name("localhost".to_owned()));
/// assert_eq!(Host::from("127.0.0.1"), Host::V4([127, 0, 0, 1].into()));
/// assert_eq!("[fe80::1%25eth0]".parse::<Host>()?.to_string(), "fe80::1%eth0");
/// # Ok::<(), lariat_protocol::endpoint::EndpointError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Host {
    /// A name, as it was written.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address and its scope (RFC 4007), the name or number of an interface.
    V6(Ipv6Addr, Option<String>),
}

impl Host {
    /// The address, where it is one. The scope, being a name, is not in it.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(address) => Some(IpAddr::V4(*address)),
            Host::V6(address, _) => Some(IpAddr::V6(*address)),
        }
    }

    /// As it stands in a URL: IPv6 in brackets, the scope after `%25` (RFC 6874). A name that is
    /// none (only `From` lets it in) is encoded, so that it cannot turn into another endpoint.
    pub(super) fn to_url(&self) -> String {
        match self {
            Host::Name(name) => percent::encode(name.as_bytes(), b":/?#[]@"),
            Host::V4(address) => address.to_string(),
            Host::V6(address, None) => format!("[{address}]"),
            Host::V6(address, Some(scope)) => {
                format!(
                    "[{address}%25{}]",
                    percent::encode(scope.as_bytes(), b"/?#[]@")
                )
            }
        }
    }

    /// What stands between the brackets of a URL.
    pub(super) fn parse_bracketed(inner: &str) -> Result<Host, EndpointError> {
        let (address, scope) = match inner.split_once('%') {
            Some((address, scope)) => (address, Some(scope)),
            None => (inner, None),
        };
        let address: Ipv6Addr = address.parse().map_err(|_| {
            wrong(format!(
                "{} in brackets is not an IPv6 address; write for example [::1]",
                quoted(inner)
            ))
        })?;
        let scope = match scope {
            None => None,
            Some(text) => Some(parse_scope(text)?),
        };
        Ok(Host::V6(address, scope))
    }
}

impl FromStr for Host {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Host, EndpointError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner
                .strip_suffix(']')
                .ok_or_else(|| unclosed_bracket(text))?;
            return Host::parse_bracketed(inner);
        }
        if is_ipv6(text) {
            return Host::parse_bracketed(text);
        }
        if let Ok(address) = text.parse() {
            return Ok(Host::V4(address));
        }
        check_name(text)?;
        Ok(Host::Name(text.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => formatter.write_str(name),
            Host::V4(address) => address.fmt(formatter),
            Host::V6(address, None) => address.fmt(formatter),
            Host::V6(address, Some(scope)) => write!(formatter, "{address}%{scope}"),
        }
    }
}

impl From<&str> for Host {
    fn from(text: &str) -> Host {
        Host::from(text.to_owned())
    }
}

impl From<String> for Host {
    fn from(text: String) -> Host {
        text.parse().unwrap_or(Host::Name(text))
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Host {
        match address {
            IpAddr::V4(address) => Host::V4(address),
            IpAddr::V6(address) => Host::V6(address, None),
        }
    }
}

impl From<Ipv4Addr> for Host {
    fn from(address: Ipv4Addr) -> Host {
        Host::V4(address)
    }
}

impl From<Ipv6Addr> for Host {
    fn from(address: Ipv6Addr) -> Host {
        Host::V6(address, None)
    }
}

/// Whether `text` is an IPv6 address, with or without a scope, and without brackets.
pub(super) fn is_ipv6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

pub(super) fn unclosed_bracket(text: &str) -> EndpointError {
    wrong(format!(
        "the \"[\" in {} is not closed; write for example [::1]:21567",
        quoted(text)
    ))
}

/// Reads the scope after the first `%`: `25eth0` (RFC 6874) or, as people copy it from other
/// programs, `eth0`. `25` alone can only be the interface of that number.
fn parse_scope(text: &str) -> Result<String, EndpointError> {
    let scope = match text.strip_prefix("25") {
        Some(encoded) if !encoded.is_empty() => percent::decode_text(encoded)?,
        _ => text.to_owned(),
    };
    let forbidden = |character: char| {
        character.is_control() || character.is_whitespace() || "/%[]".contains(character)
    };
    if scope.is_empty() || scope.contains(forbidden) {
        return Err(wrong(format!(
            "scope {} is not an interface; write for example [fe80::1%25eth0]",
            quoted(&scope)
        )));
    }
    Ok(scope)
}

/// Letters, digits, hyphens, underscores and dots, within the lengths of RFC 1035, section 2.3.4.
/// Underscores are in no host's name by RFC 952, but in many a network.
fn check_name(name: &str) -> Result<(), EndpointError> {
    let shown = quoted(name);
    if name.is_empty() {
        return Err(wrong(
            "the host is empty; write a name or an address".to_owned(),
        ));
    }
    if name == "*" {
        return Err(wrong(
            "host \"*\" is not one; for every address write [::]".to_owned(),
        ));
    }
    if !name.is_ascii() {
        return Err(wrong(format!(
            "host {shown} is not ASCII; write an international name in its xn-- form"
        )));
    }
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if let Some(character) = name.chars().find(|character| !allowed(*character)) {
        return Err(wrong(format!(
            "{character:?} is not allowed in host {shown}; letters, digits, \"-\", \"_\" and \".\" are"
        )));
    }
    if name.chars().all(|character| character.is_ascii_digit()) {
        return Err(wrong(format!(
            "host {shown} is only a number; to give a port write localhost:{}",
            &name[..name.len().min(5)]
        )));
    }
    if name
        .chars()
        .all(|character| character.is_ascii_digit() || character == '.')
    {
        return Err(wrong(format!(
            "host {shown} is not an IPv4 address; that is four numbers from 0 to 255"
        )));
    }
    let labels = name.strip_suffix('.').unwrap_or(name);
    if labels.len() > 253
        || labels
            .split('.')
            .any(|label| label.is_empty() || label.len() > 63)
    {
        return Err(wrong(format!(
            "host {shown} is not a name; between dots stand 1 to 63 characters, 253 in all"
        )));
    }
    Ok(())
}

fn wrong(reason: String) -> EndpointError {
    EndpointError::Host { reason }
}
