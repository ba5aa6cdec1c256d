//! The peers of a datagram socket, each a bounded virtual connection under one protocol.
//!
//! A session begins with a peer's first datagram and ends when its protocol closes it, when
//! nothing has come for a while, or when there are too many and it has been silent longest.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use lariat_protocol::{Address, ConnectionInfo, Handle, Protocol, Reason, Transport};
use slab::Slab;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use crate::carrier::datagram::{Datagram, DatagramSocket, Receiving};
use crate::driver::hub::{Hub, Place, Signals};
use crate::observe::Phase;
use crate::state::{ServiceState, Who};

/// How long a silent peer is remembered.
const IDLE: Duration = Duration::from_secs(60);

/// How many peers one socket remembers.
const MOST_SESSIONS: usize = 10_000;

/// A peer, and which of our addresses it talks to: its answers must come from there.
type Key = (Address, Option<IpAddr>);

struct Session {
    key: Key,
    protocol: Box<dyn Protocol>,
    transport: Transport,
    place: Place,
    last_heard: Instant,
    /// The next datagram to be sent, when the socket's buffer was full.
    blocked: Option<Bytes>,
    /// Whether it stands in `Sessions::blocked`, where it needs to stand only once.
    in_blocked: bool,
    /// The end of a message that the protocol was not open to yet.
    message_end_waits: bool,
    /// Set when a callback panicked.
    panicked: bool,
}

/// The sessions that something waits for, and the task to wake for them.
#[derive(Default)]
struct Woken {
    sessions: Mutex<Vec<usize>>,
    task: AtomicWaker,
}

/// Wakes the socket's task for one session.
struct SessionWaker {
    woken: Arc<Woken>,
    session: usize,
}

impl Wake for SessionWaker {
    fn wake(self: Arc<Self>) {
        let sessions = self.woken.sessions.lock();
        let mut sessions = sessions.unwrap_or_else(PoisonError::into_inner);
        sessions.push(self.session);
        drop(sessions);
        self.woken.task.wake();
    }
}

/// All sessions of one socket, as a task.
pub(crate) struct Sessions {
    socket: DatagramSocket,
    hub: Arc<Hub>,
    service: Arc<ServiceState>,
    sessions: Slab<Session>,
    by_peer: HashMap<Key, usize>,
    /// The sessions in the order in which they were last heard of.
    by_age: BTreeSet<(Instant, usize)>,
    /// Those with a datagram that the socket has not taken yet.
    blocked: Vec<usize>,
    woken: Arc<Woken>,
    expiry: Pin<Box<Sleep>>,
    /// Cancelled when no new peer is to be served.
    closed: CancellationToken,
}

impl Sessions {
    /// Serves every peer of a socket until it is closed and the last session has ended.
    pub(crate) async fn serve(
        socket: DatagramSocket,
        hub: Arc<Hub>,
        service: Arc<ServiceState>,
        closed: CancellationToken,
    ) {
        let mut receiving = Receiving::new();
        let mut sessions = Sessions {
            socket,
            hub,
            service,
            sessions: Slab::new(),
            by_peer: HashMap::new(),
            by_age: BTreeSet::new(),
            blocked: Vec::new(),
            woken: Arc::default(),
            expiry: Box::pin(tokio::time::sleep(IDLE)),
            closed: closed.clone(),
        };
        // Closing must be noticed though nothing comes any more.
        let closing = closed.cancelled();
        let mut closing = std::pin::pin!(closing);
        std::future::poll_fn(|context| {
            let _ = closing.as_mut().poll(context);
            sessions.poll(context, &mut receiving)
        })
        .await;
    }

    fn poll(&mut self, context: &mut Context<'_>, receiving: &mut Receiving) -> Poll<()> {
        self.woken.task.register(context.waker());
        self.expire(context);
        let woken = self.woken.sessions.lock();
        let woken = std::mem::take(&mut *woken.unwrap_or_else(PoisonError::into_inner));
        for index in woken {
            self.turn(context, index, |_| {});
        }
        self.unblock(context);
        loop {
            if self.closed.is_cancelled() && self.sessions.is_empty() {
                return Poll::Ready(());
            }
            let mut heard = Vec::new();
            ready!(self.socket.poll_receive(context, receiving, |datagram| {
                let Datagram { peer, asked, data } = datagram;
                heard.push(((peer, asked), Bytes::copy_from_slice(data)));
            }));
            for (key, data) in heard {
                self.hear(context, key, &data);
            }
            // The socket is one of many tasks: after a batch it is the others' turn, by
            // tokio's own budget, which `poll_receive` is charged to.
        }
    }

