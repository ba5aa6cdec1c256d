//! Which patterns are regular, and how much of what is found is then the same.

use crate::program::{Charset, Part, Place, can_be_empty};
use crate::syntax::Greed;

/// How many states may be alive at one byte. A linear engine that has no room to remember more
/// goes through all of them for each byte, as the machine takes steps: so this keeps its promise,
/// 200 steps a byte, nearly.
const MOST_ALIVE: u64 = 256;

/// How many characters the pattern may have once its repeats are written out.
const LARGEST: u64 = 1 << 18;

/// What is known of a regular pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Regular {
    /// Where a match begins is the same always, since it depends on what can be matched alone.
    /// Where it ends depends on which way is tried first, and is the same unless a
    /// repeat may take nothing: Python goes out of it then, and a linear engine goes on.
    pub is_exact: bool,
    /// `\b` and `\B` by the words of Unicode, which linear engines have of another version:
    /// the same in ASCII.
    pub has_unicode_boundary: bool,
    /// `$` that holds before a newline at the end: the same where there is none.
    pub has_end_or_newline: bool,
    /// Whether a set has characters beyond ASCII: else one engine is for all texts.
    pub has_wide_set: bool,
    /// Too many states may be alive where characters have several bytes.
    pub is_too_wide: bool,
    /// What it costs to make an engine, in characters.
    pub size: u64,
    /// Whether something in it can match a newline, or a space: else no match goes past one.
    has_newline: bool,
    has_space: bool,
}

impl Regular {
    /// What is known of a pattern; nothing if it is not regular, or too large.
    pub fn of(parts: &[Part], sets: &[Charset], is_text: bool) -> Option<Regular> {
        let mut regular = Regular {
            is_exact: true,
            has_unicode_boundary: false,
            has_end_or_newline: false,
            has_wide_set: false,
            is_too_wide: false,
            size: 0,
            has_newline: false,
            has_space: false,
        };
        let weight = regular.sequence(parts, &Weights { sets, is_text })?;
        regular.is_too_wide = weight.alive_wide > MOST_ALIVE;
        regular.size = weight.size;
        (weight.size <= LARGEST && weight.alive <= MOST_ALIVE).then_some(regular)
    }

    /// A byte that is in no match.
    pub fn separator(&self) -> Option<u8> {
        match (self.has_newline, self.has_space) {
            (false, _) => Some(b'\n'),
            (true, false) => Some(b' '),
            (true, true) => None,
        }
    }

    fn sequence(&mut self, parts: &[Part], weights: &Weights<'_>) -> Option<Weight> {
        let mut weight = Weight::of(0);
        for part in parts {
            weight = weight.and(self.part(part, weights)?);
        }
        Some(weight)
    }

    fn part(&mut self, part: &Part, weights: &Weights<'_>) -> Option<Weight> {
        match part {
            Part::Char(code) => {
                self.has_newline |= *code == 0x0a;
                self.has_space |= *code == 0x20;
                Some(weights.of_char(*code))
            }
            Part::Set(set) => {
                self.has_newline |= weights.sets[*set].contains(0x0a);
                self.has_space |= weights.sets[*set].contains(0x20);
                self.has_wide_set |= weights.is_wide(*set);
                Some(weights.of_set(*set))
            }
            Part::Place(place) => {
                match place {
                    Place::EndOrNewline => self.has_end_or_newline = true,
                    Place::Boundary { unicode: true } | Place::NotBoundary { unicode: true } => {
                        self.has_unicode_boundary = true;
                    }
                    _ => {}
                }
                Some(Weight::of(1))
            }
            Part::Branch(ways) => {
                let mut weight = Weight::of(1);
                let mut longest = 0;
                for way in ways {
                    let of_way = self.sequence(way, weights)?;
                    longest = of_way.alive_wide.max(longest);
                    weight = weight.and(of_way);
                }
                if ways.iter().all(|way| is_literal(way)) {
                    // Literals become a tree, of which one branch at a time is alive.
                    (weight.alive, weight.alive_wide) = (longest + 1, longest + 1);
                }
                Some(weight)
            }
            Part::Capture(_, body) => self.sequence(body, weights),
            Part::Repeat {
                greed: Greed::Possessive,
                ..
            } => None,
            Part::Repeat { min, max, body, .. } => {
                let is_plain = *max == Some(1) || *max == Some(*min) || !can_be_empty(body);
                self.is_exact &= is_plain;
                let weight = self.sequence(body, weights)?;
                if *max == Some(*min) {
                    return Some(weight.times((*min).into()));
                }
                // Each pass has a choice before it.
                let times = max.unwrap_or_else(|| (*min).max(1));
                Some(weight.and(Weight::of(1)).times(times.into()))
            }
            Part::Atomic(_)
            | Part::Look { .. }
            | Part::Reference(..)
            | Part::Conditional { .. } => None,
        }
    }
}

