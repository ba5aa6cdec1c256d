//! Blocking handlers of datagrams under the reactor.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};

use lariat_protocol::{ConnectionInfo, Error, Factory, Handle, Message, Protocol, Transport};
use lariat_socketserver::{Accepted, DatagramRequest, HandlerResult, RequestHandler};

use super::address;

/// How many datagrams of one client are handled at a time. What it sends beyond that is lost, as it
/// would be on the way: each takes one of the pool's threads.
const MOST: usize = 16;

/// A [`RequestHandler`] of datagrams as a service of the [`Reactor`](crate::Reactor), over endpoints
/// that keep messages whole (`udp://`, `unixgram://`, `ws://`): the same handler, for each datagram on a
/// thread of the runtime's pool for blocking work.
///
/// Of one client 16 are handled at a time; what it sends beyond that is lost. A handler that fails or
/// panics ends its own request, which the log tells. What is being handled when the reactor
/// drains is answered still. Over `udp://` a reply may be three times as long as what it answers,
/// unless its client's network is among the endpoint's `amplify_to`.
///
/// ```
/// use lariat::socketserver::{DatagramRequest, handler};
/// use lariat::{Reactor, blocking_datagrams};
///
/// # fn main() -> Result<(), lariat::Error> {
/// let shout = handler(|request: &mut DatagramRequest| {
///     request.wfile = request.packet().to_ascii_uppercase();
///     Ok(())
/// });
/// let reactor = Reactor::builder().build()?;
/// reactor.listen("udp://localhost:0", blocking_datagrams(shout))?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
pub fn blocking_datagrams<H>(handler: H) -> impl Factory
where
    H: RequestHandler<DatagramRequest>,
{
    Handlers(Mutex::new(handler))
}

/// What each client's handlers are cloned from.
struct Handlers<H>(Mutex<H>);

impl<H: RequestHandler<DatagramRequest>> Factory for Handlers<H> {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let handler = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Box::new(Client {
            handler: handler.clone(),
            working: 0,
            is_draining: false,
        }))
    }
}

/// One client, and how many of its datagrams are being handled.
struct Client<H> {
    handler: H,
    working: usize,
    /// Whether the server is going down: what is being handled is answered, and nothing more.
    is_draining: bool,
}

/// What has become of a datagram: its reply, or why there is none.
struct Handled(Result<Option<Vec<u8>>, String>);

impl<H: RequestHandler<DatagramRequest>> Protocol for Client<H> {
    fn connection_made(&mut self, transport: &mut Transport) {
        if !transport.is_message_oriented() {
            let words = "a handler of datagrams needs an endpoint that keeps them whole, as udp://";
            transport.fail(Error::misuse(words));
        }
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if self.working == MOST || self.is_draining {
            return;
        }
        self.working += 1;
        transport.set_working(true);
        let accepted = Accepted::new(address(transport.peer()), address(transport.local()));
        let (packet, handler, to) = (data.to_vec(), self.handler.clone(), transport.handle());
        tokio::task::spawn_blocking(move || handle(packet, &accepted, handler, &to));
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        let Ok(Handled(outcome)) = message.take() else {
            return;
        };
        self.working -= 1;
        transport.set_working(self.working > 0);
        match outcome {
            Ok(Some(reply)) => transport.write(&reply),
            Ok(None) => {}
            Err(error) => {
                tracing::info!(peer = %transport.peer(), error, "a datagram's handler failed");
            }
        }
        if self.is_draining && self.working == 0 {
            transport.lose_connection();
        }
    }

    fn drain(&mut self, transport: &mut Transport) {
        self.is_draining = true;
        if self.working == 0 {
            transport.lose_connection();
        }
    }
}

/// Handles one, here and now, and sends what it came to back to its client's protocol.
fn handle<H: RequestHandler<DatagramRequest>>(
    packet: Vec<u8>,
    accepted: &Accepted,
    handler: H,
    to: &Handle,
) {
    let (say, said) = mpsc::channel();
    let reply = move |words: &[u8]| say.send(words.to_vec()).map_err(io::Error::other);
    let request = DatagramRequest::new(packet, accepted, reply);
    let handled: Result<HandlerResult, _> =
        catch_unwind(AssertUnwindSafe(|| request.handle_with(handler)));
    let outcome = match handled {
        Ok(Ok(())) => Ok(said.try_recv().ok()),
        Ok(Err(error)) => Err(error.to_string()),
        // The panic hook has said where.
        Err(_) => Err("it panicked".to_string()),
    };
    // Whoever is gone needs no reply.
    let _ = to.send_result(Message::new(Handled(outcome)));
}
