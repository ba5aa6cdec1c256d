//! Taking items until the queue is shut down.

use std::fmt;

use super::error::GetError;
use super::{Queue, SimpleQueue};

/// Takes items, waiting for each, until the queue is shut down and empty: [`Queue::iter`].
pub struct Items<'a, T>(Source<'a, T>);

enum Source<'a, T> {
    Queue(&'a Queue<T>),
    Simple(&'a SimpleQueue<T>),
}

impl<'a, T> Items<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>) -> Self {
        Items(Source::Queue(queue))
    }

    pub(super) fn simple(queue: &'a SimpleQueue<T>) -> Self {
        Items(Source::Simple(queue))
    }

    fn get(&self) -> Result<T, GetError> {
        match self.0 {
            Source::Queue(queue) => queue.get(),
            Source::Simple(queue) => queue.get(),
        }
    }
}

impl<T> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.get().ok()
    }
}

impl<T> fmt::Debug for Items<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}
