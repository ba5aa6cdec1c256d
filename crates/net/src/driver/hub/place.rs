//! One connection's side of the table: what waits for it, and when it is to be woken.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Instant;

use lariat_protocol::contract::Milliseconds;
use lariat_protocol::{ConnectionId, Mailbox};

use crate::driver::hub::{Hub, NEVER, SLOT_BITS, Signals, Waiting, entry_of};
use crate::observe::{ConnectionKey, ConnectionStatus};

/// One connection's place in its thread's table, given up when dropped.
pub(crate) struct Place {
    pub(super) hub: Arc<Hub>,
    pub(super) id: ConnectionId,
}

impl Place {
    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    pub(crate) fn mailbox(&self) -> Arc<dyn Mailbox> {
        Arc::clone(&self.hub) as Arc<dyn Mailbox>
    }

    /// Whom to wake when something waits. To be called before the first [`Place::take`].
    pub(crate) fn set_waker(&self, waker: &Waker) {
        let mut table = self.hub.table();
        table.slots[self.id.slot as usize].waker = Some(waker.clone());
    }

    /// Takes what waits.
    #[inline]
    pub(crate) fn take(&self) -> Option<Waiting> {
        // Whoever puts something beside the slot wakes this task afterwards, so nothing is
        // missed when this load comes too early.
        match self.hub.waiting.load(Ordering::Acquire) {
            0 => None,
            _ => self.take_from_table(),
        }
    }

    #[cold]
    fn take_from_table(&self) -> Option<Waiting> {
        let mut table = self.hub.table();
        let slot = &mut table.slots[self.id.slot as usize];
        if !slot.has_something() {
            return None;
        }
        // Who looks at the table is answered by itself, at the beginning of a turn.
        let mut stays = Signals::REPORT;
        let is_overtaken = slot.signals.contains(Signals::DRAIN)
            && slot.signals.contains(Signals::FORCE)
            && !slot.signals.contains(Signals::KILL);
        if is_overtaken {
            // A thread that was held up hears of the draining and of its end at once; what is
            // forced then has a turn for its goodbye before.
            stays.0 |= Signals::FORCE.0;
        }
        let waiting = Waiting {
            signals: Signals(slot.signals.0 & !stays.0),
            messages: slot.queue.take(),
        };
        slot.signals.0 &= stays.0;
        if !slot.has_something() {
            self.hub.waiting.fetch_sub(1, Ordering::Release);
        }
        let waker = slot.waker.clone().filter(|_| is_overtaken);
        drop(table);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(waiting)
    }

    /// Whether a signal waits; it stays until it is [taken](Place::take).
    pub(crate) fn has_signal(&self, signal: Signals) -> bool {
        self.hub.waiting.load(Ordering::Acquire) > 0
            && self.hub.table().slots[self.id.slot as usize]
                .signals
                .contains(signal)
    }

    /// Asks for [`Signals::TIMER`] at a moment, or never.
    pub(crate) fn set_deadline(&self, deadline: Option<Instant>) {
        self.wake_at(deadline.map_or(NEVER, |deadline| self.hub.tick(deadline)));
    }

    /// Asks for [`Signals::TIMER`] at a moment of the hub's clock, the last of all for never.
    pub(crate) fn wake_at(&self, deadline: Milliseconds) {
        // What does not fit beside a slot is centuries away.
        let deadline = if deadline >> (u64::BITS - SLOT_BITS) == 0 {
            deadline
        } else {
            NEVER
        };
        let mut table = self.hub.table();
        let slot = &mut table.slots[self.id.slot as usize];
        slot.deadline = deadline;
        let entry = slot.entry;
        // Two that never come are the same.
        if entry <= deadline {
            return;
        }
        slot.entry = deadline;
        if entry != NEVER {
            table.timers.remove(&entry_of(entry, self.id.slot));
        }
        let timer = entry_of(deadline, self.id.slot);
        table.timers.insert(timer);
        let earliest = table.timers.first() == Some(&timer);
        drop(table);
        if earliest {
            self.hub.timers_changed.notify_one();
        }
    }

    /// The table that this is a place in.
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What the connection is named by.
    pub(crate) fn key(&self) -> ConnectionKey {
        ConnectionKey {
            thread: self.hub.thread,
            id: self.id,
        }
    }

    /// Answers who looks at the table, if somebody does. Whatever else waits stays.
    #[inline]
    pub(crate) fn answer(&self, status: impl FnOnce() -> ConnectionStatus) {
        if self.hub.waiting.load(Ordering::Acquire) > 0 {
            self.answer_inquiry(status);
        }
    }

    #[cold]
    fn answer_inquiry(&self, status: impl FnOnce() -> ConnectionStatus) {
        let mut table = self.hub.table();
        let slot = &mut table.slots[self.id.slot as usize];
        if !slot.signals.contains(Signals::REPORT) {
            return;
        }
        slot.signals.0 &= !Signals::REPORT.0;
        if !slot.has_something() {
            self.hub.waiting.fetch_sub(1, Ordering::Release);
        }
        let inquiry = table.inquiry.clone();
        drop(table);
        if let Some(inquiry) = inquiry {
            inquiry.answer(status());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.release(self.id);
    }
}
