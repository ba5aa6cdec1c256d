//! What was found lately by prefix and by tag, until something changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lariat_protocol::names::Query;

use crate::names::record::Record;

/// The most questions that are remembered.
const MAXIMUM_QUESTIONS: usize = 1_024;

/// Answers to frequent questions. A name by itself is one look into the registry, and not here.
#[derive(Default)]
pub(super) struct Cache(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// The registry that the answers are of.
    version: u64,
    answers: HashMap<Query, Arc<[Arc<Record>]>>,
}

impl Cache {
    /// The answer, as it was found in the registry of this version or is found now.
    pub fn get(
        &self,
        query: &Query,
        version: u64,
        find: impl FnOnce() -> Arc<[Arc<Record>]>,
    ) -> Arc<[Arc<Record>]> {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.version != version || remembered.answers.len() >= MAXIMUM_QUESTIONS {
            remembered.answers.clear();
            remembered.version = version;
        }
        if let Some(answer) = remembered.answers.get(query) {
            return Arc::clone(answer);
        }
        let answer = find();
        remembered
            .answers
            .insert(query.clone(), Arc::clone(&answer));
        answer
    }
}
