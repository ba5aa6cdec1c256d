//! A pattern as a program: instructions for a machine that goes on, and goes back where it failed.
//!
//! A repeat of one character is one instruction; one of more is a loop, with a register where its
//! count or an empty pass through it matters. What can only match at certain bytes says so
//! ([`First`]), and is not tried elsewhere.

mod beginnings;
mod charset;
mod emit;
mod first;
mod folding;
mod hints;
mod part;
mod tables;
mod words;

pub(crate) use charset::{Charset, Lookup};
pub(crate) use emit::{can_be_empty, emit, words_of};
pub(crate) use first::First;
pub(crate) use folding::Folding;
use hints::Hints;
pub(crate) use part::{Part, Place, resolve};
pub(crate) use tables::{Kind, One, Ways};
pub(crate) use words::Words;

use crate::linear::Linear;
use crate::matcher::Seek;

/// Where an instruction stands.
pub(crate) type Address = u32;

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// This byte.
    Byte(u8),
    /// These bytes of the program's literals.
    Bytes {
        start: u32,
        end: u32,
    },
    /// One character of a set.
    One(u32),
    Place(Place),
    /// The place is kept in a slot.
    Mark(u32),
    /// The alternatives of a table, in turn.
    Try(u32),
    /// The alternatives of a tree, in turn.
    Words(u32),
    Jump(Address),
    /// Once more through a body that always takes something, or on.
    Loop(u32),
    /// Characters of one set, several.
    Run(u32),
    /// A register is set for a repeat that begins.
    Repeat(u32),
    /// Behind each pass of that repeat.
    Until(u32),
    /// Once more, where a lazy repeat could not go on.
    Again(u32),
    /// Behind each pass of a possessive repeat.
    UntilPossessive(u32),
    Atomic,
    EndAtomic,
    Look(u32),
    EndLook,
    EndNegatedLook,
    Reference(u32),
    FoldedReference(u32, Folding),
    /// On if the group has matched, else there.
    Conditional(u32, Address),
    Success,
    Fail,
}

/// A loop without a register.
#[derive(Debug)]
pub(crate) struct Loop {
    pub body: Address,
    pub exit: Address,
    pub body_first: First,
    pub exit_first: First,
    pub lazy: bool,
}

/// A repeat of one character.
#[derive(Debug)]
pub(crate) struct Run {
    pub one: u32,
    pub min: u32,
    /// Without an end, the greatest number.
    pub max: u32,
    pub greed: crate::syntax::Greed,
    pub exit_first: First,
    /// The only byte that it can go on with.
    pub exit_byte: Option<u8>,
}

/// A repeat that counts.
#[derive(Debug)]
pub(crate) struct Repeat {
    pub min: u32,
    /// Without an end, the greatest number.
    pub max: u32,
    pub lazy: bool,
    pub body: Address,
    pub exit: Address,
    pub body_first: First,
    pub exit_first: First,
}

/// A look around.
#[derive(Debug)]
pub(crate) struct Look {
    pub back: u32,
    pub negated: bool,
    pub exit: Address,
}

/// What the future of a choice depends on besides its place: see `matcher::failures`.
#[derive(Debug, Default, PartialEq, Eq, Hash, Clone)]
pub(crate) struct Context {
    /// Registers of the repeats around it.
    pub registers: Vec<u32>,
}

/// The instructions with their tables.
#[derive(Debug)]
pub(crate) struct Program {
    pub is_text: bool,
    pub ops: Vec<Op>,
    /// For each instruction, the number of its context.
    pub context_of: Vec<u32>,
    pub contexts: Vec<Context>,
    /// Slots that some instruction looks at.
    pub read_slots: Vec<u32>,
    pub literals: Vec<u8>,
    pub ones: Vec<One>,
    pub ways: Vec<Ways>,
    pub words: Vec<Words>,
    pub loops: Vec<Loop>,
    pub runs: Vec<Run>,
    pub repeats: Vec<Repeat>,
    pub looks: Vec<Look>,
    pub slots: usize,
    /// What a match begins with.
    pub first: First,
    /// How that is found in a text.
    pub seek: Seek,
    /// What lets a search leave places out.
    pub hints: Hints,
    /// What finds the same without going back, if anything does.
    pub linear: Option<Linear>,
}
