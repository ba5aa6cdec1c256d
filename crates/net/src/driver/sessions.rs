//! The peers of a datagram socket, each a bounded virtual connection under one protocol.
//!
//! A session begins with a peer's first datagram and ends when its protocol closes it, when
//! nothing has come for a while, or when there are too many and it has been silent longest.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use lariat_protocol::{ConnectionInfo, Handle, Reason, Transport};
use slab::Slab;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use crate::carrier::datagram::{BATCH, Datagram, DatagramSocket, Receiving};
use crate::driver::hub::Hub;
use crate::driver::manners::Manners;
use crate::driver::outbox::Outbox;
use crate::driver::session::{Key, Session, Turned};
use crate::observe::{Ended, Phase};
use crate::state::{ServiceState, Who};

/// How long a silent peer is remembered, unless the service's deadline for it is shorter.
const IDLE: Duration = Duration::from_secs(60);

/// How many peers one socket remembers.
const MOST_SESSIONS: usize = 10_000;

/// How many datagrams are received before it is the turn of the thread's other tasks.
const A_TURN: usize = 4 * BATCH;

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
    manners: Manners,
    sessions: Slab<Session>,
    by_peer: HashMap<Key, usize>,
    /// The sessions by when they were last heard of, or earlier: that somebody is heard of again
    /// costs nothing until that somebody stands first.
    by_age: BTreeSet<(Instant, usize)>,
    outbox: Outbox,
    /// Those with a datagram that the socket has not taken yet.
    blocked: Vec<usize>,
    woken: Arc<Woken>,
    expiry: Pin<Box<Sleep>>,
    /// How long a silent peer is remembered.
    idle: Duration,
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
            manners: Manners::new(service.endpoint()),
            socket,
            hub,
            service,
            sessions: Slab::new(),
            by_peer: HashMap::new(),
            by_age: BTreeSet::new(),
            outbox: Outbox::default(),
            blocked: Vec::new(),
            woken: Arc::default(),
            expiry: Box::pin(tokio::time::sleep(IDLE)),
            idle: IDLE,
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
        self.flush(context);
        let woken = self.woken.sessions.lock();
        let woken = std::mem::take(&mut *woken.unwrap_or_else(PoisonError::into_inner));
        for index in woken {
            self.turn(context, index, |_| {});
        }
        self.unblock(context);
        let mut received = 0;
        loop {
            self.flush(context);
            if self.closed.is_cancelled() && self.sessions.is_empty() && self.outbox.is_empty() {
                return Poll::Ready(());
            }
            if received >= A_TURN {
                // The socket is one of many tasks.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let batch = ready!(self.socket.poll_receive(context, receiving));
            let now = crate::reactor::now();
            let thread = self.hub.thread();
            for datagram in batch {
                received += 1;
                let (service, hub) = (&self.service, &self.hub);
                let is_answer = |data: &[u8]| is_answer(service, hub, &datagram, data);
                let manners = &mut self.manners;
                if manners.hears(&datagram, now, service, thread, is_answer) {
                    let Datagram { peer, asked, data } = datagram;
                    self.hear(context, (peer, asked), data, now);
                }
            }
        }
    }

    /// Sends what the sessions have written.
    fn flush(&mut self, context: &mut Context<'_>) {
        if self.outbox.is_idle() {
            return;
        }
        let thread = self.hub.thread();
        self.outbox
            .flush(context, &self.socket, &self.service, thread);
        for (key, length) in self.outbox.take_refused() {
            let index = self.by_peer.get(&key);
            if let Some(session) = index.and_then(|index| self.sessions.get_mut(*index)) {
                session.not_sent(length);
            }
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
    fn hear(&mut self, context: &mut Context<'_>, key: Key, data: &[u8], now: Instant) {
        let index = match self.by_peer.get(&key) {
            Some(index) => {
                let index = *index;
                if let Some(session) = self.sessions.get_mut(index) {
                    session.earn(data.len());
                }
                index
            }
            None if self.closed.is_cancelled() => return,
            None => match self.begin(context, key, data.len(), now) {
                Some(index) => index,
                None => return,
            },
        };
        let Some(session) = self.sessions.get_mut(index) else {
            return;
        };
        session.last_heard = now;
        self.turn(context, index, |session| session.hear(data));
    }

    /// Begins the session of a peer whose first datagram has this length. It may have ended
    /// already when this returns.
    fn begin(
        &mut self,
        context: &mut Context<'_>,
        key: Key,
        length: usize,
        now: Instant,
    ) -> Option<usize> {
        let local = self.socket.local(key.1);
        let info = ConnectionInfo::messages(key.0.clone(), local);
        let built = catch_unwind(AssertUnwindSafe(|| self.service.build(&info)));
        let protocol = built.unwrap_or_else(|_| {
            self.service.log_panic(Who {
                key: self.hub.no_connection(),
                peer: &key.0,
                phase: Phase::Opening,
            });
            let counters = self.service.counters(self.hub.thread());
            counters.accepted();
            counters.ended(Ended::Panicked);
            None
        })?;
        let place = self.hub.register();
        // Who comes after the goodbye was said to all would never hear it.
        if self.service.draining.is_cancelled() {
            return None;
        }
        if self.sessions.len() >= MOST_SESSIONS
            && let Some((_, oldest)) = self.oldest()
        {
            self.end(oldest, Reason::Aborted);
        }
        let handle = Handle::new(place.mailbox(), place.id());
        let transport = Transport::new(info, handle);
        let mut budget = self.manners.budget(&key.0);
        budget.received(length);
        let service = &self.service;
        let session = Session::new(key.clone(), protocol, transport, place, budget, service);
        let index = self.sessions.insert(session);
        let waker = Waker::from(Arc::new(SessionWaker {
            woken: Arc::clone(&self.woken),
            session: index,
        }));
        self.sessions[index].place.set_waker(&waker);
        self.by_peer.insert(key, index);
        self.sessions[index].last_heard = now;
        self.sessions[index].age = now;
        self.by_age.insert((now, index));
        // A turn of its own: what is written here is to be on its way before the protocol is
        // asked whether it is open to input.
        self.turn(context, index, Session::begin);
        Some(index)
    }

    /// One turn of a session, which ends it if it is over.
    fn turn(&mut self, context: &mut Context<'_>, index: usize, call: impl FnOnce(&mut Session)) {
        // Whoever woke it may have been later than its end.
        let Some(session) = self.sessions.get_mut(index) else {
            return;
        };
        let (outbox, service) = (&mut self.outbox, &self.service);
        match session.turn(context, &self.socket, outbox, service, call) {
            Turned::Over(reason) => self.end(index, reason),
            Turned::Blocked if !std::mem::replace(&mut session.in_blocked, true) => {
                self.blocked.push(index);
            }
            Turned::Blocked | Turned::Sent => {}
        }
    }

    fn end(&mut self, index: usize, reason: Reason) {
        // Its last turn comes before its end.
        self.outbox.count(&self.service, self.hub.thread());
        let session = self.sessions.remove(index);
        self.by_peer.remove(&session.key);
        self.by_age.remove(&(session.age, index));
        session.finish(reason, &self.service);
    }

    /// The session that was last heard of before all others, and when that was.
    fn oldest(&mut self) -> Option<(Instant, usize)> {
        loop {
            let &(age, index) = self.by_age.first()?;
            let session = self.sessions.get_mut(index)?;
            if session.last_heard == age {
                return Some((age, index));
            }
            self.by_age.pop_first();
            session.age = session.last_heard;
            self.by_age.insert((session.age, index));
        }
    }

    /// Ends the sessions that have been silent for too long.
    fn expire(&mut self, context: &mut Context<'_>) {
        let idle = self.service.deadlines().idle.unwrap_or(IDLE);
        // With none at all the next moment to look would always be now.
        let idle = idle.clamp(Duration::from_millis(1), IDLE);
        if std::mem::replace(&mut self.idle, idle) != idle {
            self.expiry.as_mut().reset(tokio::time::Instant::now());
        }
        while self.expiry.as_mut().poll(context).is_ready() {
            let now = crate::reactor::now();
            let mut next = now + idle;
            while let Some((heard, index)) = self.oldest() {
                if heard + idle > now {
                    next = heard + idle;
                    break;
                }
                self.end(index, Reason::PeerClosed);
            }
            self.expiry.as_mut().reset(next.into());
        }
    }
}

/// Asks the service whether a datagram is an answer. One that it panics at is not heard either.
fn is_answer(service: &ServiceState, hub: &Hub, datagram: &Datagram<'_>, data: &[u8]) -> bool {
    let asked = catch_unwind(AssertUnwindSafe(|| service.factory.is_answer(data)));
    asked.unwrap_or_else(|_| {
        service.log_panic(Who {
            key: hub.no_connection(),
            peer: &datagram.peer,
            phase: Phase::Opening,
        });
        true
    })
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
