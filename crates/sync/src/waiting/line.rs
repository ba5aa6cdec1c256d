//! A line of those who wait until something that is not in the line has changed.

use std::task::{Context, Poll, Waker};

use super::blocking::Patience;
use super::waiters::{Ticket, Waiters};
use crate::sys::{AtomicUsize, Mutex, Ordering, fence};

/// A line of those who wait for a change of something else, such as a queue without a lock.
///
/// Who waits [polls](Self::poll): it enters, looks once more, and only then sleeps. Who changes something does so, and
/// then calls [`notify_one`](Self::notify_one), which is one load while nobody waits. One of the two
/// must see the other, so the change is made by a `SeqCst` operation, as in a queue without a lock (the load is
/// `SeqCst` too, and the look comes behind a fence), or under a lock under which the look is
/// taken too. A fence in place of that would cost each item as much again as the queue itself.
///
/// Whoever has been notified must take what it was notified of, or find that it is gone and enter again, or
/// notify the next in its stead. So while somebody sleeps, there are at least as many who have been notified
/// and are on their way as there is to take: it was nothing when that one had its last look, each
/// addition since has notified one, and each of those takes one, or finds nothing, or passes it on.
#[derive(Debug)]
pub(crate) struct Line {
    /// How many are in `waiters`; written under its lock.
    waiting: AtomicUsize,
    waiters: Mutex<Waiters<()>>,
}

/// Somebody's place in a line, which it keeps until it leaves: who was notified and came too
/// late stands where it stood before.
#[derive(Debug, Default)]
pub(crate) struct Place {
    ticket: Option<Ticket>,
    /// How often it was notified and came too late.
    in_vain: u32,
}

impl Place {
    /// How often a task comes too late before it has the patience of a thread: others that spin would
    /// always be quicker.
    const MOST_IN_VAIN: u32 = 2;
}

impl Line {
    pub(crate) fn new() -> Self {
        Line {
            waiting: AtomicUsize::new(0),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// A poll of somebody who waits: tries as long as its patience lasts, enters the line, and tries once
    /// more. `is_more` says whether there is something for the next.
    pub(crate) fn poll<T>(
        &self,
        place: &mut Place,
        context: &Context<'_>,
        mut patience: Patience,
        mut attempt: impl FnMut() -> Poll<T>,
        is_more: impl Fn() -> bool,
    ) -> Poll<T> {
        // Out of the line first: whoever has what it wants and still stands there would be notified in
        // the place of another, who would sleep on.
        let was_notified = self.step_out(place);
        if place.in_vain >= Place::MOST_IN_VAIN {
            patience = Patience::of_a_thread();
        }
        loop {
            let done = attempt();
            if done.is_ready() {
                *place = Place::default();
                return done;
            }
            if !patience.wait() {
                break;
            }
        }
        place.in_vain += u32::from(was_notified);
        self.enter(place, context.waker());
        let done = attempt();
        if done.is_ready() {
            self.give_up(place, is_more);
        }
        done
    }

    /// Leaves the line, and passes on a notification that came meanwhile if there is something for the
    /// next.
    pub(crate) fn give_up(&self, place: &mut Place, is_more: impl Fn() -> bool) {
        let was_notified = self.step_out(place);
        place.ticket = None;
        if was_notified && is_more() {
            self.notify_one();
        }
    }

    /// Enters the line, at the place that it had if it had one.
    fn enter(&self, place: &mut Place, waker: &Waker) {
        let waker = waker.clone();
        let mut waiters = self.waiters.lock();
        let before = waiters.enter(&mut place.ticket, (), waker);
        self.waiting.store(waiters.len(), Ordering::Relaxed);
        drop(waiters);
        drop(before);
        fence(Ordering::SeqCst);
    }

    /// Steps out of the line without giving up its place, and says whether it had been notified, and so was not
    /// there any more.
    fn step_out(&self, place: &Place) -> bool {
        let Some(ticket) = place.ticket else {
            return false;
        };
        let mut waiters = self.waiters.lock();
        let waker = waiters.leave(ticket);
        self.waiting.store(waiters.len(), Ordering::Relaxed);
        drop(waiters);
        waker.is_none()
    }

    /// Wakes the one who has waited longest.
    #[inline]
    pub(crate) fn notify_one(&self) {
        if self.somebody_waits() {
            self.wake_first();
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_first(&self) {
        let mut waiters = self.waiters.lock();
        let first = waiters.take_first();
        self.waiting.store(waiters.len(), Ordering::Relaxed);
        drop(waiters);
        if let Some(((), waker)) = first {
            waker.wake();
        }
    }

    /// Wakes everybody, for what nobody can take away from the others.
    pub(crate) fn notify_all(&self) {
        if !self.somebody_waits() {
            return;
        }
        let mut waiters = self.waiters.lock();
        let wakers = waiters.take_all();
        self.waiting.store(0, Ordering::Relaxed);
        drop(waiters);
        wakers.wake();
    }

    /// How many wait at this moment.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn somebody_waits(&self) -> bool {
        // Loom takes `SeqCst` for less than it is, except in a fence.
        #[cfg(feature = "loom")]
        fence(Ordering::SeqCst);
        self.waiting.load(Ordering::SeqCst) > 0
    }
}
