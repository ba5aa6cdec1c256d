//! What can go wrong with a name server, each in one line that says which server it was.

use std::time::Duration;

use lariat_protocol::names::{ErrorCode, FieldError, Name, Refused};

/// Why a name server gave no answer, or another than was wanted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody is there.
    #[error("no name server at {endpoint}: {}", reason(.endpoint, .error))]
    Unreachable {
        /// Where one was looked for.
        endpoint: String,
        /// Why there is none.
        #[source]
        error: Box<lariat_net::Error>,
    },
    /// It hung up, or what it sent is not what a name server says.
    #[error("lost the name server at {endpoint}: {error}")]
    Lost {
        /// Which.
        endpoint: String,
        /// What happened.
        #[source]
        error: lariat_protocol::Error,
    },
    /// It was silent for too long.
    #[error("the name server at {endpoint} gave no answer within {} s", .after.as_secs_f64())]
    TimedOut {
        /// Which.
        endpoint: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// It says no.
    #[error("the name server says: {0}")]
    Refused(#[source] Refused),
    /// Nothing of the kind is registered.
    #[error("{what}; {}", known(.names, *.more))]
    Unknown {
        /// What is not, in the server's words: `nobody offers scan`.
        what: String,
        /// What is, instead: the first of the names.
        names: Vec<Name>,
        /// Whether there are more.
        more: bool,
    },
    /// The service is registered, but nowhere with every tag that was asked for.
    #[error("nobody who offers {service} has all of these tags")]
    Tags {
        /// What was looked for, such as `name:scan?tag=a,b`.
        service: String,
    },
    /// What was asked for cannot be asked.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The system gave no random bytes for a token.
    #[error("no token could be made: {0}")]
    Token(#[source] std::io::Error),
}

impl Error {
    /// The word for programs, if it was the server that refused.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Error::Refused(refused) => Some(refused.code),
            Error::Unknown { .. } => Some(ErrorCode::Unknown),
            _ => None,
        }
    }

    /// Whether trying again later may go better: nobody is there, or there is no room right now.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Unreachable { .. } | Error::Lost { .. } | Error::TimedOut { .. } => true,
            Error::Refused(refused) => matches!(
                refused.code,
                ErrorCode::Limit
                    | ErrorCode::Storage
                    | ErrorCode::Slow
                    | ErrorCode::Late
                    | ErrorCode::Stopping
            ),
            Error::Unknown { .. } | Error::Tags { .. } | Error::Field(_) | Error::Token(_) => false,
        }
    }
}

/// The engine's reason without the endpoint, which is named before it.
fn reason(endpoint: &str, error: &lariat_net::Error) -> String {
    let text = error.to_string();
    let repeated = format!("cannot connect to {endpoint}: ");
    text.strip_prefix(&repeated).unwrap_or(&text).to_owned()
}

fn known(names: &[Name], more: bool) -> String {
    let all: Vec<&str> = names.iter().map(Name::as_str).collect();
    match (all.as_slice(), more) {
        ([], _) => "no service is registered".to_owned(),
        ([one], false) => format!("known is {one}"),
        (all, false) => format!("known are {}", all.join(", ")),
        (all, true) => format!("known are {} and more", all.join(", ")),
    }
}
