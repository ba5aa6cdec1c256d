//! The local wall clock, as the services show it.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lariat_protocol::timestamp::{CivilTime, Ctime};

pub use crate::platform::unix_second;

thread_local! {
    /// The last second that was formatted on this thread, and its text.
    static LAST: Cell<(i64, Ctime)> = const { Cell::new((i64::MIN, [0; 24])) };
}

/// The local time as C's `ctime` writes it. Formatted once a second for each thread,
/// however often it is asked for.
///
/// ```
/// let time = lariat_service::clock::local_ctime();
/// assert_eq!(time.len(), 24);
/// ```
pub fn local_ctime() -> Ctime {
    let second = unix_second();
    let (last, text) = LAST.get();
    if last == second {
        return text;
    }
    let text = ctime_of(second);
    LAST.set((second, text));
    text
}

/// A moment in seconds since 1970 as C's `ctime` writes it, in local time.
///
/// ```
/// assert!(lariat_service::clock::ctime_of(1_150_565_241).ends_with(b" 2006"));
/// ```
pub fn ctime_of(second: i64) -> Ctime {
    civil_time(second, TimeZone::system()).ctime()
}

fn civil_time(second: i64, zone: TimeZone) -> CivilTime {
    let time = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = time.to_zoned(zone);
    let positive = |part: i8| part.unsigned_abs();
    CivilTime {
        year: time.year(),
        month: positive(time.month()),
        day: positive(time.day()),
        weekday: positive(time.weekday().to_sunday_zero_offset()),
        hour: positive(time.hour()),
        minute: positive(time.minute()),
        second: positive(time.second()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_as_c_shows_it() {
        let show = |second, zone| civil_time(second, zone).ctime();
        assert_eq!(
            &show(1_150_565_241, TimeZone::UTC),
            b"Sat Jun 17 17:27:21 2006"
        );
        assert_eq!(&show(0, TimeZone::UTC), b"Thu Jan  1 00:00:00 1970");
        assert_eq!(&show(-1, TimeZone::UTC), b"Wed Dec 31 23:59:59 1969");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(&show(1_150_565_241, east), b"Sat Jun 17 19:27:21 2006");
        // Out of the calendar's range.
        assert_eq!(&show(i64::MAX, TimeZone::UTC), b"Thu Jan  1 00:00:00 1970");
    }

    #[test]
    fn the_text_is_of_the_second_that_it_is() {
        let (mut before, mut text, mut after) = (0, [0; 24], 1);
        // The second may turn between the two looks at the clock; not every time.
        while before != after {
            before = unix_second();
            text = local_ctime();
            after = unix_second();
        }
        assert_eq!(text, civil_time(before, TimeZone::system()).ctime());
    }
}
