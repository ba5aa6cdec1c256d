//! What is known of every match before one is looked for.

use memchr::memmem::Finder;

use super::beginnings::push_char;
use super::first::Alphabet;
use super::part::{Part, Place};
use super::{Program, Run};
use crate::syntax::Greed;

/// What lets a search leave places out.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    /// A match can be only at the beginning of the text.
    pub at_beginning: bool,
    /// A match can be only at the beginning of a line.
    pub at_line: bool,
    /// The set of a run that every match begins with, and which is left only where it ends: where
    /// the pattern failed behind it, it fails from anywhere in the run.
    pub leading: Option<u32>,
    /// Bytes that are in every match, behind what it begins with.
    pub required: Option<Box<Required>>,
}

/// Bytes that are in every match.
#[derive(Debug)]
pub(crate) struct Required {
    pub finder: Finder<'static>,
    /// At least so far behind where it begins.
    pub behind: usize,
}

impl Hints {
    /// What is known of the matches of these parts, which begin with a literal of so many bytes.
    pub fn of(parts: &[Part], prefix: usize, alphabet: &Alphabet<'_>, program: &Program) -> Hints {
        let first = parts.first();
        let leading = leading_set(parts).zip(program.runs.first());
        Hints {
            at_beginning: matches!(first, Some(Part::Place(Place::Beginning))),
            at_line: matches!(first, Some(Part::Place(Place::BeginningOfLine))),
            leading: leading
                .filter(|(set, run)| ends_itself(alphabet, *set, run))
                .filter(|_| program.read_slots.is_empty())
                .map(|(_, run)| run.one),
            required: required(parts, prefix, alphabet.is_text),
        }
    }
}

/// The set of an unbounded run that the parts begin with.
fn leading_set(parts: &[Part]) -> Option<usize> {
    match parts.first()? {
        Part::Capture(_, body) => leading_set(body),
        Part::Repeat {
            min: 1,
            max: None,
            greed: Greed::Greedy | Greed::Possessive,
            body,
        } => match body[..] {
            [Part::Set(set)] => Some(set),
            _ => None,
        },
        _ => None,
    }
}

/// Whether what follows a run cannot begin with one of its characters.
fn ends_itself(alphabet: &Alphabet<'_>, set: usize, run: &Run) -> bool {
    let inside = alphabet.of_set(set);
    let exit = &run.exit_first;
    let shared = inside
        .bytes
        .iter()
        .zip(exit.bytes)
        .any(|(one, other)| one & other != 0);
    !exit.empty && !shared
}

/// The longest literal that every match has behind the one of so many bytes that it begins with:
/// that one is sought anyway.
fn required(parts: &[Part], prefix: usize, is_text: bool) -> Option<Box<Required>> {
    let mut found = Longest {
        sought: prefix,
        ..Longest::default()
    };
    found.sequence(parts, is_text);
    let best = found.best;
    let finder = || Finder::new(&best).into_owned();
    (!best.is_empty()).then(|| {
        Box::new(Required {
            finder: finder(),
            behind: prefix,
        })
    })
}

#[derive(Default)]
struct Longest {
    /// How many bytes of what comes next are sought anyway.
    sought: usize,
    current: Vec<u8>,
    best: Vec<u8>,
}

impl Longest {
    fn sequence(&mut self, parts: &[Part], is_text: bool) {
        for part in parts {
            match part {
                Part::Char(code) if push_char(*code, is_text, &mut self.current) => {
                    // The literal at the beginning ends with a whole character.
                    if self.sought > 0 {
                        self.sought = self.sought.saturating_sub(self.current.len());
                        self.current.clear();
                    }
                    continue;
                }
                Part::Capture(_, body)
                | Part::Atomic(body)
                | Part::Repeat { min: 1.., body, .. } => {
                    self.end();
                    self.sequence(body, is_text);
                }
                _ => {}
            }
            self.end();
        }
        self.end();
    }

    fn end(&mut self) {
        // Of two as long the later: the beginning is sought anyway.
        if !self.current.is_empty() && self.current.len() >= self.best.len() {
            std::mem::swap(&mut self.current, &mut self.best);
        }
        self.current.clear();
    }
}
