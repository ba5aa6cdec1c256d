//! A clock that is cheap enough to be read around every callback.

use std::time::Duration;

/// Monotonic time, a few milliseconds coarse: a tenth of the price of the exact clock.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn coarse() -> Duration {
    use nix::time::{ClockId, clock_gettime};

    clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE).map_or(Duration::ZERO, Duration::from)
}

/// Monotonic time.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn coarse() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
