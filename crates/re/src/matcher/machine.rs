//! The machine: one attempt to match at one place.

mod ways;

use std::ops::Range;

use super::Limits;
use super::failures::{Failures, Point};
use super::guide::{Guide, Steering};
use super::places::holds;
use super::search::Goal;
use super::units::after;
use crate::error::LimitReached;
use crate::linear;
use crate::program::{Address, Op, Program};

/// A slot that holds no place.
pub(crate) const UNSET: usize = usize::MAX;

/// The count of a repeat and where its last pass began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register {
    pub count: u32,
    pub last: usize,
}

/// What is on the stack: ways to go on, and what is to be put back on the way to them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    /// Go on there.
    Retry { address: Address, at: usize },
    /// Try the following of the alternatives.
    Way {
        address: Address,
        next: u32,
        at: usize,
    },
    /// Try the words of a tree from a number on.
    Word {
        address: Address,
        from: u32,
        at: usize,
    },
    /// Leave a greedy run earlier.
    Fewer {
        address: Address,
        low: usize,
        at: usize,
    },
    /// Leave a lazy run later.
    More {
        address: Address,
        count: u32,
        at: usize,
    },
    /// Put a slot back.
    Slot {
        slot: u32,
        last_index: u32,
        old: usize,
    },
    /// Put a register back.
    Register { register: u32, old: Register },
    /// Where a part began that is matched by itself; if it fails, so does what it is in.
    Alone { at: usize },
    /// The same, but if it fails, go on there.
    AloneOr { address: Address, at: usize },
    /// All ways of this have failed.
    Failed(Point),
}

impl Frame {
    /// Whether it puts something back that was changed, rather than being a way to go on.
    pub(super) fn restores(&self) -> bool {
        matches!(self, Frame::Slot { .. } | Frame::Register { .. })
    }
}

/// A machine over a text, up to its end.
#[derive(Debug)]
pub(crate) struct Machine<'p, 't> {
    pub(super) program: &'p Program,
    pub(super) text: &'t [u8],
    pub(super) stack: Vec<Frame>,
    /// How high the stack was at each part that is matched by itself.
    pub(super) alone: Vec<usize>,
    pub slots: Vec<usize>,
    /// The group that was closed last; 0 for none.
    pub last_index: u32,
    pub(super) registers: Vec<Register>,
    failures: Failures,
    /// A place of what every match contains, where one is known.
    pub(super) required_at: Option<usize>,
    /// For each run, places at which it is known that it ends at the same place as from any other of
    /// them, and can be left nowhere before.
    without_exit: Vec<Range<usize>>,
    /// From this many steps on failures are remembered.
    remember_from: u64,
    pub(super) guide: Guide<'p>,
    /// All that were taken in the walk through this text.
    pub(super) steps: u64,
    /// How many there may be before the linear engines are asked; the same as the most when not.
    pause_at: u64,
    most_steps: u64,
    most_frames: usize,
    memory: usize,
}

/// Where to go on.
pub(super) type Next = Option<(Address, usize)>;

impl<'p, 't> Machine<'p, 't> {
    pub fn new(program: &'p Program, text: &'t [u8], limits: Limits, steering: Steering) -> Self {
        let register = Register {
            count: 0,
            last: UNSET,
        };
        let length = text.len() as u64;
        let linear = program.linear.as_ref();
        let linear = linear.filter(|_| limits.memory >= linear::MOST_MEMORY);
        Machine {
            program,
            text,
            stack: Vec::new(),
            alone: Vec::new(),
            slots: vec![UNSET; program.slots],
            last_index: 0,
            registers: vec![register; program.repeats.len()],
            failures: Failures::within(limits.memory / 2),
            required_at: None,
            without_exit: Vec::new(),
            remember_from: 0,
            guide: Guide::new(linear, steering),
            steps: 0,
            pause_at: 0,
            most_steps: limits
                .steps
                .saturating_add(limits.steps_per_byte.saturating_mul(length)),
            most_frames: most_frames(limits.memory / 2),
            memory: limits.memory,
        }
    }

    /// The groups of the match that was found, and the one that was closed last. It costs as many
    /// steps as there are ends of groups.
    pub fn groups(&mut self) -> (Vec<usize>, u32) {
        self.steps += self.slots.len() as u64;
        (self.slots.clone(), self.last_index)
    }

