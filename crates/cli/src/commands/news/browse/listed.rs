//! The articles of a group that are known, as threads, and which of them have been read.

use std::collections::HashSet;

use super::cursor::Cursor;
use super::messages::Headers;
use super::threads::{Entry, Row, threads};

/// More articles of one group than a person looks through; the oldest are forgotten then.
const MAXIMUM_ENTRIES: usize = 20_000;

/// A group's articles.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub group: String,
    pub entries: Vec<Entry>,
    pub rows: Vec<Row>,
    pub cursor: Cursor,
    /// The number before which the group has articles that were not asked for.
    pub older_before: Option<u64>,
    read: HashSet<u64>,
}

impl Listed {
    /// The newest articles of a group.
    pub fn new(group: String, headers: Headers) -> Self {
        let older_before = headers.older_before;
        let mut listed = Listed {
            group,
            older_before,
            ..Listed::default()
        };
        listed.add(headers, 1);
        listed.cursor = Cursor::default();
        listed
    }

    /// Takes more articles; what was chosen stays so.
    pub fn add(&mut self, headers: Headers, page: usize) {
        let chosen = self.chosen().map(|entry| entry.number);
        let known: HashSet<u64> = self.entries.iter().map(|entry| entry.number).collect();
        let new = headers.entries.into_iter();
        self.entries
            .extend(new.filter(|entry| !known.contains(&entry.number)));
        self.entries.sort_by_key(|entry| entry.number);
        let too_many = self.entries.len().saturating_sub(MAXIMUM_ENTRIES);
        self.entries.drain(..too_many);
        // The newest ones again say nothing about those that are older than what is known.
        let older = self.older_before.zip(headers.older_before);
        self.older_before = older
            .map(|(one, other)| one.min(other))
            .filter(|_| too_many == 0);
        self.rows = threads(&self.entries);
        if let Some(row) = chosen.and_then(|number| self.row_of(number)) {
            self.cursor.at = row;
        }
        self.cursor.keep(self.rows.len(), page);
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
        self.read.contains(&number)
    }

    pub fn set_read(&mut self, number: u64) {
        self.read.insert(number);
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
            older_before,
        }
    }

    #[test]
    fn older_articles_are_added_and_the_chosen_one_stays() {
        let mut listed = Listed::new("a".into(), headers(&[7, 8, 9], Some(7)));
        let number = |listed: &Listed| listed.chosen().map(|entry| entry.number);
        assert_eq!((number(&listed), listed.threads()), (Some(9), 3));
        listed.cursor.at = 1;
        listed.add(headers(&[5, 6, 7, 10], None), 10);
        assert_eq!((number(&listed), listed.rows.len()), (Some(8), 6));
        assert_eq!(listed.older_before, None);
        let mut listed = Listed::new("a".into(), headers(&[7, 8, 9], Some(7)));
        listed.add(headers(&[5, 6], Some(5)), 10);
        listed.add(headers(&[8, 9, 10], Some(8)), 10);
        assert_eq!((listed.older_before, listed.rows.len()), (Some(5), 6));
    }

    #[test]
    fn what_was_read_is_passed_over() {
        let mut listed = Listed::new("a".into(), headers(&[1, 2, 3], None));
        listed.set_read(2);
        assert_eq!(listed.next_unread(0), Some(2));
        assert_eq!(listed.next_unread(2), None);
        assert!(listed.is_read(2) && !listed.is_read(1));
    }

    #[test]
    fn a_group_of_any_size_is_bounded() {
        let numbers: Vec<u64> = (1..=25_000).collect();
        let listed = Listed::new("a".into(), headers(&numbers, Some(1)));
        assert_eq!(
            (listed.entries.len(), listed.older_before),
            (MAXIMUM_ENTRIES, None)
        );
        assert_eq!(listed.chosen().map(|entry| entry.number), Some(25_000));
    }
}
