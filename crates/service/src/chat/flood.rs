//! How often one person may speak.

use std::time::Duration;

/// How many lines somebody may say at once: a pasted verse.
const BURST: u32 = 10;

/// A bucket of [`BURST`] lines that fills again at a rate, by a timer and without a clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flood {
    /// How long one more line takes; nothing where nobody is slowed.
    interval: Duration,
    /// How many of the lines at hand are used up.
    spent: u32,
    /// Whether the person was told.
    pub(super) was_told: bool,
}

/// What follows a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// The next may come.
    Nothing,
    /// A timer of this length is to be set.
    Timer(Duration),
    /// No line is to be read until there is one in the bucket again.
    Pause,
}

impl Flood {
    /// So many lines a second; any number, if that is 0.
    pub(super) fn new(lines_per_second: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(lines_per_second);
        Flood {
            interval: interval.unwrap_or_default(),
            spent: 0,
            was_told: false,
        }
    }

    /// A line came.
    pub(super) fn line(&mut self) -> After {
        if self.interval.is_zero() {
            return After::Nothing;
        }
        self.spent += 1;
        match self.spent {
            1 => After::Timer(self.interval),
            BURST.. => After::Pause,
            _ => After::Nothing,
        }
    }

    /// The timer ran out: there is one more line. Tells how long the timer is to be set again, if
    /// it is.
    pub(super) fn refill(&mut self) -> Option<Duration> {
        self.spent = self.spent.saturating_sub(1);
        (self.spent > 0).then_some(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_there_is_a_rate() {
        let mut flood = Flood::new(4);
        let quarter = Duration::from_millis(250);
        assert_eq!(flood.line(), After::Timer(quarter));
        for _ in 0..8 {
            assert_eq!(flood.line(), After::Nothing);
        }
        assert_eq!(flood.line(), After::Pause);
        assert_eq!(flood.refill(), Some(quarter));
        assert_eq!(flood.line(), After::Pause);
        for _ in 0..9 {
            assert_eq!(flood.refill(), Some(quarter));
        }
        assert_eq!(flood.refill(), None);
        assert_eq!(flood.line(), After::Timer(quarter));
    }

    #[test]
    fn no_rate_is_no_limit() {
        let mut flood = Flood::new(0);
        assert!((0..1000).all(|_| flood.line() == After::Nothing));
    }
}
