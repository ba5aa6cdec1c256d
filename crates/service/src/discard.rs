//! The discard server (RFC 863): takes everything and answers nothing.

use lariat_protocol::discard::DiscardServer;
use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::{ConnectionInfo, Endpoint, Factory, Protocol};

/// The discard service, to be listened with.
///
/// ```
/// use lariat_net::Reactor;
/// use lariat_service::discard::Discard;
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// reactor.listen("tcp://localhost:0", Discard)?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Discard {
    /// The service on an endpoint, which has no options of its own.
    ///
    /// # Errors
    ///
    /// An option that the engine does not know.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        endpoint.service_options(&[])?;
        Ok(Discard)
    }
}

impl Factory for Discard {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(DiscardServer))
    }
}
