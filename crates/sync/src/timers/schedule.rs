//! What is to be done when, without a clock.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Names one thing in a schedule, for as long as it is there.
pub(crate) type Id = u64;

/// Things in the order in which they are due; those that are due together, in the order in which they were
/// put there.
#[derive(Debug)]
pub(crate) struct Schedule<T> {
    due: BTreeMap<(Instant, Id), T>,
    /// The moment of each, to find it by its name.
    moments: HashMap<Id, Instant>,
    names: Id,
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Schedule {
            due: BTreeMap::new(),
            moments: HashMap::new(),
            names: 0,
        }
    }
}

impl<T> Schedule<T> {
    pub(crate) fn len(&self) -> usize {
        self.due.len()
    }

    pub(crate) fn contains(&self, id: Id) -> bool {
        self.moments.contains_key(&id)
    }

    /// A name that nothing has.
    pub(crate) fn name(&mut self) -> Id {
        self.names += 1;
        self.names
    }

    /// Puts something there, in place of what has its name, and gives that.
    pub(crate) fn put(&mut self, id: Id, moment: Instant, thing: T) -> Option<T> {
        let before = self.remove(id);
        self.moments.insert(id, moment);
        self.due.insert((moment, id), thing);
        before
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<T> {
        let moment = self.moments.remove(&id)?;
        self.due.remove(&(moment, id))
    }

    /// When the next is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        let ((moment, _), _) = self.due.first_key_value()?;
        Some(*moment)
    }

    /// Takes out the first that is due at this moment.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(Id, Instant, T)> {
        let first = self.due.first_entry()?;
        let (moment, id) = *first.key();
        if moment > now {
            return None;
        }
        let thing = first.remove();
        self.moments.remove(&id);
        Some((id, moment, thing))
    }
}

/// When something that was due at a moment and is due each period is due next: the first moment of its grid
/// that is still to come. Those that were missed are left out, and the grid stays where it is.
pub(crate) fn next_beat(due: Instant, period: Duration, now: Instant) -> Option<Instant> {
    let missed = now.saturating_duration_since(due).as_nanos() / period.as_nanos().max(1);
    let periods = u32::try_from(missed).unwrap_or(u32::MAX - 1) + 1;
    due.checked_add(period.checked_mul(periods)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Put(u64),
        Replace(usize, u64),
        Remove(usize),
        Take(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..50u64).prop_map(Step::Put),
            (0..30usize, 0..50u64).prop_map(|(index, at)| Step::Replace(index, at)),
            (0..30usize).prop_map(Step::Remove),
            (0..60u64).prop_map(Step::Take),
        ];
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        /// The model is a list that is searched from end to end.
        #[test]
        fn a_schedule_is_a_sorted_list(steps in steps()) {
            let start = Instant::now();
            let at = |millis| start + Duration::from_millis(millis);
            let mut schedule = Schedule::default();
            let mut model: Vec<(u64, Id)> = Vec::new();
            let mut ids = Vec::new();
            for step in steps {
                match step {
                    Step::Put(millis) => {
                        let id = schedule.name();
                        ids.push(id);
                        prop_assert!(schedule.put(id, at(millis), id).is_none());
                        model.push((millis, id));
                    }
                    Step::Replace(index, millis) => {
                        let Some(&id) = ids.get(index) else { continue };
                        let was_there = model.iter().any(|(_, known)| *known == id);
                        prop_assert_eq!(schedule.put(id, at(millis), id).is_some(), was_there);
                        model.retain(|(_, known)| *known != id);
                        model.push((millis, id));
                    }
                    Step::Remove(index) => {
                        let Some(&id) = ids.get(index) else { continue };
                        let was_there = model.iter().any(|(_, known)| *known == id);
                        prop_assert_eq!(schedule.remove(id).is_some(), was_there);
                        model.retain(|(_, known)| *known != id);
                    }
                    Step::Take(now) => {
                        let first = model.iter().min().copied();
                        let expected = first.filter(|(millis, _)| *millis <= now);
                        let taken = schedule.take_due(at(now));
                        prop_assert_eq!(
                            taken.map(|(id, moment, _)| (moment, id)),
                            expected.map(|(millis, id)| (at(millis), id))
                        );
                        model.retain(|entry| Some(*entry) != expected);
                    }
                }
                prop_assert_eq!(schedule.len(), model.len());
                prop_assert_eq!(schedule.moments.len(), model.len());
                let next = model.iter().min().map(|(millis, _)| at(*millis));
                prop_assert_eq!(schedule.next(), next);
            }
        }

        #[test]
        fn a_beat_is_on_its_grid_and_still_to_come(period in 1..5_000u64, late in 0..100_000u64) {
            let due = Instant::now();
            let period = Duration::from_micros(period);
            let now = due + Duration::from_micros(late);
            let next = next_beat(due, period, now).unwrap();
            prop_assert!(next > now);
            prop_assert!(next <= now + period);
            prop_assert_eq!((next - due).as_nanos() % period.as_nanos(), 0);
        }
    }

    #[test]
    fn a_beat_that_no_clock_can_name_does_not_come() {
        let now = Instant::now();
        assert_eq!(next_beat(now, Duration::MAX, now), None);
    }
}
