//! The state that a future and its promise share: small enough to be checked in every order.

use std::fmt;
use std::future::poll_fn;
use std::mem::{replace, take};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use super::outcome::{Outcome, TaskError, caught};
use super::watch::Watch;
use crate::sys::{Mutex, MutexGuard};
use crate::waiting::{Ticket, Waiters, block_until};

type Callback<T> = Box<dyn FnOnce(&Outcome<T>) + Send>;

pub(super) struct Shared<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    stage: Stage<T>,
    cancelled: bool,
    callbacks: Vec<Callback<T>>,
    watches: Vec<(Arc<Watch>, usize)>,
    /// Threads that wait, and the task that awaits it. They are all woken at once, by the one
    /// change that there will be.
    waiters: Waiters<()>,
}

enum Stage<T> {
    Queued,
    Running,
    /// It is done, and callbacks look at the outcome; who waits is not told yet.
    Lent,
    Settled(Outcome<T>),
    Taken,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        let state = State {
            stage: Stage::Queued,
            cancelled: false,
            callbacks: Vec::new(),
            watches: Vec::new(),
            waiters: Waiters::default(),
        };
        Shared {
            state: Mutex::new(state),
        }
    }
}

impl<T> Shared<T> {
    pub fn begin(&self) -> bool {
        let mut state = self.state.lock();
        let queued = matches!(state.stage, Stage::Queued);
        if queued {
            state.stage = Stage::Running;
        }
        queued
    }

    pub fn finish(&self, outcome: Outcome<T>) {
        let mut state = self.state.lock();
        if !matches!(state.stage, Stage::Queued | Stage::Running) {
            return;
        }
        state.cancelled = matches!(outcome, Err(TaskError::Cancelled));
        state.stage = Stage::Lent;
        self.settle(state, outcome);
    }

    pub fn cancel(&self) -> bool {
        let mut state = self.state.lock();
        if matches!(state.stage, Stage::Queued) {
            state.cancelled = true;
            state.stage = Stage::Lent;
            self.settle(state, Err(TaskError::Cancelled));
            return true;
        }
        state.cancelled
    }

    pub fn add_callback(&self, callback: Callback<T>) {
        let mut state = self.state.lock();
        match replace(&mut state.stage, Stage::Lent) {
            Stage::Settled(outcome) => {
                state.callbacks.push(callback);
                self.settle(state, outcome);
            }
            Stage::Taken => {
                state.stage = Stage::Taken;
                drop(state);
                let _ = caught(|| callback(&Err(TaskError::Taken)));
            }
            // Whoever completes it, or is calling callbacks now, calls this one too.
            other => {
                state.stage = other;
                state.callbacks.push(callback);
            }
        }
    }

    /// Calls the callbacks, those too that are added meanwhile, and lets the outcome out. The
    /// stage is `Lent`, so nobody else does the same.
    fn settle<'a>(&'a self, mut state: MutexGuard<'a, State<T>>, outcome: Outcome<T>) {
        loop {
            let callbacks = take(&mut state.callbacks);
            if callbacks.is_empty() {
                break;
            }
            drop(state);
            for callback in callbacks {
                let _ = caught(|| callback(&outcome));
            }
            state = self.state.lock();
        }
        state.stage = Stage::Settled(outcome);
        let (wakers, watches) = (state.waiters.take_all(), take(&mut state.watches));
        drop(state);
        wakers.wake();
        for (watch, place) in watches {
            watch.tell(place);
        }
    }

    /// Whether it is settled, after at most the time until `deadline`.
    pub fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut place = None;
        let settled = poll_fn(|context| self.poll_settled(&mut place, context.waker()));
        if block_until(settled, deadline).is_none() {
            self.leave(place);
            return false;
        }
        true
    }

    /// Ready once it is settled; until then the waker stands in the line, at its `place`.
    pub fn poll_settled(&self, place: &mut Option<Ticket>, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let mut state = self.state.lock();
        if state.is_settled() {
            return Poll::Ready(());
        }
        let before = state.waiters.enter(place, (), waker);
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// Leaves the line.
    pub fn leave(&self, place: Option<Ticket>) {
        if let Some(place) = place {
            let waker = self.state.lock().waiters.leave(place);
            drop(waker);
        }
    }

    pub fn take(&self) -> Outcome<T> {
        self.state.lock().take()
    }

    /// Shows the outcome, if there is one, without a lock held: who looks may ask anything.
    pub fn look<R>(&self, look: impl FnOnce(&Outcome<T>) -> R) -> Option<R> {
        let mut state = self.state.lock();
        if !state.is_settled() {
            return None;
        }
        match replace(&mut state.stage, Stage::Lent) {
            Stage::Settled(outcome) => {
                drop(state);
                let shown = caught(|| look(&outcome));
                self.settle(self.state.lock(), outcome);
                match shown {
                    Ok(shown) => Some(shown),
                    Err(TaskError::Panicked(panic)) => panic.resume(),
                    Err(_) => None,
                }
            }
            other => {
                state.stage = other;
                drop(state);
                Some(look(&Err(TaskError::Taken)))
            }
        }
    }

    pub fn watch(&self, watch: &Arc<Watch>, place: usize) {
        let mut state = self.state.lock();
        if state.is_settled() {
            drop(state);
            watch.tell(place);
        } else {
            state.watches.push((Arc::clone(watch), place));
        }
    }

    pub fn unwatch(&self, watch: &Arc<Watch>) {
        let mut state = self.state.lock();
        state
            .watches
            .retain(|(known, _)| !Arc::ptr_eq(known, watch));
    }

    pub fn is_cancelled(&self) -> bool {
        self.state.lock().cancelled
    }

    pub fn is_running(&self) -> bool {
        matches!(self.state.lock().stage, Stage::Running)
    }

    /// Also while callbacks look at the outcome.
    pub fn is_done(&self) -> bool {
        !matches!(self.state.lock().stage, Stage::Queued | Stage::Running)
    }

    pub fn is_settled(&self) -> bool {
        self.state.lock().is_settled()
    }
}

impl<T> State<T> {
    fn is_settled(&self) -> bool {
        matches!(self.stage, Stage::Settled(_) | Stage::Taken)
    }

    fn take(&mut self) -> Outcome<T> {
        match replace(&mut self.stage, Stage::Taken) {
            Stage::Settled(outcome) => outcome,
            Stage::Taken => Err(TaskError::Taken),
            other => {
                self.stage = other;
                Err(TaskError::Timeout)
            }
        }
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.state.lock().stage {
            Stage::Queued => "queued",
            Stage::Running => "running",
            Stage::Lent | Stage::Settled(_) => "done",
            Stage::Taken => "taken",
        };
        f.write_str(stage)
    }
}
