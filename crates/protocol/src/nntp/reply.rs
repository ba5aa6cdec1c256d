//! What a server says first: a code of three digits, and text on the same line.

use std::fmt;

use crate::contract::Error;
use crate::nntp::MAXIMUM_REPLY;

/// A reply. Its first digit says how it went (RFC 3977, 3.2).
///
/// ```
/// use lariat_protocol::nntp::Reply;
///
/// let reply = Reply::new(411, "No such group.")?;
/// assert_eq!(reply.to_string(), "411 No such group.\r\n");
/// assert!(reply.is_failure());
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    text: String,
}

impl Reply {
    /// A reply.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the code is not between 100 and 599, or the text would be two lines, or too long.
    pub fn new(code: u16, text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if !(100..600).contains(&code) {
            return Err(Error::misuse(format!("{code} is no code of a reply")));
        }
        if text.contains(['\r', '\n', '\0']) || text.len() + 6 > MAXIMUM_REPLY {
            return Err(Error::misuse(format!(
                "the text of a reply is one line of at most {MAXIMUM_REPLY} bytes"
            )));
        }
        Ok(Reply { code, text })
    }

    pub(super) fn read(code: u16, text: String) -> Self {
        Reply { code, text }
    }

    /// The code, from 100 to 599.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// What stands behind the code.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// It is done (1xx, which tells something, and 2xx).
    pub fn is_success(&self) -> bool {
        self.code < 300
    }

    /// More is to be sent (3xx).
    pub fn is_intermediate(&self) -> bool {
        (300..400).contains(&self.code)
    }

    /// It was not done (4xx, 5xx).
    pub fn is_failure(&self) -> bool {
        self.code >= 400
    }

    /// It was not done now, and may be another time: the server's fault inside, or somebody is busy (403, 436).
    pub fn may_pass(&self) -> bool {
        matches!(self.code, 400 | 403 | 436)
    }

    /// As people are told of it: `411 No such group.`
    pub fn shown(&self) -> String {
        format!("{} {}", self.code, self.text.trim())
            .trim_end()
            .to_owned()
    }
}

impl fmt::Display for Reply {
    /// As it is sent, with its end.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => write!(out, "{}\r\n", self.code),
            text => write!(out, "{} {text}\r\n", self.code),
        }
    }
}
