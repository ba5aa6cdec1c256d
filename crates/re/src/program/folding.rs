//! What a character or a set matches under the flags around it, as CPython's compiler has it.

use std::sync::LazyLock;

use super::charset::Charset;
use crate::flags::Flags;
use crate::syntax::{Category, Item};
use crate::unicode;

/// What CPython keeps its table of a set for: beyond, it compares as the set is written.
const LAST_OF_TABLE: u32 = 0xffff;

/// How case is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folding {
    Ascii,
    /// ASCII letters again, but either case of a character may be in a set.
    Locale,
    Unicode,
}

impl Folding {
    pub fn of(flags: Flags) -> Option<Folding> {
        if !flags.contains(Flags::IGNORECASE) {
            None
        } else if flags.contains(Flags::LOCALE) {
            Some(Folding::Locale)
        } else if flags.contains(Flags::UNICODE) {
            Some(Folding::Unicode)
        } else {
            Some(Folding::Ascii)
        }
    }

    pub fn lower(self, code: u32) -> u32 {
        match self {
            Folding::Unicode => unicode::lower(code),
            Folding::Ascii | Folding::Locale => unicode::ascii_lower(code),
        }
    }

    fn is_cased(self, code: u32) -> bool {
        match self {
            Folding::Unicode => unicode::is_cased(code),
            Folding::Ascii | Folding::Locale => unicode::is_ascii_cased(code),
        }
    }

    /// Other characters that are the same as a lower-case one.
    fn others(self, lower: u32) -> &'static [u32] {
        match self {
            Folding::Unicode => unicode::same_uppercase(lower),
            Folding::Ascii | Folding::Locale => &[],
        }
    }

    /// The characters whose lower case is in the set.
    fn lowered(self, set: &Charset) -> Charset {
        match self {
            Folding::Unicode => {
                let ranges = set.ranges().iter();
                let into = ranges.clone().flat_map(|range| unicode::lower_of(*range));
                let out_of = ranges.flat_map(|range| unicode::lowered(*range));
                set.lowered(
                    into.map(|(lower, code)| (*code, *lower))
                        .chain(out_of.copied()),
                )
            }
            Folding::Ascii | Folding::Locale => {
                set.lowered((0x41..=0x5a).map(|code| (code, code + 32)))
            }
        }
    }
}

/// What a character of the pattern matches.
pub(crate) fn literal(code: u32, flags: Flags) -> Charset {
    let alone = Charset::of([(code, code)]);
    let Some(folding) = Folding::of(flags) else {
        return alone;
    };
    if !folding.is_cased(code) {
        return alone;
    }
    let lower = folding.lower(code);
    let same = folding.others(lower).iter().map(|other| (*other, *other));
    folding.lowered(&Charset::of(same.chain([(lower, lower)])))
}

/// What a set of the pattern matches. One class alone has no case.
pub(crate) fn set(items: &[Item], negated: bool, flags: Flags) -> Charset {
    if let ([Item::Category(category)], false) = (items, negated) {
        return of_category(*category, flags).clone();
    }
    let folding = Folding::of(flags);
    let table = folding.filter(|folding| *folding != Folding::Locale);
    let mut gathered = Gathered::default();
    for item in items {
        match (*item, table) {
            (Item::Category(category), _) => gathered.add_category(category, flags),
            (Item::Literal(code), None) => gathered.ranges.push((code, code)),
            (Item::Range(first, last), None) => gathered.ranges.push((first, last)),
            (Item::Literal(code), Some(folding)) => gathered.add_literal(code, folding),
            (Item::Range(first, last), Some(folding)) => gathered.add_range(first, last, folding),
        }
    }
    let written = Charset::of(gathered.ranges);
    let written = if negated { written.negated() } else { written };
    match folding {
        Some(Folding::Locale) => {
            let lower = Folding::Locale.lowered(&written);
            let upper = written.lowered((0x61..=0x7a).map(|code| (code, code - 32)));
            Charset::of(lower.ranges().iter().chain(upper.ranges()).copied())
        }
        Some(folding) if gathered.is_cased => folding.lowered(&written),
        _ => written,
    }
}

/// A set that ignores case while it is put together.
#[derive(Default)]
struct Gathered {
    ranges: Vec<(u32, u32)>,
    /// Whether what it holds has another case: else characters are compared as they are.
    is_cased: bool,
}

