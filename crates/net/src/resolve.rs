//! Connecting to a service by its name: who knows where it is, and which of the answers is taken.
//!
//! No name server is known here; [`Resolver`] is what somebody who knows one implements.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use lariat_protocol::Endpoint;
use tokio::time::{Instant, timeout};

use crate::connect::{ConnectOptions, open};
use crate::connection::Connection;
use crate::error::Error;

/// How long one of several answers may take to connect to, before the next is tried: long enough
/// for a handshake around the world, and short enough that somebody waits for three of them.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// How many of the answers are tried: whoever does not answer after that is not there.
pub const MAXIMUM_ATTEMPTS: usize = 8;

/// What a resolver is asked for, while it looks.
pub type Resolving<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Endpoint>, ResolveError>> + Send + 'a>>;

/// Why nothing was found. It is shown as it is, so it says in one line what was asked for, whom,
/// and what would be right.
pub type ResolveError = Box<dyn std::error::Error + Send + Sync>;

/// Knows where services are: what connects to `name:SERVICE` asks it.
///
/// ```
/// use std::sync::Arc;
/// use lariat_net::{ConnectOptions, Resolver, Resolving};
/// use lariat_protocol::Endpoint;
///
/// #[derive(Debug)]
/// struct AtHome;
///
/// impl Resolver for AtHome {
///     fn resolve<'a>(&'a self, service: &'a Endpoint) -> Resolving<'a> {
///         Box::pin(async move {
///             match service.service() {
///                 Some("time") => Ok(vec![Endpoint::tcp("localhost", 21575)]),
///                 _ => Err(format!("nobody at home offers {service}").into()),
///             }
///         })
///     }
/// }
///
/// let options = ConnectOptions {
///     resolver: Some(Arc::new(AtHome)),
///     ..ConnectOptions::default()
/// };
/// ```
pub trait Resolver: fmt::Debug + Send + Sync {
    /// Where the service is: every endpoint at which it may be, in the order in which they are to
    /// be tried. It need not look at [`over`](lariat_protocol::endpoint::Options::over), nor at the
    /// options of TLS: [`Endpoint::answered_by`] is asked about each of them.
    fn resolve<'a>(&'a self, service: &'a Endpoint) -> Resolving<'a>;

    /// Forgets what it keeps about the service, since nobody is there any more; whether it kept
    /// something, so that asking again may lead elsewhere. By default it keeps nothing.
    fn forget(&self, service: &Endpoint) -> bool {
        let _ = service;
        false
    }
}

/// Connects to the first that answers, within the time of the options.
pub(crate) async fn connect(
    service: &Endpoint,
    options: &ConnectOptions,
) -> Result<(Endpoint, Connection), Error> {
    let deadline = Instant::now() + options.timeout;
    let Some(resolver) = &options.resolver else {
        return Err(Error::misuse(
            service,
            "there is no name server to ask; give ConnectOptions a resolver",
        ));
    };
    match first_that_answers(service, resolver.as_ref(), options, deadline).await {
        Err(Error::Unreachable { .. }) if resolver.forget(service) => {
            first_that_answers(service, resolver.as_ref(), options, deadline).await
        }
        found => found,
    }
}

async fn first_that_answers(
    service: &Endpoint,
    resolver: &dyn Resolver,
    options: &ConnectOptions,
    deadline: Instant,
) -> Result<(Endpoint, Connection), Error> {
    let found = resolver.resolve(service).await.map_err(Error::Resolve)?;
    let candidates = candidates(service, &found, options.tls.is_some())?;
    let mut failures = Vec::new();
    let last = candidates.len().saturating_sub(1);
    for (index, candidate) in candidates.into_iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let allowed = match index == last {
            true => left,
            false => left.min(ATTEMPT_TIMEOUT),
        };
        match timeout(allowed, open(&candidate, options)).await {
            Ok(Ok(connection)) => return Ok((candidate, connection)),
            Ok(Err(error)) => failures.push(error),
            Err(_) => failures.push(Error::TimedOut {
                endpoint: candidate.to_string(),
                after: allowed,
            }),
        }
        if let Some(error) = failures.last() {
            tracing::debug!(%service, "{error}");
        }
    }
    Err(Error::Unreachable {
        service: service.to_string(),
        failures,
    })
}

/// The answers that can be taken, as they are to be tried. A datagram is sent whoever is there, so
/// where there are streams too, one of those it is, which are found out to be nobody's.
fn candidates(service: &Endpoint, found: &[Endpoint], tls: bool) -> Result<Vec<Endpoint>, Error> {
    let taken = found.iter().filter_map(|found| service.answered_by(found));
    // A client's side of TLS that was given is meant to be used.
    let taken = taken.filter(|answer| answer.is_tls() || !tls);
    let (datagrams, streams): (Vec<Endpoint>, Vec<Endpoint>) =
        taken.partition(Endpoint::is_datagram);
    let mut candidates = match streams.is_empty() {
        true => datagrams,
        false => streams,
    };
    if candidates.is_empty() {
        let found: Vec<String> = found.iter().map(Endpoint::to_string).collect();
        return Err(Error::misuse(
            service,
            format!(
                "it is at none that this can use, but at {}",
                found.join(", ")
            ),
        ));
    }
    candidates.truncate(MAXIMUM_ATTEMPTS);
    Ok(candidates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(texts: &[&str]) -> Vec<Endpoint> {
        let parsed = texts.iter().map(|text| text.parse().expect("an endpoint"));
        parsed.collect()
    }

    fn tried(service: &str, found: &[&str], tls: bool) -> Result<Vec<String>, String> {
        let service: Endpoint = service.parse().expect("a service");
        let tried = candidates(&service, &endpoints(found), tls);
        let tried = tried.map_err(|error| error.to_string())?;
        Ok(tried.iter().map(Endpoint::to_string).collect())
    }

    #[test]
    fn streams_go_before_datagrams_unless_those_are_asked_for() {
        let both = ["udp://a:1", "tcp://b:2", "udp://c:3"];
        let strings = |texts: &[&str]| Ok(texts.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(tried("name:x", &both, false), strings(&["tcp://b:2"]));
        assert_eq!(
            tried("name:x?over=udp", &both, false),
            strings(&["udp://a:1", "udp://c:3"])
        );
        assert_eq!(tried("name:x", &both[..1], false), strings(&["udp://a:1"]));
    }

    #[test]
    fn what_is_meant_to_be_encrypted_is_not_tried_plain() {
        let said = tried("name:x", &["tcp://b:2", "udp://c:3"], true).expect_err("plain");
        assert_eq!(
            said,
            "name:x: it is at none that this can use, but at tcp://b:2, udp://c:3"
        );
        let tls = tried("name:x", &["tcp://b:2", "tls://b:3"], true);
        assert_eq!(tls, Ok(vec!["tls://b:3".to_owned()]));
    }

    #[test]
    fn not_all_of_many_are_tried() {
        let many: Vec<String> = (1..100).map(|port| format!("tcp://a:{port}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let tried = tried("name:x", &many, false).expect("taken");
        assert_eq!(tried.len(), MAXIMUM_ATTEMPTS);
    }
}
