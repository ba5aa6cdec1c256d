//! Who is told of changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lariat_protocol::names::{Change, ErrorCode, Event, Query, Refused};

use crate::names::record::Record;

/// The most who watch at once: each costs a look at each change.
const MAXIMUM_WATCHERS: usize = 1_000;

/// The most that one of them watches.
pub(super) const MAXIMUM_FILTERS: usize = 16;

/// A change, for everybody who watches it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its line with the end.
    pub line: String,
}

/// Tells a watcher; whether it keeps up.
pub type Sink = Box<dyn Fn(&Arc<Told>) -> bool + Send>;

#[derive(Default)]
pub(super) struct Watchers(Mutex<List>);

#[derive(Default)]
struct List {
    watchers: Vec<Watcher>,
    last: u64,
}

struct Watcher {
    id: u64,
    filters: Vec<Query>,
    sink: Sink,
}

impl Watchers {
    /// Adds one who watches this.
    pub fn add(&self, filter: Query, sink: Sink) -> Result<u64, Refused> {
        let mut list = self.list();
        if list.watchers.len() >= MAXIMUM_WATCHERS {
            let sentence = format!("{MAXIMUM_WATCHERS} connections watch already; try later");
            return Err(Refused::new(ErrorCode::Limit, sentence));
        }
        list.last += 1;
        let id = list.last;
        list.watchers.push(Watcher {
            id,
            filters: vec![filter],
            sink,
        });
        Ok(id)
    }

    /// Lets one watch this as well.
    pub fn extend(&self, id: u64, filter: Query) -> Result<(), Refused> {
        let mut list = self.list();
        let Some(watcher) = list.watchers.iter_mut().find(|watcher| watcher.id == id) else {
            return Ok(());
        };
        if watcher.filters.len() >= MAXIMUM_FILTERS {
            let sentence = format!("a connection watches at most {MAXIMUM_FILTERS} things");
            return Err(Refused::new(ErrorCode::Limit, sentence));
        }
        watcher.filters.push(filter);
        Ok(())
    }

    pub fn remove(&self, id: u64) {
        self.list().watchers.retain(|watcher| watcher.id != id);
    }

    /// Tells whoever watches a record of a change; who does not keep up is let go.
    pub fn tell(&self, change: Change, record: &Record, now: std::time::Duration) {
        let mut list = self.list();
        let is_meant = |filter: &Query| record.is_meant(filter);
        let mut told = None;
        list.watchers.retain(|watcher| {
            if !watcher.filters.iter().any(is_meant) {
                return true;
            }
            let told = told.get_or_insert_with(|| {
                let entry = record.entry(now);
                let line = format!("{}\n", Event { change, entry });
                Arc::new(Told { line })
            });
            (watcher.sink)(told)
        });
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
