//! Why a connection ends, grouped by whose fault it was.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// What went wrong on a connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer's bytes are not what the protocol allows.
    #[error("invalid input: {0}")]
    Invalid(Cow<'static, str>),
    /// The peer's bytes are legal, but not now.
    #[error("unexpected: {0}")]
    Unexpected(Cow<'static, str>),
    /// The peer asked for more than we give.
    #[error("over the limit: {0}")]
    Limit(Cow<'static, str>),
    /// Our own caller used the interface wrongly.
    #[error("misuse: {0}")]
    Misuse(Cow<'static, str>),
    /// The carrier failed.
    #[error("{}", describe_io(.0))]
    Io(#[source] io::Error),
}

impl Error {
    /// An [`Error::Invalid`] of these words.
    pub fn invalid(what: impl Into<Cow<'static, str>>) -> Self {
        Error::Invalid(what.into())
    }

    /// An [`Error::Unexpected`] of these words.
    pub fn unexpected(what: impl Into<Cow<'static, str>>) -> Self {
        Error::Unexpected(what.into())
    }

    /// An [`Error::Limit`] of these words.
    pub fn limit(what: impl Into<Cow<'static, str>>) -> Self {
        Error::Limit(what.into())
    }

    /// An [`Error::Misuse`] of these words.
    pub fn misuse(what: impl Into<Cow<'static, str>>) -> Self {
        Error::Misuse(what.into())
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

/// The kind in words, without the operating system's number where the kind says it all.
fn describe_io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => "the connection was reset by the peer".into(),
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionAborted => "the connection was aborted".into(),
        io::ErrorKind::BrokenPipe => "the peer closed while we were writing".into(),
        io::ErrorKind::UnexpectedEof => "the connection ended in the middle".into(),
        _ => error.to_string(),
    }
}

/// How a connection came to its end; given once, to `connection_lost`.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// Our side closed in order: everything written was handed to the carrier.
    Closed,
    /// The peer ended first, in order.
    PeerClosed,
    /// Our side gave it up at once; unsent bytes are gone.
    Aborted,
    /// The draining server's patience ended before the connection did.
    Drained,
    /// Somebody who watches the server chose to end it.
    Killed,
    /// A callback of the protocol panicked.
    Panicked,
    /// Something went wrong.
    Failed(Error),
}

impl Reason {
    /// Whether the connection ended the way its two sides wanted it to.
    pub fn is_clean(&self) -> bool {
        matches!(self, Reason::Closed | Reason::PeerClosed)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Closed => out.write_str("closed"),
            Reason::PeerClosed => out.write_str("closed by the peer"),
            Reason::Aborted => out.write_str("aborted"),
            Reason::Drained => out.write_str("ended by draining"),
            Reason::Killed => out.write_str("ended by hand"),
            Reason::Panicked => out.write_str("the protocol panicked"),
            Reason::Failed(error) => error.fmt(out),
        }
    }
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        Reason::Failed(error)
    }
}
