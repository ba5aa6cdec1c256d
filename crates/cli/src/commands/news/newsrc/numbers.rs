//! Which of a group's articles have been read: numbers as `.newsrc` writes them, `1-100,105`.

use std::fmt;

/// A set of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// From and to, in order, with a number that is none of them between each two.
    ranges: Vec<(u64, u64)>,
}

impl Numbers {
    /// All from one to another; none if the first is behind the last.
    pub fn between(first: u64, last: u64) -> Self {
        let mut numbers = Numbers::default();
        numbers.add(first, last);
        numbers
    }

    /// Reads what stands behind a group's name; nothing where that is something else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Numbers::default());
        }
        let mut ranges = Vec::new();
        for piece in text.split(',') {
            let (first, last) = match piece.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(piece)?, number(piece)?),
            };
            if first > last {
                return None;
            }
            ranges.push((first, last));
        }
        // Each then goes behind the others, or into the last.
        ranges.sort_unstable();
        let mut numbers = Numbers::default();
        for (first, last) in ranges {
            numbers.add(first, last);
        }
        Some(numbers)
    }

    /// Adds all from one to another.
    pub fn add(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        let begin = self
            .ranges
            .partition_point(|(_, end)| end.saturating_add(1) < first);
        let end = self
            .ranges
            .partition_point(|(start, _)| *start <= last.saturating_add(1));
        let joined = &self.ranges[begin..end];
        let low = joined.first().map_or(first, |(start, _)| first.min(*start));
        let high = joined.last().map_or(last, |(_, end)| last.max(*end));
        self.ranges.splice(begin..end, [(low, high)]);
    }

    /// Adds all of another set.
    pub fn extend(&mut self, others: &Numbers) {
        for (first, last) in &others.ranges {
            self.add(*first, *last);
        }
    }

    pub fn has(&self, number: u64) -> bool {
        let at = self.ranges.partition_point(|(_, end)| *end < number);
        self.ranges
            .get(at)
            .is_some_and(|(start, _)| *start <= number)
    }

    /// How many numbers from one to another are none of these. The bounds may be any that a server makes up.
    pub fn missing_between(&self, first: u64, last: u64) -> u64 {
        if first > last {
            return 0;
        }
        let from = self.ranges.partition_point(|(_, end)| *end < first);
        let inside = self.ranges[from..]
            .iter()
            .take_while(|(start, _)| *start <= last)
            .map(|(start, end)| (*end).min(last) - (*start).max(first));
        let (count, ranges) = inside.fold((0_u64, 0_u64), |(count, ranges), more| {
            (count.saturating_add(more), ranges + 1)
        });
        let all = last.saturating_add(1).saturating_sub(first);
        all.saturating_sub(count).saturating_sub(ranges)
    }
}

/// A number in digits alone.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().ok(),
        false => None,
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.ranges.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match first == last {
                true => write!(out, "{comma}{first}")?,
                false => write!(out, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Numbers::parse(text).map(|numbers| numbers.to_string())
    }

    #[test]
    fn numbers_are_read_and_written_as_readers_do() {
        for (text, written) in [
            ("", ""),
            (" 1-100,105 ", "1-100,105"),
            ("5", "5"),
            ("0-3", "0-3"),
            ("1-3,4-6", "1-6"),
            ("9,1-3, 2-5 ,7", "1-5,7,9"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(written), "{text:?}");
        }
        for wrong in [
            "x",
            "1-",
            "-1",
            "3-2",
            "1,,2",
            "1 2",
            "+1",
            "18446744073709551616",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn ranges_are_a_set() {
        let mut numbers = Numbers::default();
        let mut set = BTreeSet::new();
        // Each of these joins some of those before it, or none.
        for (first, last) in [
            (10, 12),
            (20, 20),
            (14, 15),
            (13, 13),
            (1, 3),
            (5, 25),
            (9, 2),
        ] {
            numbers.add(first, last);
            set.extend(first..=last);
            for number in 0..30 {
                assert_eq!(numbers.has(number), set.contains(&number), "{number}");
                let missing = (number..=22).filter(|at| !set.contains(at)).count();
                assert_eq!(numbers.missing_between(number, 22), missing as u64);
            }
        }
        assert_eq!(numbers.to_string(), "1-3,5-25");
        let mut more = Numbers::between(4, 4);
        more.extend(&numbers);
        assert_eq!(more, Numbers::between(1, 25));
    }

    #[test]
    fn any_numbers_of_a_server_are_counted() {
        let none = Numbers::default();
        for (first, last, count) in [
            (3, 9, 7),
            (1, 0, 0),
            (5, 2, 0),
            (1, u64::MAX, u64::MAX - 1),
            (0, u64::MAX, u64::MAX),
        ] {
            assert_eq!(none.missing_between(first, last), count);
        }
        let all = Numbers::between(0, u64::MAX);
        assert_eq!(all.missing_between(0, u64::MAX), 0);
        assert!(all.has(u64::MAX) && !none.has(0));
        assert_eq!(
            Numbers::between(5, 5).missing_between(1, u64::MAX),
            u64::MAX - 2
        );
    }
}
