//! What can go wrong with a news server, each in one line that says what was asked.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use lariat_protocol::Address;
use lariat_protocol::nntp::Reply;

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
    /// The server gave the connection up: it was idle for too long, goes down, or lets nobody in.
    #[error("the server closed the connection: {}", .0.shown())]
    Closing(Reply),
    /// What the server sent is no NNTP, too much, or not now; or the connection broke.
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
    /// The server was silent for too long, or too slow.
    #[error("{peer}: {what} within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The server.
        peer: Address,
        /// What did not come: `no answer to GROUP misc.test`.
        what: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// An article was sent to its end, and then the connection broke: whether the server has taken it is not known, and it
    /// would be there twice if it were sent again under another message-id.
    #[error("{0}; it is not known whether the article has arrived")]
    Unconfirmed(#[source] Box<Error>),
    /// What came could not be kept here, or what was to be sent not be read. What is still on its way is not waited
    /// for, so the connection is of use no more.
    #[error("{what}: {error}")]
    Local {
        /// What was done, such as `cannot keep what came`.
        what: &'static str,
        /// Why not.
        #[source]
        error: io::Error,
    },
}

impl Error {
    /// What the server said, if it was that.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Error::Refused { reply, .. } | Error::Closing(reply) => Some(reply),
            Error::Unconfirmed(error) => error.reply(),
            _ => None,
        }
    }

    /// The code of what the server said to a command.
    pub fn code(&self) -> Option<u16> {
        match self {
            Error::Refused { reply, .. } => Some(reply.code()),
            _ => None,
        }
    }

    /// Whether it is the server's word that there is no such group or article, or none that follows.
    pub fn is_unavailable(&self) -> bool {
        matches!(self.code(), Some(411 | 420..=423 | 430))
    }

    /// Whether the server wants to know first who asks (480).
    pub fn wants_login(&self) -> bool {
        self.code() == Some(480)
    }

    /// Whether the server wants TLS first (483).
    pub fn wants_tls(&self) -> bool {
        self.code() == Some(483)
    }

    /// Whether the connection can be used no more.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Error::Refused { .. } | Error::Misuse(_))
    }

    /// Whether the same may go better at another time: the server is busy, or the connection broke.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Refused { reply, .. } | Error::Closing(reply) => reply.may_pass(),
            Error::TimedOut { .. } => true,
            Error::Connection { error, .. } => matches!(
                error,
                lariat_protocol::Error::Io(_) | lariat_protocol::Error::Unexpected(_)
            ),
            _ => false,
        }
    }
}
