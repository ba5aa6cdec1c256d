//! The table of one reactor thread's connections: what waits for each of them.
//!
//! Messages from other threads, signals and run-out timers all reach a connection the same
//! way: something is put beside its slot here and its task is woken. The task looks here
//! only when something in the table waits, so a request costs one atomic load.

use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use lariat_protocol::contract::Milliseconds;
use lariat_protocol::{ConnectionId, Mailbox, Message, SendError};
use tokio::sync::Notify;

use crate::observe::ConnectionKey;
use crate::observe::table::Inquiry;
use crate::platform::clock;

/// How many messages may wait for one connection before senders are told that it is full.
const MOST_MESSAGES: usize = 1024;

/// What a connection can be told besides messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signals(u8);

impl Signals {
    /// A timer may have run out.
    pub(crate) const TIMER: Signals = Signals(1);
    /// The server is going down: say goodbye.
    pub(crate) const DRAIN: Signals = Signals(2);
    /// The server's patience is over: end at once.
    pub(crate) const FORCE: Signals = Signals(4);
    /// Somebody chose this connection to end at once.
    pub(crate) const KILL: Signals = Signals(8);
    /// Whatever ends a connection without waiting for it.
    pub(crate) const AT_ONCE: Signals = Signals(4 | 8);
    /// Whatever ends a connection that nobody has been promised anything on.
    pub(crate) const ENDING: Signals = Signals(2 | 4 | 8);
    /// Somebody looks at the table: see [`Place::answer`].
    pub(crate) const REPORT: Signals = Signals(16);

    pub(crate) fn contains(self, other: Signals) -> bool {
        self.0 & other.0 != 0
    }
}

/// A moment in milliseconds of the engine's clock; as a deadline, rounded up.
type Tick = u64;

/// How many nanoseconds are in a tick.
pub(crate) const NANOSECONDS_EACH: u64 = 1_000_000;

/// A deadline that does not come.
const NEVER: Tick = Tick::MAX;

/// How many bits of a timer's entry are its slot.
const SLOT_BITS: u32 = 24;

#[expect(clippy::box_collection, reason = "an empty place is a pointer's size")]
struct Slot {
    generation: u32,
    live: bool,
    signals: Signals,
    waker: Option<Waker>,
    /// Exists from a connection's first message on.
    queue: Option<Box<VecDeque<Message>>>,
    /// When the connection wants to be woken.
    deadline: Tick,
    /// The one entry it has in `Table::timers`: never later than `deadline`, and earlier
    /// when the deadline was moved back, which costs nothing until the entry runs out.
    entry: Tick,
}

impl Default for Slot {
    fn default() -> Self {
        Slot {
            generation: 0,
            live: false,
            signals: Signals::default(),
            waker: None,
            queue: None,
            deadline: NEVER,
            entry: NEVER,
        }
    }
}

impl Slot {
    fn has_something(&self) -> bool {
        self.signals.0 != 0 || self.queue.as_ref().is_some_and(|queue| !queue.is_empty())
    }
}

#[derive(Default)]
struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Moment and slot in one number: eight bytes a connection, and the order is that of the
    /// moments.
    timers: BTreeSet<u64>,
    /// Who looks at the table, while somebody does.
    inquiry: Option<Arc<Inquiry>>,
}

/// A timer's entry.
fn entry_of(at: Tick, slot: u32) -> u64 {
    at << SLOT_BITS | u64::from(slot)
}

/// What waits for the connections of one thread.
pub(crate) struct Hub {
    /// Which thread's it is.
    thread: u32,
    table: Mutex<Table>,
    /// How many slots have something waiting.
    waiting: AtomicUsize,
    /// How many connections there are.
    live: AtomicUsize,
    /// The earliest timer changed.
    timers_changed: Notify,
    /// The last connection ended.
    emptied: Notify,
}

