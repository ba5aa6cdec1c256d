//! What goes wrong: a pattern or template that cannot be, a group that is not there, a limit.

use std::fmt;

use unicode_width::UnicodeWidthStr;

/// Why something of this crate failed.
///
/// ```
/// use lariat_re::{Error, Pattern};
///
/// let error = Pattern::new("(?<=a|bc)x").unwrap_err();
/// assert_eq!(error.to_string(), "look-behind requires fixed-width pattern");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The pattern is none, or breaks a limit: where Python raises `re.error`, `ValueError`,
    /// `OverflowError` or `RecursionError` from `re.compile`.
    #[error("{0}")]
    Pattern(PatternError),
    /// The template of a substitution is none: where Python raises `re.error` from `sub`.
    #[error("{0}")]
    Template(PatternError),
    /// A group of this name or number is not in the pattern: Python's `IndexError`.
    #[error("{0}")]
    UnknownGroup(String),
    /// A part of a text was asked for that begins or ends inside of a character.
    #[error(
        "byte {0} of the text lies inside of a character: a part of it must begin and end between characters"
    )]
    Position(usize),
    /// A search was ended by one of its [`Limits`](crate::Limits).
    #[error("{0}")]
    Limit(LimitReached),
}

impl Error {
    /// The pattern or template with a caret under the place, where there is one place.
    pub fn caret(&self) -> Option<String> {
        match self {
            Error::Pattern(error) | Error::Template(error) => error.caret(),
            Error::UnknownGroup(_) | Error::Position(_) | Error::Limit(_) => None,
        }
    }
}

impl From<PatternError> for Error {
    fn from(error: PatternError) -> Self {
        Error::Pattern(error)
    }
}

impl From<LimitReached> for Error {
    fn from(limit: LimitReached) -> Self {
        Error::Limit(limit)
    }
}

/// Whose fault a pattern's error is, which in Python is the class of the exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// What is written is no pattern (`re.error`).
    Syntax,
    /// Flags that cannot be together (`ValueError`).
    Flags,
    /// A number of repetitions past 4,294,967,294 (`OverflowError`).
    Repetitions,
    /// Longer or more deeply nested than is allowed here (`RecursionError`, or nothing, in Python).
    Limit,
}

/// What is wrong in a pattern or a template, in Python's words, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    message: String,
    fault: Fault,
    position: Option<usize>,
    pattern: String,
}

impl PatternError {
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Self {
        PatternError {
            message: message.into(),
            fault,
            position: None,
            pattern: String::new(),
        }
    }

    pub(crate) fn at(message: impl Into<String>, position: usize, pattern: &[char]) -> Self {
        PatternError {
            message: message.into(),
            fault: Fault::Syntax,
            position: Some(position),
            pattern: pattern.iter().collect(),
        }
    }

    /// What is wrong, without the place (`re.error.msg`).
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// The character of the pattern at which it went wrong, from 0 (`re.error.pos`). What
    /// concerns the pattern as a whole has no place.
    pub fn position(&self) -> Option<usize> {
        self.position
    }

    /// The line and the column of the place, from 1 (`re.error.lineno`, `re.error.colno`).
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let before: Vec<char> = self.pattern.chars().take(self.position?).collect();
        let line = before.iter().filter(|char| **char == '\n').count() + 1;
        let column = before
            .iter()
            .rev()
            .take_while(|char| **char != '\n')
            .count()
            + 1;
        Some((line, column))
    }

    /// The line of the pattern that is wrong, and under it a caret at the place.
    ///
    /// ```
    /// let error = lariat_re::Pattern::new("colou?*r").unwrap_err();
    /// assert_eq!(error.caret().unwrap(), "colou?*r\n      ^");
    /// ```
    pub fn caret(&self) -> Option<String> {
        let (line, column) = self.line_and_column()?;
        let text = self.pattern.split('\n').nth(line - 1)?;
        // A tab would move the caret away, and other controls steer the terminal.
        let shown = |char: char| if char.is_control() { ' ' } else { char };
        let shown: String = text.chars().map(shown).collect();
        let before: String = shown.chars().take(column - 1).collect();
        // Some characters take two columns, and some none.
        Some(format!("{shown}\n{}^", " ".repeat(before.width())))
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        let Some(position) = self.position else {
            return Ok(());
        };
        write!(formatter, " at position {position}")?;
        match self.line_and_column() {
            Some((line, column)) if self.pattern.contains('\n') => {
                write!(formatter, " (line {line}, column {column})")
            }
            _ => Ok(()),
        }
    }
}

/// The limit that ended a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitReached {
    /// More steps than [`Limits::steps`](crate::Limits::steps) allows.
    #[error(
        "the search took more than {0} steps and was given up: the pattern tries too many ways on this text"
    )]
    Steps(u64),
    /// More memory than [`Limits::memory`](crate::Limits::memory) allows.
    #[error(
        "the search needed more than {0} bytes to remember where to go back to, and was given up"
    )]
    Memory(usize),
}

#[cfg(test)]
mod tests {
    use crate::Pattern;

    #[test]
    fn a_caret_stands_under_the_place_whatever_is_before_it() {
        let caret = |pattern: &str| {
            let error = Pattern::new(pattern).expect_err("it is none");
            error.caret().expect("it has a place")
        };
        assert_eq!(caret("a\t**"), "a **\n   ^");
        assert_eq!(caret("\u{4e00}\u{4e01}**"), "\u{4e00}\u{4e01}**\n     ^");
        assert_eq!(caret("e\u{301}**"), "e\u{301}**\n  ^");
        assert_eq!(caret("(?x)\u{1f600}\n\u{1f600}(#\n"), "\u{1f600}(#\n  ^");
    }
}
