//! The text of an argument: what cannot end its line, and so cannot begin another command.

use std::fmt;

use crate::contract::Error;

/// How many bytes an argument may have: what systems allow a path, and so what servers take.
pub const MAXIMUM_ARGUMENT: usize = 4096;

/// An argument of a command: one line without NUL.
///
/// A line's end in a file's name would make a command of what stands behind it. RFC 2640 has such a
/// CR sent with a NUL behind it, which servers do not read, so such names are refused altogether.
///
/// ```
/// use lariat_protocol::ftp::Text;
///
/// assert_eq!(Text::new("a file")?.as_str(), "a file");
/// assert!(Text::new("a\r\nDELE b").is_err());
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// An argument that says something.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for no text at all, CR, LF or NUL in it, or more than [`MAXIMUM_ARGUMENT`]
    /// bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        match text.is_empty() {
            true => Err(Error::misuse("an argument of a command cannot be empty")),
            false => Text::or_nothing(text),
        }
    }

    /// An argument that may be no text at all, as a password may.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn or_nothing(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.contains(['\r', '\n', '\0']) {
            return Err(Error::misuse(
                "a line's end or a NUL cannot be sent in a command: it would begin another",
            ));
        }
        if text.len() > MAXIMUM_ARGUMENT {
            return Err(Error::misuse(format!(
                "an argument of a command has at most {MAXIMUM_ARGUMENT} bytes, and this one {}",
                text.len()
            )));
        }
        Ok(Text(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
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

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_two_commands_is_none() {
        for wrong in ["", "a\r", "a\nb", "\0", "a\r\nQUIT", &"x".repeat(4097)] {
            assert!(Text::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(Text::or_nothing("").is_ok());
        assert!(Text::new("x".repeat(4096)).is_ok());
        // Spaces are a name's own, wherever they stand.
        assert_eq!(
            Text::new("  a\tb ").expect("an argument").as_str(),
            "  a\tb "
        );
    }
}
