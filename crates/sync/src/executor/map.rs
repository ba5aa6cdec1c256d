//! One call for each of many items, with the outcomes in the items' order.

use std::collections::VecDeque;
use std::time::Duration;

use super::future::TaskFuture;
use super::outcome::{Outcome, TaskError};

/// Queues a call for an item; none if the executor takes no more.
type Submit<'a, Item, T> = Box<dyn FnMut(Item) -> Option<TaskFuture<T>> + Send + 'a>;

/// The outcomes of one call for each item, in order; see
/// [`ThreadPool::map`](super::ThreadPool::map).
///
/// A task that panics is an `Err` in its place, and the others go on. When the executor is shut
/// down meanwhile, what it did not take is [`TaskError::Cancelled`].
pub struct Map<'a, I: Iterator, T> {
    items: I,
    submit: Submit<'a, I::Item, T>,
    ahead: VecDeque<TaskFuture<T>>,
    look_ahead: usize,
    is_refused: bool,
}

impl<'a, I: Iterator, T> Map<'a, I, T> {
    pub(crate) fn new(
        items: I,
        submit: impl FnMut(I::Item) -> Option<TaskFuture<T>> + Send + 'a,
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

    /// How many items are ahead of the outcome that is next, from now on; at least one.
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
            let Some(item) = self.items.next() else {
                return;
            };
            match (self.submit)(item) {
                Some(future) => self.ahead.push_back(future),
                None => self.is_refused = true,
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
