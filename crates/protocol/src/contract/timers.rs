//! A protocol's own timers: a handful per connection, none for most.

use std::time::{Duration, Instant};

/// Which of a protocol's timers; the protocol gives the numbers their meaning.
///
/// ```
/// use lariat_protocol::TimerId;
/// const LOGIN: TimerId = TimerId(1);
/// const PING: TimerId = TimerId(2);
/// assert_ne!(LOGIN, PING);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(pub u32);

/// When a timer is due. A protocol has no clock, so it says "in so long"; the driver, which
/// has one, turns that into a moment when the callback has returned.
#[derive(Clone, Copy, Debug)]
enum Due {
    In(Duration),
    At(Instant),
}

/// The timers of one connection. Most have none, so all of it is behind a pointer that is
/// there from the first timer on.
#[derive(Debug, Default)]
pub(super) struct Timers(Option<Box<Entries>>);

/// There are one or two, so a vector is as quick as anything.
#[derive(Debug, Default)]
struct Entries {
    entries: Vec<(TimerId, Due)>,
    changed: bool,
}

impl Timers {
    pub(super) fn set(&mut self, timer: TimerId, after: Duration) {
        let due = Due::In(after);
        let all = self.0.get_or_insert_default();
        all.changed = true;
        match all.entries.iter_mut().find(|(id, _)| *id == timer) {
            Some(entry) => entry.1 = due,
            None => all.entries.push((timer, due)),
        }
    }

    pub(super) fn cancel(&mut self, timer: TimerId) {
        if let Some(all) = &mut self.0 {
            all.entries.retain(|(id, _)| *id != timer);
        }
    }

    /// Whether a timer was set since the last call of [`Timers::settle`].
    pub(super) fn changed(&self) -> bool {
        self.0.as_ref().is_some_and(|all| all.changed)
    }

    /// Fixes what was set as durations to moments, and tells the earliest of all.
    pub(super) fn settle(&mut self, now: Instant) -> Option<Instant> {
        let all = self.0.as_mut()?;
        all.changed = false;
        let mut earliest = None;
        for (_, due) in &mut all.entries {
            let at = match *due {
                Due::At(at) => at,
                // A duration past the end of the clock is "never", which a far day is.
                Due::In(after) => now
                    .checked_add(after)
                    .unwrap_or_else(|| now + Duration::from_secs(86_400 * 365)),
            };
            *due = Due::At(at);
            earliest = Some(earliest.map_or(at, |before: Instant| before.min(at)));
        }
        earliest
    }

    /// Removes and returns one timer that is due by `now`, the earliest first.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<TimerId> {
        let all = self.0.as_mut()?;
        let (index, _) = all
            .entries
            .iter()
            .enumerate()
            .filter_map(|(index, (_, due))| match due {
                Due::At(at) if *at <= now => Some((index, *at)),
                _ => None,
            })
            .min_by_key(|(_, at)| *at)?;
        Some(all.entries.remove(index).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TimerId = TimerId(1);
    const B: TimerId = TimerId(2);

    #[test]
    fn the_earliest_comes_first_and_each_once() {
        let start = Instant::now();
        let mut timers = Timers::default();
        timers.set(A, Duration::from_secs(5));
        timers.set(B, Duration::from_secs(3));
        assert_eq!(timers.settle(start), Some(start + Duration::from_secs(3)));
        assert_eq!(timers.take_due(start), None);
        let late = start + Duration::from_secs(9);
        assert_eq!(timers.take_due(late), Some(B));
        assert_eq!(timers.take_due(late), Some(A));
        assert_eq!(timers.take_due(late), None);
    }

    #[test]
    fn setting_again_moves_and_cancelling_removes() {
        let start = Instant::now();
        let mut timers = Timers::default();
        timers.set(A, Duration::from_secs(1));
        timers.settle(start);
        timers.set(A, Duration::from_secs(9));
        assert!(timers.changed());
        assert_eq!(timers.settle(start), Some(start + Duration::from_secs(9)));
        timers.cancel(A);
        assert_eq!(timers.settle(start), None);
    }

    #[test]
    fn a_duration_without_end_is_not_a_panic() {
        let mut timers = Timers::default();
        timers.set(A, Duration::MAX);
        assert!(timers.settle(Instant::now()).is_some());
    }
}
