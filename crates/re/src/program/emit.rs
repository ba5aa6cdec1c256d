//! Parts into instructions.

use std::collections::HashMap;

use super::beginnings::{self, push_char};
use super::first::{Alphabet, First};
use super::hints::Hints;
use super::part::{Part, Sets};
use super::tables::{One, Ways};
use super::{Address, Charset, Context, Look, Loop, Op, Program, Repeat, Run, Words};
use crate::matcher::Seek;
use crate::syntax::Greed;

/// The program of a pattern with so many groups.
pub(crate) fn emit(parts: &[Part], sets: &Sets, groups: usize, is_text: bool) -> Program {
    let alphabet = Alphabet::new(&sets.all, is_text);
    let first = alphabet.of_sequence(parts, First::ANYTHING);
    let prefix = beginnings::only(parts, is_text);
    let beginnings = match prefix[..] {
        // A literal of several bytes is found as fast.
        [] | [_] => beginnings::several(parts, &alphabet),
        _ => None,
    };
    let mut emitter = Emitter {
        alphabet,
        program: Program {
            is_text,
            ops: Vec::new(),
            context_of: Vec::new(),
            contexts: vec![Context::default()],
            read_slots: Vec::new(),
            literals: Vec::new(),
            ones: Vec::new(),
            ways: Vec::new(),
            words: Vec::new(),
            loops: Vec::new(),
            runs: Vec::new(),
            repeats: Vec::new(),
            looks: Vec::new(),
            slots: groups * 2,
            first,
            seek: Seek::of(&prefix, first.few().as_deref(), beginnings),
            hints: Hints::default(),
            linear: None,
        },
        ones: vec![None; sets.all.len()],
        ones_of_chars: HashMap::new(),
        around: Vec::new(),
        contexts: HashMap::from([(Context::default(), 0)]),
    };
    emitter.sequence(parts, First::ANYTHING);
    emitter.push(Op::Success);
    let mut program = emitter.program;
    program.read_slots.sort_unstable();
    program.read_slots.dedup();
    program.hints = Hints::of(parts, prefix.len(), &emitter.alphabet, &program);
    program
}

/// So many literal alternatives are a tree; fewer are quicker tried one by one.
const MANY_WORDS: usize = 16;

/// The bytes of alternatives of characters alone.
pub(crate) fn words_of(ways: &[Vec<Part>], is_text: bool) -> Option<Vec<Vec<u8>>> {
    let word = |way: &Vec<Part>| {
        let mut bytes = Vec::new();
        let is_word = way
            .iter()
            .all(|part| matches!(part, Part::Char(code) if push_char(*code, is_text, &mut bytes)));
        is_word.then_some(bytes)
    };
    ways.iter().map(word).collect()
}

struct Emitter<'s> {
    alphabet: Alphabet<'s>,
    program: Program,
    /// The numbers of the sets, and of the sets of one character, that have been used.
    ones: Vec<Option<u32>>,
    ones_of_chars: HashMap<u32, u32>,
    /// Registers of the repeats around, up to the innermost part that is matched by itself.
    around: Vec<u32>,
    contexts: HashMap<Context, u32>,
}

