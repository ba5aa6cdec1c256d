//! When each job is due: a plain state that is told the time, and tested without a clock.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// A job's number among all that there have been.
pub(super) type Number = u64;

/// What becomes of the runs that a job misses, because one before took too long or no thread
/// was free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overrun {
    /// They are left out: the next run is at the next multiple of the period.
    Skip,
    /// They follow each other without a pause until the job is level again, but at most so
    /// many; older ones are left out.
    CatchUp(u32),
}

/// When a job runs.
///
/// ```
/// use std::time::Duration;
/// use lariat_sync::scheduler::{Overrun, Schedule};
///
/// let schedule = Schedule::every(Duration::from_secs(60))
///     .first_after(Duration::ZERO)
///     .overrun(Overrun::CatchUp(5));
/// # let _ = schedule;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    period: Duration,
    first: Duration,
    overrun: Overrun,
}

impl Schedule {
    /// Every period, from one period after now, leaving out what is missed.
    ///
    /// # Panics
    ///
    /// When the period is zero.
    pub fn every(period: Duration) -> Self {
        assert!(!period.is_zero(), "a period of no time has no end");
        Schedule {
            period,
            first: period,
            overrun: Overrun::Skip,
        }
    }

    /// How long after now the first run is due; by default one period.
    #[must_use]
    pub fn first_after(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// What becomes of missed runs; by default they are left out.
    #[must_use]
    pub fn overrun(mut self, overrun: Overrun) -> Self {
        self.overrun = overrun;
        self
    }
}

/// What has become of a job's runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs that are over, those that panicked too.
    pub runs: u64,
    /// Runs that were due and were left out.
    pub skipped: u64,
    /// Runs that panicked.
    pub panicked: u64,
}

#[derive(Default)]
pub(super) struct Timetable {
    numbers: Number,
    jobs: HashMap<Number, Entry>,
    /// What is due when. Jobs that are queued or running are not in it.
    due: BTreeSet<(Instant, Number)>,
}

struct Entry {
    schedule: Schedule,
    /// When the run is due, or was due that is queued or running. None: never again.
    next: Option<Instant>,
    is_running: bool,
    is_cancelled: bool,
    /// Nobody can ask for its counts any more.
    is_forgotten: bool,
    counts: Counts,
}

impl Timetable {
    pub fn add(&mut self, schedule: Schedule, now: Instant) -> Number {
        self.numbers += 1;
        let number = self.numbers;
        let next = now.checked_add(schedule.first);
        self.due.extend(next.map(|next| (next, number)));
        let entry = Entry {
            schedule,
            next,
            is_running: false,
            is_cancelled: false,
            is_forgotten: false,
            counts: Counts::default(),
        };
        self.jobs.insert(number, entry);
        number
    }

    /// The next moment at which something is due.
    pub fn next(&self) -> Option<Instant> {
        self.due.first().map(|(next, _)| *next)
    }

    /// Takes out what is due, the longest first.
    pub fn due(&mut self, now: Instant) -> Vec<Number> {
        let mut due = Vec::new();
        while let Some((next, number)) = self.due.pop_first() {
            if next > now {
                self.due.insert((next, number));
                break;
            }
            due.push(number);
        }
        due
    }

    /// A run that was due begins.
    pub fn begin(&mut self, number: Number) {
        if let Some(entry) = self.jobs.get_mut(&number) {
            entry.is_running = true;
        }
    }

    /// A run is over: the next one is due at a multiple of the period after the one that was.
    pub fn done(&mut self, number: Number, now: Instant, panicked: bool) {
        let Some(entry) = self.jobs.get_mut(&number) else {
            return;
        };
        entry.is_running = false;
        entry.counts.runs += 1;
        entry.counts.panicked += u64::from(panicked);
        if entry.is_cancelled {
            if entry.is_forgotten {
                self.jobs.remove(&number);
            }
            return;
        }
        let (next, skipped) = entry.schedule.after(entry.next.unwrap_or(now), now);
        entry.next = next;
        entry.counts.skipped += skipped;
        self.due.extend(next.map(|next| (next, number)));
    }

    /// Makes it never due again. Whether a run is on.
    pub fn cancel(&mut self, number: Number) -> bool {
        let Some(entry) = self.jobs.get_mut(&number) else {
            return false;
        };
        entry.is_cancelled = true;
        if let Some(next) = entry.next {
            self.due.remove(&(next, number));
        }
        entry.is_running
    }

