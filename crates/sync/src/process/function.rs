//! Functions that a worker process can be asked to run, by their names.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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

    /// Calls it with an argument as bytes, and writes the reply behind what is in
    /// `answer` already.
    #[doc(hidden)]
    fn answer(&self, argument: &[u8], answer: &mut Vec<u8>);
}

impl<A: DeserializeOwned, R: Serialize> Registered for Function<A, R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn answer(&self, argument: &[u8], answer: &mut Vec<u8>) {
        let argument: A = match postcard::from_bytes(argument) {
            Ok(argument) => argument,
            Err(error) => return Reply::Argument(error.to_string()).write(answer),
        };
        let reply = match catch_unwind(AssertUnwindSafe(|| (self.call)(argument))) {
            Ok(result) => match postcard::to_stdvec(&result) {
                Ok(bytes) => {
                    Reply::Value.write(answer);
                    answer.extend(bytes);
                    return;
                }
                Err(error) => Reply::Result(error.to_string()),
            },
            Err(payload) => Reply::Panicked(Panic::new(payload).message().to_owned()),
        };
        reply.write(answer);
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
        let bytes = postcard::to_stdvec(self).unwrap_or_else(|_| unreachable!("it is plain"));
        answer.extend(bytes);
    }
}