    pub fn program(&self) -> &'p Program {
        self.program
    }

    pub fn text(&self) -> &'t [u8] {
        self.text
    }

    /// Begins a search; returns how many steps there were before.
    pub(super) fn begin(&mut self) -> u64 {
        self.remember_from = self.steps + 10_000 + 16 * self.text.len() as u64;
        self.plan_pause();
        self.steps
    }

    /// Plans a pause for after as many steps as are worth it.
    pub(super) fn plan_pause(&mut self) {
        let patience = self.guide.begin().unwrap_or(u64::MAX);
        self.pause_at = self.steps.saturating_add(patience).min(self.most_steps);
    }

    /// Whether the limits of the search are all that ends an attempt.
    pub(super) fn is_without_pause(&self) -> bool {
        self.pause_at == self.most_steps
    }

    /// Whether it is time for a pause, in which the linear engines are asked.
    pub(super) fn is_tired(&self) -> bool {
        self.pause_at <= self.steps && !self.is_without_pause()
    }

    /// Whether more steps may be taken.
    pub(super) fn has_steps(&self) -> bool {
        self.steps < self.pause_at
    }

    pub(super) fn go_on_without_pause(&mut self) {
        self.pause_at = self.most_steps;
    }

    /// Forgets what failed, which held only for the goal of before.
    pub(super) fn forget(&mut self) {
        self.failures.clear();
    }

    /// Whether a match that begins at a place can end so; where.
    pub(super) fn attempt<const TEXT: bool>(
        &mut self,
        at: usize,
        goal: &Goal,
    ) -> Result<Option<usize>, LimitReached> {
        self.stack.clear();
        self.alone.clear();
        self.slots.fill(UNSET);
        // To begin costs as much as some instructions.
        self.steps += 4 + self.slots.len() as u64 / 16;
        self.last_index = 0;
        let mut next: Next = Some((0, at));
        while let Some((address, at)) = next {
            match self.advance::<TEXT>(address, at, goal)? {
                Advanced::Done(end) => return Ok(Some(end)),
                Advanced::Stuck => next = self.go_back::<TEXT>(),
            }
        }
        Ok(None)
    }

    /// Goes on until it is done or stuck.
    // layers: long because it is one arm an instruction, and a call for each would cost a third.
    fn advance<const TEXT: bool>(
        &mut self,
        address: Address,
        at: usize,
        goal: &Goal,
    ) -> Result<Advanced, LimitReached> {
        let (program, text) = (self.program, self.text);
        let (mut address, mut at) = (address, at);
        loop {
            self.steps += 1;
            if self.steps > self.pause_at || self.stack.len() > self.most_frames {
                return Err(self.exhausted());
            }
            let moved = match program.ops[address as usize] {
                Op::Byte(byte) => {
                    if text.get(at) != Some(&byte) {
                        return Ok(Advanced::Stuck);
                    }
                    at += 1;
                    address += 1;
                    continue;
                }
                Op::Bytes { start, end } => {
                    let literal = &program.literals[start as usize..end as usize];
                    if text.get(at) != literal.first() {
                        return Ok(Advanced::Stuck);
                    }
                    // A long one takes its time.
                    self.steps += literal.len() as u64 / 16;
                    if !text[at..].starts_with(literal) {
                        return Ok(Advanced::Stuck);
                    }
                    at += literal.len();
                    address += 1;
                    continue;
                }
                Op::One(one) => {
                    let one = &program.ones[one as usize];
                    let Some(&byte) = text.get(at) else {
                        return Ok(Advanced::Stuck);
                    };
                    if !TEXT || byte < 0x80 {
                        if !one.lookup.has_byte(byte) {
                            return Ok(Advanced::Stuck);
                        }
                        at += 1;
                    } else {
                        let (code, end) = after::<TEXT>(text, at);
                        if !one.lookup.contains(code) {
                            return Ok(Advanced::Stuck);
                        }
                        at = end;
                    }
                    address += 1;
                    continue;
                }
                Op::Place(place) => holds::<TEXT>(place, text, at).then_some((address + 1, at)),
                Op::Mark(slot) => {
                    self.mark(slot, at);
                    address += 1;
                    continue;
                }
                Op::Jump(to) => {
                    address = to;
                    continue;
                }
                Op::Try(ways) => self.choose(address, ways, 0, at),
                Op::Words(words) => self.word(address, words, 0, at),
                Op::Loop(number) => self.pass(address, number, at),
                Op::Run(number) => self.run::<TEXT>(address, number, at),
                Op::Repeat(register) => {
                    let fresh = Register {
                        count: 0,
                        last: UNSET,
                    };
                    self.set(register, fresh);
                    address += 1;
                    continue;
                }
                Op::Until(register) => self.until(address, register, at),
                Op::Again(register) => self.again(register, at),
                Op::UntilPossessive(register) => self.until_possessive(register, at),
                Op::Atomic => {
                    self.open(Frame::Alone { at });
                    address += 1;
                    continue;
                }
                Op::EndAtomic => {
                    self.close();
                    address += 1;
                    continue;
                }
                Op::Look(number) => self.look::<TEXT>(address, number, at),
                Op::EndLook => Some((address + 1, self.close())),
                Op::EndNegatedLook => {
                    self.undo();
                    None
                }
                Op::Reference(group) => self.reference(group, at).map(|end| (address + 1, end)),
                Op::FoldedReference(group, folding) => self
                    .folded_reference::<TEXT>(group, folding, at)
                    .map(|end| (address + 1, end)),
                Op::Conditional(group, otherwise) => match self.group(group) {
                    Some(_) => Some((address + 1, at)),
                    None => Some((otherwise, at)),
                },
                Op::Success if goal.accepts(at) => return Ok(Advanced::Done(at)),
                Op::Success | Op::Fail => None,
            };
            match moved {
                Some(moved) => (address, at) = moved,
                None => return Ok(Advanced::Stuck),
            }
        }
    }

    #[cold]
    fn exhausted(&self) -> LimitReached {
        if self.steps > self.most_steps {
            LimitReached::Steps(self.most_steps)
        } else {
            LimitReached::Memory(self.memory)
        }
    }

    /// Takes frames off the stack up to a way to go on.
    fn go_back<const TEXT: bool>(&mut self) -> Next {
        while let Some(frame) = self.stack.pop() {
            match frame {
                Frame::Slot {
                    slot,
                    last_index,
                    old,
                } => {
                    self.slots[slot as usize] = old;
                    self.last_index = last_index;
                }
                Frame::Register { register, old } => self.registers[register as usize] = old,
                Frame::Retry { address, at } => return Some((address, at)),
                Frame::Way { address, next, at } => {
                    if let Op::Try(ways) = self.program.ops[address as usize] {
                        return self.choose(address, ways, next, at);
                    }
                }
                Frame::Word { address, from, at } => {
                    if let Op::Words(words) = self.program.ops[address as usize] {
                        return self.word(address, words, from, at);
                    }
                }
                Frame::Fewer { address, low, at } => {
                    if let Some(at) = self.leave_earlier::<TEXT>(address, low, at) {
                        return Some((address + 1, at));
                    }
                }
                Frame::More { address, count, at } => {
                    if let Some(at) = self.leave_later::<TEXT>(address, count, at) {
                        return Some((address + 1, at));
                    }
                }
                Frame::Alone { .. } => {
                    self.alone.pop();
                }
                Frame::AloneOr { address, at } => {
                    self.alone.pop();
                    return Some((address, at));
                }
                Frame::Failed(point) => self.failures.add(point),
            }
        }
        None
    }

    fn mark(&mut self, slot: u32, at: usize) {
        let place = &mut self.slots[slot as usize];
        // With nothing to go back to, nothing need be put back.
        if !self.stack.is_empty() {
            self.stack.push(Frame::Slot {
                slot,
                last_index: self.last_index,
                old: *place,
            });
        }
        *place = at;
        if slot % 2 == 1 {
            self.last_index = slot / 2 + 1;
        }
    }

    pub(super) fn set(&mut self, register: u32, value: Register) {
        let old = std::mem::replace(&mut self.registers[register as usize], value);
        self.stack.push(Frame::Register { register, old });
    }

    /// Whether this is known to fail; if not, and failures are remembered, its failure will be.
    pub(super) fn is_hopeless(&mut self, address: Address, at: usize) -> bool {
        if self.steps < self.remember_from {
            return false;
        }
        let program = self.program;
        let context = &program.contexts[program.context_of[address as usize] as usize];
        // What it costs to look it up, in steps.
        self.steps += 4 + (context.registers.len() + program.read_slots.len()) as u64;
        let state = self.failures.state(
            context,
            &program.read_slots,
            &program.repeats,
            &self.registers,
            &self.slots,
            at,
        );
        let Some(state) = state else {
            return false;
        };
        let point = Point { address, state, at };
        if self.failures.has(point) {
            return true;
        }
        self.stack.push(Frame::Failed(point));
        false
    }
}

/// How many frames have room in so many bytes. Room that has become too small is doubled, and an
/// instruction pushes a few of them.
fn most_frames(bytes: usize) -> usize {
    let frames = (bytes / size_of::<Frame>()).max(1);
    (1 << frames.ilog2()) - FRAMES_OF_INSTRUCTION.min(frames / 2)
}

/// No instruction pushes more.
const FRAMES_OF_INSTRUCTION: usize = 4;

/// How far the machine came.
enum Advanced {
    Done(usize),
    Stuck,
}