/// What a connection finds when it looks.
#[derive(Default)]
#[expect(clippy::box_collection, reason = "it is taken from a slot as it is")]
pub(crate) struct Waiting {
    pub(crate) signals: Signals,
    pub(crate) messages: Option<Box<VecDeque<Message>>>,
}

impl Default for Hub {
    fn default() -> Self {
        Hub::new(0)
    }
}

impl Hub {
    pub(crate) fn new(thread: u32) -> Self {
        Hub {
            thread,
            table: Mutex::default(),
            waiting: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            timers_changed: Notify::new(),
            emptied: Notify::new(),
        }
    }

    /// Which thread's connections these are.
    pub(crate) fn thread(&self) -> u32 {
        self.thread
    }

    /// What stands for a connection of this thread that has no place.
    pub(crate) fn no_connection(&self) -> ConnectionKey {
        ConnectionKey {
            thread: self.thread,
            id: ConnectionId {
                slot: u32::MAX,
                generation: 0,
            },
        }
    }

    /// A moment in milliseconds of the hub's clock, those that have passed.
    #[inline]
    pub(crate) fn passed(&self, moment: Instant) -> Milliseconds {
        clock::nanoseconds(moment) / NANOSECONDS_EACH
    }

    /// A deadline in ticks: not a moment too early.
    pub(crate) fn tick(&self, moment: Instant) -> Milliseconds {
        clock::nanoseconds(moment).div_ceil(NANOSECONDS_EACH)
    }

