//! What is known of every match before one is looked for.

use memchr::memmem::Finder;
use memchr::{memchr2, memchr3};

use super::beginnings::push_char;
use super::charset::Charset;
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
    /// The pattern is a literal of so many bytes and nothing else: where that is found is the match.
    pub literal: Option<usize>,
    /// Bytes that are in every match, behind what it begins with.
    pub required: Option<Box<Required>>,
}

/// Bytes that are in every match.
#[derive(Debug)]
pub(crate) struct Required {
    pub bytes: Bytes,
    /// At least so far behind where it begins.
    pub behind: usize,
}

/// What is in every match.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// All of these, one after another.
    Literal(Box<Finder<'static>>),
    /// One of these.
    Two(u8, u8),
    Three(u8, u8, u8),
}

impl Bytes {
    /// Where they are first.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        match self {
            Bytes::Literal(finder) => finder.find(text),
            Bytes::Two(one, two) => memchr2(*one, *two, text),
            Bytes::Three(one, two, three) => memchr3(*one, *two, *three, text),
        }
    }
}

/// Whether these bytes are rarer than letters, digits and what stands between words.
fn is_rare(bytes: &[u8]) -> bool {
    let is_common = |byte: &u8| byte.is_ascii_alphanumeric() || b" \t\n.,-_'\"".contains(byte);
    !bytes.iter().all(is_common)
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
            literal: whole_literal(parts, alphabet.is_text),
            required: required(parts, prefix, alphabet),
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

/// The length of a pattern that is a literal and nothing else.
fn whole_literal(parts: &[Part], is_text: bool) -> Option<usize> {
    let mut bytes = Vec::new();
    let mut push =
        |part: &Part| matches!(part, Part::Char(code) if push_char(*code, is_text, &mut bytes));
    let is_literal = parts.iter().all(&mut push);
    (is_literal && !bytes.is_empty()).then_some(bytes.len())
}

/// The longest literal that every match has behind the one of so many bytes that it begins with:
/// that one is sought anyway.
fn required(parts: &[Part], prefix: usize, alphabet: &Alphabet<'_>) -> Option<Box<Required>> {
    let mut found = Longest {
        alphabet,
        sought: prefix,
        current: Vec::new(),
        best: Best::default(),
    };
    found.sequence(parts);
    let best = found.best.bytes;
    let bytes = match best[..] {
        [] => return None,
        [one, two] if found.best.is_set => Bytes::Two(one, two),
        [one, two, three] if found.best.is_set => Bytes::Three(one, two, three),
        _ => Bytes::Literal(Box::new(Finder::new(&best).into_owned())),
    };
    Some(Box::new(Required {
        bytes,
        behind: prefix,
    }))
}

struct Longest<'a> {
    alphabet: &'a Alphabet<'a>,
    /// How many bytes of what comes next are sought anyway.
    sought: usize,
    current: Vec<u8>,
    best: Best,
}

/// What is best sought, of what was met.
#[derive(Default)]
struct Best {
    bytes: Vec<u8>,
    /// Any one of the bytes, not all of them.
    is_set: bool,
}

impl Best {
    /// Of two the longer is better, then the rarer, then the later: the beginning is sought anyway.
    fn worth(&self) -> (usize, bool) {
        if self.is_set {
            return (1, self.bytes.iter().all(|byte| is_rare(&[*byte])));
        }
        (self.bytes.len(), is_rare(&self.bytes))
    }
}

impl Longest<'_> {
    fn sequence(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Char(code) if push_char(*code, self.alphabet.is_text, &mut self.current) => {
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
                    self.sequence(body);
                }
                Part::Set(set) => {
                    self.end();
                    self.set(&self.alphabet.sets[*set]);
                }
                _ => {}
            }
            self.end();
        }
        self.end();
    }

    /// One of two or three bytes.
    fn set(&mut self, set: &Charset) {
        let few = set.up_to(0x7f);
        let count = |&(first, last): &(u32, u32)| last - first + 1;
        let bytes: u32 = few.ranges().iter().map(count).sum();
        if !(2..=3).contains(&bytes) || few != *set {
            return;
        }
        let codes = few.ranges().iter().flat_map(|&(first, last)| first..=last);
        self.offer(Best {
            bytes: codes.map(|code| code as u8).collect(),
            is_set: true,
        });
    }

    fn end(&mut self) {
        let bytes = std::mem::take(&mut self.current);
        if !bytes.is_empty() {
            self.offer(Best {
                bytes,
                is_set: false,
            });
        }
    }

    fn offer(&mut self, other: Best) {
        if other.worth() >= self.best.worth() {
            self.best = other;
        }
    }
}
