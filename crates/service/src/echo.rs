//! The echo server (RFC 862): says everything back, to all but its own kind.

use lariat_protocol::echo::EchoServer;
use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::{ConnectionInfo, Endpoint, Factory, Protocol};

use crate::loops::is_alike;

/// The echo service, to be listened with.
///
/// Over UDP its answer looks like anything, so that it cannot be told from a question. What keeps
/// two such servers from echoing each other for ever is that the engine hears no port below
/// 1024, and this service none that has its own number. Whatever else answers all that it is sent, from
/// a port of another number, can still be set on it, at the rate that is heard of one address.
///
/// What looks like the answer of another service comes back as well: that is what the RFC says, and what who
/// tests with the alphabet expects. The other services of this crate know their own answers.
///
/// ```
/// use lariat_net::Reactor;
/// use lariat_service::echo::Echo;
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// reactor.listen("tcp://localhost:0", Echo)?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Echo {
    /// The service on an endpoint, which has no options of its own.
    ///
    /// # Errors
    ///
    /// An option that the engine does not know.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        endpoint.service_options(&[])?;
        Ok(Echo)
    }
}

impl Factory for Echo {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        (!is_alike(connection)).then(|| Box::new(EchoServer) as Box<dyn Protocol>)
    }
}
