//! Whether a peer keeps pace: which deadline a connection is under, and when it ends.
//!
//! A plain state, told once a turn what moved. It reads no clock and sets no timer; it says
//! when to look again, and that only ever moves back while the peer does what it should, so
//! a driver needs to set a timer only when it moves forward.

use std::time::Duration;

use crate::contract::{Deadline, Deadlines};

/// Milliseconds on a driver's clock, which begins anywhere.
pub type Milliseconds = u64;

/// What a connection that is open is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The peer has said nothing yet.
    First,
    /// Nothing is under way.
    Idle,
    /// A message of the peer's has begun and is not whole.
    Message,
    /// Our side works on answers: only the whole life counts.
    Working,
    /// The peer has not taken all that was sent to it.
    Writing,
}

/// What moved in one turn of a connection, and how it stands after it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moved {
    /// Bytes that came.
    pub received: usize,
    /// Bytes that left.
    pub sent: usize,
    /// Whether a message became whole.
    pub completed: bool,
    /// Whether one has begun and is not whole.
    pub in_message: bool,
    /// Whether bytes wait that the carrier does not take.
    pub unsent: bool,
    /// Whether our side works, and has stopped reading or reads on between messages.
    pub working: bool,
}

/// One connection's pace.
///
/// ```
/// use lariat_protocol::contract::{Deadline, Deadlines, Moved, Pace};
///
/// let deadlines = Deadlines::default();
/// let mut pace = Pace::new(0);
/// assert_eq!(pace.deadline(&deadlines), Some((30_000, Deadline::FirstMessage)));
///
/// // A byte each second gains two thousandths of a second.
/// let drip = Moved { received: 1, in_message: true, ..Moved::default() };
/// for second in 1..=20 {
///     pace.turn(second * 1000, drip, &deadlines);
/// }
/// let (at, which) = pace.deadline(&deadlines).unwrap();
/// assert_eq!((which, at), (Deadline::Message, 31_000 + 19 * 2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    made: Milliseconds,
    /// Since when the stage lasts; later by what the peer has moved in `Message` and `Writing`.
    mark: Milliseconds,
    stage: Stage,
    /// Whether the peer has finished a message.
    heard: bool,
}

impl Pace {
    /// The pace of a connection that is open from now on.
    pub fn new(now: Milliseconds) -> Self {
        Pace {
            made: now,
            mark: now,
            stage: Stage::First,
            heard: false,
        }
    }

    /// What the connection is at.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// When the connection was opened.
    pub fn made(&self) -> Milliseconds {
        self.made
    }

    /// Takes note of a turn.
    #[inline]
    pub fn turn(&mut self, now: Milliseconds, moved: Moved, deadlines: &Deadlines) {
        let before = self.stage;
        self.heard |= moved.completed;
        if moved.unsent {
            self.stage = Stage::Writing;
            let fresh = before != Stage::Writing;
            self.allow(now, fresh, moved.sent, deadlines);
        } else if moved.working {
            self.stage = Stage::Working;
        } else if moved.in_message {
            self.stage = Stage::Message;
            // Behind one that became whole another may have begun in the same turn.
            let fresh = before != Stage::Message || moved.completed;
            self.allow(now, fresh, moved.received, deadlines);
        } else if self.heard {
            if before != Stage::Idle || moved.completed || moved.sent > 0 {
                self.mark = now;
            }
            self.stage = Stage::Idle;
        } else if before != Stage::First {
            // It was for our side to do something, as to greet a peer that reads slowly.
            self.mark = now;
            self.stage = Stage::First;
        }
    }

    /// Gives time by what has moved: never more at once than the deadline itself, so that a
    /// peer that was quick for an hour may not stall for a day.
    fn allow(&mut self, now: Milliseconds, fresh: bool, moved: usize, deadlines: &Deadlines) {
        self.mark = match fresh {
            true => now,
            false => {
                let earned = (moved as u64).saturating_mul(1000);
                let earned = earned / u64::from(deadlines.minimum_rate.max(1));
                self.mark.saturating_add(earned).min(now)
            }
        };
    }

    /// Our side has kept the peer waiting until now, by what is no part of its messages.
    pub fn resume(&mut self, now: Milliseconds) {
        self.mark = now;
    }

    /// Which deadline passes first, and when.
    pub fn deadline(&self, deadlines: &Deadlines) -> Option<(Milliseconds, Deadline)> {
        let after = |from: Milliseconds, deadline: Deadline| {
            let length = deadlines.of(deadline)?;
            Some((from.saturating_add(milliseconds(length)), deadline))
        };
        let staged = match self.stage {
            Stage::First => after(self.mark, Deadline::FirstMessage),
            Stage::Idle => after(self.mark, Deadline::Idle),
            Stage::Message => after(self.mark, Deadline::Message),
            Stage::Writing => after(self.mark, Deadline::Write),
            Stage::Working => None,
        };
        let life = after(self.made, Deadline::Life);
        match (staged, life) {
            (Some(staged), Some(life)) => Some(if life.0 < staged.0 { life } else { staged }),
            (staged, life) => staged.or(life),
        }
    }
}