impl Emitter<'_> {
    fn here(&self) -> Address {
        self.program.ops.len() as Address
    }

    fn push(&mut self, op: Op) -> Address {
        let here = self.here();
        let context = Context {
            registers: self.around.clone(),
        };
        let next = self.program.contexts.len() as u32;
        let number = *self.contexts.entry(context.clone()).or_insert(next);
        if number == next {
            self.program.contexts.push(context);
        }
        self.program.ops.push(op);
        self.program.context_of.push(number);
        here
    }

    fn patch(&mut self, address: Address, op: Op) {
        self.program.ops[address as usize] = op;
    }

    fn sequence(&mut self, parts: &[Part], follow: First) {
        let firsts = self.alphabet.along(parts, follow);
        let mut index = 0;
        while index < parts.len() {
            let literal = parts[index..]
                .iter()
                .take_while(|part| matches!(part, Part::Char(_)))
                .count();
            if literal > 0 {
                self.literal(&parts[index..index + literal]);
                index += literal;
                continue;
            }
            self.part(&parts[index], firsts[index + 1]);
            index += 1;
        }
    }

    fn literal(&mut self, chars: &[Part]) {
        let start = self.program.literals.len();
        for part in chars {
            if let Part::Char(code) = part
                && !push_char(*code, self.alphabet.is_text, &mut self.program.literals)
            {
                self.push(Op::Fail);
                return;
            }
        }
        let end = self.program.literals.len();
        match self.program.literals[start..] {
            [byte] => {
                self.program.literals.pop();
                self.push(Op::Byte(byte))
            }
            _ => self.push(Op::Bytes {
                start: start as u32,
                end: end as u32,
            }),
        };
    }

    fn part(&mut self, part: &Part, follow: First) {
        match part {
            Part::Char(_) => self.literal(std::slice::from_ref(part)),
            Part::Set(set) => {
                let one = self.one(*set);
                self.push(Op::One(one));
            }
            Part::Place(place) => {
                self.push(Op::Place(*place));
            }
            Part::Branch(ways) => self.branch(ways, follow),
            Part::Capture(group, body) => {
                let slot = (group - 1) * 2;
                self.push(Op::Mark(slot));
                self.sequence(body, follow);
                self.push(Op::Mark(slot + 1));
            }
            Part::Atomic(body) => {
                self.alone(Op::Atomic, body, Op::EndAtomic);
            }
            Part::Repeat {
                min,
                max,
                greed,
                body,
            } => self.repeat((*min, *max), *greed, body, follow),
            Part::Look {
                back,
                negated,
                body,
            } => self.look(back.unwrap_or(0), *negated, body),
            Part::Reference(group, folding) => {
                self.read(*group);
                self.push(match folding {
                    None => Op::Reference(*group),
                    Some(folding) => Op::FoldedReference(*group, *folding),
                });
            }
            Part::Conditional { group, yes, no } => {
                self.read(*group);
                let condition = self.push(Op::Fail);
                self.sequence(yes, follow);
                let jump = (!no.is_empty()).then(|| self.push(Op::Fail));
                self.patch(condition, Op::Conditional(*group, self.here()));
                self.sequence(no, follow);
                if let Some(jump) = jump {
                    self.patch(jump, Op::Jump(self.here()));
                }
            }
        }
    }

    fn read(&mut self, group: u32) {
        let slot = (group - 1) * 2;
        self.program.read_slots.extend([slot, slot + 1]);
    }

    fn one(&mut self, set: usize) -> u32 {
        if let Some(one) = self.ones[set] {
            return one;
        }
        let number = self.push_one(&self.alphabet.sets[set].clone());
        self.ones[set] = Some(number);
        number
    }

    fn one_of_char(&mut self, code: u32) -> u32 {
        if let Some(one) = self.ones_of_chars.get(&code) {
            return *one;
        }
        let number = self.push_one(&Charset::of([(code, code)]));
        self.ones_of_chars.insert(code, number);
        number
    }

    fn push_one(&mut self, set: &Charset) -> u32 {
        let one = One::new(set, self.alphabet.is_text);
        self.program.ones.push(one);
        self.program.ones.len() as u32 - 1
    }

    fn branch(&mut self, ways: &[Vec<Part>], follow: First) {
        if ways.len() >= MANY_WORDS
            && let Some(words) = words_of(ways, self.alphabet.is_text)
        {
            let number = self.program.words.len() as u32;
            self.program.words.push(Words::new(&words));
            self.push(Op::Words(number));
            return;
        }
        let choice = self.push(Op::Fail);
        let mut table = Vec::with_capacity(ways.len());
        let mut jumps = Vec::with_capacity(ways.len());
        for (index, way) in ways.iter().enumerate() {
            table.push((self.alphabet.of_sequence(way, follow), self.here()));
            self.sequence(way, follow);
            if index + 1 < ways.len() {
                jumps.push(self.push(Op::Fail));
            }
        }
        for jump in jumps {
            self.patch(jump, Op::Jump(self.here()));
        }
        self.choose(choice, &table);
    }

    fn choose(&mut self, choice: Address, table: &[(First, Address)]) {
        let number = self.program.ways.len() as u32;
        self.program.ways.push(Ways::new(table));
        self.patch(choice, Op::Try(number));
    }

    /// What is matched by itself, and not in another way once it has matched.
    fn alone(&mut self, open: Op, body: &[Part], close: Op) -> Address {
        let start = self.push(open);
        let around = std::mem::take(&mut self.around);
        self.sequence(body, First::ANYTHING);
        self.push(close);
        self.around = around;
        start
    }

    fn look(&mut self, back: u32, negated: bool, body: &[Part]) {
        let close = if negated {
            Op::EndNegatedLook
        } else {
            Op::EndLook
        };
        let start = self.alone(Op::Fail, body, close);
        let number = self.program.looks.len() as u32;
        self.program.looks.push(Look {
            back,
            negated,
            exit: self.here(),
        });
        self.patch(start, Op::Look(number));
    }

    fn repeat(
        &mut self,
        (min, max): (u32, Option<u32>),
        greed: Greed,
        body: &[Part],
        follow: First,
    ) {
        if max == Some(0) {
            return;
        }
        let one = match body {
            [Part::Char(code)] => Some(self.one_of_char(*code)),
            [Part::Set(set)] => Some(self.one(*set)),
            _ => None,
        };
        if let Some(one) = one {
            return self.run((min, max), greed, one, follow);
        }
        match (greed, min, max) {
            (Greed::Greedy | Greed::Lazy, 1, Some(1)) => self.sequence(body, follow),
            (Greed::Greedy | Greed::Lazy, 0, Some(1)) => self.optional(greed, body, follow),
            (Greed::Greedy | Greed::Lazy, 0 | 1, None) if !can_be_empty(body) => {
                self.simple_loop(min, greed == Greed::Lazy, body, follow);
            }
            _ => self.counted((min, max), greed, body, follow),
        }
    }

    fn run(&mut self, (min, max): (u32, Option<u32>), greed: Greed, one: u32, follow: First) {
        let exit_byte = match follow.few().as_deref() {
            Some([byte]) => Some(*byte),
            _ => None,
        };
        let number = self.program.runs.len() as u32;
        self.program.runs.push(Run {
            one,
            min,
            max: max.unwrap_or(u32::MAX),
            greed,
            exit_first: follow,
            exit_byte,
        });
        self.push(Op::Run(number));
    }

    fn optional(&mut self, greed: Greed, body: &[Part], follow: First) {
        let choice = self.push(Op::Fail);
        let start = self.here();
        let body_first = self.alphabet.of_sequence(body, follow);
        self.sequence(body, follow);
        let mut table = [(body_first, start), (follow, self.here())];
        if greed == Greed::Lazy {
            table.reverse();
        }
        self.choose(choice, &table);
    }

    fn simple_loop(&mut self, min: u32, lazy: bool, body: &[Part], follow: First) {
        let entry = (min == 0).then(|| self.push(Op::Fail));
        let start = self.here();
        let body_first = self.alphabet.of_sequence(body, First::ANYTHING);
        self.sequence(body, body_first.or(follow));
        let number = self.program.loops.len() as u32;
        let end = self.push(Op::Loop(number));
        self.program.loops.push(Loop {
            body: start,
            exit: self.here(),
            body_first,
            exit_first: follow,
            lazy,
        });
        if let Some(entry) = entry {
            self.patch(entry, Op::Jump(end));
        }
    }

    fn counted(
        &mut self,
        (min, max): (u32, Option<u32>),
        greed: Greed,
        body: &[Part],
        follow: First,
    ) {
        let register = self.program.repeats.len() as u32;
        let body_first = self.alphabet.of_sequence(body, First::ANYTHING);
        let repeat = Repeat {
            min,
            max: max.unwrap_or(u32::MAX),
            lazy: greed == Greed::Lazy,
            body: 0,
            exit: 0,
            body_first,
            exit_first: follow,
        };
        self.program.repeats.push(repeat);
        self.push(Op::Repeat(register));
        let entry = self.push(Op::Fail);
        let start = self.here();
        let is_possessive = greed == Greed::Possessive;
        if is_possessive {
            // Each pass is matched by itself.
            let around = std::mem::take(&mut self.around);
            self.sequence(body, First::ANYTHING);
            self.push(Op::EndAtomic);
            self.around = around;
        } else {
            self.around.push(register);
            self.sequence(body, body_first.or(follow));
        }
        let until = if is_possessive {
            self.push(Op::UntilPossessive(register))
        } else {
            self.push(Op::Until(register))
        };
        if greed == Greed::Lazy {
            self.push(Op::Again(register));
        }
        if !is_possessive {
            self.around.pop();
        }
        let exit = self.here();
        self.patch(entry, Op::Jump(until));
        let repeat = &mut self.program.repeats[register as usize];
        repeat.body = start;
        repeat.exit = exit;
    }
}

/// Whether the parts may match without a character.
pub(crate) fn can_be_empty(parts: &[Part]) -> bool {
    parts.iter().all(|part| match part {
        Part::Char(_) | Part::Set(_) => false,
        Part::Place(_) | Part::Look { .. } | Part::Reference(..) => true,
        Part::Branch(ways) => ways.iter().any(|way| can_be_empty(way)),
        Part::Capture(_, body) | Part::Atomic(body) => can_be_empty(body),
        Part::Repeat { min, body, .. } => *min == 0 || can_be_empty(body),
        Part::Conditional { yes, no, .. } => can_be_empty(yes) || can_be_empty(no),
    })
}
