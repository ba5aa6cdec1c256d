//! All registrations in memory, found by name, by prefix and by tag.
//!
//! It checks nothing: what is put in has been checked and is on the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::names::{Name, Place, Query, Tag};

use crate::names::record::{NEVER, Record};
use crate::names::{Who, millis};

/// The digest of a token.
pub(super) type Digest = [u8; 32];

/// The most places of one name.
pub(super) const MAXIMUM_PLACES: usize = 64;

/// A name that is somebody's.
#[derive(Debug)]
pub(super) struct Owned {
    /// The digest of its token.
    pub token: Digest,
    /// Who registered it first.
    pub registrant: Who,
    /// Where it is; none while it is kept for its token.
    pub places: Vec<Arc<Record>>,
    /// Places that were dropped since the name was last free, at most [`MAXIMUM_PLACES`].
    pub dropped: Vec<Place>,
    /// Until when it is kept, in milliseconds, while it has no places.
    reserved_until: u64,
}

impl Owned {
    pub fn place(&self, place: &Place) -> Option<&Arc<Record>> {
        let mut places = self.places.iter();
        places.find(|record| record.registration.place == *place)
    }
}

/// Every name and place.
#[derive(Debug, Default)]
pub(super) struct Registry {
    names: BTreeMap<Name, Owned>,
    /// Which names have a place of this tag.
    tags: HashMap<Tag, BTreeSet<Name>>,
    by_id: HashMap<u64, Arc<Record>>,
    /// How many places, and names without any, each address has.
    counts: HashMap<Who, usize>,
    /// When each place is to be looked at: never later than it expires, and earlier when it was
    /// renewed, which costs nothing until then.
    expiry: BTreeSet<(u64, u64)>,
    /// When names that are kept for their token are free.
    reserved: BTreeSet<(u64, Name)>,
    /// Changes with what is in it; not with states and times.
    version: u64,
}

impl Registry {
    pub fn owned(&self, name: &Name) -> Option<&Owned> {
        self.names.get(name)
    }

    pub fn record(&self, id: u64) -> Option<&Arc<Record>> {
        self.by_id.get(&id)
    }

    /// How many places there are.
    pub fn places(&self) -> usize {
        self.by_id.len()
    }

    /// How many places and kept names there are.
    pub fn total(&self) -> usize {
        self.by_id.len() + self.reserved.len()
    }

    /// How many of them somebody has.
    pub fn count(&self, who: Who) -> usize {
        self.counts.get(&who.counted()).copied().unwrap_or(0)
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// Every place.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.by_id.values()
    }

    /// Puts a place in, in the place of what was there.
    pub fn insert(&mut self, record: Arc<Record>, token: Digest, registrant: Who) {
        let name = &record.registration.name;
        self.take_place(name, &record.registration.place);
        let owned = self.names.entry(name.clone()).or_insert_with(|| Owned {
            token,
            registrant,
            places: Vec::new(),
            dropped: Vec::new(),
            reserved_until: NEVER,
        });
        if owned.places.is_empty() && self.reserved.remove(&(owned.reserved_until, name.clone())) {
            decrease(&mut self.counts, owned.registrant);
        }
        owned.places.push(Arc::clone(&record));
        for tag in &record.registration.tags {
            let names = self.tags.entry(tag.clone()).or_default();
            names.insert(name.clone());
        }
        *self.counts.entry(record.who.counted()).or_default() += 1;
        self.expiry.insert((record.expires(), record.id));
        self.by_id.insert(record.id, record);
        self.version += 1;
    }

    /// Puts a name in that has no places yet, or none any more.
    pub fn reserve(&mut self, name: &Name, token: Digest, registrant: Who, until: Duration) {
        let owned = self.names.entry(name.clone()).or_insert_with(|| Owned {
            token,
            registrant,
            places: Vec::new(),
            dropped: Vec::new(),
            reserved_until: NEVER,
        });
        if owned.places.is_empty() {
            self.reserved.remove(&(owned.reserved_until, name.clone()));
            owned.reserved_until = millis(until);
            self.reserved.insert((owned.reserved_until, name.clone()));
            *self.counts.entry(owned.registrant.counted()).or_default() += 1;
        }
    }

