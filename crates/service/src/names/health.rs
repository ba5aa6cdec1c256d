//! From single probes to whether a service answers: one lost packet changes nothing.

use lariat_protocol::names::Change;

/// So many probes without an answer, one behind the other, and a service is failing.
pub const FAILING_AFTER: u32 = 2;

/// So many, and it is dropped.
pub const DROPPED_AFTER: u32 = 6;

/// So many answers, one behind the other, and one that failed has recovered; twice as many each
/// time that it fails again soon.
pub const RECOVERED_AFTER: u32 = 2;

/// How often that is doubled at most.
const MAXIMUM_DOUBLINGS: u32 = 3;

/// So many answers in a row, and how often it failed before is forgotten.
const STEADY_AFTER: u32 = 20;

/// What the last probes of a service came to.
///
/// A service that answers every other time never fails, since failing takes two in a row; one that
/// comes and goes needs ever more answers until it counts as recovered, so its watchers hear less
/// and less of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    /// Whether it counts as failing.
    is_failing: bool,
    /// Probes without an answer, one behind the other.
    unanswered: u32,
    /// Answers, one behind the other.
    answered: u32,
    /// How often it began to fail.
    failed: u32,
    /// Whether it ever answered.
    is_known: bool,
}

impl Health {
    /// Of a service that was dropped and is registered again: it is to show first that it
    /// answers.
    pub fn doubtful() -> Self {
        Health {
            is_failing: true,
            failed: 1,
            ..Health::default()
        }
    }

    /// Takes what a probe came to, and says what changes by it. The first answer of all is
    /// a recovery, from not being known.
    pub fn observe(&mut self, has_answered: bool) -> Option<Change> {
        match has_answered {
            true => self.answers(),
            false => self.does_not_answer(),
        }
    }

    fn answers(&mut self) -> Option<Change> {
        self.unanswered = 0;
        self.answered = self.answered.saturating_add(1);
        if self.answered >= STEADY_AFTER {
            self.failed = 0;
        }
        let is_first = !self.is_known && !self.is_failing;
        self.is_known = true;
        let doublings = self.failed.saturating_sub(1).min(MAXIMUM_DOUBLINGS);
        if is_first || (self.is_failing && self.answered >= RECOVERED_AFTER << doublings) {
            self.is_failing = false;
            return Some(Change::Recovered);
        }
        None
    }

    fn does_not_answer(&mut self) -> Option<Change> {
        self.answered = 0;
        self.unanswered = self.unanswered.saturating_add(1);
        if self.unanswered >= DROPPED_AFTER {
            return Some(Change::Dropped);
        }
        if !self.is_failing && self.unanswered >= FAILING_AFTER {
            self.is_failing = true;
            self.failed = self.failed.saturating_add(1);
            return Some(Change::Failing);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What changes with each probe: `+` answered, `-` not.
    fn changes(health: &mut Health, probes: &str) -> Vec<(usize, Change)> {
        let each = probes.bytes().enumerate();
        each.filter_map(|(at, probe)| Some((at, health.observe(probe == b'+')?)))
            .collect()
    }

    #[test]
    fn two_unanswered_probes_are_failing_and_six_the_end() {
        let mut health = Health::default();
        assert_eq!(changes(&mut health, "+++"), [(0, Change::Recovered)]);
        assert_eq!(changes(&mut health, "-+-+-+-+"), []);
        assert_eq!(changes(&mut health, "--"), [(1, Change::Failing)]);
        assert_eq!(changes(&mut health, "+-+-+"), []);
        assert_eq!(changes(&mut health, "+"), [(0, Change::Recovered)]);
        let dropped = [(1, Change::Failing), (5, Change::Dropped)];
        assert_eq!(changes(&mut health, "------"), dropped);
    }

    #[test]
    fn one_that_comes_and_goes_needs_ever_more_answers() {
        let mut health = Health::default();
        changes(&mut health, "+");
        for needed in [2, 4, 8, 16, 16] {
            assert_eq!(changes(&mut health, "--"), [(1, Change::Failing)]);
            let answers = "+".repeat(needed);
            assert_eq!(
                changes(&mut health, &answers),
                [(needed - 1, Change::Recovered)]
            );
        }
        changes(&mut health, &"+".repeat(20));
        changes(&mut health, "--");
        assert_eq!(changes(&mut health, "++"), [(1, Change::Recovered)]);
    }

    #[test]
    fn one_that_was_dropped_is_failing_until_it_answers() {
        let mut health = Health::doubtful();
        assert_eq!(changes(&mut health, "++"), [(1, Change::Recovered)]);
        let mut health = Health::doubtful();
        assert_eq!(changes(&mut health, "------"), [(5, Change::Dropped)]);
    }
}