fn is_literal(parts: &[Part]) -> bool {
    parts.iter().all(|part| matches!(part, Part::Char(_)))
}

/// What a part costs.
#[derive(Clone, Copy, Debug)]
struct Weight {
    size: u64,
    /// States that may be alive where each character is a byte, and where it is of several.
    alive: u64,
    alive_wide: u64,
}

impl Weight {
    fn of(states: u64) -> Weight {
        Weight {
            size: states,
            alive: states,
            alive_wide: states,
        }
    }

    fn and(self, other: Weight) -> Weight {
        Weight {
            size: self.size.saturating_add(other.size),
            alive: self.alive.saturating_add(other.alive),
            alive_wide: self.alive_wide.saturating_add(other.alive_wide),
        }
    }

    fn times(self, times: u64) -> Weight {
        Weight {
            size: self.size.saturating_mul(times),
            alive: self.alive.saturating_mul(times),
            alive_wide: self.alive_wide.saturating_mul(times),
        }
    }
}

struct Weights<'s> {
    sets: &'s [Charset],
    is_text: bool,
}

impl Weights<'_> {
    fn of_char(&self, code: u32) -> Weight {
        match char::from_u32(code) {
            Some(char) if self.is_text => Weight::of(char.len_utf8() as u64),
            _ => Weight::of(1),
        }
    }

    fn of_set(&self, set: usize) -> Weight {
        Weight {
            size: 1,
            alive: 1,
            alive_wide: if self.is_wide(set) { 4 } else { 1 },
        }
    }

    /// Whether characters of a set may have several bytes.
    fn is_wide(&self, set: usize) -> bool {
        let last = self.sets[set].ranges().last();
        self.is_text && last.is_some_and(|range| range.1 > 0x7f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Flags;
    use crate::program;
    use crate::syntax;

    fn of(pattern: &str) -> Option<Regular> {
        let parsed = syntax::parse(pattern.chars().collect(), true, Flags::NONE);
        let parsed = parsed.expect("it is a pattern");
        let (parts, sets) = program::resolve(&parsed, true).expect("it is a pattern");
        Regular::of(&parts, &sets.all, true)
    }

    #[test]
    fn what_is_regular_is_told_from_what_is_not() {
        for pattern in [
            "a(?=b)",
            r"(a)\1",
            "(a)?(?(1)b|c)",
            "(?>a|ab)",
            "a*+",
            "(?:b(?:(?<!a)a)*)",
        ] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
        for pattern in ["a|b*?", "(?P<x>a)+", r"(?m)^\w{2,3}$", "(?i)[^a-z]"] {
            assert!(of(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn an_end_is_the_same_unless_a_repeat_may_take_nothing() {
        let is_exact = |pattern| of(pattern).expect("it is regular").is_exact;
        for pattern in [
            "(?:ab)*",
            "(a*)?",
            "(a*){3}",
            "(?:a|b+?)+",
            "a*b*",
            "(?:a?b)*",
            "()",
        ] {
            assert!(is_exact(pattern), "{pattern}");
        }
        for pattern in ["(a*)*", "(a|)+", "(?:a?){2,3}", r"(?:\b|a)*", "((?:)*)?"] {
            assert!(!is_exact(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_no_match_goes_past_is_known() {
        let separator = |pattern| of(pattern).expect("it is regular").separator();
        assert_eq!(separator(r"[\w.]+@(?: |x)+"), Some(b'\n'));
        assert_eq!(separator(r"a\n+"), Some(b' '));
        assert_eq!(separator(r"[^\n]|\n"), None);
        assert_eq!(separator(r"a\s"), None);
        assert_eq!(separator("(?:[^ab])*"), None);
    }

    #[test]
    fn what_would_be_too_large_is_left_to_the_machine() {
        let words = |count: u32| {
            let words = (0..count).map(|number| format!("word{number}"));
            words.collect::<Vec<_>>().join("|")
        };
        assert!(of("a{200}").is_some());
        assert_eq!(of("a{300}"), None);
        assert!(of(r"\w{70}").is_some_and(|regular| regular.is_too_wide));
        assert!(of("[a-z]{70}").is_some_and(|regular| !regular.is_too_wide));
        assert_eq!(of("(?:(?:a{4294967294}){4294967294}){4294967294}"), None);
        assert!(of(&words(5000)).is_some());
        assert_eq!(of(&format!("(?:{}){{16}}", words(5000))), None);
    }
}
