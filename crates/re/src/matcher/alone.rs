//! Parts that are matched by themselves: once they are done, there is no other way through them.

use super::machine::{Frame, Machine, Next};
use super::runs;
use super::units::back;
use crate::program::Address;

impl Machine<'_, '_> {
    /// Begins what is matched by itself.
    pub(super) fn open(&mut self, frame: Frame) {
        self.alone.push(self.stack.len());
        self.stack.push(frame);
    }

    /// Ends what was matched by itself: there is no other way through it any more. Returns
    /// where it began.
    pub(super) fn close(&mut self) -> usize {
        let Some(height) = self.alone.pop() else {
            return 0;
        };
        let began = match self.stack[height] {
            Frame::Alone { at } | Frame::AloneOr { at, .. } => at,
            _ => 0,
        };
        if height == 0 {
            // Nothing to go back to is left.
            self.stack.clear();
            return began;
        }
        let mut kept = height;
        for index in height + 1..self.stack.len() {
            if self.stack[index].restores() {
                self.stack[kept] = self.stack[index];
                kept += 1;
            }
        }
        self.stack.truncate(kept);
        began
    }

    /// Ends what was matched by itself and should not have been.
    pub(super) fn undo(&mut self) {
        let Some(height) = self.alone.pop() else {
            return;
        };
        while self.stack.len() > height {
            match self.stack.pop() {
                Some(Frame::Slot {
                    slot,
                    last_index,
                    old,
                }) => {
                    self.slots[slot as usize] = old;
                    self.last_index = last_index;
                }
                Some(Frame::Register { register, old }) => self.registers[register as usize] = old,
                _ => {}
            }
        }
    }

    pub(super) fn look<const TEXT: bool>(
        &mut self,
        address: Address,
        number: u32,
        at: usize,
    ) -> Next {
        let look = &self.program.looks[number as usize];
        let (mut start, mut missing) = (at, look.back);
        while missing > 0 && start > 0 {
            start = back::<TEXT>(self.text, start);
            missing -= 1;
        }
        self.steps += runs::steps(at - start);
        if missing > 0 {
            return look.negated.then_some((look.exit, at));
        }
        self.open(if look.negated {
            Frame::AloneOr {
                address: look.exit,
                at,
            }
        } else {
            Frame::Alone { at }
        });
        Some((address + 1, start))
    }
}
