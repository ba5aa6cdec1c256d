//! The dates in cookies, which come in every form that there is (RFC 6265, section 5.1.1).

use std::time::{Duration, SystemTime};

/// The longest number that a year has: `9999`.
const LAST_YEAR: u64 = 9999;

/// Reads a date: a time, a day of the month, a month's name and a year, in any order and with anything between them.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter =
        |character: char| matches!(character, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~');
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = parse_time(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = parse_month(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let (hour, minute, second) = time?;
    let (day, month) = (day?, month?);
    let year = match year? {
        short @ 70..=99 => short + 1900,
        short @ 0..=69 => short + 2000,
        year => year,
    };
    let is_one = (1..=31).contains(&day)
        && (1601..=LAST_YEAR).contains(&year)
        && hour <= 23
        && minute <= 59
        && second <= 59;
    if !is_one {
        return None;
    }
    let Some(days) = days_since_1970(year, month, day) else {
        // Before 1970 is as long ago as anything can be.
        return Some(SystemTime::UNIX_EPOCH);
    };
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The number at a token's front, of so many digits; what is no digit may stand behind it.
fn number(token: &str, least: usize, most: usize) -> Option<u64> {
    let length = token.bytes().take_while(u8::is_ascii_digit).count();
    match (least..=most).contains(&length) {
        true => token[..length].parse().ok(),
        false => None,
    }
}

/// `hour:minute:second`.
fn parse_time(token: &str) -> Option<(u64, u64, u64)> {
    let mut parts = token.splitn(3, ':');
    let mut part = || number(parts.next()?, 1, 2);
    Some((part()?, part()?, part()?))
}

/// From 1 to 12, by the first three letters.
fn parse_month(token: &str) -> Option<u64> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let name = token.get(..3)?.to_ascii_lowercase();
    let at = (0..12).find(|month| MONTHS[month * 3..month * 3 + 3] == name)?;
    Some(at as u64 + 1)
}

/// Days from 1 January 1970 on, in the Gregorian calendar; `None` before it. The year is counted from March on, so that a
/// leap day is its last.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let in_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + in_year;
    days.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn dates_are_read_in_every_form_that_servers_write() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06-Nov-1994 8:49:37",
            "6 november 94 08:49:37 and so on",
        ] {
            let seconds = parse(text).and_then(|time| {
                let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
                Some(since.as_secs())
            });
            assert_eq!(seconds, Some(784_111_777), "{text}");
        }
        let leap = parse("29 Feb 2000 00:00:00").unwrap();
        assert_eq!(
            leap,
            SystemTime::UNIX_EPOCH + Duration::from_secs(951_782_400)
        );
        assert_eq!(parse("1 Jan 1969 00:00:00"), Some(SystemTime::UNIX_EPOCH));
        for text in [
            "",
            "soon",
            "Sun, 06 Nov 1994",
            "32 Jan 2000 00:00:00",
            "1 Jan 2000 24:00:00",
            "1 Jan 1500 00:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
