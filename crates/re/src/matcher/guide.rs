//! When the machine asks the linear engines, and what it does with the answer.
//!
//! Near matches the machine finds sooner than they do. So it begins each search by itself, and asks only once
//! that has taken many steps: whether there is a match at all, and where it begins. Where
//! such help was needed it is asked for sooner the next time.

use super::machine::Machine;
use super::search::{Goal, How};
use crate::error::LimitReached;
use crate::linear::{Answer, Engine, Linear};

/// Who answers: both as is best, or for tests one of them alone.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Steering {
    #[default]
    Both,
    /// The machine alone.
    Machine,
    /// The linear engines for whatever they can answer.
    Linear,
}

/// The linear engines, for a walk through one text.
#[derive(Debug)]
pub(super) struct Guide<'p> {
    linear: Option<&'p Linear>,
    steering: Steering,
    /// The engine for this text, once it has been asked for; none, if it has none.
    engine: Option<Option<Engine<'p>>>,
    /// Whether it was asked in this search.
    asked: bool,
}

/// What came of attempts from a place on.
pub(super) enum Tried {
    Matched(usize, usize),
    /// It failed at this place; of places behind it nothing is known.
    Failed(usize),
    /// There is no match from there on.
    Nothing,
}

impl<'p> Guide<'p> {
    pub fn new(linear: Option<&'p Linear>, steering: Steering) -> Self {
        Guide {
            linear: linear.filter(|_| steering != Steering::Machine),
            steering,
            engine: None,
            asked: false,
        }
    }

    /// Begins a search: after how many steps it is to be asked, if ever.
    pub fn begin(&mut self) -> Option<u64> {
        self.asked = false;
        let linear = self.linear?;
        match self.engine {
            _ if self.steering == Steering::Linear => Some(0),
            Some(None) => None,
            _ => Some(linear.patience()),
        }
    }

    /// Ends a search that took so many steps and came so many bytes far.
    pub fn end(&mut self, steps: u64, distance: usize) {
        if let Some(linear) = self.linear
            && !self.asked
        {
            linear.note_steps(steps, distance);
        }
    }

    fn ask(&mut self, text: &[u8], at: usize, how: How) -> Option<Answer> {
        let linear = self.linear?;
        self.asked = true;
        let engine = self.engine.get_or_insert_with(|| linear.engine(text));
        let answer = engine.as_mut()?.ask(text, at, how == How::Here);
        if answer.is_none() {
            *engine = None;
        }
        answer
    }
}

impl Machine<'_, '_> {
    /// Attempts a match at a place. Where that takes long, asks for the first match there or behind.
    pub(super) fn attempt_from<const TEXT: bool>(
        &mut self,
        at: usize,
        how: How,
        goal: &Goal,
    ) -> Result<Tried, LimitReached> {
        let reached = match self.attempt::<TEXT>(at, goal) {
            Ok(Some(end)) => return Ok(Tried::Matched(at, end)),
            Ok(None) => return Ok(Tried::Failed(at)),
            Err(reached) => reached,
        };
        if self.is_without_pause() {
            return Err(reached);
        }
        self.ask_from::<TEXT>(at, how, goal)
    }

    /// Asks for the first match at a place, or there or behind; from then on the search goes on alone.
    pub(super) fn ask_from<const TEXT: bool>(
        &mut self,
        at: usize,
        how: How,
        goal: &Goal,
    ) -> Result<Tried, LimitReached> {
        self.go_on_without_pause();
        let begins = match self.guide.ask(self.text, at, how) {
            Some(Answer::Nothing) => return Ok(Tried::Nothing),
            Some(Answer::Spans(start, end)) if self.slots.is_empty() && goal.accepts(end) => {
                return Ok(Tried::Matched(start, end));
            }
            Some(Answer::Spans(start, _) | Answer::Begins(start)) => start,
            None => at,
        };
        Ok(match self.attempt::<TEXT>(begins, goal)? {
            Some(end) => Tried::Matched(begins, end),
            None => Tried::Failed(begins),
        })
    }
}
