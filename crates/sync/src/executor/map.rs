//! One call for each of many items, with the outcomes in the items' order.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::{Duration, Instant};

use super::future::TaskFuture;
use super::outcome::{Outcome, TaskError};
use super::work::Refused;
use crate::waiting::deadline;

/// Where jobs are put.
pub(crate) trait Room<J>: Sync {
    /// Puts a job if there is room now.
    fn try_put(&self, job: J) -> Result<(), Refused<J>>;

    /// Puts a job, and waits for room until the moment.
    fn put(&self, job: J, until: Option<Instant>) -> Result<(), Refused<J>>;

    /// Puts a job that is kept, and awaits room. It stays there if the future is dropped.
    fn put_kept(
        &self,
        kept: &mut Option<J>,
    ) -> impl Future<Output = Result<(), Refused<()>>> + Send;
}

/// What was made of the items that are left.
pub(crate) enum Made<J> {
    /// A job, and the futures of its calls.
    Job(J),
    /// Futures that are done already.
    Done,
    /// No item is left.
    NoMore,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filled {
    /// There is more ahead.
    Some,
    /// There was no room. What was made of the items is kept.
    Full,
    /// The executor takes no more: items are lost.
    Refused,
    /// No item is left.
    NoMore,
}

/// How long a step may wait for room.
#[derive(Clone, Copy)]
enum Wait {
    No,
    Until(Option<Instant>),
}

/// Brings items to where they are worked on.
trait Feed<I, T>: Send {
    /// Queues the next job, and adds its futures.
    fn feed(&mut self, items: &mut I, ahead: &mut VecDeque<TaskFuture<T>>, wait: Wait) -> Filled;

    /// The same for a job that found no room, awaited.
    fn feed_kept<'s>(
        &'s mut self,
        ahead: &'s mut VecDeque<TaskFuture<T>>,
    ) -> Pin<Box<dyn Future<Output = Filled> + Send + 's>>;
}

struct Feeder<'a, Q, J, T, M> {
    room: &'a Q,
    make: M,
    /// A job that found no room.
    kept: Option<J>,
    /// The futures of the job that is being put.
    fresh: VecDeque<TaskFuture<T>>,
}

impl<Q: Room<J>, J, T, M> Feeder<'_, Q, J, T, M> {
    /// What came of a job.
    fn told<K>(
        &mut self,
        put: Result<(), Refused<K>>,
        ahead: &mut VecDeque<TaskFuture<T>>,
    ) -> (Filled, Option<K>) {
        match put {
            Ok(()) => {
                ahead.append(&mut self.fresh);
                (Filled::Some, None)
            }
            Err(Refused::Full(job)) => (Filled::Full, Some(job)),
            Err(Refused::ShutDown(_)) => {
                self.fresh.clear();
                (Filled::Refused, None)
            }
        }
    }
}

impl<I, T, Q, J, M> Feed<I, T> for Feeder<'_, Q, J, T, M>
where
    T: Send,
    Q: Room<J>,
    J: Send,
    M: FnMut(&mut I, &mut VecDeque<TaskFuture<T>>) -> Made<J> + Send,
{
    fn feed(&mut self, items: &mut I, ahead: &mut VecDeque<TaskFuture<T>>, wait: Wait) -> Filled {
        let job = match self.kept.take() {
            Some(job) => job,
            None => match (self.make)(items, &mut self.fresh) {
                Made::Job(job) => job,
                Made::Done => {
                    ahead.append(&mut self.fresh);
                    return Filled::Some;
                }
                Made::NoMore => return Filled::NoMore,
            },
        };
        let put = match wait {
            Wait::No => self.room.try_put(job),
            Wait::Until(moment) => self.room.put(job, moment),
        };
        let (filled, kept) = self.told(put, ahead);
        self.kept = kept;
        filled
    }

    fn feed_kept<'s>(
        &'s mut self,
        ahead: &'s mut VecDeque<TaskFuture<T>>,
    ) -> Pin<Box<dyn Future<Output = Filled> + Send + 's>> {
        Box::pin(async move {
            let put = self.room.put_kept(&mut self.kept).await;
            self.kept = None;
            self.told(put, ahead).0
        })
    }
}

