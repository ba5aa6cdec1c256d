//! What is counted of a service: one set of counters for each thread, so that threads do not
//! wait for each other's processor caches.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use lariat_protocol::contract::Stage;
use lariat_protocol::{Deadline, Refusal};

use crate::observe::latency::Latencies;
use crate::platform::clock::Nanoseconds;

/// What a connection is at, from accept to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Its PROXY header and its TLS and WebSocket handshakes are under way.
    Opening,
    /// It is open, and the peer has said nothing yet.
    First,
    /// Nothing is under way.
    Idle,
    /// A message of the peer's has begun and is not whole.
    Message,
    /// Our side works on an answer.
    Working,
    /// The peer has not taken all that was sent to it.
    Writing,
    /// It is being closed in order.
    Closing,
}

impl Phase {
    /// All of them, in the order of a connection's life.
    pub const ALL: [Phase; 7] = [
        Phase::Opening,
        Phase::First,
        Phase::Idle,
        Phase::Message,
        Phase::Working,
        Phase::Writing,
        Phase::Closing,
    ];

    /// The word for it in tables and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Opening => "opening",
            Phase::First => "first",
            Phase::Idle => "idle",
            Phase::Message => "message",
            Phase::Working => "working",
            Phase::Writing => "writing",
            Phase::Closing => "closing",
        }
    }
}

impl From<Stage> for Phase {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::First => Phase::First,
            Stage::Idle => Phase::Idle,
            Stage::Message => Phase::Message,
            Stage::Working => Phase::Working,
            Stage::Writing => Phase::Writing,
        }
    }
}

/// How a connection ended, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// In order, by either side.
    Finished,
    /// In order, after it was told that the server goes down.
    Goodbye,
    /// By force, when the draining took too long.
    Forced,
    /// By somebody who looked at the table and chose it.
    Killed,
    /// Because of a deadline.
    Deadline,
    /// Because of what the peer sent, a limit, or the network.
    Failed,
    /// Because a callback panicked.
    Panicked,
}

impl Ended {
    /// All of them.
    pub const ALL: [Ended; 7] = [
        Ended::Finished,
        Ended::Goodbye,
        Ended::Forced,
        Ended::Killed,
        Ended::Deadline,
        Ended::Failed,
        Ended::Panicked,
    ];

    /// The word for it in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Ended::Finished => "finished",
            Ended::Goodbye => "goodbye",
            Ended::Forced => "forced",
            Ended::Killed => "killed",
            Ended::Deadline => "deadline",
            Ended::Failed => "failed",
            Ended::Panicked => "panicked",
        }
    }
}

/// The counters of one service on one thread.
///
/// A pair of processor cache lines to itself, since each thread writes its own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    messages: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    latencies: Latencies,
    active: [AtomicI64; Phase::ALL.len()],
    accepted: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
    handshakes: AtomicU64,
    handshakes_failed: AtomicU64,
    deadlines: [AtomicU64; Deadline::ALL.len()],
    ended: [AtomicU64; Ended::ALL.len()],
    slow_callbacks: AtomicU64,
    datagrams_dropped: AtomicU64,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

/// Adds to a counter that only this thread adds to, without locking a processor's bus for it:
/// what every message costs is added in this way.
#[inline]
pub(crate) fn add_alone(counter: &AtomicU64, count: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(count);
    counter.store(sum, Ordering::Relaxed);
}

impl Counters {
    /// What one turn of a connection of this thread moved, and how long it took from when the thread could
    /// have begun it, if that is known.
    #[inline]
    pub(crate) fn moved(&self, messages: u32, received: u64, sent: u64, took: Option<Nanoseconds>) {
        if received > 0 {
            add_alone(&self.received, received);
        }
        if sent > 0 {
            add_alone(&self.sent, sent);
        }
        if messages > 0 {
            if let Some(took) = took {
                self.latencies.add(u64::from(messages), took);
            }
            // Last, and seen last: whoever finds a message counted finds what it moved.
            let sum = self.messages.load(Ordering::Relaxed);
            let sum = sum.wrapping_add(u64::from(messages));
            self.messages.store(sum, Ordering::Release);
        }
    }

    pub(crate) fn accepted(&self) {
        add(&self.accepted, 1);
    }

    pub(crate) fn refused(&self, why: Refusal) {
        add(&self.refused[position(&Refusal::ALL, why)], 1);
    }

    pub(crate) fn handshake(&self, succeeded: bool) {
        add(&self.handshakes, 1);
        if !succeeded {
            add(&self.handshakes_failed, 1);
        }
    }

    pub(crate) fn deadline(&self, deadline: Deadline) {
        add(&self.deadlines[position(&Deadline::ALL, deadline)], 1);
    }

    pub(crate) fn ended(&self, how: Ended) {
        add(&self.ended[position(&Ended::ALL, how)], 1);
    }

    pub(crate) fn datagram_dropped(&self) {
        add(&self.datagrams_dropped, 1);
    }

