//! A clock that is cheap enough to be read around every callback.

/// Monotonic time in milliseconds, a few of them coarse, for less than the exact clock costs.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn coarse_ms() -> i64 {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::MonotonicCoarse);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// Monotonic time in milliseconds.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn coarse_ms() -> i64 {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
}
