//! What every match begins with: literals to look for instead of trying each place.

use super::first::Alphabet;
use super::part::Part;

/// So many are looked for at once; of more, the first byte is as good a sign.
const MOST: usize = 48;

/// So many characters a set may have to be written out.
const MOST_OF_SET: u32 = 8;

/// Literals of so many bytes are rare enough in any text.
const LONG_ENOUGH: usize = 8;

/// Shorter ones are not found any faster than their first byte is.
const LONG: usize = 3;

/// The bytes that a match begins with, as far as they are certain.
pub(super) fn only(parts: &[Part], is_text: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    add(parts, is_text, &mut bytes);
    bytes
}

/// Whether all of the parts were literal.
fn add(parts: &[Part], is_text: bool, bytes: &mut Vec<u8>) -> bool {
    for part in parts {
        let whole = match part {
            Part::Char(code) => push_char(*code, is_text, bytes),
            Part::Capture(_, body) | Part::Atomic(body) => add(body, is_text, bytes),
            _ => false,
        };
        if !whole {
            return false;
        }
    }
    true
}

/// Appends a character, unless it is a surrogate, which no text has.
pub(super) fn push_char(code: u32, is_text: bool, bytes: &mut Vec<u8>) -> bool {
    if !is_text {
        bytes.push(code as u8);
        return true;
    }
    match char::from_u32(code) {
        Some(char) => {
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            true
        }
        None => false,
    }
}

/// Several literals of which every match begins with one; nothing if they would be too many or too
/// short to be worth it.
pub(super) fn several(parts: &[Part], alphabet: &Alphabet<'_>) -> Option<Vec<Vec<u8>>> {
    let mut beginnings = Beginnings {
        alphabet,
        all: vec![Beginning::default()],
    };
    beginnings.sequence(parts);
    let all = beginnings.all.into_iter().map(|one| one.bytes);
    let all: Vec<Vec<u8>> = all.collect();
    let is_worth_it = all.len() > 1 && all.iter().all(|bytes| bytes.len() >= LONG);
    is_worth_it.then_some(all)
}

/// The bytes that some of the matches begin with.
#[derive(Clone, Debug, Default)]
struct Beginning {
    bytes: Vec<u8>,
    /// Whether it cannot be said what comes next.
    is_closed: bool,
}

struct Beginnings<'a> {
    alphabet: &'a Alphabet<'a>,
    all: Vec<Beginning>,
}

impl Beginnings<'_> {
    fn sequence(&mut self, parts: &[Part]) {
        for part in parts {
            if self.all.iter().all(|one| one.is_closed) {
                return;
            }
            match part {
                Part::Char(code) => self.characters(&[(*code, *code)]),
                Part::Set(set) => {
                    let alphabet = self.alphabet;
                    self.characters(alphabet.sets[*set].ranges());
                }
                Part::Place(_) | Part::Look { .. } => {}
                Part::Capture(_, body) | Part::Atomic(body) => self.sequence(body),
                Part::Repeat {
                    min: 1..,
                    max,
                    body,
                    ..
                } => {
                    self.sequence(body);
                    if *max != Some(1) {
                        self.close();
                    }
                }
                Part::Branch(ways) => self.branch(ways),
                Part::Repeat { .. } | Part::Reference(..) | Part::Conditional { .. } => {
                    self.close();
                }
            }
        }
    }

    fn close(&mut self) {
        for one in &mut self.all {
            one.is_closed = true;
        }
    }

    /// One of these characters comes next.
    fn characters(&mut self, ranges: &[(u32, u32)]) {
        let count = |&(first, last): &(u32, u32)| last - first + 1;
        let few = ranges.iter().map(count).try_fold(0_u32, |sum, count| {
            sum.checked_add(count).filter(|sum| *sum <= MOST_OF_SET)
        });
        let open = self.all.iter().filter(|one| !one.is_closed).count();
        let Some(few) = few.filter(|few| self.all.len() - open + open * *few as usize <= MOST)
        else {
            return self.close();
        };
        let mut longer = Vec::with_capacity(self.all.len() * few.max(1) as usize);
        for one in std::mem::take(&mut self.all) {
            if one.is_closed {
                longer.push(one);
                continue;
            }
            for code in ranges.iter().flat_map(|&(first, last)| first..=last) {
                let mut next = one.clone();
                // Behind a surrogate there is no match: any text will do.
                next.is_closed = !push_char(code, self.alphabet.is_text, &mut next.bytes)
                    || next.bytes.len() >= LONG_ENOUGH;
                longer.push(next);
            }
        }
        self.all = longer;
    }

    fn branch(&mut self, ways: &[Vec<Part>]) {
        if ways.len() > MOST {
            return self.close();
        }
        let before = std::mem::take(&mut self.all);
        let (mut all, open): (Vec<_>, Vec<_>) =
            before.iter().cloned().partition(|one| one.is_closed);
        for way in ways {
            self.all.clone_from(&open);
            self.sequence(way);
            all.append(&mut self.all);
        }
        self.all = all;
        if self.all.len() > MOST {
            self.all = before;
            self.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Flags;
    use crate::{program, syntax};

    fn of(pattern: &str) -> Option<Vec<String>> {
        let parsed = syntax::parse(pattern.chars().collect(), true, Flags::NONE);
        let parsed = parsed.expect("it is a pattern");
        let (parts, sets) = program::resolve(&parsed, true).expect("it is a pattern");
        let all = several(&parts, &Alphabet::new(&sets.all, true))?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is of characters");
        Some(all.into_iter().map(text).collect())
    }

    #[test]
    fn every_match_begins_with_one_of_them() {
        let some = |all: &[&str]| Some(all.iter().map(|one| (*one).to_string()).collect());
        assert_eq!(of("\"(GET|POST) x"), some(&["\"GET x", "\"POST x"]));
        assert_eq!(of("(?:abc|xyz)+d"), some(&["abc", "xyz"]));
        assert_eq!(of("[ab]xé|cde*"), None);
        assert_eq!(of("[ab]xé|cdee*"), some(&["axé", "bxé", "cde"]));
        assert_eq!(of(r"(?=a)\b(?>abc|abd)(?!x)e"), some(&["abce", "abde"]));
        assert_eq!(
            of("(?i:no)t|yes"),
            some(&["NOt", "Not", "nOt", "not", "yes"]).map(|mut all: Vec<String>| {
                all.sort();
                all
            })
        );
        assert_eq!(of("abcdefghij|klmnopqrst"), some(&["abcdefgh", "klmnopqr"]));
    }

    #[test]
    fn what_is_not_certain_or_too_much_ends_them() {
        for pattern in [
            "abc",
            "abc|",
            r"abc|\w+",
            "(abc|def)?",
            "abc|(?:xyz)*",
            r"(a)\1bc|def",
            "(?:abc|(a)?(?(1)b|c))",
            "[a-z]bc|def",
            "a.c|def",
        ] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
        let many: Vec<String> = (100..200).map(|number| number.to_string()).collect();
        assert_eq!(of(&many.join("|")), None);
        assert_eq!(
            of("(?:a|b)(?:c|d)(?:e|f)(?:g|h)(?:i|j)(?:k|l)").map(|all| all.len()),
            Some(32)
        );
    }
}
