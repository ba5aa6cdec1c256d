//! One call on its way to a worker process, and its result on the way back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::WorkerError;
use super::frame;
use super::function::{Function, Reply};
use crate::executor::{Outcome, Panic, Promise, TaskError, TaskFuture, promise};

/// A call whose types are forgotten. Dropped, it cancels its future.
pub struct Call {
    pub function: &'static str,
    /// The whole frame: the function's name, and its argument.
    pub frame: Vec<u8>,
    receiver: Box<dyn Receive + Send>,
}

impl Call {
    /// Writes the argument. `Err` says in words why it cannot be sent.
    pub fn new<A, R>(
        function: &Function<A, R>,
        argument: &A,
        limit: usize,
    ) -> Result<(Self, TaskFuture<R>), String>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let mut buffer = Vec::new();
        frame::begin(&mut buffer);
        let written = postcard::to_extend(function.name(), buffer)
            .and_then(|buffer| postcard::to_extend(argument, buffer));
        let mut buffer = written.map_err(|error| error.to_string())?;
        frame::finish(&mut buffer, limit)?;
        let (promise, future) = promise();
        let call = Call {
            function: function.name(),
            frame: buffer,
            receiver: Box::new(promise),
        };
        Ok((call, future))
    }

    /// Whether somebody still wants it. It can no longer be cancelled.
    pub fn begin(&self) -> bool {
        self.receiver.begin()
    }

    /// Gives the future what the worker answered.
    pub fn finish(self, answer: Result<&[u8], WorkerError>) {
        self.receiver.receive(self.function, answer);
    }
}

trait Receive {
    fn begin(&self) -> bool;
    fn receive(self: Box<Self>, function: &'static str, answer: Result<&[u8], WorkerError>);
}

impl<R: DeserializeOwned> Receive for Promise<R> {
    fn begin(&self) -> bool {
        Promise::begin(self)
    }

    fn receive(self: Box<Self>, function: &'static str, answer: Result<&[u8], WorkerError>) {
        self.finish(match answer {
            Ok(answer) => outcome(function, answer),
            Err(error) => Err(TaskError::Worker(error)),
        });
    }
}

fn outcome<R: DeserializeOwned>(function: &'static str, answer: &[u8]) -> Outcome<R> {
    let unreadable = |error: postcard::Error| WorkerError::Result {
        function,
        why: error.to_string(),
    };
    let (reply, value) = postcard::take_from_bytes(answer).map_err(unreadable)?;
    Err(TaskError::Worker(match reply {
        Reply::Value => return Ok(postcard::from_bytes(value).map_err(unreadable)?),
        Reply::Panicked(message) => {
            return Err(TaskError::Panicked(Panic::new(Box::new(message))));
        }
        Reply::NotRegistered => WorkerError::NotRegistered { function },
        Reply::Argument(why) => WorkerError::Argument { function, why },
        Reply::Result(why) => WorkerError::Result { function, why },
    }))
}
