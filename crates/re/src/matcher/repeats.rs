//! Repeats that count: what happens behind each pass.

use super::machine::{Frame, Machine, Next, Register};
use crate::program::{Address, First};

impl Machine<'_, '_> {
    /// Behind a pass of a repeat that counts.
    pub(super) fn until(&mut self, address: Address, number: u32, at: usize) -> Next {
        let repeat = &self.program.repeats[number as usize];
        let register = self.registers[number as usize];
        if register.count < repeat.min {
            let count = register.count + 1;
            self.set(number, Register { count, ..register });
            return Some((repeat.body, at));
        }
        let more = (repeat.max == u32::MAX || register.count < repeat.max) && at != register.last;
        let next = self.text.get(at);
        let fits = |first: &First| first.empty || next.is_some_and(|byte| first.has(*byte));
        let body = more && fits(&repeat.body_first);
        let exit = fits(&repeat.exit_first);
        if body && exit && self.is_hopeless(address, at) {
            return None;
        }
        if repeat.lazy {
            if body {
                let again = Frame::Retry {
                    address: address + 1,
                    at,
                };
                if !exit {
                    return self.again(number, at);
                }
                self.stack.push(again);
            }
            return exit.then_some((repeat.exit, at));
        }
        if !body {
            return exit.then_some((repeat.exit, at));
        }
        if exit {
            self.stack.push(Frame::Retry {
                address: repeat.exit,
                at,
            });
        }
        self.again(number, at)
    }

    /// One more pass of a repeat, past what it must have.
    pub(super) fn again(&mut self, number: u32, at: usize) -> Next {
        let count = self.registers[number as usize].count.saturating_add(1);
        self.set(number, Register { count, last: at });
        Some((self.program.repeats[number as usize].body, at))
    }

    pub(super) fn until_possessive(&mut self, number: u32, at: usize) -> Next {
        let repeat = &self.program.repeats[number as usize];
        let register = self.registers[number as usize];
        if register.count < repeat.min {
            let count = register.count + 1;
            self.set(number, Register { count, ..register });
            self.open(Frame::Alone { at });
            return Some((repeat.body, at));
        }
        let more = (repeat.max == u32::MAX || register.count < repeat.max) && at != register.last;
        if !more {
            return Some((repeat.exit, at));
        }
        let next = self.again(number, at);
        self.open(Frame::AloneOr {
            address: repeat.exit,
            at,
        });
        next
    }
}
