//! Who asked for what, gathered until it is written to the log.
//!
//! A look-up adds to a count in memory and nothing else, so it is as quick as without a log; what
//! was gathered and not written is lost in a crash.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lariat_protocol::names::{LogKind, Query, Request};
use lariat_store::names::{Row, Write};

use crate::names::Who;

/// The most different questions that are told apart in one batch; what is more is counted
/// together.
const MAXIMUM_QUESTIONS: usize = 1_000;

#[derive(Default)]
pub(super) struct Asked(Mutex<Gathered>);

#[derive(Default)]
struct Gathered {
    counts: HashMap<(Who, Query), u64>,
    others: u64,
}

impl Asked {
    pub fn count(&self, who: Who, query: &Query) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = gathered.counts.len() >= MAXIMUM_QUESTIONS;
        let key = (who, query.clone());
        match gathered.counts.get_mut(&key) {
            Some(count) => *count += 1,
            None if is_full => gathered.others += 1,
            None => {
                gathered.counts.insert(key, 1);
            }
        }
    }

    /// Takes what was gathered, as rows of the log.
    pub fn take(&self, time: u64) -> Vec<Write> {
        let gathered = {
            let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *gathered)
        };
        let what = || LogKind::Asked.word().to_string();
        let rows = gathered
            .counts
            .into_iter()
            .map(|((who, query), count)| Row {
                time,
                what: what(),
                who: who.to_string(),
                name: query.name.as_ref().map(ToString::to_string),
                about: Request::Find { query, all: false }.to_string(),
                count,
            });
        let others = (gathered.others > 0).then(|| Row {
            time,
            what: what(),
            who: "others".to_string(),
            name: None,
            about: "more than is told apart".to_string(),
            count: gathered.others,
        });
        rows.chain(others).map(Write::Log).collect()
    }
}
