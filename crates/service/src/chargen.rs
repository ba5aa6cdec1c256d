//! The character generator (RFC 864): characters for as long as they are read.

use std::time::Duration;

use lariat_protocol::chargen::{ChargenServer, Options};
use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::{ConnectionInfo, Deadlines, Endpoint, Factory, Protocol};

use crate::loops::{is_alike, is_said_by_another};

/// The endpoint's options that this service knows.
const OPTIONS: [&str; 1] = ["bytes"];

/// How long its clients may take. They have nothing to say, so nothing is waited for; one that
/// reads a byte a second reads; and nobody needs its characters for more than an hour.
pub const DEADLINES: Deadlines = Deadlines {
    first_message: None,
    idle: None,
    minimum_rate: 1,
    life: Some(Duration::from_secs(3600)),
    ..Deadlines::DEFAULT
};

/// The character generator, to be listened with, best under its own [`DEADLINES`].
///
/// Over UDP it is the classic tool for flooding others: a small datagram with a forged source
/// sends its victim a large one. The engine sends nobody but loopback and listed networks
/// (`?amplify_to=`) more than three times what came from there, and what looks like these
/// characters is not answered; it is still best served over UDP to those only who need it.
///
/// ```
/// use lariat_net::{ListenOptions, Reactor};
/// use lariat_service::chargen::{Chargen, DEADLINES};
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// let options = ListenOptions { deadlines: Some(DEADLINES), ..ListenOptions::default() };
/// reactor.handle().listen_with("tcp://localhost:0", options, Chargen::default())?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Chargen {
    options: Options,
}

impl Chargen {
    /// The service with these options.
    pub fn new(options: Options) -> Self {
        Chargen { options }
    }

    /// The service as an endpoint's options want it: `?bytes=N` closes a stream after so many.
    ///
    /// # Errors
    ///
    /// An option that neither this service nor the engine knows, or a value that is not one.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        let mut options = Options::default();
        for (key, value) in endpoint.service_options(&OPTIONS)? {
            let bytes = value.parse().ok().filter(|bytes| *bytes > 0);
            let bytes = bytes.ok_or_else(|| EndpointError::Option {
                key: key.to_string(),
                reason: format!("{value:?} is not a number of bytes from 1 on"),
            });
            options.bytes = Some(bytes?);
        }
        Ok(Chargen { options })
    }
}

impl Factory for Chargen {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let server = ChargenServer::new(self.options, || fastrand::u64(..));
        (!is_alike(connection)).then(|| Box::new(server) as Box<dyn Protocol>)
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        is_said_by_another(datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_says_after_how_many_bytes_it_ends() {
        let read = |options: &str| {
            let endpoint = format!("tcp://localhost:1{options}").parse();
            let service = Chargen::from_endpoint(&endpoint.expect("an endpoint"));
            service.map(|service| service.options.bytes)
        };
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("?bytes=1000"), Ok(Some(1000)));
        for wrong in ["?bytes=0", "?bytes=-1", "?bytes=", "?lines=5"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
