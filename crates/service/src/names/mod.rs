//! The name server: what is registered, in memory in front of a store, for connections and for
//! this process's own code.
//!
//! A look-up is answered from memory on the thread of its connection. A registration goes to the
//! directory's own thread, which writes all that wait in one transaction and has each answered
//! behind it. `docs/names.md` tells the rules.
//!
//! Read [`Directory`] and [`Names`] first; then `keeping.rs`, where changes are made, and
//! `checking.rs`, where they are found right.

mod asked;
mod cache;
mod checking;
mod choosing;
mod clock;
mod directory;
mod finding;
mod health;
mod keeping;
mod pattern;
mod prober;
mod record;
mod registry;
mod restoring;
mod schedule;
mod session;
mod terms;
mod unread;
mod watchers;
mod who;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::names::{ErrorCode, Refused};
use lariat_protocol::{ConnectionInfo, Deadlines, Endpoint, Factory, Protocol, Refusal};

pub use clock::Clock;
pub use directory::{Directory, Settings};
pub use keeping::Done;
pub use prober::{INTERVAL, TIMEOUT};
pub use schedule::Schedule;
pub use terms::{Probes, Terms};
pub use who::Who;

use session::Session;

/// How long clients may take: the usual, with a longer silence for those who only watch.
pub const DEADLINES: Deadlines = Deadlines {
    idle: Some(Duration::from_secs(900)),
    ..Deadlines::DEFAULT
};

/// The name service, to be listened with, best under [`DEADLINES`].
#[derive(Clone)]
pub struct Names {
    directory: Directory,
    terms: Arc<Terms>,
}

impl Names {
    /// The service of these names, for those who come by these terms.
    pub fn new(directory: Directory, terms: Terms) -> Self {
        directory.allow_probes(&terms.probes);
        Names {
            directory,
            terms: Arc::new(terms),
        }
    }

    /// The service as an endpoint's options want it: see [`Terms::from_endpoint`].
    ///
    /// # Errors
    ///
    /// An option that is not known or not right; and an endpoint of datagrams, on which a
    /// registration could come in anybody's name.
    pub fn from_endpoint(directory: Directory, endpoint: &Endpoint) -> Result<Self, EndpointError> {
        if endpoint.is_datagram() {
            return Err(EndpointError::Service {
                reason: format!(
                    "{endpoint}: names are served over streams only, since anybody can send a \
                     datagram in anybody's name; use tcp, tls, ws or unix"
                ),
            });
        }
        Ok(Names::new(directory, Terms::from_endpoint(endpoint)?))
    }
}

impl Factory for Names {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let who = Who::of(&connection.peer);
        let (directory, terms) = (self.directory.clone(), Arc::clone(&self.terms));
        Some(Box::new(Session::serving(directory, terms, who)))
    }

    fn refusal(&self, _: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        let line = Refused::new(ErrorCode::Limit, why.to_string()).line();
        Some(line.into_bytes().into())
    }
}

/// Whole milliseconds, as they are compared and kept.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
