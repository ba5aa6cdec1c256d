//! What the services need of one system or another.

/// The seconds since 1970, as C's `time` has them: on Linux a few milliseconds late at the
/// turn of a second, for less than the exact clock costs.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn unix_second() -> i64 {
    use rustix::time::{ClockId, clock_gettime};

    clock_gettime(ClockId::RealtimeCoarse).tv_sec
}

/// The seconds since 1970.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn unix_second() -> i64 {
    use std::time::{SystemTime, UNIX_EPOCH};

    let seconds = |time: std::time::Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since),
        // A clock set before 1970 is wrong, but no reason to end.
        Err(before) => -seconds(before.duration()),
    }
}
