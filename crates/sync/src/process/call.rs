//! Calls on their way to a worker process, and their results on the way back.
//!
//! A frame has one call in it, or a chunk of calls of one function: their number, the function's
//! name, the arguments. The answer has a reply for each, in their order.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::WorkerError;
use super::frame;
use super::function::{Function, Reply};
use crate::executor::{Outcome, Panic, Promise, TaskError, TaskFuture, promise};

/// How many bytes the number of calls has.
const COUNT: usize = 4;

/// Calls whose types are forgotten. Dropped, they cancel their futures.
pub struct Call {
    pub function: &'static str,
    pub frame: Vec<u8>,
    receiver: Box<dyn Receive + Send>,
}

impl Call {
    /// A call by itself. `Err` says in words why its argument cannot be sent.
    pub fn new<A, R>(
        function: &Function<A, R>,
        argument: &A,
        limit: usize,
    ) -> Result<(Self, TaskFuture<R>), String>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let mut chunk = Chunk::new(function);
        let future = chunk.add(argument)?;
        Ok((chunk.finish(limit)?, future))
    }

    /// Whether somebody still wants it. It can no longer be cancelled.
    pub fn begin(&self) -> bool {
        self.receiver.begin()
    }

    /// Gives the futures what the worker answered.
    pub fn finish(self, answer: Result<&[u8], WorkerError>) {
        self.receiver.receive(self.function, answer);
    }
}

/// Calls of one function that go to a worker together.
pub struct Chunk<R> {
    function: &'static str,
    frame: Vec<u8>,
    promises: Vec<Promise<R>>,
}

impl<R: DeserializeOwned + Send + 'static> Chunk<R> {
    /// One with nothing in it.
    pub fn new<A>(function: &Function<A, R>) -> Self {
        let mut frame = Vec::new();
        frame::begin(&mut frame);
        frame.extend([0; COUNT]);
        let function = function.name();
        frame::put(&mut frame, function).unwrap_or_else(|_| unreachable!("it is text"));
        Chunk {
            function,
            frame,
            promises: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.promises.is_empty()
    }

    /// Adds a call. `Err` says in words why its argument cannot be sent.
    pub fn add<A: Serialize>(&mut self, argument: &A) -> Result<TaskFuture<R>, String> {
        frame::put(&mut self.frame, argument).map_err(|error| error.to_string())?;
        let (promise, future) = promise();
        self.promises.push(promise);
        Ok(future)
    }

    /// The whole of it. `Err` says in words why it cannot be sent.
    pub fn finish(mut self, limit: usize) -> Result<Call, String> {
        let count = u32::try_from(self.promises.len()).map_err(|error| error.to_string())?;
        self.frame[frame::HEAD..frame::HEAD + COUNT].copy_from_slice(&count.to_be_bytes());
        frame::finish(&mut self.frame, limit)?;
        Ok(Call {
            function: self.function,
            frame: self.frame,
            receiver: Box::new(self.promises),
        })
    }
}

/// What a worker reads from a frame of calls: how many, of which function, and the arguments.
pub fn read(frame: &[u8]) -> postcard::Result<(u32, &str, &[u8])> {
    let (count, rest) = frame
        .split_first_chunk::<COUNT>()
        .ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
    let (name, arguments) = postcard::take_from_bytes(rest)?;
    Ok((u32::from_be_bytes(*count), name, arguments))
}

trait Receive {
    fn begin(&self) -> bool;
    fn receive(self: Box<Self>, function: &'static str, answer: Result<&[u8], WorkerError>);
}

impl<R: DeserializeOwned> Receive for Vec<Promise<R>> {
    fn begin(&self) -> bool {
        // All of them, though one is enough.
        self.iter().filter(|promise| promise.begin()).count() > 0
    }

    fn receive(self: Box<Self>, function: &'static str, answer: Result<&[u8], WorkerError>) {
        let mut answers = match answer {
            Ok(answer) => Answers::new(function, answer),
            Err(error) => Answers {
                function,
                left: &[],
                last: Some(error),
            },
        };
        for promise in *self {
            promise.finish(answers.next());
        }
    }
}

/// The replies to the calls of a frame, one after the other.
pub struct Answers<'a> {
    function: &'static str,
    left: &'a [u8],
    /// What all have failed with that are left, once nothing is.
    last: Option<WorkerError>,
}

impl<'a> Answers<'a> {
    /// Those of an answer.
    pub fn new(function: &'static str, answer: &'a [u8]) -> Self {
        Answers {
            function,
            left: answer,
            last: None,
        }
    }

    /// The next one.
    pub fn next<R: DeserializeOwned>(&mut self) -> Outcome<R> {
        if self.left.is_empty()
            && let Some(last) = &self.last
        {
            return Err(TaskError::Worker(last.clone()));
        }
        let error = match self.take() {
            Ok(Reply::Value) => match self.take() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            },
            Ok(Reply::Panicked(message)) => {
                return Err(TaskError::Panicked(Panic::new(Box::new(message))));
            }
            Ok(Reply::NotRegistered) => WorkerError::NotRegistered {
                function: self.function,
            },
            Ok(Reply::Argument(why)) => WorkerError::Argument {
                function: self.function,
                why,
            },
            Ok(Reply::Result(why)) => WorkerError::Result {
                function: self.function,
                why,
            },
            Err(error) => error,
        };
        self.last = Some(error.clone());
        Err(TaskError::Worker(error))
    }

    fn take<V: DeserializeOwned>(&mut self) -> Result<V, WorkerError> {
        match postcard::take_from_bytes(self.left) {
            Ok((value, left)) => {
                self.left = left;
                Ok(value)
            }
            Err(error) => {
                // Nobody knows where the next one begins.
                self.left = &[];
                Err(WorkerError::Result {
                    function: self.function,
                    why: error.to_string(),
                })
            }
        }
    }
}
