//! What ends a command: one line for a person and an exit code for a script.

use std::error::Error;
use std::io;

use lariat_client::names;
use lariat_client::part::LocalError;
use lariat_tls::TlsError;

/// Everything was done; also a server that was asked to stop and drained.
pub const DONE: u8 = 0;
/// Something went wrong that was not in the arguments.
pub const FAILED: u8 = 1;
/// The arguments, or a configuration file, cannot be used.
pub const USAGE: u8 = 2;
/// A client was interrupted by a signal.
pub const INTERRUPTED: u8 = 130;
/// A second signal ended a command at once: this and the signal's number.
pub const SIGNALLED: u8 = 128;

/// Why a command ended other than by being done.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    message: Option<String>,
    code: u8,
}

impl Failure {
    /// Something went wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Failure {
            message: Some(message.into()),
            code: FAILED,
        }
    }

    /// The arguments cannot be used.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure {
            message: Some(message.into()),
            code: USAGE,
        }
    }

    /// An end with this code that needs no words.
    pub fn quiet(code: u8) -> Self {
        Failure {
            message: None,
            code,
        }
    }

    /// Something that failed with this error, and its causes where they say more.
    pub fn from_error(error: &(dyn Error + 'static)) -> Self {
        tracing::debug!(causes = ?causes(error), "{error}");
        Failure::new(explain(error))
    }

    /// The same as wrong usage.
    pub fn into_usage(mut self) -> Self {
        self.code = USAGE;
        self
    }

    /// The same with another code.
    pub fn with_code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Says more behind the message.
    pub fn with_advice(mut self, advice: &str) -> Self {
        if let Some(message) = &mut self.message {
            message.push_str("; ");
            message.push_str(advice);
        }
        self
    }

    /// The same with the message said otherwise.
    pub fn in_other_words(mut self, say: impl FnOnce(&str) -> String) -> Self {
        self.message = self.message.map(|message| say(&message));
        self
    }

    /// What went wrong, unless there is nothing to say.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What the process exits with.
    pub fn code(&self) -> u8 {
        self.code
    }
}

impl From<lariat_net::Error> for Failure {
    fn from(error: lariat_net::Error) -> Self {
        match error {
            lariat_net::Error::Endpoint(error) => error.into(),
            lariat_net::Error::Resolve(error) => match error.downcast::<names::Error>() {
                Ok(error) => (*error).into(),
                Err(error) => Failure::new(error.to_string()),
            },
            error => Failure::from_error(&error),
        }
    }
}

impl From<lariat_protocol::endpoint::EndpointError> for Failure {
    fn from(error: lariat_protocol::endpoint::EndpointError) -> Self {
        Failure::from_error(&error).into_usage()
    }
}

impl From<LocalError> for Failure {
    fn from(LocalError { what, error }: LocalError) -> Self {
        Failure::new(format!("{what}: {}", in_words(&error)))
    }
}

impl From<lariat_client::asking::Error> for Failure {
    fn from(error: lariat_client::asking::Error) -> Self {
        match error {
            lariat_client::asking::Error::Connect(error) => error.into(),
            error => Failure::from_error(&error),
        }
    }
}

impl From<names::Error> for Failure {
    fn from(error: names::Error) -> Self {
        let failure = Failure::from_error(&error);
        match error {
            names::Error::Field(_) => failure.into_usage(),
            names::Error::Unreachable { .. } => failure.with_advice(
                "start one by lariat names serve, or say where there is one by --names ENDPOINT",
            ),
            _ => failure,
        }
    }
}

impl From<names::FieldError> for Failure {
    fn from(error: names::FieldError) -> Self {
        Failure::from_error(&error).into_usage()
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Failure::from_error(&error)
    }
}

/// Standard output or input failed. A reader that went away (`lariat … | head`) has had
/// what it wanted.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::quiet(DONE),
            _ => Failure::from_error(&error),
        }
    }
}

/// The error's own words, and its causes' where they say more. Most layers put what their
/// cause said into their own words; those that leave it out are known here.
fn explain(error: &(dyn Error + 'static)) -> String {
    let mut message = without_numbers(&error.to_string());
    let mut current = error;
    while let Some(cause) = current.source() {
        if leaves_its_cause_out(current) {
            let words = without_number(&cause.to_string());
            if !message.contains(&words) {
                message = format!("{message}: {words}");
            }
        }
        current = cause;
    }
    message
}

fn leaves_its_cause_out(error: &(dyn Error + 'static)) -> bool {
    let boxed = error.downcast_ref::<Box<TlsError>>().map(AsRef::as_ref);
    matches!(
        error.downcast_ref::<TlsError>().or(boxed),
        Some(TlsError::Io { .. } | TlsError::Library { .. })
    )
}

/// Why the system would not do something, in words alone.
pub fn in_words(error: &io::Error) -> String {
    without_number(&error.to_string())
}

/// `Permission denied (os error 13)` without the number, which tells a person nothing.
fn without_number(words: &str) -> String {
    match words.find(" (os error ") {
        Some(end) => words[..end].to_lowercase(),
        None => words.to_string(),
    }
}

/// Words of which some may be the system's, without its numbers.
fn without_numbers(words: &str) -> String {
    let mut pieces = words.split(" (os error ");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(piece.split_once(')').map_or("", |(_, behind)| behind));
    }
    text
}

fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(error.source(), |cause| (*cause).source())
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_where_it_says_more() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = lariat_tls::Directory::open(file.path().join("x")).expect_err("no folder");
        let failure = Failure::from(error);
        let message = failure.message().expect("words");
        assert!(message.ends_with("x: file exists"), "{message}");
        assert_eq!(failure.code(), FAILED);
    }

    #[test]
    fn the_systems_numbers_are_for_nobody() {
        let error = io::Error::from_raw_os_error(2);
        let failure = Failure::from_error(&io::Error::other(format!("a: {error} (b)")));
        let message = failure.message().expect("words");
        assert!(
            message.starts_with("a: ") && message.ends_with(" (b)"),
            "{message}"
        );
        assert!(!message.contains("os error"), "{message}");
    }

    #[test]
    fn a_wrong_endpoint_is_wrong_usage() {
        let error = "tpc://x".parse::<lariat_protocol::Endpoint>();
        let failure = Failure::from(error.expect_err("no such scheme"));
        assert_eq!(failure.code(), USAGE);
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure, Failure::quiet(DONE));
    }
}
