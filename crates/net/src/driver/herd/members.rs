//! The connections of a herd, each at its place, and their turns.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use mio::event::Event;
use slab::Slab;

use crate::driver::Driver;
use crate::driver::herd::Lane;

/// One connection.
struct Member {
    driver: Box<Driver>,
    waker: Waker,
    lane: Arc<Lane>,
}

/// Ends a connection by dropping it, which tells its protocol. What that keeps is dropped too and
/// may panic, which is nobody else's concern.
pub(super) fn end<T>(connection: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(connection)));
}

#[derive(Default)]
pub(super) struct Members {
    all: Slab<Member>,
    /// Whose turn it is, or was last.
    at: usize,
}

impl Members {
    /// Takes in a new one, which has its first turn.
    pub(super) fn join(&mut self, driver: Box<Driver>, lane: Arc<Lane>) {
        let index = self.all.vacant_key();
        lane.belongs_to(index);
        let waker = Waker::from(Arc::clone(&lane));
        self.all.insert(Member {
            driver,
            waker,
            lane,
        });
        self.turn(index);
    }

    /// Something has happened to a socket.
    #[inline]
    pub(super) fn hear(&mut self, event: &Event) {
        let index = event.token().0;
        let member = self.all.get(index);
        if member.is_some_and(|member| member.lane.happened(event)) {
            self.turn(index);
        }
    }

    /// Something else than its socket has woken one.
    pub(super) fn wake(&mut self, lane: &Arc<Lane>) {
        lane.is_taken();
        let index = lane.member();
        // Its place may be another's by now.
        let member = self.all.get(index);
        if member.is_some_and(|member| Arc::ptr_eq(&member.lane, lane)) {
            self.turn(index);
        }
    }

    /// Drives one connection as far as it goes.
    #[inline]
    fn turn(&mut self, index: usize) {
        self.at = index;
        let member = &mut self.all[index];
        let mut context = Context::from_waker(&member.waker);
        if Pin::new(&mut *member.driver).poll(&mut context).is_ready() {
            self.let_go(index);
        }
    }

    #[cold]
    fn let_go(&mut self, index: usize) {
        self.all.try_remove(index).into_iter().for_each(end);
    }

    /// Lets go of all.
    pub(super) fn let_all_go(&mut self) {
        self.all.drain().for_each(end);
    }

    /// After a panic: lets go of whose turn it was, and has all others look for themselves,
    /// since what had happened to whom is forgotten.
    #[cold]
    pub(super) fn recover(&mut self) {
        self.let_go(self.at);
        for (_, member) in &self.all {
            member.lane.anything_may_have_happened();
            member.waker.wake_by_ref();
        }
    }
}
