//! One call for each of many items, with the outcomes in the items' order.

use std::collections::VecDeque;
use std::time::Duration;

use super::future::TaskFuture;
use super::outcome::{Outcome, TaskError};

/// Takes an item, or several, from those that are left, queues their calls, and adds their
/// futures.
type Submit<'a, I, T> = Box<dyn FnMut(&mut I, &mut VecDeque<TaskFuture<T>>) -> Filled + Send + 'a>;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// There is more ahead.
    Some,
    /// The executor takes no more: an item is lost.
    Refused,
    /// No item is left.
    NoMore,
}

/// Queues the call for one item.
pub(super) fn add_one<I: Iterator, T>(
    items: &mut I,
    ahead: &mut VecDeque<TaskFuture<T>>,
    submit: impl FnOnce(I::Item) -> Option<TaskFuture<T>>,
) -> Filled {
    let Some(item) = items.next() else {
        return Filled::NoMore;
    };
    let Some(future) = submit(item) else {
        return Filled::Refused;
    };
    ahead.push_back(future);
    Filled::Some
}

/// The outcomes of one call for each item, in order; see
/// [`ThreadPool::map`](super::ThreadPool::map).
///
/// A task that panics is an `Err` in its place, and the others go on. When the executor is shut
/// down meanwhile, what it did not take is [`TaskError::Cancelled`].
pub struct Map<'a, I: Iterator, T> {
    items: I,
    submit: Submit<'a, I, T>,
    ahead: VecDeque<TaskFuture<T>>,
    look_ahead: usize,
    is_refused: bool,
}

impl<'a, I: Iterator, T> Map<'a, I, T> {
    pub(crate) fn new(
        items: I,
        submit: impl FnMut(&mut I, &mut VecDeque<TaskFuture<T>>) -> Filled + Send + 'a,
        look_ahead: usize,
    ) -> Self {
        let mut map = Map {
            items,
            submit: Box::new(submit),
            ahead: VecDeque::new(),
            look_ahead,
            is_refused: false,
        };
        map.fill();
        map
    }

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
        self.fill();
        let Some(first) = self.ahead.front_mut() else {
            return self.refused();
        };
        let outcome = first.result_timeout(timeout);
        if !matches!(outcome, Err(TaskError::Timeout)) {
            self.ahead.pop_front();
            self.fill();
        }
        Some(outcome)
    }

    /// The next outcome, awaited. Dropped while it waits, it loses nothing.
    ///
    /// Submitting may still block for as long as others keep the executor's queue full.
    pub async fn next_async(&mut self) -> Option<Outcome<T>> {
        self.fill();
        let Some(first) = self.ahead.front_mut() else {
            return self.refused();
        };
        let outcome = first.await;
        self.ahead.pop_front();
        self.fill();
        Some(outcome)
    }

    /// Submits as many as may be ahead.
    fn fill(&mut self) {
        while self.ahead.len() < self.look_ahead && !self.is_refused {
            match (self.submit)(&mut self.items, &mut self.ahead) {
                Filled::Some => {}
                Filled::Refused => self.is_refused = true,
                Filled::NoMore => return,
            }
        }
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
