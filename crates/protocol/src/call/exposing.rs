//! What a side lets the other side call: the methods of something, by their names.

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::call::{CallError, Context, code};
use crate::endpoint::nearest;

/// What a call comes to: the result as JSON, or an error.
pub type Outcome = Result<Box<RawValue>, CallError>;

/// A method that has begun.
pub type Working = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Methods that the other side of a connection may call.
///
/// [`remote!`](crate::remote) makes them of a trait; written by hand, they need not be known
/// beforehand.
pub trait Methods: Send + Sync + 'static {
    /// What they are called.
    fn names(&self) -> &[&str];

    /// Begins a call of one of them.
    ///
    /// # Errors
    ///
    /// When there is no such method, or it does not take such arguments.
    fn begin(
        &self,
        method: &str,
        params: Option<&RawValue>,
        context: Context,
    ) -> Result<Working, CallError>;
}

/// No methods at all, for a side that only calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Methods for Nothing {
    fn names(&self) -> &[&str] {
        &[]
    }

    fn begin(&self, method: &str, _: Option<&RawValue>, _: Context) -> Result<Working, CallError> {
        Err(no_method(method, &[]))
    }
}

/// How the calls of a trait's methods reach something that has them; written by
/// [`remote!`](crate::remote).
pub trait Dispatch<T>: Send + Sync + 'static {
    /// The methods' names.
    const NAMES: &'static [&'static str];

    /// Begins a call of one of them; nothing where there is no such method.
    ///
    /// # Errors
    ///
    /// When it does not take such arguments.
    fn dispatch(
        target: &Arc<T>,
        method: &str,
        params: Option<&RawValue>,
        context: Context,
    ) -> Result<Option<Working>, CallError>;
}

/// The methods of a `T`, as `C`, which is made by [`remote!`](crate::remote), knows them.
pub struct Exposed<C, T> {
    target: Arc<T>,
    client: PhantomData<fn() -> C>,
}

impl<C, T> Exposed<C, T> {
    /// The methods of this, which may have other owners too.
    pub fn new(target: Arc<T>) -> Self {
        Exposed {
            target,
            client: PhantomData,
        }
    }
}

impl<C: Dispatch<T>, T: Send + Sync + 'static> Methods for Exposed<C, T> {
    fn names(&self) -> &[&str] {
        C::NAMES
    }

    fn begin(
        &self,
        method: &str,
        params: Option<&RawValue>,
        context: Context,
    ) -> Result<Working, CallError> {
        let begun = C::dispatch(&self.target, method, params, context)?;
        begun.ok_or_else(|| no_method(method, C::NAMES))
    }
}

/// A method's future, with its result and its own error as JSON.
pub fn working<T: Serialize, E: Serialize + Display>(
    method: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Working {
    Box::pin(async move {
        match method.await {
            Ok(result) => to_raw_value(&result).map_err(|error| {
                let words = format!("the result cannot be written: {error}");
                CallError::new(code::INTERNAL_ERROR, words)
            }),
            Err(error) => Err(CallError {
                data: to_raw_value(&error).ok(),
                ..CallError::new(code::FAILED, error.to_string())
            }),
        }
    })
}

fn no_method(method: &str, known: &[&'static str]) -> CallError {
    let hint = nearest(method, known);
    let hint = hint.map_or(String::new(), |name| format!("did you mean {name:?}? "));
    let known = match known {
        [] => "there are none".into(),
        known => format!("known: {}", known.join(", ")),
    };
    let words = format!("no method {method:?} ({hint}{known})");
    CallError::new(code::METHOD_NOT_FOUND, words)
}
