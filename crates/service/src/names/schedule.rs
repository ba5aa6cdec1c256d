//! When each service is probed: spread over its interval, and never many at once.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// The times of all probes.
///
/// Each service has a moment of its own within its interval, by chance, and keeps it. And whatever
/// has piled up (the machine was asleep, a thousand came at once), no more than twice as many begin
/// in a time as are due in it on average.
#[derive(Debug, Default)]
pub struct Schedule {
    due: BTreeSet<(Duration, u64)>,
    /// Each one's interval, and its entry in `due`.
    services: HashMap<u64, (Duration, Duration)>,
    /// How many probes a second there are on average.
    rate: f64,
    /// When the next one may begin at the earliest.
    not_before: Duration,
}

impl Schedule {
    /// Puts a service in, at a moment within its interval that `chance` from 0 to 1 chooses.
    pub fn insert(&mut self, service: u64, interval: Duration, now: Duration, chance: f64) {
        self.remove(service);
        let at = now + interval.mul_f64(chance.clamp(0.0, 1.0));
        self.due.insert((at, service));
        self.services.insert(service, (interval, at));
        self.rate += 1.0 / interval.as_secs_f64().max(0.001);
    }

    /// Takes a service out; it is no error if it is not in.
    pub fn remove(&mut self, service: u64) {
        if let Some((interval, at)) = self.services.remove(&service) {
            self.due.remove(&(at, service));
            self.rate -= 1.0 / interval.as_secs_f64().max(0.001);
        }
    }

    /// A service that is to be probed now, if there is one. Its next time is set.
    pub fn take(&mut self, now: Duration) -> Option<u64> {
        let &(at, service) = self.due.first()?;
        if at.max(self.not_before) > now {
            return None;
        }
        self.due.remove(&(at, service));
        let (interval, entry) = self.services.get_mut(&service)?;
        let missed = (now - at).as_nanos() / interval.as_nanos().max(1);
        // Its own moment within the interval, whatever was missed.
        let periods = u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1);
        *entry = at + interval.saturating_mul(periods);
        self.due.insert((*entry, service));
        self.not_before = now + Duration::from_secs_f64(0.5 / self.rate.max(0.001));
        Some(service)
    }

    /// When there may be one next.
    pub fn next(&self) -> Option<Duration> {
        let (at, _) = self.due.first()?;
        Some((*at).max(self.not_before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(30);

    /// How many probes begin in each tenth of a second, for so many seconds from then on.
    fn run(schedule: &mut Schedule, from: Duration, seconds: u64) -> Vec<usize> {
        let mut counts = Vec::new();
        for tenth in 0..seconds * 10 {
            let mut count = 0;
            for millisecond in 0..100 {
                let now = from + Duration::from_millis(tenth * 100 + millisecond);
                while schedule.take(now).is_some() {
                    count += 1;
                }
            }
            counts.push(count);
        }
        counts
    }

    fn many(seed: u64) -> Schedule {
        let mut schedule = Schedule::default();
        let mut random = fastrand::Rng::with_seed(seed);
        for service in 0..5000 {
            schedule.insert(service, INTERVAL, Duration::ZERO, random.f64());
        }
        schedule
    }

    #[test]
    fn five_thousand_services_are_probed_without_a_burst() {
        for seed in 0..5 {
            let mut schedule = many(seed);
            let counts = run(&mut schedule, Duration::ZERO, 90);
            // 5,000 in 30 s are 16.7 in a tenth of a second.
            assert!(counts.iter().all(|count| *count <= 34), "{counts:?}");
            let minute: usize = counts[300..].iter().sum();
            assert!((9_990..=10_010).contains(&minute), "{minute}");
        }
    }

    #[test]
    fn what_has_piled_up_is_caught_up_with_in_order() {
        let mut schedule = many(9);
        let late = Duration::from_secs(3600);
        let counts = run(&mut schedule, late, 60);
        assert!(counts.iter().all(|count| *count <= 35), "{counts:?}");
        // All of them within the first quarter of a minute, and as ever behind that.
        assert!(counts[..160].iter().sum::<usize>() >= 5_000);
        assert!(counts[300..].iter().sum::<usize>() <= 5_100);
    }

    #[test]
    fn each_keeps_its_interval() {
        let mut schedule = Schedule::default();
        let second = Duration::from_secs(1);
        schedule.insert(1, 10 * second, Duration::ZERO, 0.5);
        assert_eq!(schedule.take(4 * second), None);
        assert_eq!(schedule.take(5 * second), Some(1));
        assert_eq!(schedule.take(14 * second), None);
        assert_eq!(schedule.next(), Some(15 * second));
        assert_eq!(schedule.take(47 * second), Some(1));
        assert_eq!(schedule.next(), Some(55 * second));
        schedule.remove(1);
        assert_eq!((schedule.next(), schedule.take(99 * second)), (None, None));
    }
}
