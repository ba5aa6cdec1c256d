//! The calls that this side has made and that are not answered yet.

use std::collections::HashMap;
use std::convert::Infallible;

use futures_channel::oneshot;
use serde_json::value::RawValue;

use crate::call::{CallFailure, Id, Outcome};
use crate::contract::Error;

/// What a caller is told in the end.
pub(crate) type Reply = Result<Box<RawValue>, CallFailure<Infallible>>;

/// Who waits for which answer.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Nobody waits for what was cancelled, which is answered nevertheless.
    calls: HashMap<u64, Option<oneshot::Sender<Reply>>>,
}

impl Waiting {
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// A call was made.
    pub(crate) fn begin(&mut self, id: u64, caller: oneshot::Sender<Reply>) {
        self.calls.insert(id, Some(caller));
    }

    /// Its caller does not want the answer any more. Returns whether the other side is to be
    /// told: it is not when the answer has come meanwhile.
    pub(crate) fn abandon(&mut self, id: u64) -> bool {
        let caller = self.calls.get_mut(&id).and_then(Option::take);
        caller.is_some()
    }

    /// Which calls somebody waits for.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = u64> {
        let wanted = self.calls.iter().filter(|(_, caller)| caller.is_some());
        wanted.map(|(id, _)| *id)
    }

    /// An answer came.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] when no call waits for it.
    pub(crate) fn answer(&mut self, id: &Id, outcome: Outcome) -> Result<(), Error> {
        let known = match id {
            Id::Number(number) => self.calls.remove(number),
            Id::Text(_) => None,
        };
        let Some(caller) = known else {
            let words = format!("an answer to the call {id}, which waits for none");
            return Err(Error::unexpected(words));
        };
        if let Some(caller) = caller {
            // Who has given up meanwhile has said so, or is about to.
            let _ = caller.send(outcome.map_err(CallFailure::Refused));
        }
        Ok(())
    }

    /// No answer will come any more.
    pub(crate) fn fail_all(&mut self, why: &CallFailure<Infallible>) {
        for caller in self.calls.drain().filter_map(|(_, caller)| caller) {
            let _ = caller.send(Err(why.clone()));
        }
    }
}
