//! What a call can come to other than a result.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::contract::Deadline;

/// The numbers of what goes wrong: JSON-RPC's own, the Language Server Protocol's for what is
/// cancelled, and ours in the range that JSON-RPC leaves to implementations.
pub mod code {
    /// The line is no JSON.
    pub const PARSE_ERROR: i64 = -32700;
    /// The JSON is no call.
    pub const INVALID_REQUEST: i64 = -32600;
    /// There is no method of this name.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The arguments are not what the method takes.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The method broke down.
    pub const INTERNAL_ERROR: i64 = -32603;
    /// The caller has cancelled the call.
    pub const CANCELLED: i64 = -32800;
    /// The call's `timeout_ms` has passed.
    pub const TIMED_OUT: i64 = -32001;
    /// There are too many calls, on this connection or in all.
    pub const TOO_MANY: i64 = -32002;
    /// The side that was called is going down.
    pub const GOING_DOWN: i64 = -32003;
    /// A deadline of the connection has passed, and it ends.
    pub const LATE: i64 = -32004;
    /// The method itself says that it failed; its error is in `data`.
    pub const FAILED: i64 = 1;
}

/// The longest message of an error that quotes what a peer sent.
const MOST_WORDS: usize = 300;

/// The error in an answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// Which, of [`code`].
    pub code: i64,
    /// For a person.
    pub message: String,
    /// More, for a program.
    pub data: Option<Box<RawValue>>,
}

impl CallError {
    /// An error without `data`. Of words that are very long the beginning is kept.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MOST_WORDS {
            let end = (0..=MOST_WORDS)
                .rev()
                .find(|at| message.is_char_boundary(*at));
            message.truncate(end.unwrap_or(0));
            message.push('…');
        }
        CallError {
            code,
            message,
            data: None,
        }
    }

    pub(crate) fn cancelled() -> Self {
        CallError::new(code::CANCELLED, "the call was cancelled")
    }

    pub(crate) fn timed_out() -> Self {
        CallError::new(code::TIMED_OUT, "the time of the call has passed")
    }

    pub(crate) fn going_down() -> Self {
        CallError::new(code::GOING_DOWN, "this side is going down")
    }

    pub(crate) fn late(deadline: Deadline) -> Self {
        CallError::new(code::LATE, deadline.to_string())
    }
}

/// Why a call has no result. `E` is what the method itself fails with.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailure<E: Display> {
    /// The method says so.
    #[error("{0}")]
    Method(E),
    /// The other side would not or could not do it.
    #[error("{0}")]
    Refused(CallError),
    /// There was no answer within the time that was given.
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The connection ended before there was an answer; the method may have been done or not.
    #[error("{0}")]
    Lost(Arc<str>),
    /// The call was not sent: it cannot be written, or too many are not answered yet.
    #[error("{0}")]
    NotSent(String),
}

impl<E: Display> CallFailure<E> {
    /// The same of a method that fails with something else.
    pub(crate) fn map<F: Display>(self, map: impl FnOnce(E) -> CallFailure<F>) -> CallFailure<F> {
        match self {
            CallFailure::Method(error) => map(error),
            CallFailure::Refused(error) => CallFailure::Refused(error),
            CallFailure::TimedOut(after) => CallFailure::TimedOut(after),
            CallFailure::Lost(why) => CallFailure::Lost(why),
            CallFailure::NotSent(why) => CallFailure::NotSent(why),
        }
    }
}
