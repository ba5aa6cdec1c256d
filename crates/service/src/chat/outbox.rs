//! What waits for one connection to be said to its person.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lariat_protocol::{Handle, Message};

use super::rooms::Listener;
use super::told::Told;

/// Says to a connection that something waits in its outbox.
pub(super) struct News;

/// What a line counts beside its bytes: its place in the queue.
const LINE_WEIGHT: usize = 16;

/// The queue of one connection, filled by whoever speaks and emptied by the connection itself.
///
/// It is not the connection's own queue of messages, because that counts messages: a thousand
/// people who all say one line at once are no reason to give anybody up. And a connection is woken
/// once for all that waits.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    handle: Handle,
    maximum: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<Arc<Told>>,
    weight: usize,
    /// More came than may wait: the person is gone for all others, and so is what waited.
    is_behind: bool,
}

impl Outbox {
    /// An empty one, whose owner is woken by `handle`, for so many bytes.
    pub(super) fn new(handle: Handle, maximum: usize) -> Self {
        Outbox(Arc::new(Inner {
            handle,
            maximum,
            waiting: Mutex::default(),
        }))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here can be left half done.
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands what waits to `take` until that says that it is enough. Returns `false` if the
    /// person did not keep up.
    pub(super) fn take(&self, mut take: impl FnMut(&Told) -> bool) -> bool {
        let mut waiting = self.waiting();
        let mut taken = 0;
        let mut weight = 0;
        for told in &waiting.lines {
            taken += 1;
            weight += told.line().len() + LINE_WEIGHT;
            if !take(told) {
                break;
            }
        }
        waiting.weight -= weight;
        match taken == waiting.lines.len() && waiting.lines.capacity() > 64 {
            // Room for a busy minute is not kept for a quiet hour.
            true => waiting.lines = Vec::new(),
            false => drop(waiting.lines.drain(..taken)),
        }
        !waiting.is_behind
    }

    /// Whether the person did not keep up.
    pub(super) fn is_behind(&self) -> bool {
        self.waiting().is_behind
    }
}

impl Listener for Outbox {
    fn tell(&self, told: &Arc<Told>) -> bool {
        let mut waiting = self.waiting();
        if waiting.is_behind {
            return false;
        }
        let weight = told.line().len() + LINE_WEIGHT;
        let wakes = waiting.lines.is_empty();
        if waiting.weight + weight > self.0.maximum {
            *waiting = Waiting {
                is_behind: true,
                ..Waiting::default()
            };
            drop(waiting);
            let _ = self.0.handle.send(Message::new(News));
            return false;
        }
        waiting.weight += weight;
        waiting.lines.push(Arc::clone(told));
        drop(waiting);
        if wakes {
            // One that is gone says so itself, by its end.
            let _ = self.0.handle.send(Message::new(News));
        }
        true
    }
}
