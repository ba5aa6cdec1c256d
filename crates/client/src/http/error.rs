//! What can go wrong with an HTTP server, each in one line that says which step it was and with whom.

use std::io;
use std::time::Duration;

/// Why there is no answer, or not all of it.
///
/// An answer that says no, such as 404, is an answer and no error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was to be asked for is no address of HTTP.
    #[error("{address:?} is no address to ask: {problem}")]
    Address {
        /// What was given, without a password.
        address: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// What was to be asked for is an address of another protocol.
    #[error(
        "{address:?} is no address to ask: {scheme} is another protocol; write http:// or https://"
    )]
    Scheme {
        /// What was given, without a password.
        address: String,
        /// Which protocol.
        scheme: String,
    },
    /// The request, or the client that was to send it, cannot be as it was wished for.
    #[error("{0}")]
    Misuse(String),
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] lariat_net::Error),
    /// The proxy did not make the connection that it was asked for.
    #[error("the proxy {proxy}: {problem}")]
    Proxy {
        /// Which proxy, as `http://localhost:3128`.
        proxy: String,
        /// What it said, or what happened.
        problem: String,
        /// What kind of a failure it is.
        fault: ProxyFault,
    },
    /// The server was silent, or took nothing, for too long.
    #[error("{server}: {what} within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The server, as `https://example.org`.
        server: String,
        /// What did not come, as `no answer`.
        what: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// The server closed the connection without an answer.
    #[error("{server}: it closed the connection before it had answered")]
    Unanswered {
        /// The server.
        server: String,
    },
    /// The connection ended, or broke, in the middle of a body.
    #[error("{server}: {what}")]
    Truncated {
        /// The server.
        server: String,
        /// How far it had come.
        what: String,
        /// The system's reason, if it gave one.
        #[source]
        error: Option<io::Error>,
    },
    /// The connection broke.
    #[error("{server}: {what}")]
    Closed {
        /// The server.
        server: String,
        /// In what it ended.
        what: String,
        /// The system's reason, if it gave one.
        #[source]
        error: Option<io::Error>,
    },
    /// What the server sent is no HTTP.
    #[error("{server}: {problem}")]
    Invalid {
        /// The server.
        server: String,
        /// What is wrong.
        problem: String,
    },
    /// The server sent more than is allowed here.
    #[error("{server}: {problem}")]
    Limit {
        /// The server.
        server: String,
        /// What was too much, and how much there may be.
        problem: String,
    },
    /// The body was compressed, and is not what it should be.
    #[error("{server}: the body is no {encoding}: {error}")]
    Decoding {
        /// The server.
        server: String,
        /// What it said that it is: `gzip`, `deflate`, `br` or `zstd`.
        encoding: &'static str,
        /// What is wrong with it.
        #[source]
        error: io::Error,
    },
    /// The server points to where this client does not go.
    #[error("{from}: {problem}")]
    Redirect {
        /// Who points there.
        from: String,
        /// Where, and why not.
        problem: String,
    },
    /// The server points from TLS to where there is none, which is [not followed](super::Redirects::to_plain_text).
    #[error("{from}: it points to {to}, which is without TLS")]
    ToPlainText {
        /// Who points there.
        from: String,
        /// Where.
        to: String,
    },
    /// The server points to where the request is to be sent with its body, which can be sent once only.
    #[error("{from}: it points to {to}, and the body of the request cannot be sent a second time")]
    Once {
        /// Who points there.
        from: String,
        /// Where.
        to: String,
    },
    /// What was to be sent could not be read here.
    #[error("the body of the request cannot be read: {0}")]
    Source(#[source] io::Error),
}

/// In what a proxy failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyFault {
    /// Its name has no address.
    NotFound,
    /// It wants to know who asks, and nobody had told it.
    WantsLogin,
    /// It does not pass this connection on, or not for whoever asks.
    Refused,
    /// It broke off, or what it said is not the protocol.
    Broken,
}

impl Error {
    /// Whether the same may go better at another time: the connection was not made or broke, or the server was silent.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Connect(error) => matches!(
                error,
                lariat_net::Error::Connect { .. }
                    | lariat_net::Error::TimedOut { .. }
                    | lariat_net::Error::Lookup(_)
                    | lariat_net::Error::Unreachable { .. }
            ),
            Error::TimedOut { .. }
            | Error::Closed { .. }
            | Error::Unanswered { .. }
            | Error::Truncated { .. } => true,
            _ => false,
        }
    }

    /// Whether a time ran out, that of connecting included.
    pub fn is_time_out(&self) -> bool {
        matches!(
            self,
            Error::TimedOut { .. } | Error::Connect(lariat_net::Error::TimedOut { .. })
        )
    }
}

/// As an error of input and output, which readers and bodies of other crates carry; [`Error::from_io`] has it
/// back.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::TimedOut { .. } => io::ErrorKind::TimedOut,
            Error::Closed { .. } | Error::Unanswered { .. } | Error::Truncated { .. } => {
                io::ErrorKind::UnexpectedEof
            }
            Error::Address { .. } | Error::Scheme { .. } | Error::Misuse(_) => {
                io::ErrorKind::InvalidInput
            }
            Error::Invalid { .. } | Error::Decoding { .. } | Error::Limit { .. } => {
                io::ErrorKind::InvalidData
            }
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

impl Error {
    /// The error that was turned into one of input and output, or the latter where it was none.
    ///
    /// # Errors
    ///
    /// The same error, when there is none of this kind in it.
    pub fn from_io(error: io::Error) -> Result<Error, io::Error> {
        error.downcast::<Error>()
    }
}
