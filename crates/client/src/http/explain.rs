//! What hyper says about a connection, in words that say what the server did.

use std::error::Error as StdError;
use std::io;

use super::{Error, Limits};

/// Why there is no header of an answer.
pub(super) fn head(server: &str, error: &hyper::Error, limits: &Limits) -> Error {
    if error.is_parse_too_large() {
        return Error::Limit {
            server: server.to_owned(),
            problem: format!(
                "the header of its answer is longer than {} bytes or {} lines",
                limits.header_bytes, limits.header_lines
            ),
        };
    }
    if error.is_parse() {
        let problem = match error.is_parse_status() {
            true => "what it answered has no status of three digits".into(),
            false => format!("what it answered is no HTTP: {}", innermost(error)),
        };
        return Error::Invalid {
            server: server.to_owned(),
            problem,
        };
    }
    if error.is_user() {
        return Error::Misuse(format!("the request cannot be sent: {}", innermost(error)));
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return unanswered(server);
    }
    match io_error(error) {
        Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => unanswered(server),
        Some(error) => {
            let what = format!("the connection broke before it had answered: {error}");
            closed(server, what, Some(copy(error)))
        }
        None => closed(
            server,
            format!(
                "the connection broke before it had answered: {}",
                innermost(error)
            ),
            None,
        ),
    }
}

/// Why a body ended where `came` bytes of the `said` had come.
pub(super) fn body(server: &str, error: hyper::Error, came: u64, said: Option<u64>) -> Error {
    let end = match said {
        Some(said) => format!("the body ended at {came} of {}", bytes(said)),
        None => format!(
            "the body ended before its end, when {} had come",
            bytes(came)
        ),
    };
    match io_error(&error) {
        Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => truncated(server, end, None),
        Some(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
            ) && error.get_ref().is_some() =>
        {
            Error::Invalid {
                server: server.to_owned(),
                problem: format!(
                    "what came behind {} of the body is no HTTP: {error}",
                    bytes(came)
                ),
            }
        }
        Some(error) => truncated(server, format!("{end}: {error}"), Some(copy(error))),
        None => truncated(server, format!("{end}: {}", innermost(&error)), None),
    }
}

/// A number of bytes in words.
pub(super) fn bytes(number: u64) -> String {
    match number {
        1 => "1 byte".into(),
        number => format!("{number} bytes"),
    }
}

fn unanswered(server: &str) -> Error {
    Error::Unanswered {
        server: server.to_owned(),
    }
}

fn truncated(server: &str, what: String, error: Option<io::Error>) -> Error {
    Error::Truncated {
        server: server.to_owned(),
        what,
        error,
    }
}

fn closed(server: &str, what: String, error: Option<io::Error>) -> Error {
    Error::Closed {
        server: server.to_owned(),
        what,
        error,
    }
}

fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The cause that all others come from, which says most.
fn innermost(error: &hyper::Error) -> String {
    match causes(error).last() {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}

fn causes<'a>(error: &'a hyper::Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| StdError::source(*cause))
}
