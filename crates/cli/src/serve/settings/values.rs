//! Numbers, sizes, times and networks as a person writes them.

use std::ops::RangeInclusive;
use std::time::Duration;

use lariat_protocol::Network;

/// What the value should have been, behind the words `is to be`.
pub type Right = String;

/// The word for no limit and for an empty list.
const NONE: &str = "none";

/// More than a year is meant as never.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// A number of things, or as many as may come.
pub fn count(text: &str) -> Result<Option<usize>, Right> {
    or_none(text, |text| text.parse().ok()).ok_or_else(|| "a number, or none".into())
}

/// A number within a range.
pub fn number(text: &str, range: RangeInclusive<u32>) -> Result<u32, Right> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| match *range.end() {
        u32::MAX => format!("a number from {}", range.start()),
        end => format!("a number from {} to {end}", range.start()),
    })
}

/// A number each second.
pub fn rate(text: &str) -> Result<Option<u32>, Right> {
    let rate = or_none(text, |text| text.parse().ok().filter(|rate| *rate > 0));
    rate.ok_or_else(|| "a number a second, at least 1, or none".into())
}

/// A number of bytes, with K, M or G for powers of 1024.
pub fn bytes(text: &str) -> Result<Option<usize>, Right> {
    let bytes = or_none(text, size);
    bytes.ok_or_else(|| "a number of bytes such as 512M (K, M, G), or none".into())
}

/// A number of bytes each second, at least one.
pub fn bytes_a_second(text: &str) -> Result<u32, Right> {
    let rate = size(text).and_then(|rate| u32::try_from(rate).ok());
    let rate = rate.filter(|rate| *rate > 0);
    rate.ok_or_else(|| "a number of bytes a second, at least 1, such as 500 or 2K".into())
}

/// A time that may pass, or none.
pub fn deadline(text: &str) -> Result<Option<Duration>, Right> {
    let time = or_none(text, |text| duration(text).filter(|time| !time.is_zero()));
    time.ok_or_else(|| "a time such as 30s, 5m, 1h30m or 500ms, or none".into())
}

/// A time, which may be none at all.
pub fn time(text: &str) -> Result<Duration, Right> {
    duration(text).ok_or_else(|| "a time such as 30s, 5m, 1h30m or 0s".into())
}

/// Networks with commas between them.
pub fn networks(text: &str) -> Result<Vec<Network>, Right> {
    if text == NONE {
        return Ok(Vec::new());
    }
    let networks = text.split(',').map(|network| network.trim().parse());
    let networks: Result<Vec<Network>, _> = networks.collect();
    networks
        .map_err(|error| format!("networks such as 10.0.0.0/8,2001:db8::/32, or none ({error})"))
}

/// None inside for the word `none`; none outside for what cannot be read.
fn or_none<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        NONE => Some(None),
        text => read(text).map(Some),
    }
}

fn size(text: &str) -> Option<usize> {
    const UNITS: [(char, u32); 3] = [('K', 10), ('M', 20), ('G', 30)];
    let unit = UNITS
        .iter()
        .find_map(|(unit, bits)| Some((text.strip_suffix(*unit)?, *bits)));
    let (number, bits) = unit.unwrap_or((text, 0));
    number.parse::<usize>().ok()?.checked_mul(1 << bits)
}

/// `1h30m`: whole numbers, each with its unit, from the longest to the shortest.
fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 5] = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total = Duration::ZERO;
    loop {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let letters = behind.find(|character: char| character.is_ascii_digit());
        let (unit, next) = behind.split_at(letters.unwrap_or(behind.len()));
        // Only what is shorter than the last one may follow.
        let (_, milliseconds) = units.find(|(known, _)| *known == unit)?;
        let part = number.parse::<u64>().ok()?.checked_mul(*milliseconds)?;
        total = total.checked_add(Duration::from_millis(part))?;
        rest = next;
        if rest.is_empty() {
            return (total <= LONGEST).then_some(total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_numbers_with_units() {
        let milliseconds = |text: &str| duration(text).map(|time| time.as_millis());
        assert_eq!(milliseconds("30s"), Some(30_000));
        assert_eq!(milliseconds("1h30m"), Some(5_400_000));
        assert_eq!(milliseconds("1d2h3m4s5ms"), Some(93_784_005));
        assert_eq!(milliseconds("1m500ms"), Some(60_500));
        assert_eq!(milliseconds("0s"), Some(0));
        for wrong in [
            "",
            "s",
            "5",
            "5 s",
            "1.5s",
            "-1s",
            "5s5s",
            "5s1m",
            "400d",
            "1h 30m",
            "30sec",
            "٣s",
            "99999999999999999999s",
        ] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_size_may_have_a_unit() {
        assert_eq!(bytes("512M"), Ok(Some(512 << 20)));
        assert_eq!(bytes("7"), Ok(Some(7)));
        assert_eq!(bytes("none"), Ok(None));
        for wrong in ["", "M", "1.5M", "1m", "-1", "99999999999999999G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_network_is_said() {
        let wrong = networks("10.0.0.0/8,10.1.2.3/8").expect_err("an address");
        assert!(wrong.contains("the network is 10.0.0.0/8"), "{wrong}");
        assert_eq!(networks("none"), Ok(Vec::new()));
    }
}
