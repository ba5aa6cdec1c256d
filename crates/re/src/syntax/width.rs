//! How many characters a part of a pattern takes, at least and at most.

use super::tree::{Node, Sequence};

/// Least and greatest number of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Width {
    pub min: u128,
    pub max: u128,
}

/// More than any repeat can ask for: without an end.
const ENDLESS: u128 = 1 << 64;

impl Width {
    const NOTHING: Width = Width { min: 0, max: 0 };
    const ONE: Width = Width { min: 1, max: 1 };

    /// The width of a sequence; `groups` are those of the groups that are closed.
    pub fn of(sequence: &Sequence, groups: &[Option<Width>]) -> Width {
        let mut sum = Width::NOTHING;
        for node in sequence {
            let width = Width::of_node(node, groups);
            sum.min += width.min;
            sum.max += width.max;
        }
        Width {
            min: sum.min.min(ENDLESS),
            max: sum.max.min(ENDLESS),
        }
    }

    fn of_node(node: &Node, groups: &[Option<Width>]) -> Width {
        match node {
            Node::Literal(_) | Node::NotLiteral(_) | Node::Any | Node::Set { .. } => Width::ONE,
            Node::At(_) | Node::Look { .. } => Width::NOTHING,
            Node::Group { body, .. } | Node::Atomic(body) => Width::of(body, groups),
            Node::Branch(ways) => {
                let widths = ways.iter().map(|way| Width::of(way, groups));
                widths.reduce(Width::either).unwrap_or(Width::NOTHING)
            }
            Node::Repeat { min, max, body, .. } => {
                let width = Width::of(body, groups);
                Width {
                    min: width.min * u128::from(*min),
                    max: match max {
                        Some(max) => width.max * u128::from(*max),
                        None if width.max == 0 => 0,
                        None => ENDLESS,
                    },
                }
            }
            Node::Reference(group) => {
                let known = groups.get(*group as usize).copied().flatten();
                known.unwrap_or(Width::NOTHING)
            }
            Node::Conditional { yes, no, .. } => {
                let no = no.as_ref().map(|no| Width::of(no, groups));
                Width::of(yes, groups).either(no.unwrap_or(Width { min: 0, max: 0 }))
            }
        }
    }

    fn either(self, other: Width) -> Width {
        Width {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}
