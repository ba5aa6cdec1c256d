//! What the sessions of one socket have written and the system is to take in one call.
//!
//! Whether a peer may be sent something is decided before it comes in here, and what the system
//! takes no more of stays with its session: at most one batch waits here.

use std::io;
use std::mem;
use std::ops::Range;
use std::task::{Context, Poll};

use lariat_protocol::contract::Outgoing;

use crate::carrier::datagram::{self, BATCH, DatagramSocket};
use crate::driver::session::Key;
use crate::platform::clock::{self, Nanoseconds};
use crate::state::ServiceState;

/// How many bytes are gathered before they leave, but for the last datagram.
const MOST_BYTES: usize = 128 * 1024;

/// Datagrams that leave together, in the order in which they were written.
#[derive(Default)]
pub(super) struct Outbox {
    /// All of them, one behind the other.
    bytes: Vec<u8>,
    datagrams: Vec<Waiting>,
    /// How many of the first have left, or never will.
    done: usize,
    /// Whether the socket takes no more for now.
    blocked: bool,
    /// What was refused, and how long it was, until its session is told.
    refused: Vec<(Key, usize)>,
    /// The turns that wrote it, to be counted when it is on its way.
    turns: Vec<Turn>,
}

/// What a session's turn did, beside what it wrote.
pub(super) struct Turn {
    pub(super) messages: u32,
    pub(super) received: u64,
    pub(super) took: Nanoseconds,
    pub(super) ended: Nanoseconds,
}

struct Waiting {
    key: Key,
    bytes: Range<usize>,
}

impl Outbox {
    /// Whether nothing waits to be sent or counted.
    pub(super) fn is_idle(&self) -> bool {
        self.datagrams.is_empty() && self.turns.is_empty()
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Whether another datagram can come in.
    pub(super) fn has_room(&self) -> bool {
        !self.blocked && self.datagrams.len() < BATCH && self.bytes.len() < MOST_BYTES
    }

    /// Takes in the first message of `from` if it `may` leave by its length. Returns the length,
    /// or nothing if there is no message; one that may not leave is gone.
    pub(super) fn take(
        &mut self,
        key: &Key,
        from: &mut Outgoing,
        may: impl FnOnce(usize) -> bool,
    ) -> Option<Result<usize, usize>> {
        let begin = self.bytes.len();
        let length = from.pop_message_into(&mut self.bytes)?;
        if !may(length) {
            self.bytes.truncate(begin);
            return Some(Err(length));
        }
        let (key, bytes) = (key.clone(), begin..self.bytes.len());
        self.datagrams.push(Waiting { key, bytes });
        Some(Ok(length))
    }

    /// Takes note of a turn.
    pub(super) fn turned(&mut self, turn: Turn) {
        self.turns.push(turn);
    }

    /// Counts the turns that are not counted yet. What they wrote has been given to the system,
    /// and each took until then.
    pub(super) fn count(&mut self, service: &ServiceState, thread: u32) {
        if self.turns.is_empty() {
            return;
        }
        let now = clock::nanoseconds(crate::reactor::now());
        let counters = service.counters(thread);
        for turn in self.turns.drain(..) {
            let took = turn.took + now.saturating_sub(turn.ended);
            counters.moved(turn.messages, turn.received, 0, Some(took));
        }
    }

    /// Sends all. Returns whether all has left; what the network refuses is dropped, as the
    /// network itself would.
    pub(super) fn flush(
        &mut self,
        context: &mut Context<'_>,
        socket: &DatagramSocket,
        service: &ServiceState,
        thread: u32,
    ) -> bool {
        let mut sent = 0;
        self.blocked = false;
        while self.done < self.datagrams.len() {
            let waiting = &self.datagrams[self.done..];
            let datagrams = waiting.iter().map(|one| datagram::Outgoing {
                to: &one.key.0,
                from: one.key.1,
                data: &self.bytes[one.bytes.clone()],
            });
            match socket.poll_send(context, datagrams) {
                Poll::Pending => {
                    self.blocked = true;
                    break;
                }
                Poll::Ready(Ok(count)) => {
                    let count = count.min(waiting.len());
                    let left = waiting[..count].iter().map(|one| one.bytes.len());
                    sent += left.sum::<usize>();
                    self.done += count;
                }
                Poll::Ready(Err(error)) => {
                    let Waiting { key, bytes } = &waiting[0];
                    not_sent(service, thread, &key.0, bytes.len(), &error);
                    self.refused.push((key.clone(), bytes.len()));
                    self.done += 1;
                }
            }
        }
        service.counters(thread).moved(0, 0, sent as u64, None);
        self.count(service, thread);
        if self.blocked {
            return false;
        }
        self.bytes.clear();
        self.bytes.shrink_to(2 * MOST_BYTES);
        self.datagrams.clear();
        self.done = 0;
        true
    }

    /// What was refused since this was last asked.
    pub(super) fn take_refused(&mut self) -> Vec<(Key, usize)> {
        mem::take(&mut self.refused)
    }
}

/// Counts a datagram that the network refuses. Any peer can have as many of these as it likes, by
/// asking what no datagram can answer, so it is not worth a line to everybody.
pub(super) fn not_sent(
    service: &ServiceState,
    thread: u32,
    peer: &lariat_protocol::Address,
    length: usize,
    error: &io::Error,
) {
    service.counters(thread).datagram_dropped();
    tracing::debug!(service = service.name(), %peer, length, "not sent: {error}");
}
