//! What goes wrong with a socket, each case with what was tried.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::family::Family;
use super::timeout::is_timeout;
use crate::lookup::LookupError;

/// A socket that could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// The host has no address to connect to.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// No address of the host took the connection.
    #[error("no connection to {host:?} port {port}: {}", Listed(attempts))]
    NotConnected {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
        /// Every address that was tried, in order, with what became of it.
        attempts: Vec<Attempt>,
    },
    /// This system has no sockets of the family.
    #[error("this system has no {family} sockets: {}", family.remedy())]
    NoFamily {
        /// The family that was asked for.
        family: Family,
    },
    /// An argument that cannot be: the caller's fault.
    #[error("{0}")]
    Misuse(String),
    /// What the system says.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// One address that was tried, and the error that it gave.
#[derive(Debug)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// Why it took no connection.
    pub error: io::Error,
}

impl SocketError {
    /// Whether a time-out was the cause: of the last address tried, where there were several.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::NotConnected { attempts, .. } => {
                attempts.last().is_some_and(|last| is_timeout(&last.error))
            }
            Self::Io(error) => is_timeout(error),
            _ => false,
        }
    }
}

impl From<SocketError> for io::Error {
    fn from(error: SocketError) -> Self {
        let kind = match &error {
            SocketError::NotConnected { attempts, .. } => attempts
                .last()
                .map_or(io::ErrorKind::NotConnected, |last| last.error.kind()),
            SocketError::NoFamily { .. } => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::InvalidInput,
        };
        match error {
            SocketError::Io(error) => error,
            SocketError::Lookup(error) => error.into(),
            error => Self::new(kind, error),
        }
    }
}

/// The attempts in one line.
struct Listed<'error>(&'error [Attempt]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("there was no address to try");
        }
        for (index, attempt) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(
                formatter,
                "{separator}{}: {}",
                attempt.address, attempt.error
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn refused_then_timed_out() -> SocketError {
        let attempt = |address: &str, kind: io::ErrorKind| Attempt {
            address: address.parse().unwrap(),
            error: kind.into(),
        };
        SocketError::NotConnected {
            host: "localhost".to_owned(),
            port: 9,
            attempts: vec![
                attempt("[::1]:9", io::ErrorKind::ConnectionRefused),
                attempt("127.0.0.1:9", io::ErrorKind::TimedOut),
            ],
        }
    }

    #[test]
    fn the_message_lists_every_address_with_its_fault() {
        assert_eq!(
            refused_then_timed_out().to_string(),
            "no connection to \"localhost\" port 9: \
             [::1]:9: connection refused; 127.0.0.1:9: timed out"
        );
        assert!(refused_then_timed_out().is_timeout());
    }

    #[test]
    fn the_kind_survives_as_an_io_error() {
        let kind = |error: SocketError| io::Error::from(error).kind();
        assert_eq!(kind(refused_then_timed_out()), io::ErrorKind::TimedOut);
        let tipc = SocketError::NoFamily {
            family: Family::Tipc,
        };
        assert_eq!(kind(tipc), io::ErrorKind::Unsupported);
        let misuse = SocketError::Misuse("x".to_owned());
        assert_eq!(kind(misuse), io::ErrorKind::InvalidInput);
        let lookup = LookupError::NoProtocol { name: "x".into() };
        assert_eq!(kind(lookup.into()), io::ErrorKind::NotFound);
        let io = SocketError::Io(io::ErrorKind::AddrInUse.into());
        assert_eq!(kind(io), io::ErrorKind::AddrInUse);
    }
}
