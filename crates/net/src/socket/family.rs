//! Address families by name, with a clear error for those that a system lacks.

use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use super::error::SocketError;
use crate::platform::socket as system;

/// The address families that a socket can be opened for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Sockets within one machine, `AF_UNIX`.
    Unix,
    /// IPv4, `AF_INET`.
    Inet,
    /// IPv6, `AF_INET6`.
    Inet6,
    /// Talk with the Linux kernel, `AF_NETLINK`.
    Netlink,
    /// Cluster communication of Linux, `AF_TIPC`. socket2 opens such a socket; its addresses it
    /// cannot build.
    Tipc,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 5] = [
        Self::Unix,
        Self::Inet,
        Self::Inet6,
        Self::Netlink,
        Self::Tipc,
    ];

    /// The family as socket2 takes it; none where the system gives the number to another family.
    #[must_use]
    pub fn domain(self) -> Option<Domain> {
        let of_linux = |number: i32| {
            cfg!(any(target_os = "linux", target_os = "android")).then(|| Domain::from(number))
        };
        match self {
            Self::Unix => Some(Domain::UNIX),
            Self::Inet => Some(Domain::IPV4),
            Self::Inet6 => Some(Domain::IPV6),
            Self::Netlink => of_linux(16),
            Self::Tipc => of_linux(30),
        }
    }

    /// What to do about a system that lacks the family.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Unix => "use a TCP socket on a loopback address instead",
            Self::Inet | Self::Inet6 => "its network is set up without this family",
            Self::Netlink => "they exist on Linux only",
            Self::Tipc if cfg!(target_os = "linux") => {
                "load the kernel's module for them with `modprobe tipc`"
            }
            Self::Tipc => "they exist on Linux only",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unix => "UNIX",
            Self::Inet => "IPv4",
            Self::Inet6 => "IPv6",
            Self::Netlink => "NETLINK",
            Self::Tipc => "TIPC",
        })
    }
}

/// A new socket of a family, not yet bound or connected, and closed in programs that are started.
///
/// ```
/// use lariat_net::socket::{Family, SocketError, open};
/// use socket2::Type;
///
/// match open(Family::Tipc, Type::STREAM, None) {
///     Ok(_socket) => {}
///     Err(error @ SocketError::NoFamily { .. }) => {
///         assert!(error.to_string().starts_with("this system has no TIPC sockets: "));
///     }
///     Err(error) => return Err(error),
/// }
/// # Ok::<(), SocketError>(())
/// ```
///
/// # Errors
///
/// [`SocketError::NoFamily`] where the system lacks the family; else what the system says.
pub fn open(family: Family, kind: Type, protocol: Option<Protocol>) -> Result<Socket, SocketError> {
    let domain = family.domain().ok_or(SocketError::NoFamily { family })?;
    Socket::new(domain, kind, protocol).map_err(|error| explain(family, error))
}

fn explain(family: Family, error: io::Error) -> SocketError {
    if error.raw_os_error() == Some(system::FAMILY_NOT_SUPPORTED) {
        SocketError::NoFamily { family }
    } else {
        error.into()
    }
}

/// Whether this machine can use IPv6: whether a socket can be bound to its loopback address.
///
/// Python's constant of this name only says that the interpreter was built with IPv6.
#[must_use]
pub fn has_ipv6() -> bool {
    let loopback = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    Socket::new(Domain::IPV6, Type::DGRAM, None)
        .and_then(|socket| socket.bind(&loopback.into()))
        .is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_everyday_families_open() {
        open(Family::Inet, Type::STREAM, None).unwrap();
        open(Family::Inet, Type::DGRAM, Some(Protocol::UDP)).unwrap();
        #[cfg(unix)]
        open(Family::Unix, Type::STREAM, None).unwrap();
        #[cfg(target_os = "linux")]
        open(Family::Netlink, Type::RAW, None).unwrap();
    }

    #[test]
    fn a_family_that_the_system_lacks_is_named_with_a_remedy() {
        for family in Family::ALL {
            let lacking = io::Error::from_raw_os_error(system::FAMILY_NOT_SUPPORTED);
            let message = explain(family, lacking).to_string();
            let expected = format!("this system has no {family} sockets: {}", family.remedy());
            assert_eq!(message, expected);
        }
        match open(Family::Tipc, Type::STREAM, None) {
            Ok(_)
            | Err(SocketError::NoFamily {
                family: Family::Tipc,
            }) => {}
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn another_fault_is_not_taken_for_a_lacking_family() {
        let error = explain(Family::Inet, io::ErrorKind::PermissionDenied.into());
        assert!(matches!(error, SocketError::Io(_)));
    }

    #[test]
    fn ipv6_is_there_exactly_when_its_loopback_address_can_be_bound() {
        assert_eq!(has_ipv6(), std::net::TcpListener::bind("[::1]:0").is_ok());
    }
}
