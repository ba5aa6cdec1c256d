//! Functions that a worker process can be asked to run, by their names.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::frame;
use crate::executor::Panic;

/// A function with the name by which a worker process knows it, to be kept in a `static` and
/// listed in [`worker_main`](super::worker_main).
///
/// It has one argument and one result, each anything that serde can write and read back
/// (tuples for several). A result may be a `Result`, whose error then comes as a value.
///
/// ```
/// use lariat_sync::process::Function;
///
/// static POWER: Function<(u64, u32), Option<u64>> =
///     Function::new("power", |(base, exponent)| base.checked_pow(exponent));
/// assert_eq!(POWER.name(), "power");
/// ```
pub struct Function<A, R> {
    name: &'static str,
    call: fn(A) -> R,
}

impl<A, R> Function<A, R> {
    /// A function under a name that no other function of the program has.
    pub const fn new(name: &'static str, call: fn(A) -> R) -> Self {
        Function { name, call }
    }

    /// The name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// A [`Function`] whose types are forgotten, so that different ones stand in one list.
pub trait Registered: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Calls it with so many arguments, which stand one behind the other, and writes the replies
    /// behind what is in `answer` already, with at most `limit` bytes in all. What is said last is
    /// said of all that follow.
    #[doc(hidden)]
    fn answer(&self, count: u32, arguments: &[u8], limit: usize, answer: &mut Vec<u8>);
}

impl<A: DeserializeOwned, R: Serialize> Registered for Function<A, R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn answer(&self, count: u32, arguments: &[u8], limit: usize, answer: &mut Vec<u8>) {
        let mut left = arguments;
        for _ in 0..count {
            let argument = match postcard::take_from_bytes(left) {
                Ok((argument, rest)) => {
                    left = rest;
                    argument
                }
                // Nobody knows where the next one begins.
                Err(error) => return Reply::Argument(error.to_string()).write(answer),
            };
            let before = answer.len();
            self.answer_one(argument, answer);
            let length = answer.len() - frame::HEAD;
            if length > limit {
                answer.truncate(before);
                return Reply::Result(frame::too_long(length, limit)).write(answer);
            }
        }
    }
}

impl<A, R: Serialize> Function<A, R> {
    fn answer_one(&self, argument: A, answer: &mut Vec<u8>) {
        let before = answer.len();
        let called = catch_unwind(AssertUnwindSafe(|| {
            let result = (self.call)(argument);
            Reply::Value.write(answer);
            frame::put(answer, &result)
        }));
        let failed = match called {
            Ok(Ok(())) => return,
            Ok(Err(error)) => Reply::Result(error.to_string()),
            Err(payload) => Reply::Panicked(Panic::new(payload).message().to_owned()),
        };
        answer.truncate(before);
        failed.write(answer);
    }
}

/// A worker's answer to one call. The result's bytes follow [`Value`](Self::Value).
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Value,
    Panicked(String),
    NotRegistered,
    Argument(String),
    Result(String),
}

impl Reply {
    /// Writes it behind what is in `answer`.
    pub fn write(&self, answer: &mut Vec<u8>) {
        frame::put(answer, self).unwrap_or_else(|_| unreachable!("it is plain"));
    }
}
