//! The two clocks of a name server: one that only goes forward, and one for the log.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What time it is. Times to live are counted by what has passed, so a clock that is set forward or
/// back changes nothing but what the log says.
#[derive(Clone)]
pub struct Clock {
    passed: Arc<dyn Fn() -> Duration + Send + Sync>,
    wall: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Clock {
    /// The system's.
    pub fn system() -> Self {
        let start = Instant::now();
        let since = || SystemTime::now().duration_since(UNIX_EPOCH);
        Clock::new(
            move || start.elapsed(),
            move || since().map_or(0, |since| since.as_secs()),
        )
    }

    /// One that is told: `passed` what has passed since some moment, `wall` the seconds since
    /// 1970.
    pub fn new(
        passed: impl Fn() -> Duration + Send + Sync + 'static,
        wall: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Clock {
            passed: Arc::new(passed),
            wall: Arc::new(wall),
        }
    }

    pub(super) fn now(&self) -> Duration {
        (self.passed)()
    }

    pub(super) fn wall(&self) -> u64 {
        (self.wall)()
    }
}
