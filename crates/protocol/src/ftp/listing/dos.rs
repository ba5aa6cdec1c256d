//! As DOS's `dir` lists files, and Microsoft's server by default:
//! `01-12-06  02:05PM       <DIR>          name`.

use crate::ftp::{Entry, Kind, Moment, Precision};

pub(super) fn parse(line: &str) -> Option<Entry> {
    let (day, rest) = word(line)?;
    let (minute, rest) = word(rest)?;
    let (size, rest) = word(rest)?;
    let modified = Moment::from_date(date(day)?, time(minute)?)?;
    let (kind, size, name) = match size {
        "<DIR>" => (Kind::Directory, None, rest.trim_start()),
        "<JUNCTION>" | "<SYMLINK>" | "<SYMLINKD>" => (Kind::Link, None, rest.trim_start()),
        // Behind a size one space stands, so that others are the name's own.
        digits => (
            Kind::File,
            Some(digits.parse().ok()?),
            rest.strip_prefix(' ')?,
        ),
    };
    let (name, target) = match kind {
        Kind::Link => match name.rsplit_once(" [") {
            Some((name, target)) => (name, target.strip_suffix(']').map(str::to_owned)),
            None => (name, None),
        },
        _ => (name, None),
    };
    let kind = super::kind_of(name, kind)?;
    Some(Entry {
        kind,
        size,
        modified: Some(modified),
        precision: Precision::Minute,
        target,
        ..Entry::named(name)
    })
}

/// The first word, and what stands behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    let end = text.find(' ')?;
    Some((&text[..end], &text[end..]))
}

/// `01-12-06` or `01-12-2006`: the month first.
fn date(text: &str) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(['-', '/']);
    let month = number(parts.next()?)?;
    let day = number(parts.next()?)?;
    let year = parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let number = number(year)?;
    Some(match (year.len(), number) {
        (2, 70..) => (1900 + number, month, day),
        (2, _) => (2000 + number, month, day),
        (4, _) => (number, month, day),
        _ => return None,
    })
}

/// `02:05PM` or `14:05`.
fn time(text: &str) -> Option<(i64, i64, i64)> {
    let (clock, half) = match text.find(['A', 'P', 'a', 'p']) {
        Some(half) => (&text[..half], Some(text[half..].to_ascii_uppercase())),
        None => (text, None),
    };
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    let hour = match half.as_deref() {
        None => hour,
        Some("AM" | "PM") if !(1..=12).contains(&hour) => return None,
        Some("AM" | "A") => hour % 12,
        Some("PM" | "P") => hour % 12 + 12,
        Some(_) => return None,
    };
    Some((hour, minute, 0))
}

fn number(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits && text.len() <= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, Kind, Option<u64>, String)> {
        let entry = parse(line)?;
        let modified = entry.modified.map(|moment| moment.to_string());
        Some((
            entry.name,
            entry.kind,
            entry.size,
            modified.unwrap_or_default(),
        ))
    }

    #[test]
    fn files_and_folders_are_read() {
        for (line, name, kind, size, modified) in [
            (
                "04-27-00  09:09PM       <DIR>          licensed",
                "licensed",
                Kind::Directory,
                None,
                "20000427210900",
            ),
            (
                "07-18-00  10:16AM       <DIR>          two words",
                "two words",
                Kind::Directory,
                None,
                "20000718101600",
            ),
            (
                "04-14-00  03:47PM                  589 readme.htm",
                "readme.htm",
                Kind::File,
                Some(589),
                "20000414154700",
            ),
            (
                "10-30-2014  12:05AM                7  lead",
                " lead",
                Kind::File,
                Some(7),
                "20141030000500",
            ),
            (
                "10-30-14  12:05PM                  7 noon",
                "noon",
                Kind::File,
                Some(7),
                "20141030120500",
            ),
            (
                "02-29-2024  23:59                  0 a",
                "a",
                Kind::File,
                Some(0),
                "20240229235900",
            ),
            (
                "01-01-99  00:00       <SYMLINKD>     a [c:\\b]",
                "a",
                Kind::Link,
                None,
                "19990101000000",
            ),
        ] {
            let expected = (name.to_owned(), kind, size, modified.to_owned());
            assert_eq!(read(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_such_line_is_none() {
        for line in [
            "",
            "1",
            "04-27-00  09:09PM",
            "04-27-00  09:09PM  <DIR>  ",
            "13-27-00  09:09PM 5 a",
            "04-27-00  13:09PM 5 a",
            "04-27-00  09:61 5 a",
            "04-27-00  09:09PM x a",
            "04-27-00-1 09:09 5 a",
            "04-27-000 09:09 5 a",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
