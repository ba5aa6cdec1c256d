//! The timestamp server: the protocol with the local clock, and what its endpoint may say.

use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::timestamp::{self, Options, TimestampServer};
use lariat_protocol::{
    Address, ConnectionInfo, Endpoint, Factory, Message, Protocol, TimerId, Transport,
};

use crate::clock::local_ctime;

/// The endpoint's options that this service knows.
const OPTIONS: [&str; 2] = ["quiet_ms", "one_request"];

/// The longest that a peer may be asked to be quiet: a minute.
const LONGEST_QUIET_MS: u64 = 60_000;

/// What happens on the server's connections, for whoever wants to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Somebody connected; on a datagram socket, sent a first message.
    Connected(&'a Address),
    /// A message came and its answer was sent.
    Returned(&'a Address),
}

/// Is told of what happens.
pub type Watcher = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// The timestamp service, to be listened with.
///
/// ```
/// use lariat_net::Reactor;
/// use lariat_service::timestamp::Timestamp;
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// let listening = reactor.listen("tcp://localhost:0", Timestamp::default())?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct Timestamp {
    options: Options,
    watcher: Option<Watcher>,
}

impl Timestamp {
    /// The service with these options.
    pub fn new(options: Options) -> Self {
        Timestamp {
            options,
            watcher: None,
        }
    }

    /// The service as an endpoint's options want it: `?quiet_ms=N` is how long a peer must
    /// be quiet before what it sent without a line end is answered (0: only lines are), and
    /// `?one_request=true` closes behind the first answer.
    ///
    /// # Errors
    ///
    /// An option that neither this service nor the engine knows, or a value that is not one.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        let mut options = Options::default();
        for (key, value) in endpoint.service_options(&OPTIONS)? {
            let refused = |allowed: &str| EndpointError::Option {
                key: key.to_string(),
                reason: format!("{value:?} is not {allowed}"),
            };
            match key {
                "quiet_ms" => {
                    let quiet = value.parse().ok().filter(|ms| *ms <= LONGEST_QUIET_MS);
                    let quiet =
                        quiet.ok_or_else(|| refused("a number of milliseconds from 0 to 60000"));
                    options.quiet = Duration::from_millis(quiet?);
                }
                _ => {
                    let one = value.parse().map_err(|_| refused("true or false"));
                    options.one_request = one?;
                }
            }
        }
        Ok(Timestamp::new(options))
    }

    /// Tells `watcher` of connections and answers.
    pub fn watched_by(mut self, watcher: Watcher) -> Self {
        self.watcher = Some(watcher);
        self
    }
}

impl Factory for Timestamp {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let server = TimestampServer::new(self.options.clone(), local_ctime);
        Some(match &self.watcher {
            None => Box::new(server),
            Some(watcher) => Box::new(Watched {
                server,
                watcher: Arc::clone(watcher),
            }),
        })
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        timestamp::is_answer(datagram)
    }
}

/// A server that is watched: whatever makes it write was a message.
struct Watched<P> {
    server: P,
    watcher: Watcher,
}

impl<P: Protocol> Watched<P> {
    fn watch(&mut self, transport: &mut Transport, call: impl FnOnce(&mut P, &mut Transport)) {
        let before = transport.buffered();
        call(&mut self.server, transport);
        if transport.buffered() > before {
            (self.watcher)(Event::Returned(transport.peer()));
        }
    }
}

impl<P: Protocol> Protocol for Watched<P> {
    fn connection_made(&mut self, transport: &mut Transport) {
        (self.watcher)(Event::Connected(transport.peer()));
        self.server.connection_made(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.watch(transport, |server, transport| {
            server.data_received(transport, data)
        });
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        self.watch(transport, |server, transport| {
            server.eof_received(transport)
        });
    }

    fn input_released(&mut self, transport: &mut Transport) {
        self.watch(transport, |server, transport| {
            server.input_released(transport)
        });
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        self.server.message_received(transport, message);
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        self.watch(transport, |server, transport| {
            server.timer(transport, timer)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn options(endpoint: &str) -> Result<Options, String> {
        let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
        let service = Timestamp::from_endpoint(&endpoint);
        service
            .map(|service| service.options)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_endpoint_says_how_the_service_is_to_be() {
        assert_eq!(options("tcp://localhost"), Ok(Options::default()));
        let strict = options("tcp://localhost?quiet_ms=0&one_request=true").expect("known");
        assert!(strict.quiet.is_zero() && strict.one_request);
        for wrong in [
            "quiet_ms=",
            "quiet_ms=-1",
            "quiet_ms=60001",
            "one_request=maybe",
            "quiet=1",
        ] {
            let error = options(&format!("tcp://localhost?{wrong}")).expect_err(wrong);
            assert!(
                error.contains(wrong.split('=').next().expect("a key")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_watcher_hears_of_connections_and_answers() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ears = Arc::clone(&heard);
        let watcher: Watcher = Arc::new(move |event| {
            ears.lock().expect("no panic").push(format!("{event:?}"));
        });
        let mut transport = Transport::unconnected();
        let service = Timestamp::default().watched_by(watcher);
        let mut server = service.build(transport.info()).expect("a server");
        server.connection_made(&mut transport);
        server.data_received(&mut transport, b"half");
        server.data_received(&mut transport, b" a line\n");
        let heard = heard.lock().expect("no panic");
        assert_eq!(heard.len(), 2, "{heard:?}");
        assert!(heard[0].starts_with("Connected") && heard[1].starts_with("Returned"));
    }
}
