//! What goes through a text in one pass: an automaton of a whole pattern, or of words alone.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, StartKind};
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};

use super::hir::{self, Characters};
use crate::program::{Charset, Part, words_of};

/// How much memory an automaton may take, and what it remembers of the states that it has met.
const MOST_AUTOMATON: usize = 8 << 20;
const MOST_REMEMBERED: usize = 2 << 20;

/// So many words are an automaton of words, as `regex-automata` would make them too after having looked at
/// each as an expression; fewer are sought faster by automata that remember states.
const MANY_WORDS: usize = 3000;

/// So many bytes all of them have at most, since an automaton of words has no limit of its own: it takes up to
/// 20 bytes for each, and five times as much while it is made. More are left to the machine.
pub(super) const MOST_WORDS: u64 = 1 << 17;

/// An automaton.
#[derive(Debug)]
pub(super) enum Automaton {
    Any(Regex),
    Words(AhoCorasick),
}

impl Automaton {
    /// The automaton of these parts; none where it would be too large.
    pub fn new(parts: &[Part], sets: &[Charset], characters: Characters) -> Option<Automaton> {
        if let Some(words) = many_words(parts, characters != Characters::Bytes) {
            let made = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostFirst)
                .start_kind(StartKind::Both)
                // For 5,000 words the determined one is 5 MB large, and takes twice as long to search by.
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .prefilter(false)
                .build(words);
            return made.ok().map(Automaton::Words);
        }
        let hir = hir::of_sequence(parts, sets, characters);
        let config = Config::new()
            .utf8_empty(characters == Characters::Unicode)
            .which_captures(WhichCaptures::Implicit)
            .nfa_size_limit(Some(MOST_AUTOMATON))
            .hybrid_cache_capacity(MOST_REMEMBERED);
        let made = Regex::builder().configure(config).build_from_hir(&hir);
        made.ok().map(Automaton::Any)
    }

    /// The first match in a part of a text, or the one at its beginning.
    #[inline]
    pub fn find(
        &self,
        text: &[u8],
        from: usize,
        until: usize,
        anchored: bool,
    ) -> Option<(usize, usize)> {
        match self {
            Automaton::Any(regex) => {
                let mode = match anchored {
                    true => Anchored::Yes,
                    false => Anchored::No,
                };
                let input = Input::new(text).span(from..until).anchored(mode);
                let found = regex.search(&input)?;
                Some((found.start(), found.end()))
            }
            Automaton::Words(words) => {
                let mode = match anchored {
                    true => aho_corasick::Anchored::Yes,
                    false => aho_corasick::Anchored::No,
                };
                let input = aho_corasick::Input::new(text).span(from..until);
                let found = words.find(input.anchored(mode))?;
                Some((found.start(), found.end()))
            }
        }
    }
}

/// Whether there is nothing but words, and they are many. An empty one would be found inside of a
/// character too.
pub(super) fn has_many_words(parts: &[Part]) -> bool {
    let is_word =
        |way: &Vec<Part>| !way.is_empty() && way.iter().all(|part| matches!(part, Part::Char(_)));
    matches!(parts, [Part::Branch(ways)] if ways.len() >= MANY_WORDS && ways.iter().all(is_word))
}

fn many_words(parts: &[Part], is_text: bool) -> Option<Vec<Vec<u8>>> {
    match parts {
        [Part::Branch(ways)] if has_many_words(parts) => words_of(ways, is_text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Flags;
    use crate::linear::Linear;
    use crate::{program, syntax};

    /// So many words of so many bytes, no two of which begin alike for long.
    fn words(count: usize, length: usize) -> String {
        let word = |number: u64| {
            let mixed = number * 2_654_435_761 % (1 << 32);
            format!("{mixed:010}{}", "x".repeat(length - 10))
        };
        (0..count as u64).map(word).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn words_take_no_more_memory_than_any_automaton() {
        let of = |pattern: &str| {
            let parsed = syntax::parse(pattern.chars().collect(), true, Flags::NONE);
            let parsed = parsed.expect("it is a pattern");
            program::resolve(&parsed, true).expect("it is a pattern")
        };
        let largest = MOST_WORDS as usize;
        for length in [11, 40] {
            let count = (largest - 1) / length;
            let (parts, sets) = of(&words(count, length));
            let made = Automaton::new(&parts, &sets.all, Characters::Unicode);
            let Some(Automaton::Words(made)) = made else {
                panic!("{count} words are no automaton of words");
            };
            let memory = made.memory_usage();
            assert!(memory <= MOST_AUTOMATON, "{count} words take {memory}");
            assert!(Linear::of(parts, sets.all, true).is_some());
            let (parts, sets) = of(&words(count + 1, length));
            assert!(Linear::of(parts, sets.all, true).is_none());
        }
    }
}