/// The outcomes of one call for each item, in order; see
/// [`ThreadPool::map`](super::ThreadPool::map).
///
/// A task that panics is an `Err` in its place, and the others go on. When the executor is shut
/// down meanwhile, what it did not take is [`TaskError::Cancelled`]. While others keep the
/// executor's queue full, it looks ahead less far, and waits for room only if it has nothing else
/// to wait for.
pub struct Map<'a, I: Iterator, T> {
    items: I,
    feed: Box<dyn Feed<I, T> + 'a>,
    ahead: VecDeque<TaskFuture<T>>,
    look_ahead: usize,
    is_refused: bool,
}

impl<'a, I: Iterator, T: Send + 'a> Map<'a, I, T> {
    pub(crate) fn new<J: Send + 'a, Q: Room<J>>(
        items: I,
        room: &'a Q,
        make: impl FnMut(&mut I, &mut VecDeque<TaskFuture<T>>) -> Made<J> + Send + 'a,
        look_ahead: usize,
    ) -> Self {
        let feeder = Feeder {
            room,
            make,
            kept: None,
            fresh: VecDeque::new(),
        };
        let mut map = Map {
            items,
            feed: Box::new(feeder),
            ahead: VecDeque::new(),
            look_ahead,
            is_refused: false,
        };
        map.fill();
        map
    }
}

impl<I: Iterator, T> Map<'_, I, T> {
    /// How many items are ahead of the outcome that is next, from now on; at least one, and whole
    /// chunks.
    #[must_use]
    pub fn look_ahead(mut self, items: usize) -> Self {
        self.look_ahead = items.max(1);
        self.fill();
        self
    }

    /// The next outcome, if it comes within `timeout`; else [`TaskError::Timeout`], and it can
    /// be asked again.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Outcome<T>> {
        let until = deadline(timeout);
        if self.fill() == Filled::Full && self.step(Wait::Until(until)) == Filled::Full {
            return Some(Err(TaskError::Timeout));
        }
        let Some(first) = self.ahead.front_mut() else {
            return self.refused();
        };
        let left = until.map_or(timeout, |until| {
            until.saturating_duration_since(Instant::now())
        });
        let outcome = first.result_timeout(left);
        if !matches!(outcome, Err(TaskError::Timeout)) {
            self.ahead.pop_front();
            self.fill();
        }
        Some(outcome)
    }

    /// The next outcome, awaited, and room for its call before. Dropped while it waits, it loses
    /// nothing.
    pub async fn next_async(&mut self) -> Option<Outcome<T>> {
        if self.fill() == Filled::Full {
            let filled = self.feed.feed_kept(&mut self.ahead).await;
            self.filled(filled);
        }
        let Some(first) = self.ahead.front_mut() else {
            return self.refused();
        };
        let outcome = first.await;
        self.ahead.pop_front();
        self.fill();
        Some(outcome)
    }

    /// Submits as many as may be ahead and find room. `Full` if that is none at all.
    fn fill(&mut self) -> Filled {
        while self.ahead.len() < self.look_ahead && !self.is_refused {
            match self.step(Wait::No) {
                Filled::Some => {}
                Filled::Full if self.ahead.is_empty() => return Filled::Full,
                _ => break,
            }
        }
        Filled::Some
    }

    fn step(&mut self, wait: Wait) -> Filled {
        let filled = self.feed.feed(&mut self.items, &mut self.ahead, wait);
        self.filled(filled)
    }

    fn filled(&mut self, filled: Filled) -> Filled {
        self.is_refused |= filled == Filled::Refused;
        filled
    }

    /// The end, or once that the rest was refused.
    fn refused(&mut self) -> Option<Outcome<T>> {
        if !self.is_refused {
            return None;
        }
        // The one that was refused is already out of `items`; each of the rest follows it.
        self.is_refused = false;
        self.look_ahead = 0;
        Some(Err(TaskError::Cancelled))
    }
}

impl<I: Iterator, T> Iterator for Map<'_, I, T> {
    type Item = Outcome<T>;

    fn next(&mut self) -> Option<Outcome<T>> {
        if self.ahead.is_empty() && self.fill() == Filled::Full {
            self.step(Wait::Until(None));
        }
        let Some(first) = self.ahead.pop_front() else {
            return self.refused();
        };
        // The thread that is free by now has the next one while this one is waited for.
        self.fill();
        Some(first.result())
    }
}

impl<I: Iterator, T> Drop for Map<'_, I, T> {
    fn drop(&mut self) {
        for future in &self.ahead {
            future.cancel();
        }
    }
}
