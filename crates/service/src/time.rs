//! The time server (RFC 868): the seconds since 1900 in four bytes, and then the end.

use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::time::{TimeServer, is_answer};
use lariat_protocol::{ConnectionInfo, Endpoint, Factory, Protocol};

use crate::clock::unix_second;
use crate::loops::is_said_by_another;

pub use crate::daytime::DEADLINES;

/// The time service, to be listened with, best under [`DEADLINES`].
///
/// ```
/// use lariat_net::{ListenOptions, Reactor};
/// use lariat_service::time::{DEADLINES, Time};
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// let options = ListenOptions { deadlines: Some(DEADLINES), ..ListenOptions::default() };
/// reactor.handle().listen_with("udp://localhost:0", options, Time)?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Time;

impl Time {
    /// The service on an endpoint, which has no options of its own.
    ///
    /// # Errors
    ///
    /// An option that the engine does not know.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        endpoint.service_options(&[])?;
        Ok(Time)
    }
}

impl Factory for Time {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(TimeServer::new(unix_second)))
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        is_answer(datagram) || is_said_by_another(datagram)
    }
}
