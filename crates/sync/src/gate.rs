//! Those who wait until something is so: what events, latches and countdowns are made of.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::sys::{Mutex, MutexGuard};
use crate::waiting::{Ticket, Waiters, Wakers, block_on, block_until, deadline};

/// A state that lets everybody pass or nobody.
#[derive(Debug)]
pub(crate) struct Gate<S> {
    inside: Mutex<Inside<S>>,
}

#[derive(Debug)]
struct Inside<S> {
    state: S,
    waiters: Waiters<()>,
}

/// A state of a gate.
pub(crate) trait Passable {
    /// Whether it lets everybody pass.
    fn is_open(&self) -> bool;
}

impl<S: Passable> Gate<S> {
    pub(crate) fn new(state: S) -> Self {
        let waiters = Waiters::default();
        Gate {
            inside: Mutex::new(Inside { state, waiters }),
        }
    }

    /// Looks at the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&self.lock().state)
    }

    /// Changes the state, and wakes whoever waits if it is open then. They pass even if it is closed
    /// before they have looked.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        let mut inside = self.lock();
        let answer = change(&mut inside.state);
        let wakers = match inside.state.is_open() {
            true => inside.waiters.take_all(),
            false => Wakers::default(),
        };
        drop(inside);
        wakers.wake();
        answer
    }

    pub(crate) fn wait(&self) {
        block_on(self.pass());
    }

    pub(crate) fn wait_timeout(&self, timeout: Duration) -> bool {
        block_until(self.pass(), deadline(timeout)).is_some()
    }

    pub(crate) fn pass(&self) -> Pass<'_, S> {
        Pass {
            gate: self,
            ticket: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside<S>> {
        self.inside.lock()
    }
}

/// Waits until a gate has been open.
#[derive(Debug)]
pub(crate) struct Pass<'a, S: Passable> {
    gate: &'a Gate<S>,
    ticket: Option<Ticket>,
}

impl<S: Passable> Future for Pass<'_, S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut inside = self.gate.lock();
        let passed = match self.ticket {
            None => inside.state.is_open(),
            Some(ticket) => !inside.waiters.contains(ticket),
        };
        if passed {
            drop(inside);
            self.ticket = None;
            return Poll::Ready(());
        }
        let before = inside.waiters.enter(&mut self.ticket, (), waker);
        drop(inside);
        drop(before);
        Poll::Pending
    }
}

impl<S: Passable> Drop for Pass<'_, S> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let waker = self.gate.lock().waiters.leave(ticket);
            drop(waker);
        }
    }
}

/// The future of one of our types, over that of its gate.
macro_rules! passing {
    ($(#[$documentation:meta])* $name:ident, $state:ty) => {
        $(#[$documentation])*
        #[must_use = "a future does nothing until it is awaited"]
        #[derive(Debug)]
        pub struct $name<'a>($crate::gate::Pass<'a, $state>);

        impl ::std::future::Future for $name<'_> {
            type Output = ();

            fn poll(
                mut self: ::std::pin::Pin<&mut Self>,
                context: &mut ::std::task::Context<'_>,
            ) -> ::std::task::Poll<()> {
                ::std::pin::Pin::new(&mut self.0).poll(context)
            }
        }
    };
}

pub(crate) use passing;
