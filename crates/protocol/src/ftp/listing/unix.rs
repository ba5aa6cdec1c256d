//! As Unix's `ls -l` lists files: `-rw-r--r--   1 ftp  ftp  7 Jan 12 14:05 name`, or with `2006-01-12 14:05` for the time.

use crate::ftp::{Entry, Kind, Moment, Precision};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// How far ahead of ours a server's clock may be before a day without a year is one of last year.
const AHEAD: i64 = 36 * 3600;

pub(super) fn parse(line: &str, now: Moment) -> Option<Entry> {
    let mode = line.get(..10)?;
    let kind = match mode.as_bytes().first()? {
        b'-' => Kind::File,
        b'd' => Kind::Directory,
        b'l' => Kind::Link,
        b'b' | b'c' | b'p' | b's' | b'D' => Kind::Other,
        _ => return None,
    };
    let bits = bits(mode.get(1..)?)?;
    let words = words(line);
    let text = |at: usize| words.get(at).map(|(start, end)| &line[*start..*end]);
    let is_numeric = |at: usize| text(at).zip(text(at + 1)).is_some_and(is_numeric_date);
    // Some have no group, and some no links; the date says where it is.
    let date_at =
        (2..words.len().min(8)).find(|at| is_numeric(*at) || is_date(&words[*at..], line))?;
    let (modified, precision, last) = match is_numeric(date_at) {
        true => {
            let moment = numeric_moment(text(date_at)?, text(date_at + 1)?)?;
            (moment, Precision::Minute, date_at + 1)
        }
        false => {
            let month = month(text(date_at)?)?;
            let day = text(date_at + 1)?.parse().ok()?;
            let (moment, precision) = moment(month, day, text(date_at + 2)?, now)?;
            (moment, precision, date_at + 2)
        }
    };
    let size = text(date_at - 1)?
        .parse()
        .ok()
        .filter(|_| kind == Kind::File);
    // One space stands before the name; more of them are its own.
    let behind = words.get(last)?.1;
    let name = line.get(behind..)?.strip_prefix(' ')?;
    let (name, target) = match kind {
        Kind::Link => match name.split_once(" -> ") {
            Some((name, target)) => (name, Some(target.to_owned())),
            None => (name, None),
        },
        _ => (name, None),
    };
    let kind = super::kind_of(name, kind)?;
    Some(Entry {
        name: name.to_owned(),
        kind,
        size,
        modified: Some(modified),
        precision,
        mode: Some(bits),
        target,
        unique: None,
    })
}

/// Writes an entry as a line of `ls -l`, as most servers do: who asks for `LIST` is a person, or
/// a client that reads these.
///
/// ```
/// use lariat_protocol::ftp::{Entry, Moment, print_unix};
///
/// let now: Moment = "20060617172721".parse()?;
/// let entry = Entry { size: Some(7), modified: Some(now), ..Entry::named("a") };
/// let line = print_unix(&entry, "ftp", "ftp", now);
/// assert_eq!(line, "-rw-r--r--   1 ftp      ftp                 7 Jun 17 17:27 a");
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
pub fn print(entry: &Entry, owner: &str, group: &str, now: Moment) -> String {
    const HALF_A_YEAR: i64 = 182 * 24 * 3600;
    let (letter, usual) = match entry.kind {
        Kind::Directory | Kind::This | Kind::Parent => ('d', 0o755),
        Kind::Link => ('l', 0o777),
        Kind::Other => ('s', 0o644),
        Kind::File => ('-', 0o644),
    };
    let mode = entry.mode.unwrap_or(usual);
    let letters = (0..9).map(|at| match mode & (0o400 >> at) {
        0 => '-',
        _ => ['r', 'w', 'x'][at % 3],
    });
    let mode: String = std::iter::once(letter).chain(letters).collect();
    let moment = entry.modified.unwrap_or(Moment::from_seconds(0));
    let (year, month, day) = moment.date();
    let (hour, minute, _) = moment.time();
    let month = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ][usize::try_from(month - 1).unwrap_or(0)];
    let age = now.seconds() - moment.seconds();
    let when = match (0..HALF_A_YEAR).contains(&age) {
        true => format!("{hour:02}:{minute:02}"),
        false => format!("{year:>5}"),
    };
    let size = entry.size.unwrap_or(0);
    let target = match &entry.target {
        Some(target) if entry.kind == Kind::Link => format!(" -> {target}"),
        _ => String::new(),
    };
    let name = &entry.name;
    format!("{mode}   1 {owner:<8} {group:<8} {size:>12} {month} {day:>2} {when} {name}{target}")
}

