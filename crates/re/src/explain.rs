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
                let text: String = codes.iter().map(|code| shown(*code)).collect();
                self.line(&format!("'{text}'{}", any_case(flags)));
                index += codes.len();
            }
        }
    }

    fn node(&mut self, node: &Node, flags: Flags) {
        match node {
            Node::Literal(code) => self.line(&format!("'{}'", shown(*code))),
            Node::NotLiteral(code) => {
                let case = any_case(flags);
                self.line(&format!("any character but '{}'{case}", shown(*code)));
            }
            Node::Any if flags.contains(Flags::DOTALL) => self.line("any character"),
            Node::Any => self.line("any character but a newline"),
            Node::Set { negated, items } => {
                let start = if *negated { "any character but " } else { "" };
                // Classes have no case.
                let is_class = |item: &Item| matches!(item, Item::Category(_));
                let case = match items.iter().all(is_class) {
                    true => "",
                    false => any_case(flags),
                };
                let items: Vec<String> = items.iter().map(|item| of_item(*item)).collect();
                self.line(&format!("{start}{}{case}", items.join(" or ")));
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
                self.line(&format!("what {name} matched, again{}", any_case(flags)));
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

fn any_case(flags: Flags) -> &'static str {
    if flags.contains(Flags::IGNORECASE) {
        " in any case"
    } else {
        ""
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
        Some(1) if min == 1 => "once".to_string(),
        Some(max) if max == min => format!("{min} times"),
        Some(max) => format!("{min} to {max} times"),
        None if min == 0 => "any number of times".to_string(),
        None if min == 1 => "at least once".to_string(),
        None => format!("at least {min} times"),
    };
    let how = match greed {
        Greed::Greedy => "as often as can be",
        Greed::Lazy => "as seldom as can be",
        Greed::Possessive => "as often as can be, and never given up",
    };
    format!("{times}, {how}:")
}

#[cfg(test)]
mod tests {
    use crate::Pattern;

    fn words(pattern: &str) -> Vec<String> {
        let pattern = Pattern::new(pattern).expect("it is a pattern");
        pattern.explain().lines().map(str::to_string).collect()
    }

    #[test]
    fn every_part_has_its_words() {
        for (pattern, expected) in [
            ("(?=a)", &["after this place, there is:", "  'a'"][..]),
            ("(?!a)", &["after this place, there is not:", "  'a'"]),
            ("(?<=a)", &["before this place, there is:", "  'a'"]),
            ("(?<!a)", &["before this place, there is not:", "  'a'"]),
            ("(?>a)", &["once matched, never in another way:", "  'a'"]),
            (
                "a*+",
                &[
                    "any number of times, as often as can be, and never given up:",
                    "  'a'",
                ],
            ),
            ("a+", &["at least once, as often as can be:", "  'a'"]),
            (
                "a{1}+",
                &["once, as often as can be, and never given up:", "  'a'"],
            ),
            ("a{2,}", &["at least 2 times, as often as can be:", "  'a'"]),
            ("a??", &["perhaps, rather not:", "  'a'"]),
            ("a?+", &["perhaps, and never given up:", "  'a'"]),
            ("a{2}?", &["2 times, as seldom as can be:", "  'a'"]),
            (r"[a\dx-z]", &["'a' or a digit or 'x' to 'z'"]),
            ("[^a]", &["any character but 'a'"]),
            (r"[^ab\s]", &["any character but 'a' or 'b' or white space"]),
            (
                r"(a)\1",
                &["group 1:", "  'a'", "what group 1 matched, again"],
            ),
            (
                "(?i)(?P<x>a)(?P=x)[bc][^d]",
                &[
                    "group 1, called x:",
                    "  'a' in any case",
                    "what group 1, called x matched, again in any case",
                    "'b' or 'c' in any case",
                    "any character but 'd' in any case",
                ],
            ),
            (
                r"(?i)[\w\s]",
                &["a letter, digit or underscore or white space"],
            ),
            (
                "(?i-s:a.)b",
                &[
                    "with the flags i-s:",
                    "  'a' in any case",
                    "  any character but a newline",
                    "'b'",
                ],
            ),
            ("(?s).", &["any character"]),
            (
                r"(?m)^$\A\Z\b\B",
                &[
                    "the beginning of a line",
                    "the end of a line",
                    "the beginning",
                    "the end",
                    "the edge of a word",
                    "no edge of a word",
                ],
            ),
            ("a|", &["either:", "  'a'", "or:", "  nothing"]),
        ] {
            assert_eq!(words(pattern), expected, "{pattern}");
        }
    }
}
