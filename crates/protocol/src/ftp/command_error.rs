//! Why a line is no command, and what a server answers to it.

use crate::ftp::{MAXIMUM_COMMAND, Reply};

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No command has this name: a server answers 500.
    #[error("{0:?} is no command")]
    Unknown(String),
    /// What stands behind it cannot: a server answers 501.
    #[error("{verb}: {problem}")]
    Argument {
        /// The command's name.
        verb: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The protocol has what stands behind it, and nothing here does: a server answers 504.
    #[error("{verb}: {problem}")]
    Unsupported {
        /// The command's name.
        verb: &'static str,
        /// What would be right.
        problem: String,
    },
    /// It is longer than [`MAXIMUM_COMMAND`]: a server answers 500.
    #[error("a command has at most {MAXIMUM_COMMAND} bytes")]
    TooLong,
    /// A NUL or another control character stands in it: a server answers 501.
    #[error("a control character stands in a command")]
    Control,
}

/// Commands of the RFCs that are none here: what is right is answered otherwise than what is wrong (RFC 959, 4.2.1).
const KNOWN: &[&str] = &[
    "ADAT", "CONF", "ENC", "LPRT", "LPSV", "MIC", "SMNT", "XSEM", "XSEN", "XRCP", "XRSQ",
];

impl CommandError {
    /// What a server answers to such a line (RFC 959, 4.2.1).
    ///
    /// ```
    /// use lariat_protocol::ftp::Command;
    ///
    /// let answer = |line| Command::parse(line).map_err(|error| error.reply().shown());
    /// assert_eq!(answer("HELO a"), Err("500 \"HELO\" is no command.".into()));
    /// assert_eq!(answer("TYPE E"), Err("504 TYPE: behind it stands A or I.".into()));
    /// ```
    pub fn reply(&self) -> Reply {
        let code = match self {
            CommandError::Unknown(verb) if KNOWN.contains(&verb.to_ascii_uppercase().as_str()) => {
                return plain(502, format!("{verb} is not offered."));
            }
            CommandError::Unknown(_) | CommandError::TooLong => 500,
            CommandError::Argument { .. } | CommandError::Control => 501,
            // A level of protection has a code of its own (RFC 2228, 3).
            CommandError::Unsupported { verb: "PROT", .. } => 536,
            CommandError::Unsupported { .. } => 504,
        };
        plain(code, format!("{self}."))
    }
}

/// A reply of one line, whatever was quoted in it.
pub(super) fn plain(code: u16, text: impl Into<String>) -> Reply {
    let text = text.into().replace(char::is_control, "?");
    Reply::read(code, vec![text])
}

#[cfg(test)]
mod tests {
    use crate::ftp::Command;

    #[test]
    fn each_wrong_line_has_its_code() {
        for (line, code) in [
            ("", 500),
            ("NONSENSE", 500),
            ("smnt /", 502),
            ("ADAT x", 502),
            ("RETR", 501),
            ("TYPE X", 501),
            ("TYPE E", 504),
            ("TYPE L 36", 504),
            ("TYPE A T", 504),
            ("PROT S", 536),
            ("PROT X", 501),
        ] {
            let error = Command::parse(line).expect_err(line);
            assert_eq!(error.reply().code(), code, "{line}");
        }
        let quoted = Command::parse("\u{1b}[2J\r\nx")
            .expect_err("no command")
            .reply();
        assert!(!quoted.text().contains(char::is_control), "{quoted:?}");
    }
}
