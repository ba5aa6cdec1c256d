//! Moments as FTP has them, and as the system does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lariat_protocol::ftp::Moment;

/// A moment as the system has it.
pub(super) fn system_time(moment: Moment) -> SystemTime {
    let fraction = Duration::from_nanos(moment.nanoseconds().into());
    let seconds = Duration::from_secs(moment.seconds().unsigned_abs());
    match moment.seconds() {
        0.. => UNIX_EPOCH + seconds + fraction,
        // Windows has no time before 1601: the first that there is stands for those.
        _ => UNIX_EPOCH.checked_sub(seconds).unwrap_or(UNIX_EPOCH) + fraction,
    }
}

/// The system's time as FTP writes it, in whole seconds: the last one that was over.
pub(super) fn moment(time: SystemTime) -> Moment {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let begun = u64::from(before.subsec_nanos() > 0);
            -i64::try_from(before.as_secs() + begun).unwrap_or(i64::MAX)
        }
    };
    Moment::from_seconds(seconds)
}
