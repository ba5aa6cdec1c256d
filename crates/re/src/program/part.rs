//! A pattern whose flags have been resolved: what the compiler, and the linear engines, begin with.

use std::collections::HashMap;

use super::charset::Charset;
use super::folding::{self, Folding};
use crate::error::{Fault, PatternError};
use crate::flags::Flags;
use crate::syntax::{Anchor, Category, Greed, Item, Node, Parsed, Sequence, Width};

type Result<T> = std::result::Result<T, PatternError>;

/// One part of a pattern, in which every character has become a set.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// One character.
    Char(u32),
    /// One of a set, by its number.
    Set(usize),
    Place(Place),
    Branch(Vec<Vec<Part>>),
    Capture(u32, Vec<Part>),
    Atomic(Vec<Part>),
    Repeat {
        min: u32,
        max: Option<u32>,
        greed: Greed,
        body: Vec<Part>,
    },
    Look {
        /// How many characters to go back first, in a look-behind.
        back: Option<u32>,
        negated: bool,
        body: Vec<Part>,
    },
    Reference(u32, Option<Folding>),
    Conditional {
        group: u32,
        yes: Vec<Part>,
        no: Vec<Part>,
    },
}

/// A place, with its meaning under the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Beginning,
    BeginningOfLine,
    /// At the end, or before a newline there.
    EndOrNewline,
    EndOfLine,
    End,
    Boundary {
        unicode: bool,
    },
    NotBoundary {
        unicode: bool,
    },
}

/// The sets of a pattern, each kept once.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    pub all: Vec<Charset>,
    numbers: HashMap<Charset, usize>,
    /// How many ranges all of them have.
    ranges: usize,
}

/// So many ranges the sets of a pattern may have: 350 classes of Unicode, each with something else in
/// it besides. Without a limit a pattern of 200 KB could take a gigabyte.
const MOST_RANGES: usize = 1 << 18;

impl Sets {
    fn number(&mut self, set: Charset) -> usize {
        if let Some(number) = self.numbers.get(&set) {
            return *number;
        }
        self.ranges += set.ranges().len();
        self.all.push(set.clone());
        self.numbers.insert(set, self.all.len() - 1);
        self.all.len() - 1
    }
}

/// Resolves the flags of a tree. Fails where a look-behind's width varies.
pub(crate) fn resolve(parsed: &Parsed, is_text: bool) -> Result<(Vec<Part>, Sets)> {
    let mut resolver = Resolver {
        widths: &parsed.widths,
        sets: Sets::default(),
        known: HashMap::new(),
        greatest: if is_text { None } else { Some(0xff) },
    };
    let parts = resolver.sequence(&parsed.tree, parsed.flags)?;
    Ok((parts, resolver.sets))
}

struct Resolver<'p> {
    widths: &'p [Option<Width>],
    sets: Sets,
    /// Sets that have been resolved, as they are written.
    known: HashMap<(Category, u32), Part>,
    /// The last character that the text can have.
    greatest: Option<u32>,
}

