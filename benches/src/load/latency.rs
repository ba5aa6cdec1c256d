//! How long answers took.

use std::fmt;
use std::time::Duration;

/// The places in a distribution that a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half took at most this.
    pub median: Duration,
    /// All but one of a hundred.
    pub p99: Duration,
    /// All but one of a thousand.
    pub p999: Duration,
    /// The longest.
    pub most: Duration,
}

impl Latency {
    /// Of these; all zero of none.
    pub fn of(mut all: Vec<Duration>) -> Latency {
        all.sort_unstable();
        Latency {
            median: place(&all, 500),
            p99: place(&all, 990),
            p999: place(&all, 999),
            most: all.last().copied().unwrap_or_default(),
        }
    }
}

/// The smallest that at least so many of a thousand do not exceed.
fn place(sorted: &[Duration], of_thousand: usize) -> Duration {
    let rank = (sorted.len() * of_thousand).div_ceil(1000);
    let found = sorted.get(rank.saturating_sub(1));
    found.copied().unwrap_or_default()
}

/// A time in milliseconds, as the tables show it.
pub struct Milliseconds(pub Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&format!("{:.2}", self.0.as_secs_f64() * 1e3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_the_smallest() {
        let all = (1..=1000).rev().map(Duration::from_millis).collect();
        let latency = Latency::of(all);
        assert_eq!(latency.median, Duration::from_millis(500));
        assert_eq!(latency.p99, Duration::from_millis(990));
        assert_eq!(latency.p999, Duration::from_millis(999));
        assert_eq!(latency.most, Duration::from_secs(1));
        assert_eq!(Latency::of(Vec::new()).p99, Duration::ZERO);
    }
}
