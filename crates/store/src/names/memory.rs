//! A store in memory, for tests and for servers that need not remember.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::StoreError;
use crate::names::{Kept, NameRow, Names, NumberedRow, PlaceRow, Write};

/// The most rows of the log that are kept.
const MAXIMUM_ROWS: usize = 10_000;

/// Names that end with the process. A clone is another view of the same.
#[derive(Clone, Debug, Default)]
pub struct MemoryNames(std::sync::Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    names: BTreeMap<String, NameRow>,
    places: BTreeMap<(String, String), PlaceRow>,
    log: VecDeque<NumberedRow>,
    last: u64,
    is_full: bool,
}

impl MemoryNames {
    /// Refuses every write from now on as if there were no room, or takes them again.
    pub fn set_full(&self, is_full: bool) {
        self.content().is_full = is_full;
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names for MemoryNames {
    fn load(&self) -> Result<Kept, StoreError> {
        let content = self.content();
        Ok(Kept {
            names: content.names.values().cloned().collect(),
            places: content.places.values().cloned().collect(),
        })
    }

    fn write(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut content = self.content();
        if content.is_full {
            return Err(StoreError::Full);
        }
        for write in writes {
            content.write(write);
        }
        Ok(())
    }

    fn log(
        &self,
        name: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<NumberedRow>, StoreError> {
        let content = self.content();
        let rows = content.log.iter().rev();
        let older = rows.filter(|row| before.is_none_or(|before| row.number < before));
        let about = older.filter(|row| name.is_none() || row.row.name.as_deref() == name);
        Ok(about.take(limit).cloned().collect())
    }
}

impl Content {
    fn write(&mut self, write: &Write) {
        match write {
            Write::Name(row) => {
                self.names.insert(row.name.clone(), row.clone());
            }
            Write::Forget(name) => {
                self.names.remove(name);
                self.places.retain(|(of, _), _| of != name);
            }
            Write::Place(row) => {
                let key = (row.name.clone(), row.place.clone());
                self.places.insert(key, row.clone());
            }
            Write::Remove { name, place } => {
                self.places.remove(&(name.clone(), place.clone()));
            }
            Write::Log(row) => {
                self.last += 1;
                self.log.push_back(NumberedRow {
                    number: self.last,
                    row: row.clone(),
                });
                if self.log.len() > MAXIMUM_ROWS {
                    self.log.pop_front();
                }
            }
        }
    }
}
