//! Since when: a day, a moment, or how long ago.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Reads `2026-11-20`, `2026-11-20T10:30` or either with a zone behind it, or how long ago as `30m`, `12h`, `3d` or
/// `2w`. What has no zone is in the given one. Gives seconds since 1970.
///
/// # Errors
///
/// What it would have to be, in a line.
pub fn since(text: &str, now: Timestamp, zone: &TimeZone) -> Result<i64, String> {
    if let Some(ago) = ago(text) {
        return Ok(now.as_second().saturating_sub(ago).max(0));
    }
    let at = |moment: DateTime| zone.to_timestamp(moment).map(Timestamp::as_second);
    let read = text.parse::<Timestamp>().map(Timestamp::as_second);
    let read = read.or_else(|_| text.parse::<DateTime>().and_then(at));
    let read = read.or_else(|_| text.parse::<Date>().and_then(|day| at(day.into())));
    read.map_err(|_| {
        format!("{text:?} is no time; write 2026-11-20, 2026-11-20T10:30, or how long ago: 30m, 12h, 3d, 2w")
    })
}

/// How many seconds a number with a unit behind it is.
fn ago(text: &str) -> Option<i64> {
    let unit = match text.chars().next_back()? {
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    number
        .parse::<i64>()
        .ok()
        .filter(|_| is_number)?
        .checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_read() {
        let now = Timestamp::from_second(1_000_000_000).expect("a time");
        let read = |text: &str| since(text, now, &TimeZone::UTC);
        for (text, seconds) in [
            ("2006-06-17", 1_150_502_400),
            ("2006-06-17T17:27", 1_150_565_220),
            ("2006-06-17T17:27:21", 1_150_565_241),
            ("2006-06-17 17:27:21", 1_150_565_241),
            ("2006-06-17T17:27:21Z", 1_150_565_241),
            ("2006-06-17T10:27:21-07:00", 1_150_565_241),
            ("30m", 999_998_200),
            ("1w", 999_395_200),
            ("99999999999d", 0),
        ] {
            assert_eq!(read(text), Ok(seconds), "{text}");
        }
        for wrong in [
            "",
            "d",
            "3",
            "-3d",
            "+3d",
            "yesterday",
            "2006-13-01",
            "99999999999999999999d",
            "3ä",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let east = TimeZone::posix("XXX-2").expect("a zone");
        assert_eq!(since("2006-06-17", now, &east), Ok(1_150_495_200));
    }
}
