//! Driving one protocol that is given every peer's datagrams.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use lariat_protocol::{Address, DatagramProtocol, DatagramTransport, Handle};
use tokio_util::sync::CancellationToken;

use crate::carrier::datagram::{DatagramSocket, Receiving};
use crate::driver::hub::{Hub, Place, Signals};
use crate::observe::Phase;
use crate::state::{ServiceState, Who};

struct Driven {
    socket: DatagramSocket,
    protocol: Box<dyn DatagramProtocol>,
    transport: DatagramTransport,
    place: Place,
    service: Arc<ServiceState>,
    /// Whether the protocol was told of the socket, and so must be told of its end.
    begun: bool,
}

/// Serves a socket until its protocol closes it, panics, or `closed` is cancelled; what was
/// to be sent by then still leaves.
pub(crate) async fn serve(
    socket: DatagramSocket,
    hub: Arc<Hub>,
    service: Arc<ServiceState>,
    protocol: Box<dyn DatagramProtocol>,
    closed: CancellationToken,
) {
    let place = hub.register();
    let handle = Handle::new(place.mailbox(), place.id());
    let mut driven = Driven {
        transport: DatagramTransport::new(socket.local(None), handle),
        socket,
        protocol,
        place,
        service,
        begun: false,
    };
    let mut receiving = Receiving::new();
    let mut closed = pin!(closed.cancelled());
    poll_fn(|context| {
        let step = AssertUnwindSafe(|| {
            if !std::mem::replace(&mut driven.begun, true) {
                driven.place.set_waker(context.waker());
                driven.protocol.listening(&mut driven.transport);
            }
            if !driven.transport.is_closing() && closed.as_mut().poll(context).is_ready() {
                driven.transport.close();
            }
            driven.poll(context, &mut receiving)
        });
        catch_unwind(step).unwrap_or_else(|_| {
            driven.service.log_panic(driven.who());
            Poll::Ready(())
        })
    })
    .await;
}

impl Driven {
    /// The socket, in the place of any one of its peers.
    fn who(&self) -> Who<'_> {
        Who {
            key: self.place.key(),
            peer: self.transport.local(),
            phase: Phase::Idle,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>, receiving: &mut Receiving) -> Poll<()> {
        loop {
            self.look();
            let sent = self.send(context);
            if self.transport.is_closing() && sent {
                return Poll::Ready(());
            }
            if self.transport.is_closing() {
                return Poll::Pending;
            }
            let mut heard: Vec<(Address, Option<std::net::IpAddr>, Bytes)> = Vec::new();
            ready!(self.socket.poll_receive(context, receiving, |datagram| {
                let data = Bytes::copy_from_slice(datagram.data);
                heard.push((datagram.peer, datagram.asked, data));
            }));
            for (peer, asked, data) in heard {
                let transport = &mut self.transport;
                self.protocol
                    .datagram_received(transport, &data, &peer, asked);
            }
        }
    }

    fn look(&mut self) {
        if let Some(waiting) = self.place.take() {
            if waiting.signals.contains(Signals::AT_ONCE) {
                self.transport.outgoing().clear();
                self.transport.close();
                return;
            }
            if waiting.signals.contains(Signals::DRAIN) {
                self.transport.close();
            }
            for message in waiting.messages.into_iter().flat_map(|queue| *queue) {
                self.protocol.message_received(&mut self.transport, message);
            }
            if waiting.signals.contains(Signals::TIMER) {
                let now = crate::reactor::now();
                self.transport.settle_timers(now);
                while let Some(timer) = self.transport.take_due_timer(now) {
                    self.protocol.timer(&mut self.transport, timer);
                }
            }
        }
        let deadline = self.transport.settle_timers(crate::reactor::now());
        self.place.set_deadline(deadline);
    }

    /// Sends what waits; what the network refuses is dropped, as the network itself would.
    fn send(&mut self, context: &mut Context<'_>) -> bool {
        while let Some(datagram) = self.transport.outgoing().front() {
            let (to, from, data) = (&datagram.to, datagram.from, &datagram.data);
            match self.socket.poll_send(context, to, from, data) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    tracing::info!(service = self.service.name(), peer = %to, "not sent: {error}");
                }
            }
            self.transport.outgoing().pop_front();
        }
        true
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        // Here, so that it comes also to those whose task is dropped with its runtime.
        let protocol = &mut self.protocol;
        let closed = AssertUnwindSafe(|| protocol.closed());
        if self.begun && catch_unwind(closed).is_err() {
            self.service.log_panic(self.who());
        }
    }
}
