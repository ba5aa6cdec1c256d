//! What came of a run.

use std::time::Duration;

use crate::bench::plan::{Amount, Manner, Plan};
use crate::bench::run::Run;
use crate::bench::tally::Tally;

/// The figures of a run, of all threads together.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub plan: Plan,
    pub tally: Tally,
    /// How long was measured.
    pub elapsed: Duration,
    /// How many connections were open in the end, where they are held.
    pub open: Option<usize>,
    /// How many of the messages that were wanted were never sent, for want of a server.
    pub unsent: u64,
    /// Whether a signal ended it.
    pub interrupted: bool,
}

impl Outcome {
    /// Gathers what the threads of a run have counted until now.
    pub fn gather(run: &Run, until: u64, interrupted: bool) -> Self {
        let mut tally = Tally::new();
        run.each_tally(|other| tally.add(other));
        let from = run.measured_from();
        let idle = run.plan.manner == Manner::Idle;
        let until = match run.plan.amount {
            _ if interrupted || idle => until,
            // Answers to messages of the measured time count whenever they come, and so does the
            // time that they took.
            Amount::Time(time) => (from + time.as_nanos() as u64).max(tally.last),
            // A last datagram that was lost is an error; that it was waited for is no work.
            Amount::Requests(_) if tally.answered > 0 => tally.last,
            Amount::Requests(_) => until,
        };
        Outcome {
            open: idle.then(|| run.working()),
            unsent: run.left().filter(|_| !interrupted).unwrap_or(0),
            plan: run.plan.clone(),
            elapsed: Duration::from_nanos(until.saturating_sub(from)),
            tally,
            interrupted,
        }
    }

    /// Whether everything was answered as it should be.
    pub fn is_good(&self) -> bool {
        self.tally.faults() + self.unsent == 0
    }

    /// So many, in the time that was measured, as so many a second.
    pub fn per_second(&self, count: u64) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            count as f64 / seconds
        } else {
            0.0
        }
    }

    /// The bytes of the messages that were answered.
    pub fn sent_bytes(&self) -> u64 {
        self.tally.answered * self.plan.script.size() as u64
    }
}
