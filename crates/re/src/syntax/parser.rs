//! Alternatives, sequences and repeats; what stands in parentheses is in `groups`.

use std::collections::HashMap;

use super::source::{Source, Token};
use super::tree::{Anchor, Greed, Node, Sequence};
use super::width::Width;
use super::{MAX_NESTING, MAX_PATTERN, classes, escapes, groups};
use crate::error::{Fault, PatternError};
use crate::flags::Flags;

type Result<T> = std::result::Result<T, PatternError>;

/// One more than the greatest number of repetitions that can be asked for.
const MAX_REPEAT: u64 = u32::MAX as u64;

/// A pattern that has been read.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub tree: Sequence,
    pub flags: Flags,
    /// The names of groups with their numbers, in the order of the numbers.
    pub names: Vec<(String, u32)>,
    /// The width of each group, at its number; nothing at 0.
    pub widths: Vec<Option<Width>>,
    pub warnings: Vec<String>,
}

/// Reads a pattern: of text, or of bytes with a character for each.
pub(crate) fn parse(chars: Vec<char>, is_text: bool, flags: Flags) -> Result<Parsed> {
    if chars.len() > MAX_PATTERN {
        let message = format!(
            "the pattern has {} characters, and at most {MAX_PATTERN} are allowed",
            chars.len()
        );
        return Err(PatternError::new(Fault::Limit, message));
    }
    let mut parser = Parser {
        source: Source::new(chars, is_text)?,
        flags,
        names: HashMap::new(),
        widths: vec![None],
        look_behind: None,
        conditions: Vec::new(),
        depth: 0,
    };
    let tree = parser.alternatives(flags.contains(Flags::VERBOSE), true)?;
    let flags = settle(parser.flags, is_text)?;
    if parser.source.next().is_some() {
        return Err(parser.source.error("unbalanced parenthesis", 0));
    }
    for &(group, position) in &parser.conditions {
        if group >= parser.widths.len() as u64 {
            let message = format!("invalid group reference {group}");
            return Err(parser.source.error_at(message, position));
        }
    }
    let mut names: Vec<(String, u32)> = parser.names.into_iter().collect();
    names.sort_by_key(|(_, group)| *group);
    Ok(Parsed {
        tree,
        flags,
        names,
        widths: parser.widths,
        warnings: parser.source.warnings,
    })
}

/// The flags as they must be for the kind of pattern.
fn settle(flags: Flags, is_text: bool) -> Result<Flags> {
    let wrong = |message| Err(PatternError::new(Fault::Flags, message));
    if is_text {
        if flags.contains(Flags::LOCALE) {
            return wrong("cannot use LOCALE flag with a str pattern");
        }
        if !flags.contains(Flags::ASCII) {
            return Ok(flags | Flags::UNICODE);
        }
        if flags.contains(Flags::UNICODE) {
            return wrong("ASCII and UNICODE flags are incompatible");
        }
    } else if flags.contains(Flags::UNICODE) {
        return wrong("cannot use UNICODE flag with a bytes pattern");
    } else if flags.contains(Flags::LOCALE | Flags::ASCII) {
        return wrong("ASCII and LOCALE flags are incompatible");
    }
    Ok(flags)
}

/// What is known while a pattern is read.
pub(super) struct Parser {
    pub source: Source,
    /// Those of the whole pattern, as far as they are known.
    pub flags: Flags,
    pub names: HashMap<String, u32>,
    /// The width of each group that is closed, at its number.
    pub widths: Vec<Option<Width>>,
    /// In a look-behind, how many groups there were before the outermost.
    pub look_behind: Option<u32>,
    /// Groups that conditionals name by number, and where: they may come later.
    pub conditions: Vec<(u64, usize)>,
    depth: usize,
}

impl Parser {
    /// `a|b|c`, up to a closing parenthesis or the end.
    pub fn alternatives(&mut self, mut verbose: bool, is_whole: bool) -> Result<Sequence> {
        let mut ways = Vec::new();
        loop {
            let first = is_whole && ways.is_empty();
            ways.push(self.deeper(|parser| parser.sequence(verbose, first))?);
            if !self.source.take('|')? {
                break;
            }
            if is_whole {
                verbose = self.flags.contains(Flags::VERBOSE);
            }
        }
        match ways.len() {
            1 => Ok(ways.swap_remove(0)),
            _ => Ok(vec![Node::Branch(ways)]),
        }
    }

