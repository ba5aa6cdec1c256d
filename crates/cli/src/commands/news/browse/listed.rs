//! The articles of a group that are known, as threads, and which of them have been read.

use std::collections::HashSet;

use super::cursor::Cursor;
use super::messages::Headers;
use super::threads::{Entry, Row, threads};
use crate::commands::news::newsrc::Numbers;

/// More articles of one group than a person looks through; the oldest are forgotten then.
pub const MAXIMUM_ENTRIES: usize = 20_000;

/// A group's articles.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub group: String,
    pub entries: Vec<Entry>,
    pub rows: Vec<Row>,
    pub cursor: Cursor,
    /// Which numbers were not asked for, the highest at the end.
    gaps: Vec<Gap>,
    /// The highest number that was asked for.
    last: u64,
    read: Numbers,
}

/// Numbers in a row that were not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    /// The highest one below that was; nothing where the group begins.
    behind: Option<u64>,
    /// The lowest one above that was.
    before: u64,
}

impl Listed {
    /// The newest articles of a group, of which these have been read.
    pub fn new(group: String, headers: Headers, read: Numbers) -> Self {
        let mut listed = Listed {
            group,
            read,
            ..Listed::default()
        };
        listed.add(None, headers, 1);
        listed.cursor = Cursor::default();
        listed
    }

    /// Takes more articles, the newest or those before a number; what was chosen stays so.
    pub fn add(&mut self, before: Option<u64>, headers: Headers, page: usize) {
        self.note_gaps(before, &headers);
        let chosen = self.chosen().map(|entry| entry.number);
        let known: HashSet<u64> = self.entries.iter().map(|entry| entry.number).collect();
        let new = headers.entries.into_iter();
        self.entries
            .extend(new.filter(|entry| !known.contains(&entry.number)));
        self.entries.sort_by_key(|entry| entry.number);
        let too_many = self.entries.len().saturating_sub(MAXIMUM_ENTRIES);
        self.entries.drain(..too_many);
        if let Some(oldest) = self.entries.first().filter(|_| too_many > 0) {
            let is_kept = |behind: u64| behind >= oldest.number;
            self.gaps.retain(|gap| gap.behind.is_some_and(is_kept));
        }
        self.rows = threads(&self.entries);
        if let Some(row) = chosen.and_then(|number| self.row_of(number)) {
            self.cursor.at = row;
        }
        self.cursor.keep(self.rows.len(), page);
    }

    /// The number before which the group has articles that were not asked for, and which come next: the newest of them.
    /// Those that are older than all that can be kept never come.
    pub fn older_before(&self) -> Option<u64> {
        let is_kept = |gap: &&Gap| gap.behind.is_some() || !self.is_full();
        self.gaps.last().filter(is_kept).map(|gap| gap.before)
    }

