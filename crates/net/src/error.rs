//! Why an endpoint could not be listened on or connected to, each in one clear line.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::EndpointError;

use crate::lookup::LookupError;
use crate::open::OpenError;
use crate::resolve::ResolveError;

/// What went wrong before there was a connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The endpoint is not a URL that there could be.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The endpoint's host has no address.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// An address could not be listened on.
    #[error("cannot listen on {endpoint}: {}", describe_listen(.address, .error))]
    Listen {
        /// What was to be listened on.
        endpoint: String,
        /// The address of it that failed.
        address: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// None of the endpoint's addresses took the connection.
    #[error("cannot connect to {endpoint}: {}", describe_attempts(.attempts))]
    Connect {
        /// What was to be connected to.
        endpoint: String,
        /// Each address that was tried, and why it failed.
        attempts: Vec<(String, io::Error)>,
    },
    /// The connection was there, but not the layers over it.
    #[error("{endpoint}: {error}")]
    Open {
        /// What was to be connected to or listened on.
        endpoint: String,
        /// Why.
        #[source]
        error: OpenError,
    },
    /// It took too long.
    #[error("cannot connect to {endpoint}: no answer within {} s", .after.as_secs_f64())]
    TimedOut {
        /// What was to be connected to.
        endpoint: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// Where a service is could not be found out.
    #[error("{0}")]
    Resolve(#[source] ResolveError),
    /// A service is known, and none of those who offer it answered.
    #[error("{}", describe_failures(.service, .failures))]
    Unreachable {
        /// What was to be connected to, such as `name:chat`.
        service: String,
        /// Why not, of each that was tried.
        failures: Vec<Error>,
    },
    /// The endpoint cannot do what was asked of it.
    #[error("{endpoint}: {problem}")]
    Misuse {
        /// Which endpoint.
        endpoint: String,
        /// What cannot be, and what can.
        problem: String,
    },
    /// The system gave no thread or no runtime.
    #[error("the reactor could not start: {0}")]
    Start(#[source] io::Error),
}

impl Error {
    pub(crate) fn misuse(endpoint: &Endpoint, problem: impl Into<String>) -> Self {
        Error::Misuse {
            endpoint: endpoint.to_string(),
            problem: problem.into(),
        }
    }

    pub(crate) fn open(endpoint: &Endpoint, error: OpenError) -> Self {
        Error::Open {
            endpoint: endpoint.to_string(),
            error,
        }
    }
}

fn describe_listen(address: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is in use by another program; choose another port or path \
             (port 0 takes any that is free)"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "no permission for {address}; ports below 1024 are for the administrator, \
             and a socket's folder must be writable"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} is not an address of this machine")
        }
        io::ErrorKind::NotFound => format!("{address}: its folder does not exist"),
        _ => format!("{address}: {}", describe(error)),
    }
}

/// `connection refused (127.0.0.1:1, [::1]:1)`: each reason once, with who gave it.
fn describe_attempts(attempts: &[(String, io::Error)]) -> String {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for (address, error) in attempts {
        let reason = describe(error);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, addresses)) => addresses.push(address),
            None => reasons.push((reason, vec![address])),
        }
    }
    if reasons.is_empty() {
        return "it has no address to try".into();
    }
    let reasons: Vec<String> = reasons
        .into_iter()
        .map(|(reason, addresses)| format!("{reason} ({})", addresses.join(", ")))
        .collect();
    reasons.join("; ")
}

fn describe_failures(service: &str, failures: &[Error]) -> String {
    let reasons: Vec<String> = failures.iter().map(Error::to_string).collect();
    format!(
        "nobody who offers {service} answers: {}",
        reasons.join("; ")
    )
}

/// The kind in words where the system's own are longer without saying more.
pub(crate) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::TimedOut => "timed out".into(),
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".into(),
        io::ErrorKind::HostUnreachable => "host unreachable".into(),
        io::ErrorKind::ConnectionReset => "connection reset".into(),
        _ => error.to_string(),
    }
}

/// The addresses and their errors as [`Error::Connect`] keeps them.
pub(crate) fn attempts(all: Vec<(SocketAddr, io::Error)>) -> Vec<(String, io::Error)> {
    all.into_iter()
        .map(|(address, error)| (address.to_string(), error))
        .collect()
}
