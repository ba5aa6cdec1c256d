//! Where in a text to attempt a match: only at places where one can begin.

use std::sync::OnceLock;

use memchr::{memchr, memchr2, memchr3, memmem};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::{MatchKind, Span};

use super::guide::Tried;
use super::machine::Machine;
use super::units::is_boundary;
use crate::error::LimitReached;
use crate::program::Program;

/// What a match must be besides a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Goal {
    /// It ends where the text does.
    pub whole: Option<usize>,
    /// It does not end there: where the one before it was empty.
    pub not_at: Option<usize>,
}

impl Goal {
    pub fn accepts(&self, at: usize) -> bool {
        self.whole.is_none_or(|end| end == at) && self.not_at != Some(at)
    }
}

/// Where a match may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// At the place where the search begins.
    Here,
    /// There or anywhere behind it.
    Anywhere,
}

impl Machine<'_, '_> {
    /// The first match from a place on, which must be the beginning of a character: its span.
    pub fn find(
        &mut self,
        from: usize,
        how: How,
        goal: Goal,
    ) -> Result<Option<(usize, usize)>, LimitReached> {
        if self.program().is_text {
            self.find_in::<true>(from, how, goal)
        } else {
            self.find_in::<false>(from, how, goal)
        }
    }

    fn find_in<const TEXT: bool>(
        &mut self,
        from: usize,
        how: How,
        goal: Goal,
    ) -> Result<Option<(usize, usize)>, LimitReached> {
        let before = self.begin();
        let found = self.find_by_steps::<TEXT>(from, how, goal);
        let to = match &found {
            Ok(Some((start, _))) => *start,
            _ => self.text().len(),
        };
        self.guide.end(self.steps - before, to.saturating_sub(from));
        found
    }

    fn find_by_steps<const TEXT: bool>(
        &mut self,
        from: usize,
        how: How,
        goal: Goal,
    ) -> Result<Option<(usize, usize)>, LimitReached> {
        let mut at = from;
        if how == How::Here || goal.not_at.is_some() {
            self.forget();
            if let Tried::Matched(start, end) = self.attempt_from::<TEXT>(at, How::Here, &goal)? {
                return Ok(Some((start, end)));
            }
            if how == How::Here || at >= self.text().len() {
                return Ok(None);
            }
            self.forget();
            self.plan_pause();
            at = super::units::next::<TEXT>(self.text(), at);
        }
        let goal = Goal {
            not_at: None,
            ..goal
        };
        let program = self.program();
        if program.hints.at_beginning {
            if at > 0 {
                return Ok(None);
            }
            return Ok(match self.attempt_from::<TEXT>(at, How::Here, &goal)? {
                Tried::Matched(start, end) => Some((start, end)),
                _ => None,
            });
        }
        loop {
            let tried = if self.is_tired() {
                self.ask_from::<TEXT>(at, How::Anywhere, &goal)?
            } else {
                let seen = self.seen_at_once::<TEXT>(at);
                let Some(start) = candidate::<TEXT>(program, &self.text()[..seen], at) else {
                    if seen == self.text().len() {
                        return Ok(None);
                    }
                    self.steps += program.seek.steps(seen - at);
                    at = seen;
                    continue;
                };
                self.steps += program.seek.steps(start - at);
                if let Some(length) = program.hints.literal
                    && goal.whole.is_none()
                    && self.has_steps()
                {
                    return Ok(Some((start, start + length)));
                }
                if !self.has_required(start) {
                    return Ok(None);
                }
                self.attempt_from::<TEXT>(start, How::Anywhere, &goal)?
            };
            let start = match tried {
                Tried::Matched(start, end) => return Ok(Some((start, end))),
                Tried::Nothing => return Ok(None),
                Tried::Failed(start) => start,
            };
            if start == self.text().len() {
                break;
            }
            at = super::units::next::<TEXT>(self.text(), start);
            if let Some(one) = program.hints.leading {
                let one = &program.ones[one as usize];
                at = at.max(super::runs::forward_all::<TEXT>(one, self.text(), start));
            }
        }
        Ok(None)
    }

    /// How far to look for where a match may begin, before it is thought of a pause.
    fn seen_at_once<const TEXT: bool>(&self, at: usize) -> usize {
        let end = self.text().len();
        if self.is_without_pause() || !matches!(self.program().seek.chosen(), Seek::First) {
            return end;
        }
        let mut seen = end.min(at + 4096);
        while !is_boundary::<TEXT>(self.text(), seen) {
            seen += 1;
        }
        seen
    }

