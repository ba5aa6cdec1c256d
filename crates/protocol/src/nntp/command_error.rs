//! Why a line is no command, and what a server answers to it.

use crate::nntp::{MAXIMUM_COMMAND, Reply};

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
    /// It is longer than [`MAXIMUM_COMMAND`]: a server answers 501.
    #[error("a command has at most {MAXIMUM_COMMAND} bytes")]
    TooLong,
}

impl CommandError {
    /// What a server answers to such a line (RFC 3977, 3.2.1).
    ///
    /// ```
    /// use lariat_protocol::nntp::Command;
    ///
    /// let answer = |line| Command::parse(line).map_err(|error| error.reply().shown());
    /// assert_eq!(answer("RETR a"), Err("500 \"RETR\" is no command.".into()));
    /// assert_eq!(answer("QUIT a"), Err("501 QUIT: nothing stands behind it.".into()));
    /// ```
    pub fn reply(&self) -> Reply {
        let code = match self {
            CommandError::Unknown(_) => 500,
            CommandError::Argument { .. } | CommandError::TooLong => 501,
        };
        plain(code, &format!("{self}."))
    }
}

/// A reply, whatever was quoted in it.
pub(super) fn plain(code: u16, text: &str) -> Reply {
    Reply::read(code, text.replace(char::is_control, "?"))
}
