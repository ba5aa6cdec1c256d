//! A command that the configuration adds: a program, and what it may take.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::BUILT_IN;

/// How long a program may take, unless it is said otherwise: longer than a person waits for an answer.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How much a program may write, in bytes, unless it is said otherwise: some thousand lines.
pub const OUTPUT_LIMIT: usize = 64 * 1024;

/// The longest name.
const MAXIMUM_NAME: usize = 32;

/// A command by its name, and the program that it is.
///
/// ```
/// use lariat_service::command::Custom;
///
/// let disk = Custom::new("disk", ["df", "-h", "/"]).expect("a good one");
/// assert_eq!(disk.name(), "disk");
/// assert!(Custom::new("date", ["date"]).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    name: String,
    program: String,
    arguments: Vec<String>,
    help: String,
    directory: Option<PathBuf>,
    time_limit: Duration,
    output_limit: usize,
}

/// Why a command cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomError {
    /// The name is none.
    #[error("the name {0:?} is to be of at most 32 letters a to z, digits, \"-\" and \"_\"")]
    Name(String),
    /// The name is that of a command that every server knows.
    #[error("{0:?} is known to every server; choose another name")]
    BuiltIn(String),
    /// There is no program.
    #[error("the program is missing; write for example [\"df\", \"-h\"]")]
    NoProgram,
    /// A word of it cannot be given to a program.
    #[error("{0:?} has a zero byte in it, which no program can be given")]
    Zero(String),
}

impl Custom {
    /// A command that runs a program with these arguments behind its name, under the default limits
    /// and in the server's own directory.
    ///
    /// # Errors
    ///
    /// Why there can be no such command.
    pub fn new<W: Into<String>>(
        name: impl Into<String>,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Self, CustomError> {
        let name = name.into();
        let plain =
            |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || "-_".contains(one);
        if name.is_empty() || name.len() > MAXIMUM_NAME || !name.chars().all(plain) {
            return Err(CustomError::Name(name));
        }
        if BUILT_IN.iter().any(|(known, _)| *known == name) {
            return Err(CustomError::BuiltIn(name));
        }
        let mut words = words.into_iter().map(Into::into);
        let program: String = words.next().ok_or(CustomError::NoProgram)?;
        if program.is_empty() {
            return Err(CustomError::NoProgram);
        }
        let arguments: Vec<String> = words.collect();
        if let Some(word) = arguments
            .iter()
            .chain([&program])
            .find(|word| word.contains('\0'))
        {
            return Err(CustomError::Zero(word.clone()));
        }
        Ok(Custom {
            name,
            program,
            arguments,
            help: String::new(),
            directory: None,
            time_limit: TIME_LIMIT,
            output_limit: OUTPUT_LIMIT,
        })
    }

    /// The same with a line for `help`; otherwise it has the words of the program.
    pub fn described(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same, run in this directory.
    pub fn within(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The same with another time that it may take.
    pub fn taking(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// The same with another number of bytes that it may write.
    pub fn writing(mut self, output_limit: usize) -> Self {
        self.output_limit = output_limit;
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does, for `help`.
    pub fn help(&self) -> &str {
        match self.help.is_empty() {
            true => &self.program,
            false => &self.help,
        }
    }

    /// The program, as it is looked for in `PATH`.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What stands behind the program's name.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Where it is run, if not where the server is.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// How long it may take.
    pub fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// How many bytes it may write.
    pub fn output_limit(&self) -> usize {
        self.output_limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_command_is_told() {
        let wrong = |name: &str, words: &[&str]| {
            let custom = Custom::new(name, words.iter().copied());
            custom.expect_err("no command").to_string()
        };
        assert!(wrong("", &["a"]).contains("letters a to z"));
        assert!(wrong("Disk", &["a"]).contains("letters a to z"));
        assert!(wrong("a b", &["a"]).contains("letters a to z"));
        assert!(wrong(&"a".repeat(33), &["a"]).contains("at most 32"));
        assert!(wrong("quit", &["a"]).contains("known to every server"));
        assert!(wrong("disk", &[]).contains("the program is missing"));
        assert!(wrong("disk", &[""]).contains("the program is missing"));
        assert!(wrong("disk", &["a", "b\0"]).contains("zero byte"));
    }
}
