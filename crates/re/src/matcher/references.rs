//! What groups have matched, asked for again.

use super::machine::{Machine, UNSET};
use super::units::after;
use crate::program::Folding;

impl Machine<'_, '_> {
    /// What a group matched.
    pub(super) fn group(&self, group: u32) -> Option<(usize, usize)> {
        let slot = (group as usize - 1) * 2;
        let (start, end) = (self.slots[slot], self.slots[slot + 1]);
        (start != UNSET && end != UNSET && start <= end).then_some((start, end))
    }

    pub(super) fn reference(&mut self, group: u32, at: usize) -> Option<usize> {
        let (start, end) = self.group(group)?;
        self.steps += (end - start) as u64 / 16;
        let matches = self.text[at..].starts_with(&self.text[start..end]);
        matches.then_some(at + end - start)
    }

    pub(super) fn folded_reference<const TEXT: bool>(
        &mut self,
        group: u32,
        folding: Folding,
        at: usize,
    ) -> Option<usize> {
        let (mut start, end) = self.group(group)?;
        self.steps += (end - start) as u64 / 4;
        let mut at = at;
        while start < end {
            if at == self.text.len() {
                return None;
            }
            let (expected, expected_end) = after::<TEXT>(self.text, start);
            let (found, found_end) = after::<TEXT>(self.text, at);
            if folding.lower(expected) != folding.lower(found) {
                return None;
            }
            (start, at) = (expected_end, found_end);
        }
        Some(at)
    }
}
