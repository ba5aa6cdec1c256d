//! When something was said, to the second and in UTC, as RFC 3339 writes it.

use std::fmt;
use std::str::FromStr;

use crate::calendar::{self, SECONDS_A_DAY};

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

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::from(self.0);
        let (year, month, day) = calendar::date(seconds / SECONDS_A_DAY);
        let second = seconds % SECONDS_A_DAY;
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
        let number = |from: usize, length: usize| -> Option<i64> {
            let digits = text.get(from..from + length)?;
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        let read = || {
            let day = calendar::days(number(0, 4)?, number(5, 2)?, number(8, 2)?)?;
            let second = number(11, 2)? * 3600 + number(14, 2)? * 60 + number(17, 2)?;
            u32::try_from(day * SECONDS_A_DAY + second).ok().map(Moment)
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
