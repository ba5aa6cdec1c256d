//! A pattern in words: what each part of it matches, indented as it is nested.

use std::fmt::Write as _;

use crate::flags::Flags;
use crate::pattern::Pattern;
use crate::syntax::{Anchor, Category, Greed, Item, Node, Sequence};
use crate::text::Text;

impl<T: Text + ?Sized> Pattern<T> {
    /// What the pattern matches, in words: a line for each part, indented as it is nested.
    ///
    /// ```
    /// let pattern = lariat_re::Pattern::new(r"^(?P<day>\d{1,2})(?:/|-)?")?;
    /// let words = "\
    /// the beginning
    /// group 1, called day:
    ///   1 to 2 times, as often as can be:
    ///     a digit
    /// perhaps, rather than not:
    ///   either:
    ///     '/'
    ///   or:
    ///     '-'
    /// ";
    /// assert_eq!(pattern.explain(), words);
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    pub fn explain(&self) -> String {
        let mut words = Words {
            text: String::new(),
            depth: 0,
            names: &self.inner.names,
        };
        words.sequence(&self.inner.tree, self.flags());
        words.text
    }
}

struct Words<'p> {
    text: String,
    depth: usize,
    names: &'p [(String, u32)],
}

impl Words<'_> {
    fn line(&mut self, says: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{}{says}", "  ".repeat(self.depth));
    }

    fn inside(&mut self, says: &str, body: &Sequence, flags: Flags) {
        self.line(says);
        self.depth += 1;
        self.sequence(body, flags);
        self.depth -= 1;
    }

    fn sequence(&mut self, sequence: &Sequence, flags: Flags) {
        if sequence.is_empty() {
            self.line("nothing");
        }
        let mut index = 0;
        while index < sequence.len() {
            let rest = sequence[index..].iter();
            let codes: Vec<u32> = rest.map_while(literal).collect();
            if codes.is_empty() {
                self.node(&sequence[index], flags);
                index += 1;
            } else {
                let any_case = if flags.contains(Flags::IGNORECASE) {
                    " in any case"
                } else {
                    ""
                };
                self.line(&format!(
                    "'{}'{any_case}",
                    codes.iter().map(|code| shown(*code)).collect::<String>()
                ));
                index += codes.len();
            }
        }
    }

    fn node(&mut self, node: &Node, flags: Flags) {
        match node {
            Node::Literal(code) => self.line(&format!("'{}'", shown(*code))),
            Node::NotLiteral(code) => self.line(&format!("any character but '{}'", shown(*code))),
            Node::Any if flags.contains(Flags::DOTALL) => self.line("any character"),
            Node::Any => self.line("any character but a newline"),
            Node::Set { negated, items } => {
                let items: Vec<String> = items.iter().map(|item| of_item(*item)).collect();
                let start = if *negated { "any character but " } else { "" };
                self.line(&format!("{start}{}", items.join(" or ")));
            }
            Node::At(anchor) => self.line(of_anchor(*anchor, flags)),
            Node::Branch(ways) => {
                for (index, way) in ways.iter().enumerate() {
                    self.inside(if index == 0 { "either:" } else { "or:" }, way, flags);
                }
            }
            Node::Group {
                index,
                on,
                off,
                body,
            } => self.group(*index, (*on, *off), body, flags),
            Node::Atomic(body) => self.inside("once matched, never in another way:", body, flags),
            Node::Repeat {
                min,
                max,
                greed,
                body,
            } => self.inside(&of_repeat(*min, *max, *greed), body, flags),
            Node::Look {
                behind,
                negated,
                body,
            } => {
                let place = if *behind {
                    "before this place"
                } else {
                    "after this place"
                };
                let not = if *negated {
                    ", there is not:"
                } else {
                    ", there is:"
                };
                self.inside(&format!("{place}{not}"), body, flags);
            }
            Node::Reference(group) => {
                let name = self.group_name(*group);
                self.line(&format!("what {name} matched, again"));
            }
            Node::Conditional { group, yes, no } => {
                let name = self.group_name(*group);
                self.inside(&format!("if {name} has matched:"), yes, flags);
                if let Some(no) = no {
                    self.inside("otherwise:", no, flags);
                }
            }
        }
    }

    fn group(
        &mut self,
        index: Option<u32>,
        (on, off): (Flags, Flags),
        body: &Sequence,
        flags: Flags,
    ) {
        match index {
            Some(index) => {
                let name = self.group_name(index);
                self.inside(&format!("{name}:"), body, flags);
            }
            None if on.is_empty() && off.is_empty() => self.sequence(body, flags),
            None => {
                let off_letters = off.letters();
                let minus = if off_letters.is_empty() { "" } else { "-" };
                let says = format!("with the flags {}{minus}{off_letters}:", on.letters());
                self.inside(&says, body, flags.scoped(on, off));
            }
        }
    }

    fn group_name(&self, group: u32) -> String {
        let mut names = self.names.iter();
        match names.find(|(_, number)| *number == group) {
            Some((name, _)) => format!("group {group}, called {name}"),
            None => format!("group {group}"),
        }
    }
}

fn literal(node: &Node) -> Option<u32> {
    match node {
        Node::Literal(code) => Some(*code),
        _ => None,
    }
}

/// A character, or its number if it cannot be shown.
fn shown(code: u32) -> String {
    match char::from_u32(code) {
        Some(char) if char == '\'' || char == '\\' => format!("\\{char}"),
        Some(char) => char.escape_debug().to_string(),
        None => format!("\\u{{{code:x}}}"),
    }
}

fn of_item(item: Item) -> String {
    match item {
        Item::Literal(code) => format!("'{}'", shown(code)),
        Item::Range(first, last) => format!("'{}' to '{}'", shown(first), shown(last)),
        Item::Category(category) => of_category(category).to_string(),
    }
}

fn of_category(category: Category) -> &'static str {
    match category {
        Category::Digit => "a digit",
        Category::NotDigit => "no digit",
        Category::Space => "white space",
        Category::NotSpace => "no white space",
        Category::Word => "a letter, digit or underscore",
        Category::NotWord => "no letter, digit or underscore",
    }
}

fn of_anchor(anchor: Anchor, flags: Flags) -> &'static str {
    let lines = flags.contains(Flags::MULTILINE);
    match anchor {
        Anchor::Beginning if lines => "the beginning of a line",
        Anchor::Beginning | Anchor::BeginningOfText => "the beginning",
        Anchor::End if lines => "the end of a line",
        Anchor::End => "the end, or before a newline there",
        Anchor::EndOfText => "the end",
        Anchor::Boundary => "the edge of a word",
        Anchor::NotBoundary => "no edge of a word",
    }
}

fn of_repeat(min: u32, max: Option<u32>, greed: Greed) -> String {
    if (min, max) == (0, Some(1)) {
        return match greed {
            Greed::Greedy => "perhaps, rather than not:",
            Greed::Lazy => "perhaps, rather not:",
            Greed::Possessive => "perhaps, and never given up:",
        }
        .to_string();
    }
    let times = match max {
        Some(max) if max == min => format!("{min} times"),
        Some(max) => format!("{min} to {max} times"),
        None if min == 0 => "any number of times".to_string(),
        None => format!("at least {min} times"),
    };
    let how = match greed {
        Greed::Greedy => "as often as can be",
        Greed::Lazy => "as seldom as can be",
        Greed::Possessive => "as often as can be, and never given up",
    };
    format!("{times}, {how}:")
}
