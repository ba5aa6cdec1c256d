//! A barrier: nobody goes on before all are there.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;

use crate::sys::Mutex;
use crate::waiting::{Ticket, Waiters, Wakers, block_on, block_until, deadline};

/// A meeting point of a fixed number of threads or tasks: each waits until all have come. It may be
/// used again and again, can have an action that the last to come runs, and can be broken off.
///
/// std's `Barrier` does for threads that need no time-out, no action and no way out.
///
/// ```
/// use std::thread;
/// use lariat_sync::Barrier;
///
/// let barrier = Barrier::new(3).with_action(|| println!("all are here"));
/// thread::scope(|scope| {
///     for _ in 0..3 {
///         scope.spawn(|| barrier.wait());
///     }
/// });
/// ```
///
/// # What breaks it
///
/// Somebody who gives up (a time-out, a future that is dropped), an action that panics, and
/// [`abort`](Self::abort): whoever waits, and whoever comes from then on, is told [`Broken`] until
/// [`reset`](Self::reset).
pub struct Barrier {
    parties: usize,
    state: Mutex<State>,
    action: Mutex<Option<Action>>,
}

type Action = Box<dyn FnMut() + Send>;

struct State {
    /// The round that is being filled.
    round: Arc<Round>,
    arrived: usize,
    is_broken: bool,
}

/// One meeting. Whoever waits has it, so its outcome outlives what the barrier does next.
struct Round {
    inside: Mutex<Meeting>,
}

#[derive(Default)]
struct Meeting {
    outcome: Option<Result<(), Broken>>,
    waiters: Waiters<()>,
}

/// The barrier was broken while this one waited, or before it came.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the barrier is broken: somebody gave up waiting, its action panicked, or it was aborted or reset"
)]
pub struct Broken;

impl Barrier {
    /// A barrier for so many.
    ///
    /// # Panics
    ///
    /// If it is for 0.
    pub fn new(parties: usize) -> Self {
        assert!(parties > 0, "a barrier for nobody");
        let state = State {
            round: Arc::new(Round::new()),
            arrived: 0,
            is_broken: false,
        };
        Barrier {
            parties,
            state: Mutex::new(state),
            action: Mutex::new(None),
        }
    }

    /// With an action that the last to come runs before anybody goes on. If it panics, the barrier is
    /// broken, and the panic goes on in that thread. It may not wait for this barrier.
    #[must_use]
    pub fn with_action(self, action: impl FnMut() + Send + 'static) -> Self {
        *self.action.lock() = Some(Box::new(action));
        self
    }

    /// Waits until all are there. Gives each another number below that of the parties, in the order in
    /// which they came: for one who does something for all, take 0.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn wait(&self) -> Result<usize, Broken> {
        block_on(self.wait_async())
    }

    /// Waits at most so long. If that is not enough, the barrier is broken for all.
    ///
    /// # Errors
    ///
    /// [`Broken`], also when the time was over.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<usize, Broken> {
        let deadline = deadline(timeout);
        let mut wait = self.wait_async();
        if let Some(outcome) = block_until(&mut wait, deadline) {
            return outcome;
        }
        match wait.give_up() {
            true => Err(Broken),
            // All had come at the last moment.
            false => block_on(wait),
        }
    }

    /// Waits until all are there, in any async runtime. It counts as having come from the first poll
    /// on; dropping it before all are there breaks the barrier.
    pub fn wait_async(&self) -> BarrierWait<'_> {
        BarrierWait {
            barrier: self,
            arrival: None,
        }
    }

    /// Breaks it: for whoever has found out that the others will wait in vain.
    pub fn abort(&self) {
        self.break_off(true);
    }

    /// Makes it as new. Whoever waits is told [`Broken`].
    pub fn reset(&self) {
        self.break_off(false);
    }

    /// How many it is for.
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.state.lock().arrived
    }

    /// Whether it is broken.
    pub fn is_broken(&self) -> bool {
        self.state.lock().is_broken
    }

    /// Ends the round that is being filled.
    fn break_off(&self, is_broken: bool) {
        let mut state = self.state.lock();
        state.is_broken = is_broken;
        let round = state.begin_round();
        drop(state);
        round.settle(Err(Broken)).wake();
    }

    /// One more has come.
    fn arrive(&self) -> Result<Arrival, Broken> {
        let mut state = self.state.lock();
        if state.is_broken {
            return Err(Broken);
        }
        let index = state.arrived;
        state.arrived += 1;
        if state.arrived < self.parties {
            return Ok(Arrival {
                index,
                round: Arc::clone(&state.round),
                ticket: None,
            });
        }
        let round = state.begin_round();
        drop(state);
        self.act(&round);
        round.settle(Ok(())).wake();
        Ok(Arrival {
            index,
            round,
            ticket: None,
        })
    }

    /// Runs the action, without any lock that the others need.
    fn act(&self, round: &Round) {
        let mut action = self.action.lock();
        let Some(action) = action.as_mut() else {
            return;
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(action)) {
            round.settle(Err(Broken)).wake();
            self.abort();
            resume_unwind(panic);
        }
    }
}

impl State {
    /// Begins the next round and gives the one before.
    fn begin_round(&mut self) -> Arc<Round> {
        self.arrived = 0;
        std::mem::replace(&mut self.round, Arc::new(Round::new()))
    }
}

impl Round {
    fn new() -> Self {
        Round {
            inside: Mutex::new(Meeting::default()),
        }
    }

    fn settle(&self, outcome: Result<(), Broken>) -> Wakers {
        let mut inside = self.inside.lock();
        inside.outcome.get_or_insert(outcome);
        inside.waiters.take_all()
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("parties", &self.parties)
            .field("waiting", &self.waiting())
            .field("is_broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}

/// Waits at a [`Barrier`]: [`Barrier::wait_async`].
#[must_use = "a future does nothing until it is awaited"]
pub struct BarrierWait<'a> {
    barrier: &'a Barrier,
    arrival: Option<Arrival>,
}

struct Arrival {
    index: usize,
    round: Arc<Round>,
    ticket: Option<Ticket>,
}

impl BarrierWait<'_> {
    /// Breaks the barrier if this one is still waited for there. Otherwise all have come, and what is left is
    /// the action.
    fn give_up(&self) -> bool {
        let Some(arrival) = &self.arrival else {
            return false;
        };
        let mut state = self.barrier.state.lock();
        if !Arc::ptr_eq(&state.round, &arrival.round) {
            return false;
        }
        state.is_broken = true;
        let round = state.begin_round();
        drop(state);
        round.settle(Err(Broken)).wake();
        true
    }
}

impl Future for BarrierWait<'_> {
    type Output = Result<usize, Broken>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        if self.arrival.is_none() {
            self.arrival = Some(self.barrier.arrive()?);
        }
        let Some(arrival) = &mut self.arrival else {
            unreachable!("it has arrived");
        };
        let round = Arc::clone(&arrival.round);
        let mut inside = round.inside.lock();
        if let Some(outcome) = inside.outcome {
            let index = arrival.index;
            drop(inside);
            self.arrival = None;
            return Poll::Ready(outcome.map(|()| index));
        }
        let before = inside.waiters.enter(&mut arrival.ticket, (), waker);
        drop(inside);
        drop(before);
        Poll::Pending
    }
}

impl Drop for BarrierWait<'_> {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl fmt::Debug for BarrierWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BarrierWait")
    }
}
