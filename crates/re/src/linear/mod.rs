//! The `regex` crate's engines, for the patterns that they answer as the machine does.
//!
//! They never go back, so what makes the machine try way after way is linear here. They have no
//! look-around, references, conditionals or parts that are matched by themselves, and they know
//! other characters and other places than Python: so they are given the resolved parts of a
//! pattern, not its text, and what is not proven to be the same is left to the machine
//! ([`Regular`] says what that is). Groups are never asked of them: the machine finds
//! those, where the match begins.

mod automaton;
mod hir;
mod regular;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memchr;

use crate::program::{Charset, Part};
use automaton::{Automaton, MOST_WORDS, has_many_words};
use hir::Characters;
use regular::Regular;

/// Engines may take so much, with what they remember in both directions: under a limit below it they
/// are not used.
pub(crate) const MOST_MEMORY: usize = 16 << 20;

/// A search that takes fewer steps than this is quicker done by the machine alone.
const PATIENCE: u64 = 256;

/// An attempt takes so many steps, about.
const ATTEMPT: u64 = 16;

/// To ask an engine costs as much as so many steps, and half a step for each byte.
const ASKING: u64 = 48;

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
    /// There is nothing in it but words, and they are many.
    is_words: bool,
    /// Steps that the machine took in long searches, in which it might have been helped.
    spent: AtomicU64,
    /// How many it takes by itself once there is an engine.
    patience: AtomicU64,
    /// For texts of ASCII alone, and for any.
    narrow: OnceLock<Option<Automaton>>,
    wide: OnceLock<Option<Automaton>>,
}

/// A linear engine that finds in a text what the machine does.
#[derive(Debug)]
pub(crate) struct Engine<'l> {
    linear: &'l Linear,
    /// What it asks, once it has looked at the text.
    automaton: Option<&'l Automaton>,
    /// How far the text is known to be one for that: to where no match goes on, or the end.
    until: usize,
}

/// So much of a text is looked at for whether it is of ASCII before it is searched: it is in the
/// processor's cache then.
const WINDOW: usize = 1 << 16;

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
        let is_words = has_many_words(&parts);
        if is_words && regular.size > MOST_WORDS {
            return None;
        }
        Some(Linear {
            is_words,
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
            // Less than an attempt takes would be an attempt in vain.
            let patience = self.patience.load(Ordering::Relaxed);
            return if patience < ATTEMPT || self.is_words {
                0
            } else {
                patience
            };
        }
        // A step takes 3 to 10 ns, and an engine 50 µs and 200 ns for each character of the pattern.
        // One of words alone is made sooner, and a step among many words is a long one.
        let of_character = if self.is_words { 3 } else { 30 };
        let worth = 10_000 + of_character * self.regular.size;
        let left = worth.saturating_sub(self.spent.load(Ordering::Relaxed));
        left.max(PATIENCE)
    }

    /// Takes note of a search of so many steps by the machine alone, for a match so many bytes behind: the
    /// next is left to it longer, unless an engine would have been quicker.
    pub fn note_steps(&self, steps: u64, distance: usize) {
        let patience = self.patience.load(Ordering::Relaxed);
        let is_quick = steps <= ASKING + distance as u64 / 2;
        let next = match is_quick {
            true => (patience * 2).clamp(PATIENCE / 8, PATIENCE),
            false => patience / 2,
        };
        if next != patience {
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
            ..NEAR => (patience + ATTEMPT / 4).min(PATIENCE),
            NEAR..FAR => patience / 4,
            FAR.. => 0,
        };
        if next != patience {
            self.patience.store(next, Ordering::Relaxed);
        }
    }

    /// The engine for a text, unless there is none that finds in it what the machine does.
    pub fn engine(&self, text: &[u8]) -> Option<Engine<'_>> {
        // In an empty text `\B` does not hold in Python.
        if text.is_empty() || (self.regular.has_end_or_newline && text.ends_with(b"\n")) {
            return None;
        }
        Some(Engine {
            linear: self,
            automaton: None,
            until: 0,
        })
    }

    /// Whether one automaton is for all texts.
    fn has_one(&self) -> bool {
        let Regular {
            has_unicode_boundary,
            has_wide_set,
            ..
        } = self.regular;
        !self.is_text || !(has_unicode_boundary || has_wide_set)
    }

    /// The automaton for texts of ASCII.
    fn narrow(&self) -> Option<&Automaton> {
        let made = self.narrow.get_or_init(|| self.make(Characters::Ascii));
        made.as_ref()
    }

    /// The automaton for texts of any characters.
    fn wide(&self) -> Option<&Automaton> {
        if self.regular.has_unicode_boundary || self.regular.is_too_wide {
            return None;
        }
        let characters = match self.is_text {
            true => Characters::Unicode,
            false => Characters::Bytes,
        };
        let made = self.wide.get_or_init(|| self.make(characters));
        made.as_ref()
    }

    /// How far a text is of ASCII from a place on, and a search there finds what it would in the whole:
    /// up to a byte that no match goes past, or to its end. Nothing if it is not.
    fn until(&self, text: &[u8], from: usize) -> Option<usize> {
        let far = from.saturating_add(WINDOW).min(text.len());
        let separator = self.regular.separator();
        let cut = separator.and_then(|separator| memchr(separator, &text[far..]));
        let until = cut.map_or(text.len(), |offset| far + offset);
        // `\b` looks at the character before, and a separator is of ASCII.
        text[from.saturating_sub(1)..until]
            .is_ascii()
            .then_some(until)
    }

    fn make(&self, characters: Characters) -> Option<Automaton> {
        Automaton::new(&self.parts, &self.sets, characters)
    }
}

impl<'l> Engine<'l> {
    /// What it finds from a place on, or just there. Nothing if the text turns out to be none for it.
    pub fn ask(&mut self, text: &[u8], from: usize, anchored: bool) -> Option<Answer> {
        let mut at = from;
        let answer = loop {
            let automaton = match self.automaton {
                Some(automaton) if at < self.until || self.until == text.len() => automaton,
                _ => self.go_on(text, at)?,
            };
            match automaton.find(text, at, self.until, anchored) {
                Some((start, end)) if self.linear.regular.is_exact => {
                    break Answer::Spans(start, end);
                }
                Some((start, _)) => break Answer::Begins(start),
                None if anchored || self.until == text.len() => break Answer::Nothing,
                None => at = self.until,
            }
        };
        self.linear.note_answer(from, answer);
        Some(answer)
    }

    /// Looks at more of the text. Nothing if it is none that can be asked about.
    #[cold]
    fn go_on(&mut self, text: &[u8], at: usize) -> Option<&'l Automaton> {
        let linear = self.linear;
        let until = match linear.has_one() {
            true => None,
            false => linear.until(text, at),
        };
        let automaton = match until {
            Some(_) => linear.narrow()?,
            None => linear.wide()?,
        };
        (self.automaton, self.until) = (Some(automaton), until.unwrap_or(text.len()));
        Some(automaton)
    }
}
