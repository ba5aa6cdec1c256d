//! Waiting for a time, and for something else at most for a time.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use thiserror::Error;

use super::schedule::Id;
use super::{Job, Shared};

/// Waits for a time: [`Timers::sleep`](super::Timers::sleep).
#[must_use = "a future does nothing until it is awaited"]
pub struct Sleep<'a> {
    shared: &'a Shared,
    /// None never comes.
    until: Option<Instant>,
    id: Option<Id>,
}

impl<'a> Sleep<'a> {
    pub(super) fn new(shared: &'a Shared, until: Option<Instant>) -> Self {
        Sleep {
            shared,
            until,
            id: None,
        }
    }
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.until else {
            return Poll::Pending;
        };
        if Instant::now() >= until {
            return Poll::Ready(());
        }
        let shared = self.shared;
        let id = *self.id.get_or_insert_with(|| shared.lock().schedule.name());
        shared.put(id, until, Job::Wake(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let job = self.shared.lock().schedule.remove(id);
            drop(job);
        }
    }
}

impl fmt::Debug for Sleep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("until", &self.until).finish()
    }
}

/// The time was over first.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the time was over")]
pub struct Elapsed;

/// Waits for a future at most for a time: [`Timers::timeout`](super::Timers::timeout).
#[must_use = "a future does nothing until it is awaited"]
#[derive(Debug)]
pub struct Timeout<'a, F> {
    sleep: Sleep<'a>,
    future: F,
}

impl<'a, F> Timeout<'a, F> {
    pub(super) fn new(sleep: Sleep<'a>, future: F) -> Self {
        Timeout { sleep, future }
    }

    /// The future that it waits for, to wait on in another way.
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future + Unpin> Future for Timeout<'_, F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = Pin::new(&mut self.future).poll(context) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(&mut self.sleep)
            .poll(context)
            .map(|()| Err(Elapsed))
    }
}