    /// Returns how many there have been.
    pub(crate) fn slow_callback(&self) -> u64 {
        self.slow_callbacks.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A connection goes from one phase to another; from none at its begin, to none at its
    /// end.
    pub(crate) fn phase(&self, from: Option<Phase>, to: Option<Phase>) {
        let count = |phase: Option<Phase>, by: i64| {
            if let Some(phase) = phase {
                self.active[phase as usize].fetch_add(by, Ordering::Relaxed);
            }
        };
        count(from, -1);
        count(to, 1);
    }
}

fn position<T: PartialEq>(all: &[T], one: T) -> usize {
    all.iter().position(|other| *other == one).unwrap_or(0)
}

/// What was counted of one service since it began, over all threads.
#[derive(Clone, Debug, Default)]
pub struct ServiceStats {
    /// What the service is called.
    pub service: String,
    /// Where it listens.
    pub endpoint: String,
    /// Connections let in.
    pub accepted: u64,
    /// Connections refused, by [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
    /// Connections that are there, by [`Phase::ALL`].
    pub active: [u64; Phase::ALL.len()],
    /// Connections that ended, by [`Ended::ALL`].
    pub ended: [u64; Ended::ALL.len()],
    /// Deadlines that passed, by [`Deadline::ALL`].
    pub deadlines: [u64; Deadline::ALL.len()],
    /// Handshakes of TLS and WebSocket, those that failed among them.
    pub handshakes: u64,
    /// Handshakes that failed.
    pub handshakes_failed: u64,
    /// Messages that came whole; each is counted behind the bytes that its turn moved and the
    /// time that it took, and so those of streams never without them.
    pub messages: u64,
    /// Bytes that came, without those of TLS and WebSocket.
    pub received: u64,
    /// Bytes that left, without those of TLS and WebSocket.
    pub sent: u64,
    /// Callbacks that held their thread for over 50 ms.
    pub slow_callbacks: u64,
    /// Datagrams that were not answered, so that nobody can be flooded with answers.
    pub datagrams_dropped: u64,
    /// How long messages took, from when their thread could have begun them until what they
    /// were answered at once had been handed to the system.
    pub latencies: crate::observe::LatencyStats,
}

impl ServiceStats {
    pub(crate) fn add(&mut self, counters: &Counters) {
        // Before what is counted before it.
        self.messages += counters.messages.load(Ordering::Acquire);
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        self.accepted += load(&counters.accepted);
        self.handshakes += load(&counters.handshakes);
        self.handshakes_failed += load(&counters.handshakes_failed);
        self.received += load(&counters.received);
        self.sent += load(&counters.sent);
        self.slow_callbacks += load(&counters.slow_callbacks);
        self.datagrams_dropped += load(&counters.datagrams_dropped);
        let all = |to: &mut [u64], from: &[AtomicU64]| {
            for (to, from) in to.iter_mut().zip(from) {
                *to += load(from);
            }
        };
        all(&mut self.refused, &counters.refused);
        all(&mut self.ended, &counters.ended);
        all(&mut self.deadlines, &counters.deadlines);
        for (to, from) in self.active.iter_mut().zip(&counters.active) {
            // A connection that is changing its phase right now may be missing.
            *to += u64::try_from(from.load(Ordering::Relaxed)).unwrap_or(0);
        }
        self.latencies.add(&counters.latencies);
    }

    /// Adds what was counted elsewhere of the same.
    pub(crate) fn merge(&mut self, other: &ServiceStats) {
        self.accepted += other.accepted;
        self.handshakes += other.handshakes;
        self.handshakes_failed += other.handshakes_failed;
        self.messages += other.messages;
        self.received += other.received;
        self.sent += other.sent;
        self.slow_callbacks += other.slow_callbacks;
        self.datagrams_dropped += other.datagrams_dropped;
        let all = |to: &mut [u64], from: &[u64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        };
        all(&mut self.refused, &other.refused);
        all(&mut self.active, &other.active);
        all(&mut self.ended, &other.ended);
        all(&mut self.deadlines, &other.deadlines);
        self.latencies.merge(&other.latencies);
    }

    /// How many connections ended in this way.
    pub fn ended(&self, how: Ended) -> u64 {
        self.ended[position(&Ended::ALL, how)]
    }

    /// How many connections were refused for this reason.
    pub fn refused(&self, why: Refusal) -> u64 {
        self.refused[position(&Refusal::ALL, why)]
    }

    /// How often this deadline passed.
    pub fn deadline(&self, deadline: Deadline) -> u64 {
        self.deadlines[position(&Deadline::ALL, deadline)]
    }

    /// How many connections are in this phase.
    pub fn active(&self, phase: Phase) -> u64 {
        self.active[phase as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_moved_is_counted_when_it_is() {
        const MESSAGES: u64 = 300_000;
        let counters = Counters::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..MESSAGES).for_each(|_| counters.moved(1, 2, 3, Some(1))));
            loop {
                let mut stats = ServiceStats::default();
                stats.add(&counters);
                let messages = stats.messages;
                assert!(stats.received >= 2 * messages && stats.sent >= 3 * messages);
                assert!(stats.latencies.count() >= messages);
                if messages == MESSAGES {
                    break;
                }
            }
        });
    }
}