    pub fn counts(&self, number: Number) -> Counts {
        let entry = self.jobs.get(&number);
        entry.map_or_else(Counts::default, |entry| entry.counts)
    }

    /// Nobody asks for its counts any more.
    pub fn forget(&mut self, number: Number) {
        let Some(entry) = self.jobs.get_mut(&number) else {
            return;
        };
        entry.is_forgotten = true;
        if entry.is_cancelled && !entry.is_running {
            self.jobs.remove(&number);
        }
    }
}

impl Schedule {
    /// When the run after the one that was due `last` is due, and how many are left out.
    fn after(&self, last: Instant, now: Instant) -> (Option<Instant>, u64) {
        // How many moments there were since, before now: one that is now is not missed.
        let late = now.saturating_duration_since(last).as_nanos();
        let missed = late.saturating_sub(1) / self.period.as_nanos();
        let kept = match self.overrun {
            Overrun::Skip => 0,
            Overrun::CatchUp(most) => u128::from(most).min(missed),
        };
        let skipped = missed - kept;
        let next = self.period_times(skipped + 1);
        let next = next.and_then(|ahead| last.checked_add(ahead));
        (next, u64::try_from(skipped).unwrap_or(u64::MAX))
    }

    /// So many periods, if that is a time at all.
    fn period_times(&self, count: u128) -> Option<Duration> {
        let nanoseconds = self.period.as_nanos().checked_mul(count)?;
        Some(Duration::from_nanos(u64::try_from(nanoseconds).ok()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    const PERIOD: Duration = Duration::from_secs(10);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// The moments, in seconds, at which a job is due whose runs take so long each.
    fn due(schedule: Schedule, runs: &[u64]) -> (Vec<u64>, u64) {
        let start = Instant::now();
        let mut timetable = Timetable::default();
        let number = timetable.add(schedule, start);
        let mut now = start;
        let mut moments = Vec::new();
        for run in runs {
            let next = timetable.next().unwrap();
            moments.push((next - start).as_secs());
            now = now.max(next);
            assert_eq!(timetable.due(now), [number]);
            timetable.begin(number);
            now += seconds(*run);
            // It does not run twice at once.
            assert_eq!(timetable.next(), None);
            timetable.done(number, now, false);
        }
        (moments, timetable.counts(number).skipped)
    }

    #[test]
    fn runs_do_not_drift_however_long_they_take() {
        let (moments, skipped) = due(Schedule::every(PERIOD), &[1, 9, 0, 3]);
        assert_eq!((moments, skipped), (vec![10, 20, 30, 40], 0));
        let at_once = Schedule::every(PERIOD).first_after(Duration::ZERO);
        assert_eq!(due(at_once, &[1, 1]).0, [0, 10]);
    }

    #[test]
    fn a_run_that_takes_longer_skips_what_it_missed() {
        // From 10 to 35: 20 and 30 are left out. From 40 to 50: in time for the next.
        let (moments, skipped) = due(Schedule::every(PERIOD), &[25, 10, 1]);
        assert_eq!((moments, skipped), (vec![10, 40, 50], 2));
    }

    #[test]
    fn missed_runs_are_made_up_for_up_to_a_number() {
        let catching_up = Schedule::every(PERIOD).overrun(Overrun::CatchUp(2));
        let (moments, skipped) = due(catching_up, &[25, 0, 0, 0]);
        assert_eq!((moments, skipped), (vec![10, 20, 30, 40], 0));
        // From 10 to 75: 20 to 70 were missed, of which the last two are made up for.
        let (moments, skipped) = due(catching_up, &[65, 0, 0, 0]);
        assert_eq!((moments, skipped), (vec![10, 60, 70, 80], 4));
    }

    #[test]
    fn what_is_due_first_comes_first_and_what_is_cancelled_not_at_all() {
        let start = Instant::now();
        let mut timetable = Timetable::default();
        let slow = timetable.add(Schedule::every(PERIOD), start);
        let quick = timetable.add(Schedule::every(PERIOD / 10), start);
        let never = timetable.add(Schedule::every(PERIOD), start);
        assert!(!timetable.cancel(never));
        assert_eq!(timetable.due(start + PERIOD), [quick, slow]);
        timetable.begin(slow);
        assert!(timetable.cancel(slow));
        timetable.done(slow, start + PERIOD, true);
        let counts = timetable.counts(slow);
        assert_eq!((counts.runs, counts.panicked), (1, 1));
        assert_eq!(timetable.next(), None);
        timetable.forget(slow);
        timetable.forget(never);
        assert_eq!(timetable.jobs.len(), 1);
    }

    #[test]
    fn a_moment_beyond_the_clock_never_comes() {
        let mut timetable = Timetable::default();
        let schedule = Schedule::every(Duration::MAX);
        let number = timetable.add(schedule, Instant::now());
        assert_eq!(timetable.next(), None);
        timetable.done(number, Instant::now(), false);
        assert_eq!(timetable.next(), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add(u64, u64, Overrun),
        /// Lets time go on, and begins what is due.
        Pass(u64),
        Done(usize, bool),
        Cancel(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let overrun = prop_oneof![Just(Overrun::Skip), (0..4u32).prop_map(Overrun::CatchUp)];
        prop_oneof![
            2 => (1..20u64, 0..30u64, overrun).prop_map(|(period, first, overrun)| {
                Step::Add(period, first, overrun)
            }),
            5 => (0..40u64).prop_map(Step::Pass),
            4 => (0..6usize, any::<bool>()).prop_map(|(index, panics)| Step::Done(index, panics)),
            1 => (0..6usize).prop_map(Step::Cancel),
        ]
    }

    /// A job that goes through its moments one by one.
    struct Job {
        number: Number,
        period: u64,
        overrun: Overrun,
        next: u64,
        is_running: bool,
        is_cancelled: bool,
        counts: Counts,
    }

    impl Job {
        fn done(&mut self, now: u64, panicked: bool) {
            self.is_running = false;
            self.counts.runs += 1;
            self.counts.panicked += u64::from(panicked);
            if self.is_cancelled {
                return;
            }
            let most = match self.overrun {
                Overrun::Skip => 0,
                Overrun::CatchUp(most) => usize::try_from(most).unwrap(),
            };
            let moments = (1..).map(|times| self.next + times * self.period);
            let missed: Vec<u64> = moments.take_while(|moment| *moment < now).collect();
            let skipped = missed.len().saturating_sub(most);
            self.counts.skipped += skipped as u64;
            self.next += (skipped as u64 + 1) * self.period;
        }
    }

    proptest! {
        #[test]
        fn a_timetable_is_its_model(steps in prop::collection::vec(step(), 0..80)) {
            let start = Instant::now();
            let at = |millis| start + Duration::from_millis(millis);
            let mut timetable = Timetable::default();
            let (mut now, mut jobs) = (0, Vec::<Job>::new());
            for step in steps {
                match step {
                    Step::Add(period, first, overrun) => {
                        let schedule = Schedule::every(Duration::from_millis(period))
                            .first_after(Duration::from_millis(first))
                            .overrun(overrun);
                        jobs.push(Job {
                            number: timetable.add(schedule, at(now)),
                            period,
                            overrun,
                            next: now + first,
                            is_running: false,
                            is_cancelled: false,
                            counts: Counts::default(),
                        });
                    }
                    Step::Pass(millis) => {
                        now += millis;
                        let waits = |job: &&mut Job| !job.is_running && !job.is_cancelled;
                        let due = jobs.iter_mut().filter(waits).filter(|job| job.next <= now);
                        let mut due: Vec<_> = due
                            .map(|job| {
                                job.is_running = true;
                                (job.next, job.number)
                            })
                            .collect();
                        due.sort_unstable();
                        let due: Vec<Number> = due.into_iter().map(|(_, number)| number).collect();
                        prop_assert_eq!(timetable.due(at(now)), &*due);
                        due.into_iter().for_each(|number| timetable.begin(number));
                    }
                    Step::Done(index, panics) => {
                        let mut running = jobs.iter_mut().filter(|job| job.is_running);
                        let Some(job) = running.nth(index) else { continue };
                        job.done(now, panics);
                        timetable.done(job.number, at(now), panics);
                    }
                    Step::Cancel(index) => {
                        let Some(job) = jobs.get_mut(index) else { continue };
                        job.is_cancelled = true;
                        prop_assert_eq!(timetable.cancel(job.number), job.is_running);
                    }
                }
                let waiting = jobs.iter().filter(|job| !job.is_running && !job.is_cancelled);
                let next = waiting.map(|job| at(job.next)).min();
                prop_assert_eq!(timetable.next(), next);
                for job in &jobs {
                    prop_assert_eq!(timetable.counts(job.number), job.counts);
                }
            }
        }
    }
}
