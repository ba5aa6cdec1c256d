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

use lariat_protocol::{ConnectionId, Mailbox, Message, SendError};
use tokio::sync::Notify;

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

    pub(crate) fn contains(self, other: Signals) -> bool {
        self.0 & other.0 != 0
    }
}

#[derive(Default)]
#[expect(clippy::box_collection, reason = "an empty place is a pointer's size")]
struct Slot {
    generation: u32,
    live: bool,
    signals: Signals,
    waker: Option<Waker>,
    /// Exists from a connection's first message on.
    queue: Option<Box<VecDeque<Message>>>,
    /// When the connection wants to be woken.
    deadline: Option<Instant>,
    /// The one entry it has in `Table::timers`: never later than `deadline`, and earlier
    /// when the deadline was moved back, which costs nothing until the entry runs out.
    entry: Option<Instant>,
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
    timers: BTreeSet<(Instant, u32)>,
}

/// What waits for the connections of one thread.
#[derive(Default)]
pub(crate) struct Hub {
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

impl Hub {
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
                table.slots.push(Slot::default());
                u32::try_from(table.slots.len() - 1).expect("fewer connections than 2^32")
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
        if let Some(at) = old.entry {
            table.timers.remove(&(at, id.slot));
        }
        table.free.push(id.slot);
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

    /// Signals one connection.
    pub(crate) fn signal(&self, id: ConnectionId, signal: Signals) {
        self.put(id, |slot| slot.signals.0 |= signal.0);
    }

    /// Signals every connection of the thread.
    pub(crate) fn signal_all(&self, signal: Signals) {
        let ids: Vec<ConnectionId> = self
            .table()
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.live)
            .map(|(index, slot)| ConnectionId {
                slot: index as u32,
                generation: slot.generation,
            })
            .collect();
        for id in ids {
            self.signal(id, signal);
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
        loop {
            let mut table = self.table();
            let &(at, slot) = table.timers.first()?;
            if at > now {
                return Some(at);
            }
            table.timers.remove(&(at, slot));
            let entry = &mut table.slots[slot as usize];
            entry.entry = None;
            match entry.deadline {
                // The deadline was moved back since: the entry follows it now.
                Some(deadline) if deadline > now => {
                    entry.entry = Some(deadline);
                    table.timers.insert((deadline, slot));
                }
                Some(_) => {
                    entry.deadline = None;
                    let generation = entry.generation;
                    drop(table);
                    self.signal(ConnectionId { slot, generation }, Signals::TIMER);
                }
                None => {}
            }
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

/// One connection's place in its thread's table, given up when dropped.
pub(crate) struct Place {
    hub: Arc<Hub>,
    id: ConnectionId,
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
    pub(crate) fn take(&self) -> Option<Waiting> {
        // Whoever puts something beside the slot wakes this task afterwards, so nothing is
        // missed when this load comes too early.
        if self.hub.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut table = self.hub.table();
        let slot = &mut table.slots[self.id.slot as usize];
        if !slot.has_something() {
            return None;
        }
        self.hub.waiting.fetch_sub(1, Ordering::Release);
        Some(Waiting {
            signals: std::mem::take(&mut slot.signals),
            messages: slot.queue.take(),
        })
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
        let mut table = self.hub.table();
        let slot = &mut table.slots[self.id.slot as usize];
        slot.deadline = deadline;
        let Some(deadline) = deadline else { return };
        let entry = slot.entry;
        if entry.is_some_and(|entry| entry <= deadline) {
            return;
        }
        slot.entry = Some(deadline);
        if let Some(entry) = entry {
            table.timers.remove(&(entry, self.id.slot));
        }
        table.timers.insert((deadline, self.id.slot));
        let earliest = table.timers.first() == Some(&(deadline, self.id.slot));
        drop(table);
        if earliest {
            self.hub.timers_changed.notify_one();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.release(self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_message_for_an_earlier_tenant_does_not_reach_a_later_one() {
        let hub = Arc::new(Hub::default());
        let first = hub.register();
        let id = first.id();
        drop(first);
        let second = hub.register();
        assert_eq!(second.id().slot, id.slot);
        assert!(matches!(
            hub.deliver(id, Message::new(1)),
            Err(SendError::Gone(_))
        ));
        assert!(second.take().is_none());
    }

    #[test]
    fn a_full_queue_says_so_and_gives_the_message_back() {
        let hub = Arc::new(Hub::default());
        let place = hub.register();
        for number in 0..MOST_MESSAGES {
            hub.deliver(place.id(), Message::new(number)).expect("room");
        }
        let Err(SendError::Full(message)) = hub.deliver(place.id(), Message::new("late")) else {
            panic!("the queue is bounded");
        };
        assert_eq!(message.get(), Some(&"late"));
        let waiting = place.take().expect("messages wait");
        assert_eq!(
            waiting.messages.map(|queue| queue.len()),
            Some(MOST_MESSAGES)
        );
        assert!(place.take().is_none());
    }

    #[test]
    fn a_connection_has_one_timer_entry_however_often_it_is_moved() {
        let hub = Arc::new(Hub::default());
        let place = hub.register();
        let start = Instant::now();
        for step in (1..100).chain((1..100).rev()) {
            place.set_deadline(Some(start + Duration::from_secs(step)));
            assert_eq!(hub.table().timers.len(), 1);
        }
        let due = start + Duration::from_secs(1);
        assert_eq!(hub.fire_timers(start), Some(due));
        assert!(place.take().is_none());
        assert_eq!(hub.fire_timers(due), None);
        assert!(
            place
                .take()
                .expect("it ran out")
                .signals
                .contains(Signals::TIMER)
        );
    }

    #[test]
    fn a_deadline_that_moved_back_is_not_early() {
        let hub = Arc::new(Hub::default());
        let place = hub.register();
        let start = Instant::now();
        let (early, late) = (
            start + Duration::from_secs(1),
            start + Duration::from_secs(9),
        );
        place.set_deadline(Some(early));
        place.set_deadline(Some(late));
        assert_eq!(hub.fire_timers(early), Some(late));
        assert!(place.take().is_none());
        drop(place);
        assert_eq!(hub.fire_timers(late), None);
    }
}