    /// Sends on for the sessions that the socket's buffer was too full for, in their order.
    fn unblock(&mut self, context: &mut Context<'_>) {
        let mut blocked = std::mem::take(&mut self.blocked).into_iter();
        for index in blocked.by_ref() {
            let session = self.sessions.get_mut(index);
            // Whoever stands there no more may have ended, and another have its number.
            if session.is_some_and(|session| std::mem::take(&mut session.in_blocked)) {
                self.turn(context, index, |_| {});
            }
            // What has no room for this one has none for the others.
            if !self.blocked.is_empty() {
                break;
            }
        }
        self.blocked.extend(blocked);
    }

    /// Hands a datagram to its peer's session.
    fn hear(&mut self, context: &mut Context<'_>, key: Key, data: &[u8]) {
        let now = crate::reactor::now();
        let index = match self.by_peer.get(&key) {
            Some(index) => *index,
            None if self.closed.is_cancelled() => return,
            None => match self.begin(context, key, now) {
                Some(index) => index,
                None => return,
            },
        };
        let Some(session) = self.sessions.get_mut(index) else {
            return;
        };
        self.by_age.remove(&(session.last_heard, index));
        session.last_heard = now;
        self.by_age.insert((now, index));
        self.turn(context, index, |session| {
            // Nothing slows a peer of datagrams, so what comes too early is dropped, as the
            // network itself would; kept, it could be any amount.
            if session.transport.is_open_to_input() {
                session.message_end_waits = true;
                session.protocol.data_received(&mut session.transport, data);
            }
        });
    }

    /// Begins a peer's session, which may have ended already when this returns.
    fn begin(&mut self, context: &mut Context<'_>, key: Key, now: Instant) -> Option<usize> {
        let local = self.socket.local(key.1);
        let info = ConnectionInfo::messages(key.0.clone(), local);
        let built = catch_unwind(AssertUnwindSafe(|| self.service.build(&info)));
        let protocol = built.unwrap_or_else(|_| {
            self.service.log_panic(Who {
                key: self.hub.no_connection(),
                peer: &key.0,
                phase: Phase::Opening,
            });
            None
        })?;
        let place = self.hub.register();
        // Who comes after the goodbye was said to all would never hear it.
        if self.service.draining.is_cancelled() {
            return None;
        }
        if self.sessions.len() >= MOST_SESSIONS
            && let Some(&(_, oldest)) = self.by_age.first()
        {
            self.end(oldest, Reason::Aborted);
        }
        let handle = Handle::new(place.mailbox(), place.id());
        let index = self.sessions.insert(Session {
            key: key.clone(),
            protocol,
            transport: Transport::new(info, handle),
            place,
            last_heard: now,
            blocked: None,
            in_blocked: false,
            message_end_waits: false,
            panicked: false,
        });
        let waker = Waker::from(Arc::new(SessionWaker {
            woken: Arc::clone(&self.woken),
            session: index,
        }));
        self.sessions[index].place.set_waker(&waker);
        self.by_peer.insert(key, index);
        self.by_age.insert((now, index));
        // A turn of its own: what is written here is to be on its way before the protocol is
        // asked whether it is open to input.
        self.turn(context, index, |session| {
            session.protocol.connection_made(&mut session.transport);
        });
        Some(index)
    }

    /// One turn of a session: calls its protocol, sends what it wrote, and ends it if it
    /// is over.
    fn turn(&mut self, context: &mut Context<'_>, index: usize, call: impl FnOnce(&mut Session)) {
        // Whoever woke it may have been later than its end.
        let Some(session) = self.sessions.get_mut(index) else {
            return;
        };
        session.guard(call);
        let sent = session.settle(context, &self.socket, &self.service);
        if session.panicked {
            self.service.log_panic(session.who());
            return self.end(index, Reason::Panicked);
        }
        let aborting = session.transport.driver().is_aborting();
        if aborting || sent && session.transport.is_closing() {
            let reason = match session.transport.driver().take_error() {
                Some(error) => Reason::Failed(error),
                None if aborting => Reason::Aborted,
                None => Reason::Closed,
            };
            self.end(index, reason);
        } else if !sent && !std::mem::replace(&mut session.in_blocked, true) {
            self.blocked.push(index);
        }
    }

    fn end(&mut self, index: usize, reason: Reason) {
        let mut session = self.sessions.remove(index);
        let key = session.place.key();
        let peer = session.key.0.clone();
        let who = Who {
            key,
            peer: &peer,
            phase: Phase::Idle,
        };
        self.by_peer.remove(&session.key);
        self.by_age.remove(&(session.last_heard, index));
        self.service.log_end(who, &reason);
        // After a panic too.
        let lost = catch_unwind(AssertUnwindSafe(move || {
            session.protocol.connection_lost(&reason);
        }));
        if lost.is_err() {
            self.service.log_panic(who);
        }
    }

    /// Ends the sessions that have been silent for too long.
    fn expire(&mut self, context: &mut Context<'_>) {
        while self.expiry.as_mut().poll(context).is_ready() {
            let now = crate::reactor::now();
            while let Some(&(heard, index)) = self.by_age.first() {
                if heard + IDLE > now {
                    break;
                }
                self.end(index, Reason::PeerClosed);
            }
            let next = self.by_age.first().map_or(now, |(heard, _)| *heard) + IDLE;
            self.expiry.as_mut().reset(next.into());
        }
    }
}

