//! Serving methods to whoever calls them over a connection ([`lariat_protocol::call`]).

use std::borrow::Cow;
use std::sync::Arc;

use lariat_net::TokioTasks;
use lariat_protocol::call::{Allowance, CallError, Limits, Message, Methods, Peer, code};
use lariat_protocol::{ConnectionInfo, Factory, Protocol, Refusal};

/// Methods that are served, to be listened with.
///
/// Each call runs as a task of its own on the thread of its connection. Where a method would hold
/// its thread, it hands the work on, as by `tokio::task::spawn_blocking`.
///
/// ```
/// use lariat_net::Reactor;
/// use lariat_protocol::call::Context;
/// use lariat_service::call::Calls;
///
/// lariat_protocol::remote! {
///     /// Greets.
///     pub trait Greeting, client GreetingClient {
///         /// A greeting for somebody.
///         async fn greet(name: String) -> Result<String, String>;
///     }
/// }
///
/// struct Polite;
///
/// impl Greeting for Polite {
///     async fn greet(&self, _: Context, name: String) -> Result<String, String> {
///         Ok(format!("Good day, {name}."))
///     }
/// }
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// reactor.listen("tcp://localhost:0", Calls::new(GreetingClient::methods(Polite)))?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Calls {
    methods: Arc<dyn Methods>,
    allowance: Arc<Allowance>,
}

impl Calls {
    /// These methods, under the default [`Limits`].
    pub fn new(methods: impl Methods) -> Self {
        Calls::with_limits(methods, Limits::default())
    }

    /// These methods, under limits. What all connections may have going on together counts for
    /// this value and its clones.
    pub fn with_limits(methods: impl Methods, limits: Limits) -> Self {
        Calls {
            methods: Arc::new(methods),
            allowance: Arc::new(Allowance::new(limits)),
        }
    }
}

impl Factory for Calls {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let methods = Arc::clone(&self.methods);
        let peer = Peer::new(methods, TokioTasks, Arc::clone(&self.allowance));
        Some(Box::new(peer.framed()))
    }

    fn refusal(&self, _: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        let error = CallError::new(code::TOO_MANY, why.to_string());
        let mut line = Message::write_answer(None, &Err(error));
        line.push(b'\n');
        Some(line.into())
    }
}
