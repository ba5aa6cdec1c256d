//! How much of what waits to be sent on a connection are changes that it watches.

use std::collections::VecDeque;

/// The changes among what was written and has not left yet.
///
/// Who watches and asks for long pages over one connection has those before the changes in what waits, and
/// does not read slowly for that: only changes, which come without being asked for, count.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// How many bytes were written in all.
    written: u64,
    /// Where each change ends in that, and how long it is.
    waiting: VecDeque<(u64, usize)>,
    /// The sum of their lengths.
    bytes: usize,
}

impl Unread {
    /// Something was written that was asked for.
    pub fn answer(&mut self, length: usize) {
        self.written += length as u64;
    }

    /// A change was written.
    pub fn change(&mut self, length: usize) {
        self.written += length as u64;
        self.waiting.push_back((self.written, length));
        self.bytes += length;
    }

    /// How many bytes of changes wait, if so many wait in all.
    pub fn changes(&mut self, buffered: usize) -> usize {
        let left = self.written.saturating_sub(buffered as u64);
        while let Some((end, length)) = self.waiting.front().copied()
            && end <= left
        {
            self.waiting.pop_front();
            self.bytes -= length;
        }
        if self.waiting.is_empty() {
            // Thousands that once waited would otherwise keep their places.
            self.waiting.shrink_to(8);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_count_and_only_until_they_have_left() {
        let mut unread = Unread::default();
        unread.answer(1_000_000);
        assert_eq!(unread.changes(1_000_000), 0);
        unread.change(60);
        unread.answer(500);
        unread.change(40);
        assert_eq!(unread.changes(1_000_600), 100);
        // The page has left, then the first change but a byte, then that.
        assert_eq!(unread.changes(600), 100);
        assert_eq!(unread.changes(541), 100);
        assert_eq!(unread.changes(540), 40);
        assert_eq!(unread.changes(0), 0);
        unread.change(7);
        assert_eq!(unread.changes(7), 7);
    }
}