impl Resolver<'_> {
    fn sequence(&mut self, sequence: &Sequence, flags: Flags) -> Result<Vec<Part>> {
        let mut parts = Vec::with_capacity(sequence.len());
        for node in sequence {
            self.node(node, flags, &mut parts)?;
        }
        Ok(parts)
    }

    fn node(&mut self, node: &Node, flags: Flags, parts: &mut Vec<Part>) -> Result<()> {
        if self.sets.ranges > MOST_RANGES {
            let message = format!(
                "the sets of the pattern have more than {MOST_RANGES} ranges of characters"
            );
            return Err(PatternError::new(Fault::Limit, message));
        }
        let part = match node {
            Node::Literal(code) => self.literal(*code, flags),
            Node::NotLiteral(code) => {
                let set = folding::literal(*code, flags).negated();
                self.one_of(set)
            }
            Node::Any if flags.contains(Flags::DOTALL) => self.one_of(Charset::of([]).negated()),
            Node::Any => self.one_of(Charset::of([(10, 10)]).negated()),
            Node::Set { negated, items } => self.set(items, *negated, flags),
            Node::At(anchor) => Part::Place(place(*anchor, flags)),
            Node::Branch(ways) => return self.branch(ways, flags, parts),
            Node::Group {
                index,
                on,
                off,
                body,
            } => {
                let body = self.sequence(body, flags.scoped(*on, *off))?;
                match index {
                    Some(index) => Part::Capture(*index, body),
                    None => {
                        parts.extend(body);
                        return Ok(());
                    }
                }
            }
            Node::Atomic(body) => Part::Atomic(self.sequence(body, flags)?),
            Node::Repeat {
                min,
                max,
                greed,
                body,
            } => Part::Repeat {
                min: *min,
                max: *max,
                greed: *greed,
                body: self.sequence(body, flags)?,
            },
            Node::Look {
                behind,
                negated,
                body,
            } => Part::Look {
                back: behind.then(|| self.fixed_width(body)).transpose()?,
                negated: *negated,
                body: self.sequence(body, flags)?,
            },
            Node::Reference(group) => Part::Reference(*group, Folding::of(flags)),
            Node::Conditional { group, yes, no } => Part::Conditional {
                group: *group,
                yes: self.sequence(yes, flags)?,
                no: match no {
                    Some(no) => self.sequence(no, flags)?,
                    None => Vec::new(),
                },
            },
        };
        parts.push(part);
        Ok(())
    }

    fn literal(&mut self, code: u32, flags: Flags) -> Part {
        if !flags.contains(Flags::IGNORECASE) {
            return match self.greatest {
                Some(greatest) if code > greatest => self.one_of(Charset::of([])),
                _ => Part::Char(code),
            };
        }
        self.one_of(folding::literal(code, flags))
    }

    fn set(&mut self, items: &[Item], negated: bool, flags: Flags) -> Part {
        // Only classes by themselves come often enough to be remembered.
        if let ([Item::Category(category)], false) = (items, negated) {
            let key = (*category, flags.bits());
            if let Some(part) = self.known.get(&key) {
                return part.clone();
            }
            let part = self.one_of(folding::set(items, negated, flags));
            self.known.insert(key, part.clone());
            return part;
        }
        self.one_of(folding::set(items, negated, flags))
    }

    fn one_of(&mut self, set: Charset) -> Part {
        let set = match self.greatest {
            Some(greatest) => set.up_to(greatest),
            None => set,
        };
        match set.single() {
            Some(code) => Part::Char(code),
            None => Part::Set(self.sets.number(set)),
        }
    }

    /// Alternatives: what all begin with comes before them, and those of one character each are
    /// a set. CPython does the same, which shows where a set ignores case.
    fn branch(&mut self, ways: &[Sequence], flags: Flags, parts: &mut Vec<Part>) -> Result<()> {
        let ways: Vec<Vec<&Node>> = ways.iter().map(|way| flattened(way)).collect();
        let shared = shared_prefix(&ways);
        for node in &ways[0][..shared] {
            self.node(node, flags, parts)?;
        }
        if let Some(items) = set_of(&ways, shared) {
            parts.push(self.set(&items, false, flags));
            return Ok(());
        }
        let mut branches = Vec::with_capacity(ways.len());
        for way in &ways {
            let mut branch = Vec::new();
            for node in &way[shared..] {
                self.node(node, flags, &mut branch)?;
            }
            branches.push(branch);
        }
        parts.push(Part::Branch(branches));
        Ok(())
    }

    fn fixed_width(&self, body: &Sequence) -> Result<u32> {
        let wrong = |message| Err(PatternError::new(Fault::Syntax, message));
        let width = Width::of(body, self.widths);
        let Ok(back) = u32::try_from(width.min) else {
            return wrong("looks too much behind");
        };
        if width.min != width.max {
            return wrong("look-behind requires fixed-width pattern");
        }
        Ok(back)
    }
}

/// A sequence without the groups in it that do nothing.
fn flattened(sequence: &Sequence) -> Vec<&Node> {
    let mut flat = Vec::with_capacity(sequence.len());
    for node in sequence {
        match node {
            Node::Group {
                index: None,
                on,
                off,
                body,
            } if on.is_empty() && off.is_empty() => flat.extend(flattened(body)),
            node => flat.push(node),
        }
    }
    flat
}

/// How many nodes all of them begin with; only of those that hold no others.
fn shared_prefix(ways: &[Vec<&Node>]) -> usize {
    let is_simple = |node: &Node| {
        matches!(
            node,
            Node::Literal(_)
                | Node::NotLiteral(_)
                | Node::Any
                | Node::Set { .. }
                | Node::At(_)
                | Node::Reference(_)
        )
    };
    let first = &ways[0];
    let same = |index: &usize| {
        is_simple(first[*index])
            && ways
                .iter()
                .all(|way| way.get(*index) == Some(&first[*index]))
    };
    (0..first.len()).take_while(same).count()
}

/// The elements of the set that alternatives of one character make.
fn set_of(ways: &[Vec<&Node>], shared: usize) -> Option<Vec<Item>> {
    let mut all = Vec::new();
    for way in ways {
        let [node] = &way[shared..] else {
            return None;
        };
        match node {
            Node::Literal(code) => all.push(Item::Literal(*code)),
            Node::Set {
                negated: false,
                items,
            } => all.extend_from_slice(items),
            _ => return None,
        }
    }
    Some(all)
}

fn place(anchor: Anchor, flags: Flags) -> Place {
    let unicode = flags.contains(Flags::UNICODE) && !flags.contains(Flags::LOCALE);
    match anchor {
        Anchor::Beginning if flags.contains(Flags::MULTILINE) => Place::BeginningOfLine,
        Anchor::Beginning | Anchor::BeginningOfText => Place::Beginning,
        Anchor::End if flags.contains(Flags::MULTILINE) => Place::EndOfLine,
        Anchor::End => Place::EndOrNewline,
        Anchor::EndOfText => Place::End,
        Anchor::Boundary => Place::Boundary { unicode },
        Anchor::NotBoundary => Place::NotBoundary { unicode },
    }
}
