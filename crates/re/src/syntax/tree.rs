//! The tree of a pattern, as it is written.

use crate::flags::Flags;

/// What follows one another.
pub(crate) type Sequence = Vec<Node>;

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// A character, which may be a surrogate.
    Literal(u32),
    /// Any character but this: a negated set of one.
    NotLiteral(u32),
    /// The dot.
    Any,
    /// A set of characters.
    Set { negated: bool, items: Vec<Item> },
    /// A place that takes no characters.
    At(Anchor),
    /// Alternatives, in the order in which they are tried.
    Branch(Vec<Sequence>),
    /// A group: with a number if it captures, with flags of its own or none.
    Group {
        index: Option<u32>,
        on: Flags,
        off: Flags,
        body: Sequence,
    },
    /// `(?>…)`: once matched, it is not tried in another way.
    Atomic(Sequence),
    /// A repeat; without `max` there is no end.
    Repeat {
        min: u32,
        max: Option<u32>,
        greed: Greed,
        body: Sequence,
    },
    /// Look-ahead and look-behind.
    Look {
        behind: bool,
        negated: bool,
        body: Sequence,
    },
    /// What a group matched, again.
    Reference(u32),
    /// `(?(1)yes|no)`.
    Conditional {
        group: u32,
        yes: Sequence,
        no: Option<Sequence>,
    },
}

/// An element of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    Literal(u32),
    Range(u32, u32),
    Category(Category),
}

/// A class that has a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Category {
    Digit,
    NotDigit,
    Space,
    NotSpace,
    Word,
    NotWord,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// `^`
    Beginning,
    /// `$`
    End,
    /// `\A`
    BeginningOfText,
    /// `\Z`
    EndOfText,
    /// `\b`
    Boundary,
    /// `\B`
    NotBoundary,
}

/// Which of several counts a repeat tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greed {
    /// As many as can be, then fewer.
    Greedy,
    /// As few as can be, then more.
    Lazy,
    /// As many as can be, and never fewer.
    Possessive,
}
