//! What is asked: a name, and what it is about.

use std::fmt;

/// One line of a client's.
///
/// ```
/// use lariat_protocol::command::{Request, RequestError};
///
/// let request = Request::parse(b"ls  my photos ").expect("a good one");
/// assert_eq!((request.name(), request.argument()), ("ls", "my photos"));
/// assert_eq!(Request::parse(b"  "), Err(RequestError::Empty));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    name: String,
    argument: String,
}

/// Why a line asks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is nothing in it but spaces.
    #[error("the line is empty; help lists the commands")]
    Empty,
    /// It is not UTF-8.
    #[error("the line is not UTF-8, as commands are to be")]
    NotText,
    /// There are control characters in it.
    #[error("the line has a control character in it; a command has none")]
    Control,
}

impl Request {
    /// Reads a line without its end. Spaces and tabs around both parts do not count.
    ///
    /// # Errors
    ///
    /// Why it asks nothing.
    pub fn parse(line: &[u8]) -> Result<Self, RequestError> {
        let line = std::str::from_utf8(line).map_err(|_| RequestError::NotText)?;
        let line = line.trim_matches([' ', '\t']);
        if line.is_empty() {
            return Err(RequestError::Empty);
        }
        let (name, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let argument = argument.trim_start_matches([' ', '\t']);
        if name.chars().chain(argument.chars()).any(char::is_control) {
            return Err(RequestError::Control);
        }
        Ok(Request {
            name: name.into(),
            argument: argument.into(),
        })
    }

    /// The command.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about; empty if nothing was said.
    pub fn argument(&self) -> &str {
        &self.argument
    }
}

impl fmt::Display for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument.is_empty() {
            true => out.write_str(&self.name),
            false => write!(out, "{} {}", self.name, self.argument),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_the_rest() {
        let parts = |line: &str| {
            let request = Request::parse(line.as_bytes())?;
            Ok((request.name.clone(), request.argument.clone()))
        };
        let both = |name: &str, argument: &str| Ok((name.to_string(), argument.to_string()));
        assert_eq!(parts("date"), both("date", ""));
        assert_eq!(parts("\tdate  "), both("date", ""));
        assert_eq!(parts("ls a  b"), both("ls", "a  b"));
        assert_eq!(parts("ls\tüber"), both("ls", "über"));
        assert_eq!(parts(""), Err(RequestError::Empty));
        assert_eq!(parts("ls a\tb"), Err(RequestError::Control));
        assert_eq!(parts("ls \x1b[2J"), Err(RequestError::Control));
        assert_eq!(parts("ls \u{9b}"), Err(RequestError::Control));
        assert_eq!(Request::parse(b"\xff"), Err(RequestError::NotText));
    }
}
