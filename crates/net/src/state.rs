//! What all connections of one endpoint share: its layers and settings, its gates and
//! counters, and the way in which they are logged.

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use lariat_protocol::contract::Deadlines;
use lariat_protocol::{
    Address, ConnectionInfo, Deadline, Endpoint, Factory, Protocol, Reason, Refusal,
};
use tokio_util::sync::CancellationToken;

use crate::admission::{Gate, Handshaking, Lingering};
use crate::observe::counters::Counters;
use crate::observe::{ConnectionKey, Ended, Phase, ServiceMetrics};
use crate::open::{Layers, OpenError};
use crate::platform::clock::{self, Began};

/// What all connections of one endpoint share.
pub(crate) struct ServiceState {
    pub(crate) layers: Layers,
    pub(crate) factory: Arc<dyn Factory>,
    /// Cancelled when the server goes down.
    pub(crate) draining: CancellationToken,
    pub(crate) metrics: Arc<ServiceMetrics>,
    deadlines: RwLock<Deadlines>,
    /// The reactor's first, then its own, if it has one; none for connections that this side
    /// made.
    gates: Vec<Arc<Gate>>,
    /// What is listened on, which knows whose PROXY headers are trusted.
    endpoint: Option<Endpoint>,
}

impl ServiceState {
    /// Of connections that this side made: without limits and deadlines.
    pub(crate) fn new(
        name: &str,
        layers: Layers,
        factory: Arc<dyn Factory>,
        draining: CancellationToken,
    ) -> Self {
        ServiceState {
            layers,
            factory,
            draining,
            metrics: Arc::new(ServiceMetrics::new(name, name, 1)),
            deadlines: RwLock::new(Deadlines::NONE),
            gates: Vec::new(),
            endpoint: None,
        }
    }

    /// The same for one connection whose protocol is made already: its time is still kept,
    /// and it counts towards what is held, but is no other connection.
    pub(crate) fn with_factory(&self, factory: Arc<dyn Factory>) -> Self {
        ServiceState {
            layers: self.layers.clone(),
            factory,
            draining: self.draining.clone(),
            metrics: Arc::new(ServiceMetrics::new(self.name(), &self.metrics.endpoint, 1)),
            deadlines: RwLock::new(self.deadlines()),
            gates: self.gates.clone(),
            endpoint: None,
        }
    }

    /// The same, as of a service that is listened for.
    pub(crate) fn listening(
        mut self,
        metrics: Arc<ServiceMetrics>,
        deadlines: Deadlines,
        gates: Vec<Arc<Gate>>,
        endpoint: &Endpoint,
    ) -> Self {
        self.metrics = metrics;
        self.deadlines = RwLock::new(deadlines);
        self.gates = gates;
        self.endpoint = Some(endpoint.clone());
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.metrics.service
    }

