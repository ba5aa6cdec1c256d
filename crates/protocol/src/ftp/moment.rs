//! When a file was changed, in UTC, as RFC 3659 writes it.

use std::fmt;
use std::str::FromStr;

use crate::calendar::{self, SECONDS_A_DAY};
use crate::contract::Error;

/// A moment of the years 0 to 9999: seconds since 1970, UTC, and a fraction of the next one.
///
/// ```
/// use lariat_protocol::ftp::Moment;
///
/// let moment: Moment = "20060617172721.5".parse()?;
/// assert_eq!((moment.seconds(), moment.nanoseconds()), (1_150_565_241, 500_000_000));
/// assert_eq!(moment.to_string(), "20060617172721.5");
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    seconds: i64,
    nanoseconds: u32,
}

impl Moment {
    /// A whole second; the nearest one that can be written, if that one cannot.
    pub fn from_seconds(seconds: i64) -> Self {
        const FIRST: i64 = -62_167_219_200;
        const LAST: i64 = 253_402_300_799;
        Moment {
            seconds: seconds.clamp(FIRST, LAST),
            nanoseconds: 0,
        }
    }

    /// A moment by its date and time of day. Nothing if there is no such day or second.
    pub fn from_date(date: (i64, i64, i64), time: (i64, i64, i64)) -> Option<Self> {
        let (hour, minute, second) = time;
        // The second before midnight may have another one behind it, which no clock here counts.
        let exists =
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
        let days = calendar::days(date.0, date.1, date.2).filter(|_| exists)?;
        let of_day = hour * 3600 + minute * 60 + second.min(59);
        Some(Moment::from_seconds(days * SECONDS_A_DAY + of_day))
    }

    /// Seconds since 1970, before which they are negative.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// What is beyond the second, below 1,000,000,000.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// The year, the month from 1 and the day from 1.
    pub fn date(self) -> (i64, i64, i64) {
        calendar::date(self.seconds.div_euclid(SECONDS_A_DAY))
    }

    /// The hour, the minute and the second.
    pub fn time(self) -> (i64, i64, i64) {
        let of_day = self.seconds.rem_euclid(SECONDS_A_DAY);
        (of_day / 3600, of_day / 60 % 60, of_day % 60)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time();
        write!(
            out,
            "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"
        )?;
        match self.nanoseconds {
            0 => Ok(()),
            part => {
                let digits = format!("{part:09}");
                write!(out, ".{}", digits.trim_end_matches('0'))
            }
        }
    }
}

impl FromStr for Moment {
    type Err = Error;

    /// Reads `YYYYMMDDHHMMSS`, and a fraction behind a point (RFC 3659, 2.3).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for anything else.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        // Servers of the nineties counted 19100 behind 1999 (RFC 3659, 2.3, warns of them).
        let repaired = match whole.len() {
            15 if whole.starts_with("191") => Some(format!("20{}", &whole[3..])),
            _ => None,
        };
        let whole = repaired.as_deref().unwrap_or(whole);
        let read = || {
            let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            if whole.len() != 14 || !digits(whole) || !digits(fraction) {
                return None;
            }
            let number = |from: usize, to: usize| whole.get(from..to)?.parse::<i64>().ok();
            let date = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
            let time = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
            let mut moment = Moment::from_date(date, time)?;
            let nine: String = fraction
                .chars()
                .chain("000000000".chars())
                .take(9)
                .collect();
            moment.nanoseconds = nine.parse().ok()?;
            Some(moment)
        };
        read().ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::invalid(format!("{shown:?} is no time as 20060617172721 is one"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        for (seconds, text) in [
            (0, "19700101000000"),
            (1_150_565_241, "20060617172721"),
            (951_782_400, "20000229000000"),
            (-1, "19691231235959"),
            (253_402_300_799, "99991231235959"),
        ] {
            assert_eq!(Moment::from_seconds(seconds).to_string(), text);
            assert_eq!(text.parse::<Moment>().expect("a time").seconds(), seconds);
        }
        let fine: Moment = "20060617172721.123456789987".parse().expect("a time");
        assert_eq!(fine.nanoseconds(), 123_456_789);
        let leap: Moment = "20161231235960".parse().expect("a time");
        assert_eq!(leap.to_string(), "20161231235959");
        let late: Moment = "191060617172721".parse().expect("a time");
        assert_eq!(late.to_string(), "20060617172721");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2006",
            "20060631000000",
            "20060617250000",
            "20060617172721.x",
            "2006061717272é",
            "+2060617172721",
            "191é0617172721",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
        assert_eq!(Moment::from_seconds(i64::MAX).to_string(), "99991231235959");
    }
}
