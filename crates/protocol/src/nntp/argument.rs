//! The arguments of commands: what cannot end its line, nor be two arguments.

use std::fmt;

use crate::contract::Error;

/// How many bytes an argument may have (RFC 3977, 3.1).
pub const MAXIMUM_ARGUMENT: usize = 497;

/// An argument that stands between spaces: at least one character, no space and no control character.
///
/// ```
/// use lariat_protocol::nntp::Word;
///
/// assert_eq!(Word::new("Subject")?.as_str(), "Subject");
/// assert!(Word::new("a b").is_err());
/// assert!(Word::new("a\r\nQUIT").is_err());
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Word(String);

/// What stands at the end of a line and may have spaces in it, as a password may: no line's end, and no NUL.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(String);

impl Word {
    /// An argument.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for no text at all, a space, a control character, or more than
    /// [`MAXIMUM_ARGUMENT`] bytes.
    pub fn new(word: impl Into<String>) -> Result<Self, Error> {
        let word = word.into();
        match problem(&word) {
            None => Ok(Word(word)),
            Some(problem) => Err(Error::misuse(problem)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Text {
    /// An argument.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for no text at all, CR, LF or NUL in it, or more than [`MAXIMUM_ARGUMENT`] bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.is_empty() {
            return Err(Error::misuse("an argument of a command cannot be empty"));
        }
        if text.contains(['\r', '\n', '\0']) {
            return Err(Error::misuse(
                "a line's end or a NUL cannot be sent in a command: it would begin another",
            ));
        }
        match too_long(&text) {
            None => Ok(Text(text)),
            Some(problem) => Err(Error::misuse(problem)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no argument between spaces, if it is none.
pub(super) fn problem(word: &str) -> Option<String> {
    if word.is_empty() {
        return Some("an argument of a command cannot be empty".into());
    }
    if let Some(wrong) = word.chars().find(|c| c.is_control() || c.is_whitespace()) {
        return Some(format!(
            "{wrong:?} cannot be sent in an argument of a command: it would end it"
        ));
    }
    too_long(word)
}

fn too_long(text: &str) -> Option<String> {
    (text.len() > MAXIMUM_ARGUMENT).then(|| {
        format!(
            "an argument of a command has at most {MAXIMUM_ARGUMENT} bytes, and this one {}",
            text.len()
        )
    })
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_two_arguments_or_two_commands_is_none() {
        let long = "x".repeat(498);
        for wrong in [
            "", "a b", "a\tb", "a\r", "a\nb", "\0", "a\u{7f}", "a\u{a0}b", &long,
        ] {
            assert!(Word::new(wrong).is_err(), "{wrong:?}");
        }
        for wrong in ["", "a\r", "a\nb", "\0", "a\r\nQUIT", &long] {
            assert!(Text::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(Word::new("x".repeat(497)).is_ok());
        assert_eq!(Text::new(" a  b ").expect("an argument").as_str(), " a  b ");
    }
}