impl Gathered {
    fn add_literal(&mut self, code: u32, folding: Folding) {
        let lower = folding.lower(code);
        if lower > LAST_OF_TABLE {
            // As it is written, so an upper-case one is never met.
            self.is_cased = true;
            self.ranges.push((code, code));
            return;
        }
        self.add_lower(lower, folding);
        self.is_cased |= folding.is_cased(code);
    }

    fn add_lower(&mut self, lower: u32, folding: Folding) {
        self.ranges.push((lower, lower));
        let others = folding.others(lower).iter();
        self.ranges.extend(others.map(|other| (*other, *other)));
    }

    fn add_range(&mut self, first: u32, last: u32, folding: Folding) {
        self.add_range_of_table(first, last.min(LAST_OF_TABLE), folding);
        if last <= LAST_OF_TABLE {
            return;
        }
        self.is_cased = true;
        self.ranges.push((first, last));
        let of_upper = unicode::uppered().filter(|(_, upper)| (first..=last).contains(upper));
        self.ranges.extend(of_upper.map(|(code, _)| (code, code)));
    }

    /// Every character of the range in lower case: the range, but for those that change.
    fn add_range_of_table(&mut self, first: u32, last: u32, folding: Folding) {
        if first > last {
            return;
        }
        let mut next = first;
        match folding {
            Folding::Unicode => {
                for &(code, lower) in unicode::lowered((first, last)) {
                    if code > next {
                        self.ranges.push((next, code - 1));
                    }
                    next = code + 1;
                    self.add_lower(lower, folding);
                    self.is_cased = true;
                }
                if next <= last {
                    self.ranges.push((next, last));
                }
                self.is_cased |= unicode::has_upper((first, last));
                for (_, others) in unicode::with_same_uppercase((first, last)) {
                    let others = others.iter().map(|other| (*other, *other));
                    self.ranges.extend(others);
                }
            }
            Folding::Ascii | Folding::Locale => {
                let letters = (first.max(0x41), last.min(0x5a));
                if letters.0 <= letters.1 {
                    self.ranges.push((letters.0 + 32, letters.1 + 32));
                    self.is_cased = true;
                }
                // What is lowered is no longer there itself.
                let upper = Charset::of([(0x41, 0x5a)]).negated();
                let kept = upper
                    .ranges()
                    .iter()
                    .map(|&(low, high)| (low.max(first), high.min(last)));
                self.ranges.extend(kept.filter(|(low, high)| low <= high));
                self.is_cased |= first <= 0x7a && last >= 0x61;
            }
        }
    }

    fn add_category(&mut self, category: Category, flags: Flags) {
        let ranges = of_category(category, flags).ranges();
        self.ranges.extend_from_slice(ranges);
    }
}

/// The characters of a class, which are put together once a process.
fn of_category(category: Category, flags: Flags) -> &'static Charset {
    static CLASSES: LazyLock<[[Charset; 6]; 2]> = LazyLock::new(|| {
        [false, true].map(|unicode| {
            let plain = [digits(unicode), space(unicode), word(unicode)];
            let negated = [plain[0].negated(), plain[1].negated(), plain[2].negated()];
            let ([digits, space, word], [not_digits, not_space, not_word]) = (plain, negated);
            [digits, not_digits, space, not_space, word, not_word]
        })
    });
    let unicode = flags.contains(Flags::UNICODE) && !flags.contains(Flags::LOCALE);
    &CLASSES[usize::from(unicode)][category as usize]
}

fn digits(unicode: bool) -> Charset {
    if unicode {
        return Charset::of(unicode::DECIMAL.iter().copied());
    }
    Charset::of([(0x30, 0x39)])
}

fn space(unicode: bool) -> Charset {
    if unicode {
        return Charset::of(unicode::SPACE.iter().copied());
    }
    Charset::of([(0x09, 0x0d), (0x20, 0x20)])
}

fn word(unicode: bool) -> Charset {
    let underscore = (0x5f, 0x5f);
    if unicode {
        let table = unicode::ALPHANUMERIC.iter().copied();
        return Charset::of(table.chain([underscore]));
    }
    Charset::of([(0x30, 0x39), (0x41, 0x5a), underscore, (0x61, 0x7a)])
}
