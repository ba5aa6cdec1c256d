//! What can go wrong with an FTP server, each in one line that says what was asked.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use lariat_protocol::Address;
use lariat_protocol::ftp::Reply;

use crate::part::LocalError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] lariat_net::Error),
    /// TLS was wanted, and could not be begun.
    #[error("{peer}: {error}")]
    Tls {
        /// The server.
        peer: Address,
        /// Why not.
        #[source]
        error: lariat_net::OpenError,
    },
    /// The server says no.
    #[error("{command}: the server says {}", .reply.shown())]
    Refused {
        /// What was asked, without a password.
        command: String,
        /// What it says.
        reply: Reply,
    },
    /// The server gave the connection up: it was idle for too long, or goes down.
    #[error("the server closed the connection: {}", .0.shown())]
    Closing(Reply),
    /// What the server sent is no FTP, or not now; or the connection broke.
    #[error("{peer}: {error}")]
    Connection {
        /// The server.
        peer: Address,
        /// What happened.
        #[source]
        error: lariat_protocol::Error,
    },
    /// The caller asked for what cannot be: an argument that would be another command, or a step before the one that
    /// was dropped is over. That was not sent, and the connection is of as much use as before.
    #[error("{0}")]
    Misuse(Cow<'static, str>),
    /// The data connection was not made, or broke, in this command.
    #[error("{command}: the data connection: {error}")]
    Data {
        /// What was asked.
        command: String,
        /// What happened.
        #[source]
        error: io::Error,
    },
    /// The server was silent for too long.
    #[error("{peer}: {what} within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The server.
        peer: Address,
        /// What did not come: `no answer to RETR a`.
        what: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// Another number of bytes was transferred than was announced.
    #[error("{path} was to have {said} bytes, and has {sent}")]
    Length {
        /// Which file.
        path: String,
        /// How many were announced.
        said: u64,
        /// How many there are.
        sent: u64,
    },
    /// A line of a listing is in no form that is known; the file of which it may be was not copied.
    #[error("the server lists {0:?}, which is in no form that is known")]
    Unread(String),
    /// What came could not be kept here, or what was to be sent not be read.
    #[error("{what}: {error}")]
    Local {
        /// What was done, such as `cannot write a.part`.
        what: String,
        /// Why not.
        #[source]
        error: io::Error,
    },
}

impl From<LocalError> for Error {
    fn from(LocalError { what, error }: LocalError) -> Self {
        Error::Local { what, error }
    }
}

impl Error {
    /// What the server said, if it was that.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Error::Refused { reply, .. } | Error::Closing(reply) => Some(reply),
            _ => None,
        }
    }

    /// Whether it is the server's word that there is no such file, or that it may not be had (550).
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Error::Refused { reply, .. } if reply.code() == 550)
    }

    /// Whether the server cannot begin in the middle of a file.
    pub(super) fn is_without_restart(&self) -> bool {
        // Another word than these, as that nobody is logged in, says nothing of that.
        let is_unknown = |reply: &Reply| matches!(reply.code(), 500..=504);
        matches!(self, Error::Refused { command, reply } if command.starts_with("REST ") && is_unknown(reply))
    }

    /// Whether the connection can be used no more.
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Error::Refused { .. }
                | Error::Misuse(_)
                | Error::Data { .. }
                | Error::Length { .. }
                | Error::Unread(_)
                | Error::Local { .. }
        )
    }

    /// Whether the same may go better at another time: the server is busy, or the connection broke.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Refused { reply, .. } => reply.is_transient(),
            Error::Data { .. }
            | Error::Closing(_)
            | Error::Connection { .. }
            | Error::TimedOut { .. } => true,
            _ => false,
        }
    }
}
