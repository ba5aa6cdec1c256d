//! What everybody who takes part in a run shares: the plan, how many messages are left, when it
//! counts, and where the figures are.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use lariat_net::ConnectOptions;
use lariat_protocol::endpoint::Base;
use lariat_protocol::{Address, Endpoint, Handle, Message};

use crate::bench::plan::{Amount, Manner, Plan};
use crate::bench::slot::Slot;
use crate::bench::tally::Tally;
use crate::failure::Failure;

/// How many connections are being made at a time: more than listeners let wait (often 128, ours
/// 1024) would be tried again by the system after a second.
const CONNECTING_AT_ONCE: usize = 100;

/// What whoever leads the run is told.
#[derive(Debug)]
pub enum Event {
    /// Every connection has been made, or failed to be, once.
    Settled,
    /// Nobody is there.
    Unreachable(Failure),
    /// Every connection has done its work; and when, on the run's clock.
    Finished(u64),
    /// A signal came.
    Interrupted,
}

/// The word that sets the connections off.
pub struct Go;

/// One thread's figures.
pub type SharedTally = Arc<Mutex<Tally>>;

/// A run, shared by its connections and whoever leads it.
pub struct Run {
    pub plan: Plan,
    pub reactor: lariat_net::Handle,
    pub options: ConnectOptions,
    /// When the clock began.
    origin: Instant,
    /// From when on messages count; never, until it is known.
    measured_from: AtomicU64,
    /// When the connections were set off.
    set_off: AtomicU64,
    sending: AtomicBool,
    /// How many messages may still be sent, where they are counted.
    budget: Option<AtomicU64>,
    tallies: Mutex<Vec<(ThreadId, SharedTally)>>,
    /// Those who wait to be set off; nobody waits any more once there is none.
    waiting: Mutex<Option<Vec<Handle>>>,
    /// How many slots have begun to connect.
    begun: AtomicUsize,
    /// How many slots know whether they could connect.
    settled: AtomicUsize,
    /// How many slots have work to do.
    working: AtomicUsize,
    /// Whether there ever was a connection.
    reached: AtomicBool,
    /// Whether anything was ever answered.
    answered: AtomicBool,
    /// Why the first connection that failed did.
    first_failure: Mutex<Option<Failure>>,
    /// The endpoint with the address that its name led to.
    found: OnceLock<Endpoint>,
    events: Sender<Event>,
}

impl Run {
    /// A run that has not begun, and what will be told of it.
    pub fn new(
        plan: Plan,
        reactor: lariat_net::Handle,
        options: ConnectOptions,
    ) -> (Arc<Run>, Receiver<Event>) {
        let (events, told) = channel();
        let budget = match plan.amount {
            Amount::Requests(count) => Some(AtomicU64::new(count)),
            Amount::Time(_) => None,
        };
        // Where each message has a connection of its own, the first ones count as all others.
        let counts = matches!(
            (plan.manner, plan.amount),
            (Manner::Churn, Amount::Requests(_))
        );
        let run = Run {
            reactor,
            options,
            origin: Instant::now(),
            measured_from: AtomicU64::new(if counts { 0 } else { u64::MAX }),
            set_off: AtomicU64::new(0),
            sending: AtomicBool::new(true),
            budget,
            tallies: Mutex::default(),
            waiting: Mutex::new(Some(Vec::new())),
            begun: AtomicUsize::new(0),
            settled: AtomicUsize::new(0),
            working: AtomicUsize::new(plan.connections),
            reached: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            first_failure: Mutex::default(),
            found: OnceLock::new(),
            events,
            plan,
        };
        (Arc::new(run), told)
    }

    /// Begins to connect.
    pub fn start(self: &Arc<Self>) {
        for _ in 0..CONNECTING_AT_ONCE.min(self.plan.connections) {
            self.begin_another();
        }
    }

    fn begin_another(self: &Arc<Self>) {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        if number < self.plan.connections {
            // A slot's number is below the number of connections, which was read as a u32.
            Slot::new(Arc::clone(self), number as u32).connect();
        }
    }

    /// Nanoseconds on the run's clock.
    pub fn now(&self) -> u64 {
        nanoseconds(self.origin.elapsed())
    }

