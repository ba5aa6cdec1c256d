//! Which bytes a part of a pattern can begin with: what is tried only where it can match.

use super::charset::Charset;
use super::part::Part;

/// The bytes that a match can begin with, or that it can take none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct First {
    pub bytes: [u64; 4],
    /// Whether it may match without a character; the bytes say nothing then.
    pub empty: bool,
}

impl First {
    pub const NOTHING: First = First {
        bytes: [0; 4],
        empty: false,
    };
    /// Whatever comes, and the end of the text too.
    pub const ANYTHING: First = First {
        bytes: [u64::MAX; 4],
        empty: true,
    };
    const EMPTY: First = First {
        bytes: [0; 4],
        empty: true,
    };

    fn add(&mut self, byte: u8) {
        self.bytes[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    #[inline(always)]
    pub fn has(&self, byte: u8) -> bool {
        self.bytes[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    pub fn or(mut self, other: First) -> First {
        for (mine, theirs) in self.bytes.iter_mut().zip(other.bytes) {
            *mine |= theirs;
        }
        self.empty |= other.empty;
        self
    }

    /// This and, where it may be empty, what follows.
    pub fn then(mut self, next: First) -> First {
        if !self.empty {
            return self;
        }
        self.empty = false;
        self.or(next)
    }

    /// The bytes, if they are few.
    pub fn few(&self) -> Option<Vec<u8>> {
        let count: u32 = self.bytes.iter().map(|word| word.count_ones()).sum();
        let has = |byte: &u8| self.has(*byte);
        (count <= 3 && !self.empty).then(|| (0..=255).filter(has).collect())
    }
}

/// What tells first bytes: whether characters are of UTF-8, and the sets.
pub(crate) struct Alphabet<'s> {
    pub is_text: bool,
    pub sets: &'s [Charset],
    /// What each set begins with.
    firsts: Vec<First>,
}

impl<'s> Alphabet<'s> {
    pub fn new(sets: &'s [Charset], is_text: bool) -> Self {
        let mut alphabet = Alphabet {
            is_text,
            sets,
            firsts: Vec::new(),
        };
        let firsts = sets.iter().map(|set| alphabet.of_ranges(set.ranges()));
        alphabet.firsts = firsts.collect();
        alphabet
    }

    pub fn of_set(&self, set: usize) -> First {
        self.firsts[set]
    }

    pub fn of_char(&self, code: u32) -> First {
        self.of_ranges(&[(code, code)])
    }

    fn of_ranges(&self, ranges: &[(u32, u32)]) -> First {
        let mut first = First::NOTHING;
        for &(low, high) in ranges {
            let (low, high) = (self.lead(low), self.lead(high));
            for byte in low..=high {
                first.add(byte);
            }
        }
        first
    }

    /// The first byte of a character; leads grow with the characters.
    fn lead(&self, code: u32) -> u8 {
        if !self.is_text {
            return code.min(0xff) as u8;
        }
        match code {
            0..=0x7f => code as u8,
            0x80..=0x7ff => 0xc0 | (code >> 6) as u8,
            0x800..=0xffff => 0xe0 | (code >> 12) as u8,
            _ => 0xf0 | (code >> 18) as u8,
        }
    }

    pub fn of_sequence(&self, parts: &[Part], follow: First) -> First {
        let mut first = First::EMPTY;
        for part in parts {
            first = first.then(self.of_part(part));
            if !first.empty {
                return first;
            }
        }
        first.then(follow)
    }

    /// The first bytes at each place of a sequence, and at its end.
    pub fn along(&self, parts: &[Part], follow: First) -> Vec<First> {
        let mut firsts = vec![follow; parts.len() + 1];
        for (index, part) in parts.iter().enumerate().rev() {
            firsts[index] = self.of_part(part).then(firsts[index + 1]);
        }
        firsts
    }

    fn of_part(&self, part: &Part) -> First {
        match part {
            Part::Char(code) => self.of_char(*code),
            Part::Set(set) => self.of_set(*set),
            Part::Place(_) | Part::Look { .. } => First::EMPTY,
            Part::Branch(ways) => {
                let firsts = ways.iter().map(|way| self.of_sequence(way, First::EMPTY));
                firsts.fold(First::NOTHING, First::or)
            }
            Part::Capture(_, body) | Part::Atomic(body) => self.of_sequence(body, First::EMPTY),
            Part::Repeat { min, body, .. } => {
                let first = self.of_sequence(body, First::EMPTY);
                if *min == 0 {
                    first.or(First::EMPTY)
                } else {
                    first
                }
            }
            Part::Reference(..) => First::ANYTHING,
            Part::Conditional { yes, no, .. } => {
                let yes = self.of_sequence(yes, First::EMPTY);
                yes.or(self.of_sequence(no, First::EMPTY))
            }
        }
    }
}
