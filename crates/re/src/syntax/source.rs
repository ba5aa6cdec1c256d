//! A pattern's characters, one token at a time: a character, or a backslash with what follows it.

use crate::error::{Fault, PatternError};
use crate::unicode;

/// A character, or one behind a backslash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Char(char),
    Escaped(char),
}

impl Token {
    /// How many characters it has in the pattern.
    pub fn len(self) -> usize {
        match self {
            Token::Char(_) => 1,
            Token::Escaped(_) => 2,
        }
    }

    /// Appends it as it is written.
    pub fn push_to(self, text: &mut String) {
        match self {
            Token::Char(char) => text.push(char),
            Token::Escaped(char) => text.extend(['\\', char]),
        }
    }

    pub fn text(self) -> String {
        let mut text = String::new();
        self.push_to(&mut text);
        text
    }
}

/// The pattern or template that is read, one token ahead: a backslash at the end is an error
/// as soon as it is next.
pub(crate) struct Source {
    chars: Vec<char>,
    /// Whether it is text; a pattern of bytes has a character for each of them.
    pub is_text: bool,
    index: usize,
    next: Option<Token>,
    /// What a later version of Python may read in another way.
    pub warnings: Vec<String>,
}

type Result<T> = std::result::Result<T, PatternError>;

impl Source {
    pub fn new(chars: Vec<char>, is_text: bool) -> Result<Self> {
        let mut source = Source {
            chars,
            is_text,
            index: 0,
            next: None,
            warnings: Vec::new(),
        };
        source.advance()?;
        Ok(source)
    }

    fn advance(&mut self) -> Result<()> {
        let Some(&char) = self.chars.get(self.index) else {
            self.next = None;
            return Ok(());
        };
        if char != '\\' {
            self.index += 1;
            self.next = Some(Token::Char(char));
            return Ok(());
        }
        let Some(&escaped) = self.chars.get(self.index + 1) else {
            let last = self.chars.len() - 1;
            let message = "bad escape (end of pattern)";
            return Err(PatternError::at(message, last, &self.chars));
        };
        self.index += 2;
        self.next = Some(Token::Escaped(escaped));
        Ok(())
    }

    /// What comes next, if there is anything.
    pub fn next(&self) -> Option<Token> {
        self.next
    }

    /// Whether this plain character comes next.
    pub fn is_next(&self, char: char) -> bool {
        self.next == Some(Token::Char(char))
    }

    /// Takes it if it comes next.
    pub fn take(&mut self, char: char) -> Result<bool> {
        let is_next = self.is_next(char);
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    /// Takes what comes next.
    pub fn get(&mut self) -> Result<Option<Token>> {
        let token = self.next;
        self.advance()?;
        Ok(token)
    }

    /// Takes at most `count` characters of a kind.
    pub fn get_while(&mut self, count: usize, of: impl Fn(char) -> bool) -> Result<String> {
        let mut taken = String::new();
        while let Some(Token::Char(char)) = self.next {
            if taken.len() == count || !of(char) {
                break;
            }
            taken.push(char);
            self.advance()?;
        }
        Ok(taken)
    }

    /// Takes a name up to its terminator, and that.
    pub fn get_until(&mut self, terminator: char, what: &str) -> Result<String> {
        let mut name = String::new();
        let mut length = 0;
        loop {
            let token = self.get()?;
            match token {
                None if length == 0 => return Err(self.error(format!("missing {what}"), 0)),
                None => {
                    let message = format!("missing {terminator}, unterminated name");
                    return Err(self.error(message, length));
                }
                Some(Token::Char(char)) if char == terminator => {
                    if length == 0 {
                        return Err(self.error(format!("missing {what}"), 1));
                    }
                    return Ok(name);
                }
                Some(token) => {
                    token.push_to(&mut name);
                    length += token.len();
                }
            }
        }
    }

    /// The place of what comes next.
    pub fn tell(&self) -> usize {
        self.index - self.next.map_or(0, Token::len)
    }

    /// Goes back to a place.
    pub fn seek(&mut self, index: usize) -> Result<()> {
        self.index = index;
        self.advance()
    }

    /// An error so many characters before what comes next.
    pub fn error(&self, message: impl Into<String>, back: usize) -> PatternError {
        let message = message.into();
        let message = if self.is_text {
            message
        } else {
            unicode::backslashed(&message)
        };
        PatternError::at(message, self.tell().saturating_sub(back), &self.chars)
    }

    /// An error at a place.
    pub fn error_at(&self, message: impl Into<String>, position: usize) -> PatternError {
        PatternError::at(message, position, &self.chars)
    }

    /// An error of the whole.
    pub fn limit(&self, message: impl Into<String>) -> PatternError {
        PatternError::new(Fault::Limit, message)
    }

    /// Fails unless a group may have this name; it ends `back` characters before what comes next.
    pub fn check_group_name(&self, name: &str, back: usize) -> Result<()> {
        if unicode::is_identifier(name) {
            return Ok(());
        }
        Err(self.bad_group_name(name, back))
    }

    pub fn bad_group_name(&self, name: &str, back: usize) -> PatternError {
        let message = format!("bad character in group name {}", unicode::repr(name));
        self.error(message, name.chars().count() + back)
    }
}

/// A number as Python's `int` reads it: of any script's digits, with a sign, spaces around it and
/// single underscores in it. What is too great for any group is as great as can be.
pub(crate) fn integer(text: &str) -> Option<u64> {
    let text = text.trim_matches(|char| unicode::contains(unicode::SPACE, u32::from(char)));
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let mut value: u64 = 0;
    let mut digit_before = false;
    for char in digits.chars() {
        if char == '_' && digit_before {
            digit_before = false;
            continue;
        }
        let digit = unicode::digit_value(char)?;
        value = value.saturating_mul(10).saturating_add(digit.into());
        digit_before = true;
    }
    (digit_before && !(negative && value > 0)).then_some(value)
}
