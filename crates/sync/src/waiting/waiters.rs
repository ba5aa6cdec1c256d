//! Those who wait, in the order in which they came.

use std::collections::BTreeMap;
use std::task::Waker;

/// A place in the order: who came earlier has the lower one.
pub(crate) type Ticket = u64;

/// Those who wait, under somebody's lock. Whoever is taken out by another has been granted
/// what it waits for, and finds that out by not being in here any more.
///
/// Nothing here wakes or drops a [`Waker`], which may run anything (a task's last waker drops the
/// task, and so the futures in it, which take the same lock): wakers are handed out, to be
/// woken or dropped when the lock is free again.
#[derive(Debug)]
pub(crate) struct Waiters<N> {
    next: Ticket,
    /// What each needs, and how it is woken.
    entries: BTreeMap<Ticket, (N, Waker)>,
}

impl<N> Default for Waiters<N> {
    fn default() -> Self {
        Waiters {
            next: 0,
            entries: BTreeMap::new(),
        }
    }
}

impl<N> Waiters<N> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn contains(&self, ticket: Ticket) -> bool {
        self.entries.contains_key(&ticket)
    }

    /// Puts somebody in: at the end without a ticket, and with one at the place that it had.
    /// Hands out the waker that it had there.
    pub(crate) fn enter(
        &mut self,
        ticket: &mut Option<Ticket>,
        need: N,
        waker: Waker,
    ) -> Option<Waker> {
        let ticket = *ticket.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        let before = self.entries.insert(ticket, (need, waker));
        before.map(|(_, waker)| waker)
    }

    /// What the one who has waited longest needs.
    pub(crate) fn first(&self) -> Option<&N> {
        let (_, (need, _)) = self.entries.first_key_value()?;
        Some(need)
    }

    pub(crate) fn take_first(&mut self) -> Option<(N, Waker)> {
        let (_, entry) = self.entries.pop_first()?;
        Some(entry)
    }

    /// Takes everybody out.
    pub(crate) fn take_all(&mut self) -> Wakers {
        let entries = std::mem::take(&mut self.entries);
        let mut wakers = Wakers::default();
        for (_, waker) in entries.into_values() {
            wakers.add(waker);
        }
        wakers
    }

    /// Takes one out that does not want to wait any more. None if it was not here.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        let (_, waker) = self.entries.remove(&ticket)?;
        Some(waker)
    }
}

/// Those to be woken when the lock is free. Mostly it is one, who then needs no memory.
#[must_use = "who has been granted something sleeps until woken"]
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Wakers {
    pub(crate) fn add(&mut self, waker: Waker) {
        match self.first {
            None => self.first = Some(waker),
            Some(_) => self.others.push(waker),
        }
    }

    pub(crate) fn wake(self) {
        for waker in self.first.into_iter().chain(self.others) {
            waker.wake();
        }
    }
}
