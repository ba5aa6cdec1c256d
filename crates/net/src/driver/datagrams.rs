//! Driving one protocol that is given every peer's datagrams.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use lariat_protocol::{DatagramProtocol, DatagramTransport, Handle};
use tokio_util::sync::CancellationToken;

use crate::carrier::datagram::{BATCH, Datagram, DatagramSocket, Outgoing, Receiving};
use crate::driver::hub::{Hub, Place, Signals};
use crate::driver::manners::{self, Budgets, Dropped, Manners};
use crate::driver::outbox;
use crate::observe::counters::Counters;
use crate::observe::{ConnectionStatus, Ended, Phase};
use crate::platform::clock::{self, Began};
use crate::state::{ServiceState, Who};

/// How many datagrams are received before it is the turn of the thread's other tasks.
const A_TURN: usize = 4 * BATCH;

struct Driven {
    socket: DatagramSocket,
    protocol: Box<dyn DatagramProtocol>,
    transport: DatagramTransport,
    place: Place,
    service: Arc<ServiceState>,
    manners: Manners,
    budgets: Budgets,
    /// How many of the datagrams that are to be sent next are taken from their peers' budgets
    /// already.
    paid: usize,
    made: Instant,
    /// How it ends, where that is not in order.
    ended: Option<Ended>,
    messages: u32,
    received: u64,
    sent: u64,
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
        manners: Manners::new(service.endpoint()),
        budgets: Budgets::new(),
        paid: 0,
        made: crate::reactor::now(),
        ended: None,
        messages: 0,
        received: 0,
        sent: 0,
        service,
        begun: false,
    };
    // The socket counts as one connection, of whom it hears most.
    driven.counters().accepted();
    driven.counters().phase(None, Some(Phase::Idle));
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
            driven.turn(context, &mut receiving)
        });
        catch_unwind(step).unwrap_or_else(|_| {
            driven.service.log_panic(driven.who());
            driven.ended = Some(Ended::Panicked);
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

    fn counters(&self) -> &Counters {
        self.service.counters(self.place.hub().thread())
    }

    fn status(&self) -> ConnectionStatus {
        ConnectionStatus {
            key: self.place.key(),
            service: Arc::clone(&self.service.metrics.service),
            endpoint: Arc::clone(&self.service.metrics.endpoint),
            peer: self.transport.local().clone(),
            phase: Phase::Idle,
            age: crate::reactor::now().saturating_duration_since(self.made),
            received: self.received,
            sent: self.sent,
            messages: self.messages,
            held: 0,
        }
    }

    /// Does what there is to do, and counts what moved.
    fn turn(&mut self, context: &mut Context<'_>, receiving: &mut Receiving) -> Poll<()> {
        self.place.answer(|| self.status());
        let began = Began::now();
        let (messages, received, sent) = (self.messages, self.received, self.sent);
        let polled = self.poll(context, receiving);
        let took = began.ended(clock::nanoseconds(crate::reactor::now()));
        self.counters().moved(
            self.messages.wrapping_sub(messages),
            self.received - received,
            self.sent - sent,
            Some(took),
        );
        if u128::from(took) >= clock::SLOW.as_nanos() {
            self.service.held_thread(began, self.who());
        }
        polled
    }

    fn poll(&mut self, context: &mut Context<'_>, receiving: &mut Receiving) -> Poll<()> {
        let mut received = 0;
        loop {
            self.look();
            let sent = self.send(context);
            if self.transport.is_closing() && sent {
                return Poll::Ready(());
            }
            if self.transport.is_closing() {
                return Poll::Pending;
            }
            if received >= A_TURN {
                // The socket is one of many tasks.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let batch = ready!(self.socket.poll_receive(context, receiving));
            let now = crate::reactor::now();
            let thread = self.place.hub().thread();
            for datagram in batch {
                received += 1;
                let is_answer = |data: &[u8]| self.protocol.is_answer(data);
                let (manners, service) = (&mut self.manners, &self.service);
                if manners.hears(&datagram, now, service, thread, is_answer) {
                    self.hear(&datagram);
                }
            }
        }
    }

    fn hear(&mut self, datagram: &Datagram<'_>) {
        let Datagram { peer, asked, data } = datagram;
        self.budgets.received(&self.manners, peer, data.len());
        self.messages = self.messages.wrapping_add(1);
        self.received += data.len() as u64;
        let transport = &mut self.transport;
        self.protocol
            .datagram_received(transport, data, peer, *asked);
    }

    fn look(&mut self) {
        if let Some(waiting) = self.place.take() {
            if waiting.signals.contains(Signals::AT_ONCE) {
                self.ended = Some(match waiting.signals.contains(Signals::KILL) {
                    true => Ended::Killed,
                    false => Ended::Forced,
                });
                self.transport.outgoing().clear();
                self.paid = 0;
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
        let thread = self.place.hub().thread();
        while self.pay(thread) > 0 {
            let waiting = self.transport.outgoing();
            let datagrams = waiting.iter().take(self.paid).map(|datagram| Outgoing {
                to: &datagram.to,
                from: datagram.from,
                data: &datagram.data,
            });
            let done = match self.socket.poll_send(context, datagrams) {
                Poll::Pending => return false,
                Poll::Ready(Ok(count)) => {
                    let count = count.min(self.paid);
                    let left = waiting.iter().take(count).map(|one| one.data.len() as u64);
                    self.sent += left.sum::<u64>();
                    count
                }
                Poll::Ready(Err(error)) => {
                    if let Some(first) = waiting.front() {
                        outbox::not_sent(
                            &self.service,
                            thread,
                            &first.to,
                            first.data.len(),
                            &error,
                        );
                    }
                    1
                }
            };
            waiting.drain(..done);
            self.paid -= done;
        }
        true
    }

    /// Takes what is to leave together next from the peers' budgets; what does not fit is dropped.
    /// Returns how many those are.
    fn pay(&mut self, thread: u32) -> usize {
        while self.paid < BATCH
            && let Some(datagram) = self.transport.outgoing().get(self.paid)
        {
            let (to, length) = (&datagram.to, datagram.data.len());
            if self.budgets.take(&self.manners, to, length) {
                self.paid += 1;
                continue;
            }
            manners::count(&self.service, thread, to, length, Dropped::Amplified);
            self.transport.outgoing().remove(self.paid);
        }
        self.paid
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        // Here, so that it comes also to those whose task is dropped with its runtime.
        let ended = self
            .ended
            .unwrap_or(match self.service.draining.is_cancelled() {
                true => Ended::Goodbye,
                false => Ended::Finished,
            });
        self.counters().ended(ended);
        self.counters().phase(Some(Phase::Idle), None);
        let protocol = &mut self.protocol;
        let closed = AssertUnwindSafe(|| protocol.closed());
        if self.begun && catch_unwind(closed).is_err() {
            self.service.log_panic(self.who());
        }
    }
}