    /// Whether what every match contains is to be found from a place on.
    fn has_required(&mut self, start: usize) -> bool {
        let Some(required) = &self.program().hints.required else {
            return true;
        };
        let from = start + required.behind;
        if self.required_at.is_some_and(|known| known >= from) {
            return true;
        }
        // A match cannot begin where the text ends before it could have what it begins with.
        let found = self
            .text()
            .get(from..)
            .and_then(|rest| required.bytes.find(rest));
        self.required_at = found.map(|offset| from + offset);
        found.is_some()
    }
}

/// The first place from `at` on where a match may begin.
#[inline]
fn candidate<const TEXT: bool>(program: &Program, text: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    if program.hints.at_line && at > 0 {
        at = at + memchr(b'\n', &text[at - 1..])?;
    }
    if program.first.empty || program.hints.at_line {
        return Some(at);
    }
    let rest = &text[at..];
    let found = match program.seek.chosen() {
        Seek::Literal(finder) => finder.find(rest),
        Seek::Literals(literals) => {
            let span = Span::from(at..text.len());
            let found = literals.finder().and_then(|finder| finder.find(text, span));
            found.map(|literal| literal.start - at)
        }
        Seek::Byte(byte) => memchr(*byte, rest),
        Seek::TwoBytes(one, two) => memchr2(*one, *two, rest),
        Seek::ThreeBytes(one, two, three) => memchr3(*one, *two, *three, rest),
        Seek::First => rest.iter().position(|byte| program.first.has(*byte)),
    };
    let mut start = at + found?;
    while !is_boundary::<TEXT>(text, start) {
        start += 1;
    }
    Some(start)
}

/// How to look for what a match begins with.
#[derive(Debug)]
pub(crate) enum Seek {
    Literal(Box<memmem::Finder<'static>>),
    /// One of several.
    Literals(Box<Literals>),
    Byte(u8),
    TwoBytes(u8, u8),
    ThreeBytes(u8, u8, u8),
    First,
}

/// Several literals, and what looks for them all at once.
#[derive(Debug)]
pub(crate) struct Literals {
    all: Vec<Vec<u8>>,
    /// Made by the first search, since it takes longer than all else that compiling does; none, if it
    /// would not be fast.
    finder: OnceLock<Option<Prefilter>>,
    otherwise: Seek,
}

impl Literals {
    fn finder(&self) -> Option<&Prefilter> {
        let make = || Prefilter::new(MatchKind::LeftmostFirst, &self.all);
        let finder = self
            .finder
            .get_or_init(|| make().filter(Prefilter::is_fast));
        finder.as_ref()
    }
}

impl Seek {
    /// The quickest way for what a program is known to begin with.
    pub fn of(prefix: &[u8], few: Option<&[u8]>, several: Option<Vec<Vec<u8>>>) -> Seek {
        let otherwise = match (prefix, few) {
            ([byte], _) => Seek::Byte(*byte),
            ([_, _, ..], _) => Seek::Literal(Box::new(memmem::Finder::new(prefix).into_owned())),
            (_, Some([byte])) => Seek::Byte(*byte),
            (_, Some([one, two])) => Seek::TwoBytes(*one, *two),
            (_, Some([one, two, three])) => Seek::ThreeBytes(*one, *two, *three),
            _ => Seek::First,
        };
        match several {
            None => otherwise,
            Some(all) => Seek::Literals(Box::new(Literals {
                all,
                finder: OnceLock::new(),
                otherwise,
            })),
        }
    }

    /// Itself, unless several literals are not found fast.
    #[inline]
    fn chosen(&self) -> &Seek {
        match self {
            Seek::Literals(literals) if literals.finder().is_none() => &literals.otherwise,
            _ => self,
        }
    }

    /// What it costs to look so far, in steps.
    fn steps(&self, bytes: usize) -> u64 {
        match self.chosen() {
            Seek::First => bytes as u64 / 4,
            // A long literal is compared where it is found.
            Seek::Literal(finder) => (bytes + finder.needle().len() * 4) as u64 / 64,
            _ => bytes as u64 / 64,
        }
    }
}