    /// Reads what is one level deeper, unless that is too deep.
    pub fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth > MAX_NESTING {
            let message = format!("groups are nested more than {MAX_NESTING} deep");
            return Err(self.source.limit(message));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// What follows one another. Only the `first` may begin with flags of the whole pattern.
    pub fn sequence(&mut self, mut verbose: bool, first: bool) -> Result<Sequence> {
        let mut sequence = Sequence::new();
        while let Some(token) = self.source.next() {
            let char = match token {
                Token::Char('|' | ')') => break,
                Token::Char(char) => char,
                Token::Escaped(letter) => {
                    self.source.get()?;
                    sequence.push(escapes::escape(self, letter)?);
                    continue;
                }
            };
            self.source.get()?;
            if verbose && self.skip(char)? {
                continue;
            }
            match char {
                '[' => sequence.push(classes::set(&mut self.source)?),
                '*' | '+' | '?' | '{' => self.repeat(char, &mut sequence)?,
                '.' => sequence.push(Node::Any),
                '^' => sequence.push(Node::At(Anchor::Beginning)),
                '$' => sequence.push(Node::At(Anchor::End)),
                '(' => {
                    let may_set_flags = first && sequence.is_empty();
                    match groups::open(self, verbose, may_set_flags)? {
                        groups::Opened::Node(node) => sequence.push(node),
                        groups::Opened::Comment => {}
                        groups::Opened::Flags => verbose = self.flags.contains(Flags::VERBOSE),
                    }
                }
                char => sequence.push(Node::Literal(char.into())),
            }
        }
        Ok(sequence)
    }

    /// Skips white space and comments.
    fn skip(&mut self, char: char) -> Result<bool> {
        match char {
            ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => Ok(true),
            '#' => {
                while !matches!(self.source.get()?, None | Some(Token::Char('\n'))) {}
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Makes the last of a sequence a repeat, or takes the brace for a literal one.
    fn repeat(&mut self, char: char, sequence: &mut Sequence) -> Result<()> {
        let here = self.source.tell();
        let (min, max) = match char {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            _ => match self.counts(here)? {
                Some(counts) => counts,
                None => {
                    sequence.push(Node::Literal('{'.into()));
                    return Ok(());
                }
            },
        };
        let back = self.source.tell() - here + 1;
        match sequence.last() {
            None | Some(Node::At(_)) => {
                return Err(self.source.error("nothing to repeat", back));
            }
            Some(Node::Repeat { .. }) => return Err(self.source.error("multiple repeat", back)),
            Some(_) => {}
        }
        let greed = if self.source.take('?')? {
            Greed::Lazy
        } else if self.source.take('+')? {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        let body = sequence.split_off(sequence.len() - 1);
        sequence.push(Node::Repeat {
            min,
            max,
            greed,
            body,
        });
        Ok(())
    }

    /// The counts in braces, if that is what the brace begins.
    fn counts(&mut self, here: usize) -> Result<Option<(u32, Option<u32>)>> {
        let source = &mut self.source;
        if source.is_next('}') {
            return Ok(None);
        }
        let digits = |char: char| char.is_ascii_digit();
        let low = source.get_while(usize::MAX, digits)?;
        let high = if source.take(',')? {
            source.get_while(usize::MAX, digits)?
        } else {
            low.clone()
        };
        if !source.take('}')? {
            source.seek(here)?;
            return Ok(None);
        }
        let min = if low.is_empty() { 0 } else { count(&low)? };
        if high.is_empty() {
            return Ok(Some((min, None)));
        }
        let max = count(&high)?;
        if max < min {
            let message = "min repeat greater than max repeat";
            return Err(source.error(message, source.tell() - here));
        }
        Ok(Some((min, Some(max))))
    }

    /// Whether a group of this number has been opened.
    pub fn has_group(&self, group: u32) -> bool {
        (group as usize) < self.widths.len()
    }

    /// Fails while the group is open.
    pub fn check_closed(&self, group: u32, back: usize) -> Result<()> {
        if self.is_closed(group) {
            return Ok(());
        }
        Err(self.source.error("cannot refer to an open group", back))
    }

    /// Fails where the group belongs to the look-behind that is read.
    pub fn check_look_behind(&self, group: u32) -> Result<()> {
        let Some(before) = self.look_behind else {
            return Ok(());
        };
        self.check_closed(group, 0)?;
        if group >= before {
            let message = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(self.source.error(message, 0));
        }
        Ok(())
    }

    fn is_closed(&self, group: u32) -> bool {
        matches!(self.widths.get(group as usize), Some(Some(_)))
    }
}

fn count(digits: &str) -> Result<u32> {
    // What does not fit is too great in any case.
    let count = digits.parse::<u64>().unwrap_or(u64::MAX);
    match u32::try_from(count) {
        Ok(number) if count < MAX_REPEAT => Ok(number),
        _ => Err(PatternError::new(
            Fault::Repetitions,
            "the repetition number is too large",
        )),
    }
}
