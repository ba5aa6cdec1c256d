//! The calls of the other side that are under way here.

use std::collections::HashMap;
use std::sync::Arc;

use crate::call::limits::Allowance;
use crate::call::{CallError, Id, code};

/// What tells a running call from the others of its connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// It is answered.
    Answered(Id),
    /// Its caller wants no answer, so it has no number but our own.
    Silent(u64),
}

impl Key {
    pub(crate) fn id(&self) -> Option<&Id> {
        match self {
            Key::Answered(id) => Some(id),
            Key::Silent(_) => None,
        }
    }
}

/// A place among the running calls, which is given back if nobody takes it.
pub(crate) struct Admitted {
    pub(crate) key: Key,
    bytes: usize,
}

/// What runs, each with its task, which ends when it is dropped.
pub(crate) struct Running<T> {
    calls: HashMap<Key, (T, usize)>,
    bytes: usize,
    silent: u64,
    allowance: Arc<Allowance>,
}

impl<T> Running<T> {
    pub(crate) fn new(allowance: Arc<Allowance>) -> Self {
        Running {
            calls: HashMap::new(),
            bytes: 0,
            silent: 0,
            allowance,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Looks whether one more call may run, whose message is so long; it has to be either
    /// [inserted](Self::insert) or [given back](Self::give_back).
    ///
    /// # Errors
    ///
    /// When its `id` is in use, or there are too many; and by which `id` that is to be told: not by
    /// one that another call has.
    pub(crate) fn admit(
        &mut self,
        id: Option<Id>,
        message: usize,
    ) -> Result<Admitted, (Option<Id>, CallError)> {
        let key = match id {
            Some(id) => Key::Answered(id),
            None => {
                self.silent += 1;
                Key::Silent(self.silent)
            }
        };
        if let (true, Some(id)) = (self.calls.contains_key(&key), key.id()) {
            let words = format!("the id {id} is that of a call that is not answered yet");
            return Err((None, CallError::new(code::INVALID_REQUEST, words)));
        }
        match self.allowance.take(message, self.len(), self.bytes) {
            Ok(bytes) => Ok(Admitted { key, bytes }),
            Err(error) => Err((key.id().cloned(), error)),
        }
    }

    pub(crate) fn insert(&mut self, admitted: Admitted, task: T) {
        self.bytes += admitted.bytes;
        self.calls.insert(admitted.key, (task, admitted.bytes));
    }

    /// The call was done before it had to be inserted.
    pub(crate) fn give_back(&mut self, admitted: Admitted) -> Key {
        self.allowance.give_back(admitted.bytes);
        admitted.key
    }

    /// Takes a call out, and drops its task. Returns whether it was there.
    pub(crate) fn remove(&mut self, key: &Key) -> bool {
        let Some((_task, bytes)) = self.calls.remove(key) else {
            return false;
        };
        self.bytes -= bytes;
        self.allowance.give_back(bytes);
        if self.calls.is_empty() {
            // Thousands at once should not cost their places for ever.
            self.calls.shrink_to(0);
        }
        true
    }

    /// Ends all of them. Returns which they were.
    pub(crate) fn end_all(&mut self) -> Vec<Key> {
        self.allowance.give_back(std::mem::take(&mut self.bytes));
        let calls = std::mem::take(&mut self.calls);
        calls.into_keys().collect()
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.allowance.give_back(self.bytes);
    }
}