    /// The moment of a tick.
    fn moment(&self, tick: Tick) -> Instant {
        clock::moment(tick.saturating_mul(NANOSECONDS_EACH))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic never leaves the table half-changed: nothing in here calls out.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place in the table until the returned value is dropped.
    pub(crate) fn register(self: &Arc<Self>) -> Place {
        let mut table = self.table();
        let slot = match table.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = table.slots.len();
                assert!(
                    slot < 1 << SLOT_BITS,
                    "fewer connections than 2^24 on a thread"
                );
                table.slots.push(Slot::default());
                slot as u32
            }
        };
        let entry = &mut table.slots[slot as usize];
        entry.live = true;
        self.live.fetch_add(1, Ordering::Relaxed);
        let id = ConnectionId {
            slot,
            generation: entry.generation,
        };
        drop(table);
        Place {
            hub: Arc::clone(self),
            id,
        }
    }

    fn release(&self, id: ConnectionId) {
        let mut table = self.table();
        let slot = &mut table.slots[id.slot as usize];
        let generation = slot.generation.wrapping_add(1);
        let old = std::mem::take(slot);
        slot.generation = generation;
        if old.entry != NEVER {
            table.timers.remove(&entry_of(old.entry, id.slot));
        }
        table.free.push(id.slot);
        let inquiry = table.inquiry.clone();
        if let Some(inquiry) = inquiry.filter(|_| old.signals.contains(Signals::REPORT)) {
            inquiry.ended();
        }
        if old.has_something() {
            self.waiting.fetch_sub(1, Ordering::Release);
        }
        // Messages may hold anything, even handles that come back here when dropped.
        drop(table);
        drop(old);
        if self.live.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.emptied.notify_waiters();
        }
    }

    /// Changes a live slot, and wakes its connection if something waits for it now.
    fn put<T>(&self, id: ConnectionId, change: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let mut table = self.table();
        let slot = table.slots.get_mut(id.slot as usize)?;
        if !slot.live || slot.generation != id.generation {
            return None;
        }
        let (before, signals) = (slot.has_something(), slot.signals);
        let result = change(slot);
        let begins = !before && slot.has_something();
        if begins {
            self.waiting.fetch_add(1, Ordering::Release);
        }
        // A connection that was woken for messages will find them all; one that does not
        // take anything any more still looks at new signals.
        let wakes = begins || slot.signals != signals;
        let waker = slot.waker.clone().filter(|_| wakes);
        drop(table);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(result)
    }

    /// Signals one connection. Returns whether it is there.
    pub(crate) fn signal(&self, id: ConnectionId, signal: Signals) -> bool {
        self.put(id, |slot| slot.signals.0 |= signal.0).is_some()
    }

    /// Signals every connection of the thread.
    pub(crate) fn signal_all(&self, signal: Signals) {
        for id in self.ids(|slot| slot.live) {
            self.signal(id, signal);
        }
    }

    fn ids(&self, wanted: impl Fn(&Slot) -> bool) -> Vec<ConnectionId> {
        let table = self.table();
        let slots = table.slots.iter().enumerate();
        slots
            .filter(|(_, slot)| wanted(slot))
            .map(|(index, slot)| ConnectionId {
                slot: index as u32,
                generation: slot.generation,
            })
            .collect()
    }

    /// Asks every connection of the thread to answer an inquiry.
    pub(crate) fn inquire(&self, inquiry: &Arc<Inquiry>) {
        // Whoever has nobody to wake is not driven yet, and would not answer.
        let ids = self.ids(|slot| slot.live && slot.waker.is_some());
        self.table().inquiry = Some(Arc::clone(inquiry));
        for id in ids {
            inquiry.ask(1);
            if self
                .put(id, |slot| slot.signals.0 |= Signals::REPORT.0)
                .is_none()
            {
                inquiry.ended();
            }
        }
    }

    /// Puts a message into a connection's queue, which has room for `most`.
    fn push(&self, to: ConnectionId, message: Message, most: usize) -> Result<(), SendError> {
        let mut message = Some(message);
        let taken = self.put(to, |slot| {
            let queue = slot.queue.get_or_insert_default();
            if queue.len() >= most {
                return false;
            }
            queue.extend(message.take());
            true
        });
        match (taken, message) {
            (Some(false), Some(message)) => Err(SendError::Full(message)),
            (None, Some(message)) => Err(SendError::Gone(message)),
            _ => Ok(()),
        }
    }

    /// Wakes every connection whose deadline is past; returns the next moment to look.
    pub(crate) fn fire_timers(&self, now: Instant) -> Option<Instant> {
        let now = self.passed(now);
        loop {
            let mut table = self.table();
            let &first = table.timers.first()?;
            let (at, slot) = (first >> SLOT_BITS, (first & ((1 << SLOT_BITS) - 1)) as u32);
            if at > now {
                return Some(self.moment(at));
            }
            table.timers.remove(&first);
            let entry = &mut table.slots[slot as usize];
            entry.entry = NEVER;
            if entry.deadline == NEVER {
                continue;
            }
            if entry.deadline > now {
                // The deadline was moved back since: the entry follows it now.
                let deadline = entry.deadline;
                entry.entry = deadline;
                table.timers.insert(entry_of(deadline, slot));
                continue;
            }
            entry.deadline = NEVER;
            let generation = entry.generation;
            drop(table);
            self.signal(ConnectionId { slot, generation }, Signals::TIMER);
        }
    }

    /// How many connections there are.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// Waits until there is no connection.
    pub(crate) async fn emptied(&self) {
        let mut emptied = pin!(self.emptied.notified());
        // Asked for before looking, so that an end in between is not missed.
        emptied.as_mut().enable();
        if self.live() > 0 {
            emptied.await;
        }
    }

    /// Waits until a timer earlier than all others has been set.
    pub(crate) async fn timers_changed(&self) {
        self.timers_changed.notified().await;
    }
}

impl Mailbox for Hub {
    fn deliver(&self, to: ConnectionId, message: Message) -> Result<(), SendError> {
        self.push(to, message, MOST_MESSAGES)
    }

    fn deliver_result(&self, to: ConnectionId, message: Message) -> Result<(), SendError> {
        self.push(to, message, usize::MAX)
    }
}

mod place;
#[cfg(test)]
mod tests;

pub(crate) use place::Place;
