//! Tables of instructions: one character of a set, and alternatives by the byte that comes next.

use std::collections::HashMap;

use super::first::First;
use super::{Address, Charset, Lookup};

/// One character of a set, and how a run of them is found.
#[derive(Debug)]
pub(crate) struct One {
    pub lookup: Lookup,
    pub kind: Kind,
}

/// What a set is besides a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Every character.
    All,
    /// Every character but one of ASCII.
    NotByte(u8),
    Other,
}

impl One {
    pub fn new(set: &Charset, is_text: bool) -> Self {
        let all = if is_text { crate::unicode::LAST } else { 0xff };
        let kind = match set.ranges() {
            // All but one leave no more than two.
            [_, _, _, ..] => Kind::Other,
            _ => match set.negated().up_to(all).ranges() {
                [] => Kind::All,
                [(first, last)] if first == last && *first < 0x80 => Kind::NotByte(*first as u8),
                _ => Kind::Other,
            },
        };
        One {
            lookup: Lookup::new(set),
            kind,
        }
    }
}

/// Alternatives: those that can match, by the byte that comes next.
#[derive(Debug)]
pub(crate) struct Ways {
    /// For each byte the number of its list; last, where the text ends.
    class: Box<[u16; 257]>,
    lists: Vec<Box<[Address]>>,
}

/// So many entries are sorted by bytes; of more alternatives, all are tried.
const MOST_ENTRIES: usize = 1 << 20;

impl Ways {
    pub fn new(ways: &[(First, Address)]) -> Self {
        let bits = |first: &First| {
            first
                .bytes
                .iter()
                .map(|word| word.count_ones())
                .sum::<u32>()
        };
        let entries: usize = ways.iter().map(|(first, _)| bits(first) as usize + 1).sum();
        if entries > MOST_ENTRIES {
            return Ways {
                class: Box::new([0; 257]),
                lists: vec![ways.iter().map(|(_, address)| *address).collect()],
            };
        }
        let mut sorted = Ways {
            class: Box::new([0; 257]),
            lists: Vec::new(),
        };
        let mut known: HashMap<Vec<Address>, u16> = HashMap::new();
        for next in 0..=256_usize {
            let fits =
                |first: &First| first.empty || u8::try_from(next).is_ok_and(|byte| first.has(byte));
            let list = ways.iter().filter(|(first, _)| fits(first));
            let list: Vec<Address> = list.map(|(_, address)| *address).collect();
            // Bytes that lie together mostly have the same list.
            let before = usize::from(sorted.class[next.saturating_sub(1)]);
            if sorted
                .lists
                .get(before)
                .is_some_and(|known| known[..] == list[..])
            {
                sorted.class[next] = before as u16;
                continue;
            }
            sorted.class[next] = *known.entry(list).or_insert_with_key(|list| {
                sorted.lists.push(list.clone().into_boxed_slice());
                sorted.lists.len() as u16 - 1
            });
        }
        sorted
    }

    /// The addresses to try before this byte, or the end.
    #[inline(always)]
    pub fn before(&self, next: Option<u8>) -> &[Address] {
        let index = next.map_or(256, usize::from);
        &self.lists[usize::from(self.class[index])]
    }
}
