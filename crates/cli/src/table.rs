//! Tables for a person: columns as wide as they must be, and short numbers.

use crate::output::one_line;

/// A table with a head. The first columns, so many, are text and stand to the left, the others
/// to the right.
pub fn of<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    texts: usize,
) -> String {
    let escaped = |row: [String; N]| row.map(|cell| one_line(&cell));
    let rows: Vec<[String; N]> = std::iter::once(head.map(String::from))
        .chain(rows.map(escaped))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column < texts {
            true => format!("{cell:width$}"),
            false => format!("{cell:>width$}"),
        });
        let line = cells.collect::<Vec<String>>().join("  ");
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// How long something has been there, to two units: `1h02m`.
pub fn age(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (days, hours) = (whole / 86_400, whole / 3600 % 24);
    let (minutes, rest) = (whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if whole < 10 => format!("{seconds:.1}s"),
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, _) => format!("{minutes}m{rest:02}s"),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours:02}h"),
    }
}

/// A number of bytes in at most five characters, by powers of 1024 as limits are written.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if bytes < 10_000 {
        return bytes.to_string();
    }
    let mut value = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while value >= 999.5 {
        value /= 1024.0;
        unit = units.next().or(unit);
    }
    let unit = unit.unwrap_or(&"");
    match value < 99.95 {
        true => format!("{value:.1}{unit}"),
        false => format!("{value:.0}{unit}"),
    }
}

/// The bound that a share of messages stayed within, which is none beyond a second.
pub fn latency(count: u64, seconds: Option<f64>) -> String {
    match seconds {
        None if count == 0 => "-".into(),
        None => ">1s".into(),
        Some(seconds) if seconds < 0.001 => format!("{:.0}µs", seconds * 1e6),
        Some(seconds) => format!("{:.0}ms", seconds * 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be_and_escaped() {
        let rows = [["a\x1b[1m", "12345"], ["bb", "1"]].map(|row| row.map(String::from));
        let table = of(["NAME", "IN"], rows.into_iter(), 1);
        assert_eq!(
            table,
            "NAME           IN\na\\u{1b}[1m  12345\nbb              1\n"
        );
    }

    #[test]
    fn numbers_are_short() {
        let ages = [0.04, 9.9, 59.9, 60.0, 3725.0, 90_000.0].map(age);
        assert_eq!(ages, ["0.0s", "9.9s", "59s", "1m00s", "1h02m", "1d01h"]);
        let sizes = [0, 9999, 10_000, 1 << 20, 150 << 20, 5 << 40].map(size);
        assert_eq!(sizes, ["0", "9999", "9.8K", "1.0M", "150M", "5.0T"]);
        assert_eq!(size(u64::MAX), "16.0E");
        assert_eq!(latency(0, None), "-");
        assert_eq!(latency(1, None), ">1s");
        assert_eq!(latency(1, Some(0.000_016_384)), "16µs");
        assert_eq!(latency(1, Some(0.004_194)), "4ms");
    }
}
