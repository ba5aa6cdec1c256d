//! Look-ups: under a lock for reading, and with nothing written.

use std::sync::Arc;

use lariat_protocol::names::{ErrorCode, Head, MAXIMUM_PAGE, Name, Query, Refused, Request};

use crate::names::directory::Shared;
use crate::names::record::Record;
use crate::names::{Who, choosing};

impl Shared {
    /// Gives what is found to `each`, in the order in which it is to be tried.
    pub fn find(
        &self,
        query: &Query,
        all: bool,
        who: Who,
        mut each: impl FnMut(&Record),
    ) -> Result<(), Refused> {
        self.asked.count(who, query);
        let now = self.clock.now();
        let registry = self.registry();
        let is_found = |record: &&Arc<Record>| record.is_alive(now) && record.is_meant(query);
        let chance = fastrand::f64;
        let cached;
        let places = match &query.name {
            Some(name) => registry.owned(name).map_or(&[][..], |owned| &owned.places),
            None => {
                let find = || {
                    let mut found = Vec::new();
                    registry.visit(query, None, |record| {
                        found.push(Arc::clone(record));
                        found.len() < MAXIMUM_PAGE
                    });
                    found.into()
                };
                cached = self.cache.get(query, registry.version(), find);
                &cached[..]
            }
        };
        let mut found = places.iter().filter(is_found).peekable();
        if found.peek().is_none() {
            let asked = Request::Find {
                query: query.clone(),
                all: false,
            };
            let asked = asked.to_string();
            let asked = asked.trim_start_matches("find ");
            let sentence = format!("nobody offers {asked}");
            return Err(Refused::new(ErrorCode::Unknown, sentence));
        }
        if !all {
            choosing::first(found, chance)
                .into_iter()
                .for_each(|record| each(record));
            return Ok(());
        }
        let mut found: Vec<&Arc<Record>> = found.collect();
        choosing::order(&mut found, chance);
        found.into_iter().for_each(|record| each(record));
        Ok(())
    }

    /// Writes a page of what is registered, by name.
    pub fn list(&self, query: &Query, after: Option<&Name>, limit: usize, out: &mut String) {
        let now = self.clock.now();
        let mut lines = String::new();
        let mut head = Head::default();
        let mut last: Option<&Name> = None;
        let registry = self.registry();
        registry.visit(query, after, |record| {
            if !record.is_alive(now) {
                return true;
            }
            let name = &record.registration.name;
            if head.lines >= limit && last.is_some_and(|last| last != name) {
                head.more = last.map(ToString::to_string);
                return false;
            }
            record.write(&mut lines, now);
            head.lines += 1;
            last = Some(name);
            true
        });
        head.write(out);
        out.push_str(&lines);
    }
}
