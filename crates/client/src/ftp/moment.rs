//! Moments as FTP has them, and as the system does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lariat_protocol::ftp::Moment;

/// A moment as the system has it.
pub(super) fn system_time(moment: Moment) -> SystemTime {
    let fraction = Duration::from_nanos(moment.nanoseconds().into());
    let seconds = Duration::from_secs(moment.seconds().unsigned_abs());
    match moment.seconds() {
        0.. => UNIX_EPOCH + seconds + fraction,
        _ => UNIX_EPOCH - seconds + fraction,
    }
}

/// The system's time as FTP writes it, in whole seconds.
pub(super) fn moment(time: SystemTime) -> Moment {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    Moment::from_seconds(seconds)
}
