//! What goes wrong in a lookup, each case with the name that was asked for.

use std::fmt;
use std::io;
use std::net::IpAddr;

use crate::platform::lookup as system;

/// A lookup that gave no answer.
///
/// Who comes from Python finds `gaierror` in [`NoAddress`](Self::NoAddress), `herror` in
/// [`NoName`](Self::NoName), and the `OSError` of `getservbyname` and `getprotobyname` in the
/// variants of services and protocols.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A host name did not lead to an address (Python's `gaierror`).
    #[error("no address for {host:?}: {reason}")]
    NoAddress {
        /// The name that was asked for.
        host: String,
        /// Why there is none.
        reason: Reason,
    },
    /// An address did not lead to a host name (Python's `herror`).
    #[error("no name for {address}: {reason}")]
    NoName {
        /// The address that was asked for.
        address: IpAddr,
        /// Why there is none.
        reason: Reason,
    },
    /// A word is not a known service.
    #[error("no service {name:?} over {protocol}: give its port number instead")]
    NoService {
        /// The word that was asked for.
        name: String,
        /// The protocol, or `tcp or udp` where either would have done.
        protocol: String,
    },
    /// A port has no service name.
    #[error("no service name for port {port} over {protocol}")]
    NoServiceName {
        /// The port that was asked for.
        port: u16,
        /// The protocol, or `tcp or udp` where either would have done.
        protocol: String,
    },
    /// A word is not a known protocol.
    #[error("no protocol {name:?}: known are words such as \"tcp\", \"udp\" and \"icmp\"")]
    NoProtocol {
        /// The word that was asked for.
        name: String,
    },
    /// A number is not that of a known protocol.
    #[error("no protocol name for number {number}")]
    NoProtocolName {
        /// The number that was asked for.
        number: u8,
    },
    /// A text is not what it was said to be: a port, an IPv4 address.
    #[error("{0}")]
    Invalid(String),
    /// The question makes no sense: the caller's fault.
    #[error("{0}")]
    Misuse(String),
    /// The system's resolver failed for a reason outside the question.
    #[error("the system's resolver failed for {about:?}")]
    Io {
        /// The name or the address that was asked for.
        about: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Why a name has no address, or an address no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The text cannot be a host name at all.
    Malformed,
    /// Nobody knows it.
    Unknown,
    /// The name exists, but with no address of the family that was asked for.
    NoData,
    /// The name server could not be asked or did not answer; later it may.
    TryAgain,
    /// The name server answered with a failure that will not go away by itself.
    Failed,
    /// The system cannot look up this address family.
    Family,
    /// The system cannot look up this kind of socket or protocol.
    Kind,
    /// The service does not go with this kind of socket.
    Service,
    /// The flags contradict each other.
    Flags,
    /// The resolver ran out of memory.
    Memory,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "a host name has 1 to 1024 bytes and no NUL among them",
            Self::Unknown => "nobody knows it",
            Self::NoData => "the name exists but has no address of this family",
            Self::TryAgain => "the name server gave no answer (try again later)",
            Self::Failed => "the name server answered with a lasting failure",
            Self::Family => "this address family cannot be looked up here",
            Self::Kind => "this kind of socket cannot be looked up here",
            Self::Service => "the service does not go with this kind of socket",
            Self::Flags => "the flags contradict each other",
            Self::Memory => "the resolver ran out of memory",
        })
    }
}

impl LookupError {
    /// Why a name or an address was not found, where that is the fault.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::NoAddress { reason, .. } | Self::NoName { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// Whether the same question may have an answer a little later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.reason() == Some(Reason::TryAgain)
    }

    pub(super) fn no_address(host: &str, error: dns_lookup::LookupError) -> Self {
        match reason_of(&error) {
            Some(reason) => Self::NoAddress {
                host: host.to_owned(),
                reason,
            },
            None => Self::Io {
                about: host.to_owned(),
                source: error.into(),
            },
        }
    }

    pub(super) fn no_name(address: IpAddr, error: dns_lookup::LookupError) -> Self {
        match reason_of(&error) {
            Some(reason) => Self::NoName { address, reason },
            None => Self::Io {
                about: address.to_string(),
                source: error.into(),
            },
        }
    }
}

/// The reason behind a resolver's error number; none where the fault lies outside the question.
fn reason_of(error: &dns_lookup::LookupError) -> Option<Reason> {
    use dns_lookup::LookupErrorKind as Kind;
    if system::is_no_address_of_family(error.error_num()) {
        return Some(Reason::NoData);
    }
    match error.kind() {
        Kind::Again => Some(Reason::TryAgain),
        Kind::Badflags => Some(Reason::Flags),
        Kind::NoName => Some(Reason::Unknown),
        Kind::NoData => Some(Reason::NoData),
        Kind::Fail => Some(Reason::Failed),
        Kind::Family => Some(Reason::Family),
        Kind::Socktype => Some(Reason::Kind),
        Kind::Service => Some(Reason::Service),
        Kind::Memory => Some(Reason::Memory),
        Kind::System | Kind::Unknown | Kind::IO => None,
    }
}

impl From<LookupError> for io::Error {
    fn from(error: LookupError) -> Self {
        let kind = match &error {
            LookupError::Invalid(_) | LookupError::Misuse(_) => io::ErrorKind::InvalidInput,
            LookupError::Io { source, .. } => source.kind(),
            _ => io::ErrorKind::NotFound,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_what_was_asked_and_why_it_failed_in_one_line() {
        let error = LookupError::NoAddress {
            host: "nohost\n.invalid".to_owned(),
            reason: Reason::Unknown,
        };
        assert_eq!(
            error.to_string(),
            r#"no address for "nohost\n.invalid": nobody knows it"#
        );
        let error = LookupError::NoName {
            address: [192, 0, 2, 1].into(),
            reason: Reason::TryAgain,
        };
        assert_eq!(
            error.to_string(),
            "no name for 192.0.2.1: the name server gave no answer (try again later)"
        );
        assert!(error.is_temporary());
    }

    #[test]
    fn the_resolvers_numbers_keep_their_meaning() {
        for (kind, reason) in [
            (system::EAI_NONAME, Some(Reason::Unknown)),
            (system::EAI_AGAIN, Some(Reason::TryAgain)),
            (system::EAI_FAIL, Some(Reason::Failed)),
            (system::EAI_BADFLAGS, Some(Reason::Flags)),
            (system::EAI_FAMILY, Some(Reason::Family)),
            (9999, None),
        ] {
            assert_eq!(
                reason_of(&dns_lookup::LookupError::new(kind)),
                reason,
                "{kind}"
            );
        }
    }

    #[test]
    fn an_error_becomes_an_io_error_of_the_fitting_kind() {
        let kind = |error: LookupError| io::Error::from(error).kind();
        assert_eq!(
            kind(LookupError::NoProtocol { name: "x".into() }),
            io::ErrorKind::NotFound
        );
        assert_eq!(
            kind(LookupError::Misuse("x".into())),
            io::ErrorKind::InvalidInput
        );
    }
}