    /// Sets the connections off; what they send after the warm-up counts.
    pub fn go(&self) {
        let now = self.now();
        self.set_off.store(now, Ordering::Relaxed);
        let from = now + nanoseconds(self.plan.warmup);
        let _ = self.measured_from.compare_exchange(
            u64::MAX,
            from,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        let waiting = lock(&self.waiting).take();
        for handle in waiting.into_iter().flatten() {
            // A connection that has ended meanwhile has been told so.
            let _ = handle.send(Message::new(Go));
        }
    }

    /// Whether the connections are off; else this one will be told by a [`Go`].
    pub fn is_off(&self, handle: impl FnOnce() -> Handle) -> bool {
        match &mut *lock(&self.waiting) {
            Some(waiting) => {
                waiting.push(handle());
                false
            }
            None => true,
        }
    }

    /// When the connections were set off.
    pub fn set_off(&self) -> u64 {
        self.set_off.load(Ordering::Relaxed)
    }

    /// From when on messages count.
    pub fn measured_from(&self) -> u64 {
        self.measured_from.load(Ordering::Relaxed)
    }

    /// Takes the right to send one message.
    pub fn claim(&self) -> bool {
        self.sending.load(Ordering::Relaxed)
            && self.budget.as_ref().is_none_or(|budget| {
                let less = |left: u64| left.checked_sub(1);
                budget
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
                    .is_ok()
            })
    }

    /// Whether nothing is to be sent any more.
    pub fn is_over(&self) -> bool {
        let spent = |budget: &AtomicU64| budget.load(Ordering::Relaxed) == 0;
        !self.sending.load(Ordering::Relaxed) || self.budget.as_ref().is_some_and(spent)
    }

    /// How many messages are still to be sent, where that is known.
    pub fn left(&self) -> Option<u64> {
        self.budget
            .as_ref()
            .map(|left| left.load(Ordering::Relaxed))
    }

    /// Lets nothing more be sent.
    pub fn stop_sending(&self) {
        self.sending.store(false, Ordering::Relaxed);
    }

    /// The run is to end now.
    pub fn interrupt(&self) {
        // Told first: a connection that has nothing more to send may finish the run at once, and the
        // run would seem to have come to its end by itself.
        self.tell(Event::Interrupted);
        self.stop_sending();
    }

    /// The figures of this thread.
    pub fn tally(&self) -> SharedTally {
        let here = std::thread::current().id();
        let mut tallies = lock(&self.tallies);
        if let Some((_, tally)) = tallies.iter().find(|(thread, _)| *thread == here) {
            return Arc::clone(tally);
        }
        let tally = Arc::new(Mutex::new(Tally::new()));
        tallies.push((here, Arc::clone(&tally)));
        tally
    }

    /// Does this with the figures of each thread.
    pub fn each_tally(&self, mut each: impl FnMut(&Tally)) {
        for (_, tally) in lock(&self.tallies).iter() {
            each(&lock(tally));
        }
    }

    /// How many slots know whether they could connect.
    pub fn settled(&self) -> usize {
        self.settled.load(Ordering::Relaxed)
    }

    /// A slot has its first connection, or failed to get one.
    pub fn settle(self: &Arc<Self>, failure: Option<Failure>) {
        match failure {
            None => self.reached.store(true, Ordering::Relaxed),
            Some(failure) => {
                lock(&self.first_failure).get_or_insert(failure);
            }
        }
        self.begin_another();
        // The last one sees what all before it have stored.
        if self.settled.fetch_add(1, Ordering::AcqRel) + 1 < self.plan.connections {
            return;
        }
        let failure = lock(&self.first_failure).take();
        self.tell(match failure {
            Some(failure) if !self.reached.load(Ordering::Relaxed) => Event::Unreachable(failure),
            _ => Event::Settled,
        });
    }

    /// Nobody listens where datagrams go: that is heard when the first one comes back.
    pub fn refused(&self) {
        if !self.answered.load(Ordering::Relaxed) {
            let endpoint = &self.plan.endpoint;
            let words = format!("cannot connect to {endpoint}: connection refused");
            self.tell(Event::Unreachable(Failure::new(words)));
        }
    }

    /// Something was answered.
    pub fn has_answered(&self) {
        // Threads that only read share a cache line at no cost.
        if !self.answered.load(Ordering::Relaxed) {
            self.answered.store(true, Ordering::Relaxed);
        }
    }

    /// A slot has done its work.
    pub fn finish_slot(&self) {
        if self.working.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.tell(Event::Finished(self.now()));
        }
    }

    /// How many slots have work to do.
    pub fn working(&self) -> usize {
        self.working.load(Ordering::Relaxed)
    }

    /// What is connected to: with an address in the place of the name once that is known, for a
    /// name is not to be looked up for each connection. TLS and WebSocket name the host to the
    /// server, so it stays theirs.
    pub fn endpoint(&self) -> Endpoint {
        self.found.get().unwrap_or(&self.plan.endpoint).clone()
    }

    /// The name has led to this address.
    pub fn found(&self, peer: &Address) {
        let endpoint = &self.plan.endpoint;
        let named = matches!(endpoint.base(), Base::Tcp { .. } | Base::Udp { .. });
        // An address that needs a scope is none without it.
        if let Address::Inet(address) = peer
            && !matches!(address, SocketAddr::V6(address) if address.scope_id() != 0)
            && named
            && endpoint.layers().is_empty()
            && self.found.get().is_none()
        {
            let host = address.ip().to_string();
            let _ = self.found.set(endpoint.clone().with_host(host.as_str()));
        }
    }

    fn tell(&self, event: Event) {
        // Whoever leads has left when the run is over.
        let _ = self.events.send(event);
    }
}

/// A mutex of values that are whole at all times.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use lariat_net::Reactor;

    use super::*;
    use crate::bench::script::{Expect, Script};

    fn plan() -> Plan {
        Plan {
            endpoint: "tcp://127.0.0.1:1".parse().expect("an endpoint"),
            connections: 1,
            threads: 1,
            manner: Manner::Closed { pipeline: 1 },
            amount: Amount::Time(Duration::from_secs(3600)),
            warmup: Duration::ZERO,
            timeout: Duration::from_secs(1),
            expect: Expect::Echo,
            script: Script::new(Expect::Echo, 64, true),
        }
    }

    #[test]
    fn a_run_that_is_interrupted_has_not_finished_by_itself() {
        let reactor = Reactor::builder().threads(1).build().expect("a reactor");
        for _ in 0..1_000 {
            let (run, events) = Run::new(plan(), reactor.handle(), ConnectOptions::default());
            thread::scope(|threads| {
                let last = threads.spawn(|| {
                    while !run.is_over() {
                        std::hint::spin_loop();
                    }
                    run.finish_slot();
                });
                run.interrupt();
                last.join().expect("it ends");
            });
            let told = events.try_recv();
            assert!(matches!(told, Ok(Event::Interrupted)), "{told:?}");
        }
    }
}
