//! Which instructions have failed at which places.
//!
//! A choice that was exhausted fails again whenever the machine comes back to it with the same
//! future. The future depends on the instruction and the place; on the registers of the repeats
//! around it, up to the innermost part that is matched by itself (of a count, only as far as the
//! repeat still asks for it, and of the last pass, only whether it began here); and, where a
//! pattern looks at what groups matched, on that.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::machine::Register;
use crate::program::{Context, Repeat};

/// What failed: an instruction at a place, with what else its future depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Point {
    pub address: u32,
    pub state: u32,
    pub at: usize,
}

/// What is remembered during a search. Once there is no more room the machine goes on without.
#[derive(Debug, Default)]
pub(super) struct Failures {
    failed: HashSet<Point, BuildHasherDefault<Mixer>>,
    /// How many there may be.
    most: usize,
    /// Numbers for what a future depends on besides its place.
    states: HashMap<Vec<usize>, u32>,
    /// How many bytes those may take, and do.
    most_of_states: usize,
    of_states: usize,
    scratch: Vec<usize>,
}

impl Failures {
    /// With room for so many bytes.
    pub fn within(bytes: usize) -> Self {
        // A table has a power of two of entries with a byte each, is filled to seven eighths, and lies
        // beside the one of half its size while it grows.
        let entries = bytes / 8 * 7 / (size_of::<Point>() + 1) * 2 / 3;
        Failures {
            most: (1 << entries.max(8).ilog2()) / 8 * 7,
            most_of_states: bytes / 8,
            ..Failures::default()
        }
    }

    pub fn has(&self, point: Point) -> bool {
        self.failed.contains(&point)
    }

    pub fn add(&mut self, point: Point) {
        if self.failed.len() < self.most {
            self.failed.insert(point);
        }
    }

    pub fn clear(&mut self) {
        self.failed.clear();
        self.states.clear();
        self.of_states = 0;
    }

    /// The number of what the future depends on; `None` where there are too many to remember.
    pub fn state(
        &mut self,
        context: &Context,
        read: &[u32],
        repeats: &[Repeat],
        registers: &[Register],
        slots: &[usize],
        at: usize,
    ) -> Option<u32> {
        if context.registers.is_empty() && read.is_empty() {
            return Some(0);
        }
        self.scratch.clear();
        for &number in &context.registers {
            let (repeat, register) = (&repeats[number as usize], registers[number as usize]);
            let count = if repeat.max == u32::MAX {
                register.count.min(repeat.min)
            } else {
                register.count
            };
            self.scratch
                .push(count as usize * 2 + usize::from(register.last == at));
        }
        self.scratch
            .extend(read.iter().map(|slot| slots[*slot as usize]));
        if let Some(number) = self.states.get(&self.scratch) {
            return Some(*number);
        }
        // The key with its allocation, and an entry of a table that may be half empty and growing.
        let more = (self.scratch.len() + 16) * size_of::<usize>();
        if self.of_states + more > self.most_of_states {
            return None;
        }
        self.of_states += more;
        let number = self.states.len() as u32 + 1;
        self.states.insert(self.scratch.clone(), number);
        Some(number)
    }
}

/// A quick hash of a point. What a peer can choose is the place, and it has only as many of
/// those as its text has bytes: nothing that has to be kept secret.
#[derive(Debug, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0.rotate_left(26) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }
}
