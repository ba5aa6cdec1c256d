//! One registration as the server has it in memory.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use lariat_protocol::names::{Entry, Probe, Query, Registration, State};

use crate::names::health::Health;
use crate::names::pattern::Pattern;
use crate::names::{Who, millis};

/// The moment at which what does not expire does.
pub(super) const NEVER: u64 = u64::MAX;

/// A registration, its time and its state; what can change without being registered again is
/// changed in place, under no lock.
#[derive(Debug)]
pub(super) struct Record {
    /// Which one, among all that ever were in this process.
    pub id: u64,
    /// What was said, without the token.
    pub registration: Registration,
    /// Who said it.
    pub who: Who,
    /// How it is probed.
    pub probe: Probe,
    /// What its probes must find.
    pub pattern: Option<Pattern>,
    /// What its probes came to.
    pub health: Mutex<Health>,
    /// `NAME ENDPOINT ttl=`, and what follows the state: written once, sent a thousand times.
    head: Box<str>,
    rest: Box<str>,
    /// In milliseconds of the directory's clock.
    expires: AtomicU64,
    state: AtomicU8,
}

impl Record {
    pub fn new(id: u64, registration: Registration, who: Who, pattern: Option<Pattern>) -> Self {
        let place = &registration.place;
        let mut rest = String::new();
        Entry::write_rest(
            &mut rest,
            (
                &registration.description,
                &registration.tags,
                registration.weight,
            ),
        );
        let probe = registration.probe.clone();
        Record {
            id,
            head: format!("{} {place} ttl=", registration.name).into(),
            rest: rest.into(),
            probe: probe.unwrap_or_else(|| Probe::default_of(place)),
            pattern,
            registration,
            who,
            health: Mutex::default(),
            expires: AtomicU64::new(NEVER),
            state: AtomicU8::new(State::Unprobed as u8),
        }
    }

    /// Begins its time to live anew. What this process registered ends with the process.
    pub fn renew(&self, now: Duration) {
        let ttl = Duration::from_secs(self.registration.ttl.seconds().into());
        let at = match self.who {
            Who::Inside => NEVER,
            _ => millis(now + ttl),
        };
        self.expires.store(at, Ordering::Relaxed);
    }

    pub fn expires(&self) -> u64 {
        self.expires.load(Ordering::Relaxed)
    }

    pub fn is_alive(&self, now: Duration) -> bool {
        self.expires() > millis(now)
    }

    pub fn state(&self) -> State {
        let states = [State::Up, State::Unprobed, State::Failing];
        states[usize::from(self.state.load(Ordering::Relaxed)).min(2)]
    }

    pub fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    /// Whether it is what is looked for.
    pub fn is_meant(&self, query: &Query) -> bool {
        let Registration {
            name, place, tags, ..
        } = &self.registration;
        query.name.as_ref().is_none_or(|wanted| wanted == name)
            && query
                .prefix
                .as_ref()
                .is_none_or(|prefix| name.as_str().starts_with(prefix.as_str()))
            && query.tag.as_ref().is_none_or(|tag| tags.contains(tag))
            && query
                .scheme
                .is_none_or(|scheme| scheme.as_str() == place.scheme())
    }

    /// What is left of its time, in seconds; its whole time to live where that has no end.
    fn left(&self, now: Duration) -> u32 {
        let ttl = self.registration.ttl.seconds();
        let left = self.expires().saturating_sub(millis(now)).div_ceil(1000);
        u32::try_from(left).map_or(ttl, |left| left.min(ttl))
    }

    /// Writes its line with the end.
    pub fn write(&self, out: &mut String, now: Duration) {
        out.push_str(&self.head);
        // Writing to a String cannot fail.
        let _ = write!(out, "{}", self.left(now));
        out.push_str(" state=");
        out.push_str(self.state().word());
        out.push_str(&self.rest);
        out.push('\n');
    }

    /// What a library's caller is given.
    pub fn entry(&self, now: Duration) -> Entry {
        let Registration {
            name,
            place,
            weight,
            tags,
            description,
            ..
        } = &self.registration;
        Entry {
            name: name.clone(),
            place: place.clone(),
            ttl: self.left(now),
            state: self.state(),
            weight: *weight,
            tags: tags.clone(),
            description: description.clone(),
        }
    }
}
