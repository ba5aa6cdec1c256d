//! Where the machine has several ways: alternatives, and how often something is repeated.

use super::super::runs;
use super::{Frame, Machine, Next};
use crate::program::{Address, Op};
use crate::syntax::Greed;

impl Machine<'_, '_> {
    /// The first of the alternatives that can match, from a number on.
    pub(super) fn choose(&mut self, address: Address, ways: u32, from: u32, at: usize) -> Next {
        let ways = &self.program.ways[ways as usize];
        let list = ways.before(self.text.get(at).copied());
        let way = *list.get(from as usize)?;
        if from as usize + 1 < list.len() {
            if from == 0 && self.is_hopeless(address, at) {
                return None;
            }
            self.stack.push(Frame::Way {
                address,
                next: from + 1,
                at,
            });
        }
        Some((way, at))
    }

    /// The first word of a tree that matches, from a number on.
    pub(super) fn word(&mut self, address: Address, words: u32, from: u32, at: usize) -> Next {
        // A walk down the tree is some memory away from another.
        let (word, looked) = self.program.words[words as usize].find(&self.text[at..], from);
        self.steps += 8 + runs::steps(looked);
        let word = word?;
        if word.has_rival {
            if from == 0 && self.is_hopeless(address, at) {
                return None;
            }
            self.stack.push(Frame::Word {
                address,
                from: word.number + 1,
                at,
            });
        }
        Some((address + 1, at + word.length))
    }

    /// Once more through a loop, or on.
    pub(super) fn pass(&mut self, address: Address, number: u32, at: usize) -> Next {
        let info = &self.program.loops[number as usize];
        let next = self.text.get(at);
        let body = info.body_first.empty || next.is_some_and(|byte| info.body_first.has(*byte));
        let exit = info.exit_first.empty || next.is_some_and(|byte| info.exit_first.has(*byte));
        match (body, exit) {
            (false, false) => None,
            (true, false) => Some((info.body, at)),
            (false, true) => Some((info.exit, at)),
            (true, true) => {
                if self.is_hopeless(address, at) {
                    return None;
                }
                let (first, second) = if info.lazy {
                    (info.exit, info.body)
                } else {
                    (info.body, info.exit)
                };
                self.stack.push(Frame::Retry {
                    address: second,
                    at,
                });
                Some((first, at))
            }
        }
    }

    pub(super) fn run<const TEXT: bool>(
        &mut self,
        address: Address,
        number: u32,
        at: usize,
    ) -> Next {
        let run = &self.program.runs[number as usize];
        let one = &self.program.ones[run.one as usize];
        let mut low = at;
        if run.min > 0 {
            let (end, count) = runs::forward::<TEXT>(one, self.text, at, run.min);
            self.steps += runs::steps(end - at);
            if count < run.min {
                return None;
            }
            low = end;
        }
        if self.is_without_exit(number, low) {
            return None;
        }
        if run.greed == Greed::Lazy {
            let seen = runs::next_exit::<TEXT>(run, one, self.text, low, run.min);
            self.steps += runs::steps(seen.at - low);
            if !seen.is_exit {
                self.note_without_exit(number, low, seen.at);
                return None;
            }
            if self.is_hopeless(address, at) {
                return None;
            }
            self.stack.push(Frame::More {
                address,
                count: seen.count,
                at: seen.at,
            });
            return Some((address + 1, seen.at));
        }
        let high = if run.max == u32::MAX {
            let high = runs::forward_all::<TEXT>(one, self.text, low);
            self.steps += runs::steps_past(one, high - low);
            high
        } else {
            let (high, _) = runs::forward::<TEXT>(one, self.text, low, run.max - run.min);
            self.steps += runs::steps(high - low);
            high
        };
        if run.greed == Greed::Possessive {
            return Some((address + 1, high));
        }
        let exit = runs::last_exit::<TEXT>(run, self.text, low, high);
        self.steps += runs::steps_to_exit(run, high - exit.unwrap_or(low));
        let Some(exit) = exit else {
            self.note_without_exit(number, low, high);
            return None;
        };
        if exit > low {
            if self.is_hopeless(address, at) {
                return None;
            }
            self.stack.push(Frame::Fewer {
                address,
                low,
                at: exit,
            });
        }
        Some((address + 1, exit))
    }

    pub(super) fn leave_earlier<const TEXT: bool>(
        &mut self,
        address: Address,
        low: usize,
        at: usize,
    ) -> Option<usize> {
        let Op::Run(number) = self.program.ops[address as usize] else {
            return None;
        };
        let run = &self.program.runs[number as usize];
        let exit = runs::earlier_exit::<TEXT>(run, self.text, low, at);
        self.steps += runs::steps_to_exit(run, at - exit.unwrap_or(low));
        let exit = exit?;
        if exit > low {
            self.stack.push(Frame::Fewer {
                address,
                low,
                at: exit,
            });
        }
        Some(exit)
    }

    pub(super) fn leave_later<const TEXT: bool>(
        &mut self,
        address: Address,
        count: u32,
        at: usize,
    ) -> Option<usize> {
        let Op::Run(number) = self.program.ops[address as usize] else {
            return None;
        };
        let run = &self.program.runs[number as usize];
        let one = &self.program.ones[run.one as usize];
        let (next, count) = runs::one_more::<TEXT>(run, one, self.text, at, count)?;
        let seen = runs::next_exit::<TEXT>(run, one, self.text, next, count);
        self.steps += runs::steps(seen.at - at);
        if !seen.is_exit {
            return None;
        }
        self.stack.push(Frame::More {
            address,
            count: seen.count,
            at: seen.at,
        });
        Some(seen.at)
    }

    /// Whether it is known that a run cannot be left at a place or behind.
    fn is_without_exit(&self, number: u32, at: usize) -> bool {
        let stretch = self.without_exit.get(number as usize);
        stretch.is_some_and(|stretch| stretch.contains(&at))
    }

    /// Takes note that a run which ends at `to` cannot be left from `from` on: whatever begins
    /// between ends there too, so it need not be gone through again for each place of it.
    fn note_without_exit(&mut self, number: u32, from: usize, to: usize) {
        if self.program.runs[number as usize].max != u32::MAX {
            return;
        }
        if self.without_exit.is_empty() {
            self.without_exit = vec![0..0; self.program.runs.len()];
        }
        self.without_exit[number as usize] = from..to + 1;
    }
}
