//! A histogram of how long messages take, by powers of two.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::observe::counters::add_alone;
use crate::platform::clock::Nanoseconds;

/// The first bound is 2^13 ns, 8 microseconds: less than a message over loopback costs.
const FIRST: u32 = 13;

/// Up to 2^30 ns, a second; what takes longer is in one more.
const BOUNDS: usize = 18;

/// The histogram of one thread.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    counts: [AtomicU64; BOUNDS + 1],
    /// In nanoseconds.
    sum: AtomicU64,
}

impl Latencies {
    /// Takes note of so many messages that took so long.
    #[inline]
    pub(crate) fn add(&self, messages: u64, took: Nanoseconds) {
        add_alone(&self.counts[index(took)], messages);
        add_alone(&self.sum, messages.saturating_mul(took));
    }
}

/// The first bound that is not below so many nanoseconds.
#[inline]
fn index(took: u64) -> usize {
    let bits = u64::BITS - took.saturating_sub(1).leading_zeros();
    (bits.saturating_sub(FIRST) as usize).min(BOUNDS)
}

/// How long messages took, over all threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct LatencyStats {
    counts: [u64; BOUNDS + 1],
    sum: u64,
}

impl LatencyStats {
    pub(crate) fn add(&mut self, latencies: &Latencies) {
        for (to, from) in self.counts.iter_mut().zip(&latencies.counts) {
            *to += from.load(Ordering::Relaxed);
        }
        self.sum += latencies.sum.load(Ordering::Relaxed);
    }

    pub(crate) fn merge(&mut self, other: &LatencyStats) {
        for (to, from) in self.counts.iter_mut().zip(&other.counts) {
            *to += from;
        }
        self.sum += other.sum;
    }

    /// How many messages took at most so long, for each bound; the last is without one.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let mut count = 0;
        self.counts.iter().enumerate().map(move |(index, more)| {
            count += more;
            let bound =
                (index < BOUNDS).then(|| Duration::from_nanos(1 << (FIRST as usize + index)));
            (bound, count)
        })
    }

    /// How many messages there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all of them took together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum)
    }

    /// The bound that this share of the messages stayed within; none if there were none, or
    /// it took longer than the last bound.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let wanted = (self.count() as f64 * share).ceil().max(1.0);
        self.cumulative()
            .find(|(_, count)| *count as f64 >= wanted)
            .and_then(|(bound, _)| bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_is_under_the_first_bound_that_holds_it() {
        let latencies = Latencies::default();
        let bounds = [1, 8191, 8192, 8193, 16_384, 16_385, 1 << 30, (1 << 30) + 1];
        for took in bounds {
            latencies.add(1, took);
        }
        let mut stats = LatencyStats::default();
        stats.add(&latencies);
        let at_most = |nanos: u64| {
            let bound = Some(Duration::from_nanos(nanos));
            stats.cumulative().find(|(found, _)| *found == bound)
        };
        for bound in [8192, 16_384, 32_768, 1 << 30] {
            let expected = bounds.iter().filter(|took| **took <= bound).count() as u64;
            assert_eq!(at_most(bound).map(|(_, count)| count), Some(expected));
        }
        assert_eq!(stats.cumulative().last(), Some((None, bounds.len() as u64)));
        assert_eq!(stats.sum(), Duration::from_nanos(bounds.iter().sum()));
    }

    #[test]
    fn a_quantile_is_a_bound() {
        let latencies = Latencies::default();
        latencies.add(99, 10_000);
        latencies.add(1, 3_000_000);
        let mut stats = LatencyStats::default();
        assert_eq!(stats.quantile(0.5), None);
        stats.add(&latencies);
        assert_eq!(stats.quantile(0.5), Some(Duration::from_nanos(1 << 14)));
        assert_eq!(stats.quantile(0.99), Some(Duration::from_nanos(1 << 14)));
        assert_eq!(stats.quantile(0.999), Some(Duration::from_nanos(1 << 22)));
    }
}