impl Session {
    fn who(&self) -> Who<'_> {
        Who {
            key: self.place.key(),
            peer: &self.key.0,
            phase: Phase::Idle,
        }
    }

    /// Calls the protocol; a panic ends this session only.
    fn guard(&mut self, call: impl FnOnce(&mut Session)) {
        if !self.panicked && catch_unwind(AssertUnwindSafe(|| call(self))).is_err() {
            self.panicked = true;
        }
    }

    /// Handles what waits and sends what was written, until neither leads to more of the
    /// other. Returns whether everything has left.
    fn settle(
        &mut self,
        context: &mut Context<'_>,
        socket: &DatagramSocket,
        service: &ServiceState,
    ) -> bool {
        // Once a turn is enough: whatever comes during it wakes this session again.
        self.guard(Session::look);
        loop {
            let sent = self.send(context, socket, service);
            let mut released = false;
            self.guard(|session| released = session.release());
            if !released {
                return sent;
            }
        }
    }

    /// Handles what waits beside the session's slot.
    fn look(&mut self) {
        let transport = &mut self.transport;
        let Some(waiting) = self.place.take() else {
            return;
        };
        if waiting.signals.contains(Signals::AT_ONCE) {
            transport.abort();
            return;
        }
        if waiting.signals.contains(Signals::DRAIN) {
            self.protocol.drain(transport);
        }
        for message in waiting.messages.into_iter().flat_map(|queue| *queue) {
            if transport.driver().is_aborting() {
                return;
            }
            self.protocol.message_received(transport, message);
        }
        if waiting.signals.contains(Signals::TIMER) {
            let now = crate::reactor::now();
            transport.driver().settle_timers(now);
            while let Some(timer) = transport.driver().take_due_timer(now) {
                self.protocol.timer(transport, timer);
            }
            self.place
                .set_deadline(transport.driver().settle_timers(now));
        }
    }

    /// Goes on with what the protocol was not open to before. Returns whether there was such
    /// a thing; if not, its timers are settled.
    fn release(&mut self) -> bool {
        let transport = &mut self.transport;
        if transport.driver().take_held_input() {
            self.protocol.input_released(transport);
            return true;
        }
        if self.message_end_waits && transport.is_open_to_input() {
            self.message_end_waits = false;
            self.protocol.message_end(transport);
            return true;
        }
        if transport.driver().timers_changed() {
            let now = crate::reactor::now();
            self.place
                .set_deadline(transport.driver().settle_timers(now));
        }
        false
    }

    /// Sends what the protocol wrote. Returns whether everything has left; what the network
    /// refuses is dropped, as the network itself would.
    fn send(
        &mut self,
        context: &mut Context<'_>,
        socket: &DatagramSocket,
        service: &ServiceState,
    ) -> bool {
        if self.transport.driver().is_aborting() {
            self.blocked = None;
        }
        loop {
            if self.transport.driver().take_write_pause() {
                self.guard(|session| session.protocol.write_paused(&mut session.transport));
            }
            let mut driver = self.transport.driver();
            let outgoing = driver.outgoing();
            while let Some(data) = self.blocked.take().or_else(|| outgoing.pop_message()) {
                match socket.poll_send(context, &self.key.0, self.key.1, &data) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => {
                        let peer = &self.key.0;
                        let length = data.len();
                        tracing::info!(service = service.name(), %peer, length, "not sent: {error}");
                    }
                    Poll::Pending => {
                        self.blocked = Some(data);
                        return false;
                    }
                }
            }
            if !self.transport.driver().take_write_resume() {
                return true;
            }
            self.guard(|session| session.protocol.write_resumed(&mut session.transport));
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        let all: Vec<usize> = self.sessions.iter().map(|(index, _)| index).collect();
        for index in all {
            self.end(index, Reason::Aborted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::Layers;
    use crate::service::NoFactory;

    #[tokio::test(start_paused = true)]
    async fn an_error_of_receiving_does_not_end_the_service() {
        // A stream that leads nowhere can be asked for datagrams, and always refuses.
        let stream = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let stream = stream.expect("a socket");
        stream.set_nonblocking(true).expect("set");
        let socket = DatagramSocket::udp(stream.into()).expect("taken");
        let state = ServiceState::new(
            "refused",
            Layers::default(),
            Arc::new(NoFactory::default()),
            CancellationToken::new(),
        );
        let serving = Sessions::serve(
            socket,
            Arc::default(),
            Arc::new(state),
            CancellationToken::new(),
        );
        let served = tokio::time::timeout(Duration::from_secs(1), serving).await;
        served.expect_err("it goes on");
    }
}
