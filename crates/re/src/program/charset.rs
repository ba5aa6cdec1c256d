//! Sets of characters, resolved at compile time: what a set matches, whatever made it so.
//!
//! Case, classes and negation are gone here; what is left is which characters match. CPython
//! lowers a character before it looks into a set that ignores case, so its sets are the characters
//! whose lower case is in what was written ([`Charset::lowered`]); its corners are kept with it.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use crate::unicode::{self, LAST};

/// Sorted ranges that do not touch. It is cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Charset {
    ranges: Arc<[(u32, u32)]>,
}

impl Hash for Charset {
    /// By what it begins with: classes have hundreds of ranges, and few begin alike.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ranges.len().hash(state);
        self.ranges[..self.ranges.len().min(8)].hash(state);
    }
}

impl Charset {
    pub fn of(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut ranges: Vec<(u32, u32)> = ranges.into_iter().collect();
        if !ranges.is_sorted() {
            ranges.sort_unstable();
        }
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => joined.push((first, last)),
            }
        }
        Charset {
            ranges: joined.into(),
        }
    }

    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub fn contains(&self, code: u32) -> bool {
        unicode::contains(&self.ranges, code)
    }

    /// The only character, if there is just one.
    pub fn single(&self) -> Option<u32> {
        match self.ranges[..] {
            [(first, last)] if first == last => Some(first),
            _ => None,
        }
    }

    pub fn negated(&self) -> Charset {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(first, last) in self.ranges() {
            if first > next {
                ranges.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Charset {
            ranges: ranges.into(),
        }
    }

    /// What is in this up to a character.
    pub fn up_to(&self, greatest: u32) -> Charset {
        let below = self.ranges.iter().filter(|range| range.0 <= greatest);
        let ranges = below.map(|&(first, last)| (first, last.min(greatest)));
        Charset {
            ranges: ranges.collect(),
        }
    }

    /// The characters that `lower` brings into this; `pairs` are all that it changes, with what
    /// to, of which one of both is in this.
    pub fn lowered(&self, pairs: impl Iterator<Item = (u32, u32)>) -> Charset {
        let mut added = Vec::new();
        let mut removed = Vec::new();
        for (code, lower) in pairs {
            match (self.contains(code), self.contains(lower)) {
                (false, true) => added.push((code, code)),
                (true, false) => removed.push((code, code)),
                _ => {}
            }
        }
        // Each was met once or twice.
        if added.is_empty() && removed.is_empty() {
            return self.clone();
        }
        let kept = if removed.is_empty() {
            self.clone()
        } else {
            // Without those: not (not this, or those).
            let outside = self.negated();
            let outside = outside.ranges().iter().copied();
            Charset::of(outside.chain(removed)).negated()
        };
        Charset::of(kept.ranges().iter().copied().chain(added))
    }
}

/// A set as a search asks it.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// One bit for each character below 256.
    low: [u64; 4],
    ranges: Arc<[(u32, u32)]>,
    /// One bit for each character below 65,536, of a set of many ranges; made when one is asked for.
    plane: OnceLock<Box<[u64; 1024]>>,
}

/// Up to so many ranges are searched faster than a bit is fetched from memory.
const FEW_RANGES: usize = 6;

/// Only sets of so many have a plane, since a pattern may have thousands of sets.
const RANGES_OF_PLANE: usize = 64;

impl Lookup {
    pub fn new(charset: &Charset) -> Self {
        let mut low = [0; 4];
        for &(first, last) in charset.ranges() {
            if first > 255 {
                break;
            }
            for code in first..=last.min(255) {
                low[code as usize / 64] |= 1 << (code % 64);
            }
        }
        Lookup {
            low,
            ranges: charset.ranges.clone(),
            plane: OnceLock::new(),
        }
    }

    #[inline(always)]
    pub fn has_byte(&self, byte: u8) -> bool {
        self.low[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    #[inline]
    pub fn contains(&self, code: u32) -> bool {
        if code < 256 {
            return self.has_byte(code as u8);
        }
        if self.ranges.len() <= FEW_RANGES {
            return self
                .ranges
                .iter()
                .any(|range| range.0 <= code && code <= range.1);
        }
        if code > 0xffff || self.ranges.len() < RANGES_OF_PLANE {
            return unicode::contains(&self.ranges, code);
        }
        let plane = self.plane.get_or_init(|| self.draw_plane());
        plane[code as usize / 64] >> (code % 64) & 1 == 1
    }

    fn draw_plane(&self) -> Box<[u64; 1024]> {
        let mut plane = Box::new([0; 1024]);
        for &(first, last) in &*self.ranges {
            for code in first..=last.min(0xffff) {
                plane[code as usize / 64] |= 1 << (code % 64);
            }
        }
        plane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_negated_and_cut() {
        let set = Charset::of([(5, 9), (1, 2), (3, 4), (20, 30)]);
        assert_eq!(set.ranges(), [(1, 9), (20, 30)]);
        assert_eq!(set.negated().ranges(), [(0, 0), (10, 19), (31, LAST)]);
        assert_eq!(set.negated().negated(), set);
        assert_eq!(set.up_to(25).ranges(), [(1, 9), (20, 25)]);
    }

    #[test]
    fn lowering_brings_in_and_takes_out() {
        let pairs = || (0x41..=0x5a).map(|code| (code, code + 32));
        let lower = Charset::of([(0x61, 0x7a)]).lowered(pairs());
        assert_eq!(lower.ranges(), [(0x41, 0x5a), (0x61, 0x7a)]);
        let upper = Charset::of([(0x41, 0x5a), (0x30, 0x39)]).lowered(pairs());
        assert_eq!(upper.ranges(), [(0x30, 0x39)]);
    }

    #[test]
    fn a_lookup_answers_as_its_set() {
        let set = Charset::of(unicode::ALPHANUMERIC.iter().copied());
        let lookup = Lookup::new(&set);
        for code in (0..0x11000).chain(0x1d000..0x20000) {
            assert_eq!(lookup.contains(code), set.contains(code), "U+{code:04X}");
        }
    }
}
