//! The `regex` crate's engines, for the patterns that they answer as the machine does.
//!
//! They never go back, so what makes the machine try way after way is linear here. They have no
//! look-around, references, conditionals or parts that are matched by themselves, and they know
//! other characters and other places than Python: so they are given the resolved parts of a
//! pattern, not its text, and what is not proven to be the same is left to the machine
//! ([`Regular`] says what that is). Groups are never asked of them: the machine finds
//! those, where the match begins.

mod hir;
mod regular;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};

use crate::program::{Charset, Part};
use hir::Characters;
use regular::Regular;

/// How much memory an automaton may take, and what it remembers of the states that it has met.
const MOST_AUTOMATON: usize = 8 << 20;
const MOST_REMEMBERED: usize = 2 << 20;

/// A search that takes fewer steps than this is quicker done by the machine alone.
const PATIENCE: u64 = 256;

/// Where matches lie so near, the machine is quicker; where they are so far, it need not try. In bytes.
const NEAR: usize = 16;
const FAR: usize = 256;

/// A pattern for which there are linear engines, made when a search has become long enough for it.
#[derive(Debug)]
pub(crate) struct Linear {
    parts: Vec<Part>,
    sets: Vec<Charset>,
    is_text: bool,
    regular: Regular,
    /// Steps that the machine took in long searches, in which it might have been helped.
    spent: AtomicU64,
    /// How many it takes by itself once there is an engine.
    patience: AtomicU64,
    /// For texts of ASCII alone, and for any.
    narrow: OnceLock<Option<Regex>>,
    wide: OnceLock<Option<Regex>>,
}

/// A linear engine that finds in a text what the machine does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Engine<'l> {
    linear: &'l Linear,
    regex: &'l Regex,
}

/// What a linear engine knows of a place and what is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// There is no match.
    Nothing,
    /// A match begins here, and none before.
    Begins(usize),
    /// The match.
    Spans(usize, usize),
}

impl Linear {
    /// The engines of a pattern, if it has any.
    pub fn of(parts: Vec<Part>, sets: Vec<Charset>, is_text: bool) -> Option<Linear> {
        let regular = Regular::of(&parts, &sets, is_text)?;
        Some(Linear {
            parts,
            sets,
            is_text,
            regular,
            spent: AtomicU64::new(0),
            patience: AtomicU64::new(PATIENCE),
            narrow: OnceLock::new(),
            wide: OnceLock::new(),
        })
    }

    /// How many steps the machine takes before it asks: at first as many as it costs to
    /// make an engine.
    pub fn patience(&self) -> u64 {
        if self.narrow.get().is_some() || self.wide.get().is_some() {
            return self.patience.load(Ordering::Relaxed);
        }
        // A step takes 3 to 10 ns, and an engine 50 µs and 200 ns for each character of the pattern.
        let worth = 10_000 + 30 * self.regular.size;
        let left = worth.saturating_sub(self.spent.load(Ordering::Relaxed));
        left.max(PATIENCE)
    }

    /// Takes note of a search of so many steps by the machine alone: the next is left to it longer.
    pub fn note_steps(&self, steps: u64) {
        let patience = self.patience.load(Ordering::Relaxed);
        if patience < PATIENCE {
            let next = (patience * 2).clamp(PATIENCE / 8, PATIENCE);
            self.patience.store(next, Ordering::Relaxed);
        }
        if steps > PATIENCE {
            self.spent.fetch_add(steps - PATIENCE, Ordering::Relaxed);
        }
    }

    /// Takes note of an answer: where there was nothing near, the next is asked for sooner.
    fn note_answer(&self, from: usize, answer: Answer) {
        let distance = match answer {
            Answer::Nothing => usize::MAX,
            Answer::Begins(start) | Answer::Spans(start, _) => start - from,
        };
        let patience = self.patience.load(Ordering::Relaxed);
        let next = match distance {
            ..NEAR => (patience * 2).clamp(PATIENCE / 8, PATIENCE),
            NEAR..FAR => patience / 4,
            FAR.. => 0,
        };
        if next != patience {
            self.patience.store(next, Ordering::Relaxed);
        }
    }

    /// The engine for a text that is searched from a place on, if there is one that finds
    /// there what the machine does.
    pub fn engine(&self, text: &[u8], from: usize) -> Option<Engine<'_>> {
        let regex = self.regex(text, from)?;
        Some(Engine {
            linear: self,
            regex,
        })
    }

    fn regex(&self, text: &[u8], from: usize) -> Option<&Regex> {
        // In an empty text `\B` does not hold in Python.
        if text.is_empty() || (self.regular.has_end_or_newline && text.ends_with(b"\n")) {
            return None;
        }
        if !self.is_text {
            let made = self.wide.get_or_init(|| self.make(Characters::Bytes));
            return made.as_ref();
        }
        // `\b` looks at the character before.
        if text[from.saturating_sub(1)..].is_ascii() {
            let made = self.narrow.get_or_init(|| self.make(Characters::Ascii));
            return made.as_ref();
        }
        if self.regular.has_unicode_boundary || self.regular.is_too_wide {
            return None;
        }
        let made = self.wide.get_or_init(|| self.make(Characters::Unicode));
        made.as_ref()
    }

    /// Makes an engine; none where it would be too large.
    fn make(&self, characters: Characters) -> Option<Regex> {
        let hir = hir::of_sequence(&self.parts, &self.sets, characters);
        let config = Config::new()
            .utf8_empty(characters == Characters::Unicode)
            .which_captures(WhichCaptures::Implicit)
            .nfa_size_limit(Some(MOST_AUTOMATON))
            .hybrid_cache_capacity(MOST_REMEMBERED);
        Regex::builder().configure(config).build_from_hir(&hir).ok()
    }
}

impl Engine<'_> {
    /// What it finds from a place on, or just there.
    pub fn ask(&self, text: &[u8], from: usize, anchored: bool) -> Answer {
        let anchored = if anchored {
            Anchored::Yes
        } else {
            Anchored::No
        };
        let input = Input::new(text).span(from..text.len()).anchored(anchored);
        let answer = match self.regex.search(&input) {
            None => Answer::Nothing,
            Some(found) if self.linear.regular.is_exact => {
                Answer::Spans(found.start(), found.end())
            }
            Some(found) => Answer::Begins(found.start()),
        };
        self.linear.note_answer(from, answer);
        answer
    }
}