    /// Whether there are as many as can be.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MAXIMUM_ENTRIES
    }

    /// Takes in which numbers were asked for.
    fn note_gaps(&mut self, before: Option<u64>, headers: &Headers) {
        let Some(lowest) = headers.older_before else {
            // They reach down to where the group begins.
            self.gaps.clear();
            self.last = self.last.max(headers.last);
            return;
        };
        let place = before.and_then(|before| self.gaps.iter().position(|gap| gap.before == before));
        match place {
            Some(place) => self.gaps[place].before = lowest,
            // Only the first time is nothing known below.
            None if self.last == 0 => self.gaps.push(Gap {
                behind: None,
                before: lowest,
            }),
            None => self.gaps.push(Gap {
                behind: Some(self.last),
                before: lowest,
            }),
        }
        let is_open = |gap: &Gap| {
            gap.behind
                .is_none_or(|behind| gap.before.saturating_sub(behind) > 1)
        };
        self.gaps.retain(is_open);
        self.last = self.last.max(headers.last);
    }

    /// The article under the cursor.
    pub fn chosen(&self) -> Option<&Entry> {
        self.at(self.cursor.at)
    }

    /// The article of a row.
    pub fn at(&self, row: usize) -> Option<&Entry> {
        self.rows.get(row).map(|row| &self.entries[row.entry])
    }

    /// In which row an article stands.
    pub fn row_of(&self, number: u64) -> Option<usize> {
        self.rows
            .iter()
            .position(|row| self.entries[row.entry].number == number)
    }

    /// The next row behind one whose article has not been read.
    pub fn next_unread(&self, behind: usize) -> Option<usize> {
        let rows = self.rows.iter().enumerate().skip(behind + 1);
        let mut unread = rows.filter(|(_, row)| !self.is_read(self.entries[row.entry].number));
        unread.next().map(|(at, _)| at)
    }

    pub fn is_read(&self, number: u64) -> bool {
        self.read.has(number)
    }

    pub fn set_read(&mut self, numbers: &Numbers) {
        self.read.extend(numbers);
    }

    /// The highest number that the group was said to have.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.rows.iter().filter(|row| row.depth == 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(numbers: &[u64], older_before: Option<u64>) -> Headers {
        let entry = |number: &u64| Entry {
            number: *number,
            id: format!("<{number}>"),
            ..Entry::default()
        };
        Headers {
            entries: numbers.iter().map(entry).collect(),
            last: numbers.last().copied().unwrap_or_default(),
            older_before,
        }
    }

    fn newest(headers: Headers) -> Listed {
        Listed::new("a".into(), headers, Numbers::default())
    }

    #[test]
    fn older_articles_are_added_and_the_chosen_one_stays() {
        let mut listed = newest(headers(&[7, 8, 9], Some(7)));
        let number = |listed: &Listed| listed.chosen().map(|entry| entry.number);
        assert_eq!((number(&listed), listed.threads()), (Some(9), 3));
        listed.cursor.at = 1;
        listed.add(Some(7), headers(&[5, 6, 7, 10], None), 10);
        assert_eq!((number(&listed), listed.rows.len()), (Some(8), 6));
        assert_eq!(listed.older_before(), None);
        let mut listed = newest(headers(&[7, 8, 9], Some(7)));
        listed.add(Some(7), headers(&[5, 6], Some(5)), 10);
        listed.add(None, headers(&[8, 9, 10], Some(8)), 10);
        assert_eq!((listed.older_before(), listed.rows.len()), (Some(5), 6));
    }

    #[test]
    fn articles_between_those_that_are_known_and_the_newest_come_first() {
        let mut listed = newest(headers(&[5, 6], Some(5)));
        // So many have come meanwhile that the newest do not reach down to what is known.
        listed.add(None, headers(&[13, 14], Some(13)), 10);
        assert_eq!(listed.older_before(), Some(13));
        listed.add(None, headers(&[19, 20], Some(19)), 10);
        assert_eq!(listed.older_before(), Some(19));
        listed.add(Some(19), headers(&[17, 18], Some(17)), 10);
        assert_eq!(listed.older_before(), Some(17));
        // Some of these are known.
        listed.add(Some(17), headers(&[14, 15, 16], Some(14)), 10);
        assert_eq!(listed.older_before(), Some(13));
        listed.add(Some(13), headers(&[7, 8, 9, 10, 11, 12], Some(7)), 10);
        assert_eq!(listed.older_before(), Some(5));
        listed.add(Some(5), headers(&[1, 2, 3, 4], None), 10);
        assert_eq!((listed.older_before(), listed.rows.len()), (None, 20));
    }

    #[test]
    fn what_was_read_is_passed_over() {
        let mut listed = newest(headers(&[1, 2, 3], None));
        listed.set_read(&Numbers::between(2, 2));
        assert_eq!(listed.next_unread(0), Some(2));
        assert_eq!(listed.next_unread(2), None);
        assert!(listed.is_read(2) && !listed.is_read(1));
    }

    #[test]
    fn a_group_of_any_size_is_bounded() {
        let numbers: Vec<u64> = (1..=25_000).collect();
        let listed = newest(headers(&numbers, Some(1)));
        assert_eq!(
            (listed.entries.len(), listed.older_before()),
            (MAXIMUM_ENTRIES, None)
        );
        assert_eq!(listed.chosen().map(|entry| entry.number), Some(25_000));
        assert!(listed.is_full());
        // Nor are older ones asked for where there are just as many as can be; those between are.
        let mut listed = newest(headers(&numbers[5_000..], Some(5_001)));
        assert_eq!(
            (listed.entries.len(), listed.older_before()),
            (MAXIMUM_ENTRIES, None)
        );
        listed.add(None, headers(&[30_000], Some(30_000)), 10);
        assert_eq!(listed.older_before(), Some(30_000));
        listed.add(Some(30_000), headers(&[25_001], Some(25_001)), 10);
        assert_eq!((listed.older_before(), listed.is_full()), (None, true));
    }
}