/// A length in milliseconds; one without end is the longest there is.
pub fn milliseconds(length: Duration) -> Milliseconds {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: Deadlines = Deadlines::DEFAULT;

    const REQUEST: Moved = Moved {
        received: 64,
        sent: 91,
        completed: true,
        in_message: false,
        unsent: false,
        working: false,
    };

    const STALLED: Moved = Moved {
        received: 0,
        sent: 0,
        completed: false,
        in_message: false,
        unsent: true,
        working: false,
    };

    fn deadline(pace: &Pace) -> (Milliseconds, Deadline) {
        pace.deadline(&DEADLINES).expect("there is one")
    }

    #[test]
    fn idle_begins_at_the_end_of_the_last_reply() {
        let mut pace = Pace::new(1000);
        pace.turn(5000, REQUEST, &DEADLINES);
        assert_eq!(deadline(&pace), (305_000, Deadline::Idle));
        // A turn in which nothing moves is no sign of life.
        pace.turn(9000, Moved::default(), &DEADLINES);
        assert_eq!(deadline(&pace), (305_000, Deadline::Idle));
        let late_reply = Moved {
            sent: 10,
            ..Moved::default()
        };
        pace.turn(11_000, late_reply, &DEADLINES);
        assert_eq!(deadline(&pace), (311_000, Deadline::Idle));
    }

    #[test]
    fn a_second_message_has_a_time_of_its_own() {
        let mut pace = Pace::new(0);
        let begun = Moved {
            received: 10,
            in_message: true,
            ..Moved::default()
        };
        pace.turn(1000, begun, &DEADLINES);
        assert_eq!(deadline(&pace), (31_000, Deadline::Message));
        let next = Moved {
            completed: true,
            ..begun
        };
        pace.turn(20_000, next, &DEADLINES);
        assert_eq!(deadline(&pace), (50_000, Deadline::Message));
    }

    #[test]
    fn a_reader_keeps_its_time_only_by_reading_at_the_rate() {
        let mut pace = Pace::new(0);
        pace.turn(0, STALLED, &DEADLINES);
        assert_eq!(deadline(&pace), (60_000, Deadline::Write));
        let quick = Moved {
            sent: 1 << 30,
            ..STALLED
        };
        // However much was read, a stall afterwards is as long as any.
        pace.turn(10_000, quick, &DEADLINES);
        assert_eq!(deadline(&pace), (70_000, Deadline::Write));
        let drip = Moved { sent: 5, ..STALLED };
        for second in 11..=60 {
            pace.turn(second * 1000, drip, &DEADLINES);
        }
        assert_eq!(deadline(&pace), (70_000 + 50 * 10, Deadline::Write));
    }

    #[test]
    fn while_our_side_works_only_the_life_counts() {
        let mut pace = Pace::new(0);
        let working = Moved {
            completed: true,
            working: true,
            ..Moved::default()
        };
        pace.turn(1000, working, &DEADLINES);
        assert_eq!(pace.deadline(&DEADLINES), None);
        let mortal = Deadlines {
            life: Some(Duration::from_secs(7)),
            ..DEADLINES
        };
        assert_eq!(pace.deadline(&mortal), Some((7000, Deadline::Life)));
    }

    #[test]
    fn a_greeting_is_no_message_of_the_peers() {
        for ours in [
            STALLED,
            Moved {
                working: true,
                ..Moved::default()
            },
        ] {
            let mut pace = Pace::new(0);
            pace.turn(1000, ours, &DEADLINES);
            pace.turn(5000, Moved::default(), &DEADLINES);
            assert_eq!(deadline(&pace), (35_000, Deadline::FirstMessage));
        }
    }

    #[test]
    fn whoever_is_kept_waiting_within_a_message_is_not_late() {
        let mut pace = Pace::new(0);
        let kept_waiting = Moved {
            in_message: true,
            working: true,
            ..Moved::default()
        };
        pace.turn(1000, kept_waiting, &DEADLINES);
        assert_eq!(pace.deadline(&DEADLINES), None);
        let goes_on = Moved {
            working: false,
            ..kept_waiting
        };
        pace.turn(90_000, goes_on, &DEADLINES);
        assert_eq!(deadline(&pace), (120_000, Deadline::Message));
    }

    #[test]
    fn deadlines_that_change_count_for_what_is_under_way() {
        let short = Deadlines {
            message: Some(Duration::from_secs(3)),
            write: Some(Duration::from_secs(2)),
            ..DEADLINES
        };
        let mut pace = Pace::new(0);
        let begun = Moved {
            in_message: true,
            ..Moved::default()
        };
        pace.turn(1000, begun, &DEADLINES);
        assert_eq!(pace.deadline(&short), Some((4000, Deadline::Message)));
        pace.turn(2000, STALLED, &DEADLINES);
        assert_eq!(pace.deadline(&short), Some((4000, Deadline::Write)));
    }

    #[test]
    fn without_deadlines_there_is_none() {
        let mut pace = Pace::new(0);
        for moved in [Moved::default(), REQUEST, STALLED] {
            pace.turn(1, moved, &Deadlines::NONE);
            assert_eq!(pace.deadline(&Deadlines::NONE), None);
        }
    }
}