    /// Takes a place out. A name whose last place it was is kept until then, or forgotten at once.
    pub fn remove(&mut self, record: &Record, keep_until: Option<Duration>, is_dropped: bool) {
        let name = &record.registration.name;
        if self.by_id.contains_key(&record.id) {
            self.take_place(name, &record.registration.place);
        }
        let Some(owned) = self.names.get_mut(name) else {
            return;
        };
        if is_dropped && owned.dropped.len() < MAXIMUM_PLACES {
            owned.dropped.push(record.registration.place.clone());
        }
        if owned.places.is_empty() {
            let (token, registrant) = (owned.token, owned.registrant);
            match keep_until {
                Some(until) => self.reserve(name, token, registrant, until),
                None => self.forget(name),
            }
        }
    }

    /// Lets a name go that has no places.
    pub fn forget(&mut self, name: &Name) {
        if self
            .names
            .get(name)
            .is_some_and(|owned| owned.places.is_empty())
            && let Some(owned) = self.names.remove(name)
            && self.reserved.remove(&(owned.reserved_until, name.clone()))
        {
            decrease(&mut self.counts, owned.registrant);
        }
    }

    fn take_place(&mut self, name: &Name, place: &Place) {
        let Some(owned) = self.names.get_mut(name) else {
            return;
        };
        let at = owned
            .places
            .iter()
            .position(|record| record.registration.place == *place);
        let Some(at) = at else {
            return;
        };
        let record = owned.places.remove(at);
        for tag in &record.registration.tags {
            let is_other = |other: &Arc<Record>| other.registration.tags.contains(tag);
            if !owned.places.iter().any(is_other)
                && let Some(names) = self.tags.get_mut(tag)
            {
                names.remove(name);
                if names.is_empty() {
                    self.tags.remove(tag);
                }
            }
        }
        decrease(&mut self.counts, record.who);
        self.by_id.remove(&record.id);
        self.version += 1;
    }

    /// The places whose time is over, and the names that are kept no longer.
    pub fn due(&mut self, now: Duration) -> (Vec<Arc<Record>>, Vec<Name>) {
        let now = millis(now);
        let mut over = Vec::new();
        let later = self.expiry.split_off(&(now + 1, 0));
        for (_, id) in std::mem::replace(&mut self.expiry, later) {
            let Some(record) = self.by_id.get(&id) else {
                continue;
            };
            if record.expires() <= now {
                over.push(Arc::clone(record));
            }
            // Also what is over, in case that it cannot be taken away yet.
            self.expiry.insert((record.expires().max(now + 1), id));
        }
        let free = self.reserved.iter().take_while(|(until, _)| *until <= now);
        (over, free.map(|(_, name)| name.clone()).collect())
    }

    /// Gives each place that is meant, by name and then as they were registered, behind a name if
    /// one is given, until `each` has had enough.
    pub fn visit<'a>(
        &'a self,
        query: &Query,
        after: Option<&Name>,
        mut each: impl FnMut(&'a Arc<Record>) -> bool,
    ) {
        let mut visit = |owned: &'a Owned| {
            let mut meant = owned.places.iter().filter(|record| record.is_meant(query));
            meant.all(&mut each)
        };
        if let Some(name) = &query.name {
            if let Some(owned) = self.names.get(name)
                && after.is_none_or(|after| name > after)
            {
                visit(owned);
            }
            return;
        }
        let prefix = query.prefix.as_ref().map_or("", |prefix| prefix.as_str());
        let from: Bound<&str> = match after {
            Some(after) if after.as_str() >= prefix => Bound::Excluded(after.as_str()),
            _ => Bound::Included(prefix),
        };
        let range = (from, Bound::Unbounded);
        let is_in = |name: &Name| name.as_str().starts_with(prefix);
        match &query.tag {
            Some(tag) => {
                let names = self.tags.get(tag).into_iter();
                let names = names.flat_map(|names| names.range::<str, _>(range));
                let owned = names.take_while(|name| is_in(name));
                let _ = owned.filter_map(|name| self.names.get(name)).all(visit);
            }
            None => {
                let names = self.names.range::<str, _>(range);
                let _ = names
                    .take_while(|(name, _)| is_in(name))
                    .all(|(_, owned)| visit(owned));
            }
        }
    }
}

fn decrease(counts: &mut HashMap<Who, usize>, who: Who) {
    let who = who.counted();
    if let Some(count) = counts.get_mut(&who) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&who);
        }
    }
}
