//! What a server says: a code of three digits, and text for people, on one line or several.

use std::fmt;

use crate::contract::Error;

/// A reply. Its first digit says how it went (RFC 959, 4.2).
///
/// ```
/// use lariat_protocol::ftp::Reply;
///
/// let reply = Reply::new(211, ["Extensions:", " MDTM", "End."])?;
/// assert_eq!(reply.to_string(), "211-Extensions:\r\n MDTM\r\n211 End.\r\n");
/// assert!(reply.is_success());
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    /// At least one, none with a line's end in it.
    lines: Vec<String>,
}

impl Reply {
    /// A reply of these lines.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the code is not between 100 and 599, there is no line, or one that would be
    /// two.
    pub fn new<T: Into<String>>(
        code: u16,
        lines: impl IntoIterator<Item = T>,
    ) -> Result<Self, Error> {
        let lines: Vec<String> = lines.into_iter().map(Into::into).collect();
        if !(100..600).contains(&code) {
            return Err(Error::misuse(format!("{code} is no code of a reply")));
        }
        if lines.is_empty() || lines.iter().any(|line| line.contains(['\r', '\n', '\0'])) {
            return Err(Error::misuse(
                "a reply is lines, none of which has an end in it",
            ));
        }
        Ok(Reply { code, lines })
    }

    pub(super) fn read(code: u16, lines: Vec<String>) -> Self {
        Reply { code, lines }
    }

    /// The code, from 100 to 599.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The lines without their codes and ends.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// All lines as one text.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Another reply follows, which is the answer (1xx).
    pub fn is_preliminary(&self) -> bool {
        self.code < 200
    }

    /// It is done (2xx).
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// More is needed, as a password is (3xx).
    pub fn is_intermediate(&self) -> bool {
        (300..400).contains(&self.code)
    }

    /// It was not done, and may be another time (4xx).
    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// It was not done (5xx).
    pub fn is_permanent(&self) -> bool {
        self.code >= 500
    }

    /// As people are told of it, on one line: `550 No such file.`
    pub fn shown(&self) -> String {
        let lines = self.lines.iter().map(|line| line.trim());
        let text: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        format!("{} {}", self.code, text.join(" "))
            .trim_end()
            .to_owned()
    }
}

impl fmt::Display for Reply {
    /// As it is sent, with the ends of its lines.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code;
        let (last, others) = self.lines.split_last().ok_or(fmt::Error)?;
        for (number, line) in others.iter().enumerate() {
            match number {
                0 => write!(out, "{code}-{line}\r\n")?,
                // It would look like the last one, or lose its number (RFC 959, 4.2).
                _ if line.starts_with(|first: char| first.is_ascii_digit()) => {
                    write!(out, " {line}\r\n")?;
                }
                _ => write!(out, "{line}\r\n")?,
            }
        }
        write!(out, "{code} {last}\r\n")
    }
}