    pub(crate) fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        self.factory.build(connection)
    }

    pub(crate) fn counters(&self, thread: u32) -> &Counters {
        self.metrics.on(thread)
    }

    pub(crate) fn deadlines(&self) -> Deadlines {
        *self
            .deadlines
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the deadlines of connections that are there as well.
    pub(crate) fn set_deadlines(&self, deadlines: Deadlines) {
        *self
            .deadlines
            .write()
            .unwrap_or_else(PoisonError::into_inner) = deadlines;
    }

    /// The service's own gate, behind the reactor's.
    pub(crate) fn own_gate(&self) -> Option<&Gate> {
        self.gates.get(1).map(Arc::as_ref)
    }

    /// Whether a peer may tell by a PROXY header for whom it speaks.
    pub(crate) fn trusts(&self, peer: &Address) -> bool {
        let endpoint = self.endpoint.as_ref();
        endpoint.is_some_and(|endpoint| endpoint.trusts_proxy(ip(peer)))
    }

    /// What is listened on, if anything is.
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// Whether a gate's lists keep whoever comes from this address out.
    pub(crate) fn denies(&self, address: IpAddr) -> bool {
        self.gates.iter().any(|gate| gate.denies(address))
    }

    /// Lets a connection in at every gate, or at none.
    pub(crate) fn enter(&self, peer: &Address) -> Result<Seat, Refusal> {
        let now = crate::reactor::now();
        let mut seat = Seat::default();
        for gate in &self.gates {
            match gate.enter(ip(peer), now) {
                Ok(counted) => seat = seat.passed(counted.is_some()),
                Err(why) => {
                    self.leave(peer, seat);
                    return Err(why);
                }
            }
        }
        Ok(seat)
    }

    /// Gives back the place of a connection that was let in.
    pub(crate) fn leave(&self, peer: &Address, seat: Seat) {
        for (index, gate) in self.gates.iter().take(seat.gates.into()).enumerate() {
            gate.leave(ip(peer).filter(|_| seat.counted & 1 << index != 0));
        }
    }

    /// Begins a handshake at every gate, for as long as the returned value lives.
    pub(crate) fn begin_handshake(&self) -> Result<Vec<Handshaking>, Refusal> {
        self.gates.iter().map(Gate::begin_handshake).collect()
    }

    /// A place for one that is told why it is refused and closed in order, if there is one left.
    pub(crate) fn linger(&self) -> Option<Lingering> {
        // They are the reactor's, however many services it has.
        self.gates.first().and_then(Gate::linger)
    }

    /// Takes note that a connection holds so many bytes instead of so many. Returns whether
    /// that is more than is left.
    pub(crate) fn hold(&self, before: usize, after: usize) -> bool {
        // Each gate must hear of it, whatever the one before says.
        let over = self.gates.iter().map(|gate| gate.hold(before, after));
        over.fold(false, |any, over| any | over)
    }

    /// Counts why the layers of a connection could not be opened, or TLS not within one.
    pub(crate) fn opening_failed(&self, who: Who<'_>, error: &OpenError, within: bool) -> Ended {
        let counters = self.counters(who.key.thread);
        let ended = match error {
            OpenError::TimedOut(_) => Ended::Deadline,
            _ => Ended::Failed,
        };
        match error {
            OpenError::Refused(why) => counters.refused(*why),
            OpenError::TimedOut(deadline) => counters.deadline(*deadline),
            _ => {}
        }
        let in_handshake = !matches!(
            error,
            OpenError::Refused(_)
                | OpenError::Proxy(_)
                | OpenError::TimedOut(Deadline::ProxyHeader)
        );
        if in_handshake && (within || self.layers.shake_hands()) {
            counters.handshake(false);
        }
        ended
    }

    /// Looks whether callbacks have held the thread for too long, and not others before them.
    #[cold]
    pub(crate) fn held_thread(&self, since: Began, who: Who<'_>) {
        let held = since.held();
        if held >= clock::SLOW {
            let count = self.counters(who.key.thread).slow_callback();
            let held_ms = held.as_millis() as u64;
            self.span(who).in_scope(|| {
                tracing::warn!(
                    held_ms,
                    count,
                    "a callback held its thread; work that takes long belongs into call_in_thread"
                );
            });
        }
    }

    /// A span for one connection. It is made when something is to be logged: kept for each
    /// connection it would cost more memory than the connection.
    pub(crate) fn span(&self, who: Who<'_>) -> tracing::Span {
        // Of the level that is always on: who chooses what is logged chooses events, and an
        // event without its connection says little.
        tracing::error_span!(
            "connection",
            id = %who.key,
            service = self.name(),
            endpoint = &*self.metrics.endpoint,
            peer = %who.peer,
            phase = who.phase.name(),
        )
    }

    pub(crate) fn log_end(&self, who: Who<'_>, reason: &Reason) {
        match reason {
            Reason::Failed(error) => self.log_failure(who, error),
            reason if tracing::enabled!(tracing::Level::DEBUG) => {
                self.span(who)
                    .in_scope(|| tracing::debug!(%reason, "connection ended"));
            }
            _ => {}
        }
    }

    /// One line for a connection that went wrong: what it was, with its cause.
    pub(crate) fn log_failure(&self, who: Who<'_>, error: impl Display) {
        if tracing::enabled!(tracing::Level::INFO) {
            self.span(who)
                .in_scope(|| tracing::info!("connection ended: {error}"));
        }
    }

    pub(crate) fn log_panic(&self, who: Who<'_>) {
        self.span(who)
            .in_scope(|| tracing::error!("a callback panicked; its connection ends"));
    }
}

/// A connection's place at the gates of its service: how many it passed, and at which it counts
/// by its address. Empty for who has passed none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seat {
    gates: u8,
    counted: u8,
}

impl Seat {
    fn passed(self, counted: bool) -> Self {
        Seat {
            gates: self.gates + 1,
            counted: self.counted | u8::from(counted) << self.gates,
        }
    }
}

/// Of which connection something is said.
#[derive(Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) key: ConnectionKey,
    pub(crate) peer: &'a Address,
    pub(crate) phase: Phase,
}

fn ip(peer: &Address) -> Option<IpAddr> {
    peer.inet().map(|peer| peer.ip())
}