/// Where each of the first words begins and ends.
fn words(line: &str) -> Vec<(usize, usize)> {
    const ENOUGH: usize = 10;
    let mut words = Vec::new();
    let mut start = None;
    for (at, byte) in line.bytes().enumerate() {
        match (byte == b' ', start) {
            (true, Some(begun)) => {
                words.push((begun, at));
                start = None;
                if words.len() == ENOUGH {
                    return words;
                }
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    words
}

/// Whether a month, a day and a time or a year begin here.
fn is_date(words: &[(usize, usize)], line: &str) -> bool {
    let [first, second, third, ..] = words else {
        return false;
    };
    let text = |(start, end): &(usize, usize)| &line[*start..*end];
    let day = text(second)
        .parse::<u8>()
        .is_ok_and(|day| (1..=31).contains(&day));
    month(text(first)).is_some() && day && (text(third).contains(':') || text(third).len() == 4)
}

/// Whether these are a day and a time of it, as `2006-01-12` and `14:05`.
fn is_numeric_date((day, time): (&str, &str)) -> bool {
    let has_form = |text: &str, form: &[u8]| {
        let fits = |(byte, like): (u8, &u8)| match like {
            b'0' => byte.is_ascii_digit(),
            mark => byte == *mark,
        };
        text.len() == form.len() && text.bytes().zip(form).all(fits)
    };
    has_form(day, b"0000-00-00") && has_form(time, b"00:00")
}

fn numeric_moment(day: &str, time: &str) -> Option<Moment> {
    let number = |text: &str| text.parse::<i64>().ok();
    let date = (number(&day[..4])?, number(&day[5..7])?, number(&day[8..])?);
    Moment::from_date(date, (number(&time[..2])?, number(&time[3..])?, 0))
}

fn month(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let found = MONTHS.iter().position(|known| *known == lower)?;
    i64::try_from(found + 1).ok()
}

/// The moment of a day with a year, or with a time and whichever year makes it the newest that has been.
fn moment(month: i64, day: i64, year: &str, now: Moment) -> Option<(Moment, Precision)> {
    let Some((hour, minute)) = year.split_once(':') else {
        let moment = Moment::from_date((year.parse().ok()?, month, day), (0, 0, 0))?;
        return Some((moment, Precision::Day));
    };
    let time = (hour.parse().ok()?, minute.parse().ok()?, 0);
    let this_year = now.date().0;
    // The 29th of February is in one year of four, or eight.
    let candidates =
        (0..=8).filter_map(|ago| Moment::from_date((this_year + 1 - ago, month, day), time));
    let mut past = candidates.filter(|moment| moment.seconds() <= now.seconds() + AHEAD);
    Some((past.next()?, Precision::Minute))
}

/// The bits of `rwxr-xr-x`.
fn bits(letters: &str) -> Option<u32> {
    let mut bits = 0;
    for (at, letter) in letters.bytes().enumerate() {
        let bit = 0o400 >> at;
        let special = [0o4000, 0o2000, 0o1000][at / 3];
        match (letter, at % 3) {
            (b'-', _) => {}
            (b'r', 0) | (b'w', 1) | (b'x', 2) => bits |= bit,
            (b's' | b't', 2) => bits |= bit | special,
            (b'S' | b'T', 2) => bits |= special,
            (b'l' | b'L', 2) => {}
            _ => return None,
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, Kind, Option<u64>, String, u32)> {
        let now = "20060617172721".parse().expect("a time");
        let entry = parse(line, now)?;
        let modified = entry.modified.map(|moment| moment.to_string());
        let mode = entry.mode.unwrap_or_default();
        Some((
            entry.name,
            entry.kind,
            entry.size,
            modified.unwrap_or_default(),
            mode,
        ))
    }

    /// A line, and its name, kind, size, time and bits.
    type Seen = (
        &'static str,
        &'static str,
        Kind,
        Option<u64>,
        &'static str,
        u32,
    );

    fn check(lines: &[Seen]) {
        for (line, name, kind, size, modified, mode) in lines {
            let expected = (
                (*name).to_owned(),
                *kind,
                *size,
                (*modified).to_owned(),
                *mode,
            );
            assert_eq!(read(line), Some(expected), "{line}");
        }
    }

    #[rustfmt::skip]
    const USUAL: &[Seen] = &[
        ("-rw-r--r--    1 0        0            1024 Jan 12 14:05 a b", "a b", Kind::File, Some(1024), "20060112140500", 0o644),
        ("lrwxrwxrwx 1 ftp ftp 7 Jun 17 17:27 a -> b c", "a", Kind::Link, None, "20060617172700", 0o777),
        ("-rw-r--r-- 1 a b 5 Jan 12 14:05  lead", " lead", Kind::File, Some(5), "20060112140500", 0o644),
        ("drwxr-xr-x 1 a b 5 Jan 12 14:05 ..", "..", Kind::Parent, None, "20060112140500", 0o755),
        ("-rw-r--r-- 1 a b 5 Feb 29 10:00 leap", "leap", Kind::File, Some(5), "20040229100000", 0o644),
    ];

    #[rustfmt::skip]
    const ODD: &[Seen] = &[
        ("drwxrwxr-x+  37 ftp  ftp  4096 Mar  1  2004 pub", "pub", Kind::Directory, None, "20040301000000", 0o775),
        ("-rwsr-xr-t 1 owner 7 Dec 31 23:59 no group", "no group", Kind::File, Some(7), "20051231235900", 0o5755),
        ("-rw-rw-rw- 7 Jun 18 10:00 bare", "bare", Kind::File, Some(7), "20060618100000", 0o666),
        ("-rw-r--r-- 1 jan may 5 Feb 29  2004 a", "a", Kind::File, Some(5), "20040229000000", 0o644),
        ("-rw-r--r-- 1 ftp ftp 5 2005-01-02 14:05 a b", "a b", Kind::File, Some(5), "20050102140500", 0o644),
        ("drwxr-xr-x 2 ftp 4096 2005-12-31 00:00 Jan 12 14:05", "Jan 12 14:05", Kind::Directory, None, "20051231000000", 0o755),
        ("crw-rw---- 1 root tty 4, 64 Jan 12 14:05 ttyS0", "ttyS0", Kind::Other, None, "20060112140500", 0o660),
    ];

    #[test]
    fn files_folders_and_links_are_read() {
        check(USUAL);
        check(ODD);
        let now = Moment::from_seconds(1_150_565_241);
        let link = parse("lrwxrwxrwx 1 ftp ftp 7 Jun 17 17:27 a -> b c", now);
        assert_eq!(link.and_then(|entry| entry.target).as_deref(), Some("b c"));
    }

    #[test]
    fn what_is_no_such_line_is_none() {
        for line in [
            "",
            "total 7",
            "-rw-r--r--",
            "-rw-r--r-- 1 a b 5 Jan 12 14:05",
            "-rw-r--r-- 1 a b 5 Jan 12 14:05 ",
            "-rw-r--r-- 1 a b 5 Foo 12 14:05 a",
            "-rw-r--r-- 1 a b 5 Jan 32 14:05 a",
            "-rw-r--r-- 1 a b 5 Feb 31 14:05 a",
            "-rw-r--r-- 1 a b 5 2024-02-30 14:05 a",
            "-rw-r--r-- 1 a b 5 2024-01-02 14:05:06.7 +0000 a",
            "-rw-r--r-- 1 a b 5 M\u{e4}r 12 14:05 a",
            "?rw-r--r-- 1 a b 5 Jan 12 14:05 a",
            "-rwxrwxrwé 1 a b 5 Jan 12 14:05 a",
            "-rw-r--q-- 1 a b 5 Jan 12 14:05 a",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_printed_is_read_alike() {
        let now: Moment = "20060617172721".parse().expect("a time");
        for (kind, modified, precision) in [
            (Kind::File, "20060101102700", Precision::Minute),
            (Kind::Directory, "20031231000000", Precision::Day),
            (Kind::Link, "20060617172700", Precision::Minute),
        ] {
            let entry = Entry {
                kind,
                size: (kind == Kind::File).then_some(7),
                modified: modified.parse().ok(),
                precision,
                mode: Some(0o640),
                target: (kind == Kind::Link).then(|| "b".into()),
                ..Entry::named(" a name")
            };
            let line = print(&entry, "somebody", "everybody", now);
            assert_eq!(parse(&line, now), Some(entry), "{line}");
        }
    }
}
