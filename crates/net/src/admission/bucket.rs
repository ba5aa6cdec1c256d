//! A token bucket: so many a second in the long run, and so many more at once.

use std::time::Instant;

/// The tokens of one address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f32,
    filled: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn full(now: Instant, burst: u32) -> Self {
        Bucket {
            tokens: burst.max(1) as f32,
            filled: now,
        }
    }

    fn fill(&mut self, now: Instant, rate: u32, burst: u32) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f32();
        self.tokens = (self.tokens + passed * rate as f32).min(burst.max(1) as f32);
        self.filled = now;
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, now: Instant, rate: u32, burst: u32) -> bool {
        self.fill(now, rate, burst);
        let has_one = self.tokens >= 1.0;
        if has_one {
            self.tokens -= 1.0;
        }
        has_one
    }

    /// Whether it need not be remembered: a new one would be the same.
    pub(crate) fn is_full(&mut self, now: Instant, rate: u32, burst: u32) -> bool {
        self.fill(now, rate, burst);
        self.tokens >= burst.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_burst_goes_at_once_and_the_rest_at_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start, 5);
        let taken = |bucket: &mut Bucket, now| (0..100).filter(|_| bucket.take(now, 2, 5)).count();
        assert_eq!(taken(&mut bucket, start), 5);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(1)), 2);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(60)), 5);
    }

    #[test]
    fn a_refusal_costs_no_token() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start, 1);
        assert!(bucket.take(start, 1, 1));
        for step in 1..10 {
            assert!(!bucket.take(start + Duration::from_millis(100 * step), 1, 1));
        }
        assert!(bucket.take(start + Duration::from_millis(1010), 1, 1));
    }

    #[test]
    fn it_is_forgotten_only_when_full() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start, 4);
        assert!(bucket.is_full(start, 1, 4));
        bucket.take(start, 1, 4);
        assert!(!bucket.is_full(start, 1, 4));
        assert!(bucket.is_full(start + Duration::from_secs(1), 1, 4));
    }
}
