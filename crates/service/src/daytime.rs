//! The daytime server (RFC 867): the local time as a line, and then the end.

use std::time::Duration;

use lariat_protocol::daytime::DaytimeServer;
use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::{ConnectionInfo, Deadlines, Endpoint, Factory, Protocol};

use crate::clock::local_ctime;
use crate::loops::is_said_by_another;

/// How long clients may take of a service that speaks first and closes. They have nothing to say,
/// so nothing is waited for, and a minute is more than reading one line needs.
pub const DEADLINES: Deadlines = Deadlines {
    first_message: None,
    idle: None,
    write: Some(Duration::from_secs(30)),
    life: Some(Duration::from_secs(60)),
    ..Deadlines::DEFAULT
};

/// The daytime service, to be listened with, best under its own [`DEADLINES`].
///
/// ```
/// use lariat_net::{ListenOptions, Reactor};
/// use lariat_service::daytime::{DEADLINES, Daytime};
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// let options = ListenOptions { deadlines: Some(DEADLINES), ..ListenOptions::default() };
/// reactor.handle().listen_with("udp://localhost:0", options, Daytime)?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Daytime;

impl Daytime {
    /// The service on an endpoint, which has no options of its own.
    ///
    /// # Errors
    ///
    /// An option that the engine does not know.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        endpoint.service_options(&[])?;
        Ok(Daytime)
    }
}

impl Factory for Daytime {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(DaytimeServer::new(local_ctime)))
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        is_said_by_another(datagram)
    }
}
