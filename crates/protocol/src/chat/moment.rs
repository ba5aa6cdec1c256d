//! When something was said, to the second and in UTC, as RFC 3339 writes it.

use std::fmt;
use std::str::FromStr;

/// A moment in whole seconds since 1970, UTC.
///
/// ```
/// use lariat_protocol::chat::Moment;
///
/// let moment = Moment(1_150_565_241);
/// assert_eq!(moment.to_string(), "2006-06-17T17:27:21Z");
/// assert_eq!("2006-06-17T17:27:21Z".parse(), Ok(moment));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u32);

const SECONDS_A_DAY: u32 = 24 * 60 * 60;

/// A year and its parts from the days since 1970, by the calendar that begins each year in March
/// and so has its leap day last.
fn date(days: u32) -> (u32, u32, u32) {
    // From 0000-03-01 on, in which 146,097 days are 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day_of_month)
}

fn days(year: u32, month: u32, day: u32) -> Option<u32> {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year.checked_sub(1)?, month + 9)
    };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    days.checked_sub(719_468)
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0 / SECONDS_A_DAY);
        let second = self.0 % SECONDS_A_DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            out,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl FromStr for Moment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |from: usize, length: usize| -> Option<u32> {
            let digits = text.get(from..from + length)?;
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        let read = || {
            let day = days(number(0, 4)?, number(5, 2)?, number(8, 2)?)?;
            let second = number(11, 2)? * 3600 + number(14, 2)? * 60 + number(17, 2)?;
            day.checked_mul(SECONDS_A_DAY)?
                .checked_add(second)
                .map(Moment)
        };
        // Written again, so that there is one way to write each and no 31st of June.
        let moment: Option<Moment> = read();
        moment.filter(|moment| moment.to_string() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_and_read() {
        for (second, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (u32::MAX, "2106-02-07T06:28:15Z"),
        ] {
            assert_eq!(Moment(second).to_string(), text);
            assert_eq!(text.parse(), Ok(Moment(second)));
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2006-06-31T00:00:00Z",
            "2006-06-17 17:27:21Z",
            "2006-06-17T17:27:61Z",
            "1969-12-31T23:59:59Z",
            "+006-06-17T17:27:21Z",
            "2006-00-17T17:27:21Z",
            "9999-12-31T23:59:59Z",
            "2006-06-00T17:27:21Z",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(()), "{text}");
        }
    }
}
