//! The side that calls: cheap to clone, and called from as many tasks as one likes.

use std::convert::Infallible;
use std::fmt::{self, Display};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use futures_channel::oneshot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::call::running::Key;
use crate::call::waiting::Reply;
use crate::call::{CallError, CallFailure, Message, Outcome, code};
use crate::contract::{self, Address, Handle};

/// Lets time pass for a caller.
pub(crate) type Sleeper =
    Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// What reaches a connection from the tasks that use it.
pub(crate) enum Inward {
    /// A call is to be made.
    Begin {
        id: u64,
        line: Vec<u8>,
        caller: oneshot::Sender<Reply>,
    },
    /// Nobody waits for its answer any more.
    Abandon(u64),
    /// A call of the other side's is done.
    Done(Key, Outcome),
    /// Nobody will call any more. Whoever is named hears when the connection has ended.
    Close(Option<oneshot::Sender<()>>),
}

/// What a connection and its callers share.
pub(crate) struct Link {
    pub(crate) handle: Handle,
    pub(crate) peer: Address,
    /// The longest message.
    pub(crate) message: usize,
    pub(crate) sleeper: Sleeper,
    pub(crate) next: AtomicU64,
    /// Why the connection has ended, once it has.
    pub(crate) lost: OnceLock<Arc<str>>,
}

impl Link {
    /// Tells the connection something. Returns whether it is still there.
    pub(crate) fn send(&self, inward: Inward) -> bool {
        self.handle
            .send_result(contract::Message::new(inward))
            .is_ok()
    }

    fn lost(&self) -> CallFailure<Infallible> {
        let why = self.lost.get().cloned();
        CallFailure::Lost(why.unwrap_or_else(|| "the connection has ended".into()))
    }
}

/// Calls methods of the other side of a connection.
///
/// Clones call over the same connection; a client that [`remote!`](crate::remote) makes has one.
/// When the last clone of the one that connecting gave is dropped, the connection is closed.
///
/// A call whose future is dropped is cancelled at the other side.
#[derive(Clone)]
pub struct Caller {
    link: Arc<Link>,
    timeout: Option<Duration>,
    /// Who connected keeps the connection open.
    _open: Option<Arc<Open>>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Caller({})", self.link.peer)
    }
}

impl Caller {
    /// One whose last clone closes the connection.
    pub(crate) fn opening(link: Arc<Link>) -> Self {
        Caller {
            _open: Some(Arc::new(Open(Arc::clone(&link)))),
            ..Caller::borrowing(link)
        }
    }

    /// One on a connection that others keep.
    pub(crate) fn borrowing(link: Arc<Link>) -> Self {
        Caller {
            link,
            timeout: None,
            _open: None,
        }
    }

    /// The other side.
    pub fn peer(&self) -> &Address {
        &self.link.peer
    }

    /// The same, for calls that may take so long each. The other side is told, and ends what takes
    /// longer; the caller does not wait for that.
    pub fn within(&self, timeout: Duration) -> Self {
        Caller {
            timeout: Some(timeout),
            ..self.clone()
        }
    }

    /// Calls a method with arguments as JSON: an array or an object, or nothing.
    ///
    /// # Errors
    ///
    /// All but [`CallFailure::Method`], which is a [`CallFailure::Refused`] with
    /// [`code::FAILED`] here.
    pub async fn call(&self, method: &str, params: Option<&RawValue>) -> Reply {
        let id = self.link.next.fetch_add(1, Ordering::Relaxed);
        let line = Message::write_call(id, method, params, self.timeout);
        if line.len() > self.link.message {
            return Err(CallFailure::NotSent(format!(
                "the call is {} bytes long; {} are allowed",
                line.len(),
                self.link.message
            )));
        }
        let (caller, reply) = oneshot::channel();
        if !self.link.send(Inward::Begin { id, line, caller }) {
            return Err(self.link.lost());
        }
        let mut waits = Waits {
            link: &self.link,
            id,
            answered: false,
        };
        let Some(timeout) = self.timeout else {
            let reply = reply.await;
            waits.answered = true;
            return reply.unwrap_or_else(|_| Err(self.link.lost()));
        };
        let (mut reply, mut sleep) = (pin!(reply), (self.link.sleeper)(timeout));
        let reply = poll_fn(|context| match reply.as_mut().poll(context) {
            Poll::Ready(reply) => Poll::Ready(Some(reply)),
            Poll::Pending => sleep.as_mut().poll(context).map(|()| None),
        });
        let reply = reply.await;
        waits.answered = reply.is_some();
        match reply {
            None => Err(CallFailure::TimedOut(timeout)),
            // It was the other side that looked at its clock first.
            Some(Ok(Err(CallFailure::Refused(error)))) if error.code == code::TIMED_OUT => {
                Err(CallFailure::TimedOut(timeout))
            }
            Some(reply) => reply.unwrap_or_else(|_| Err(self.link.lost())),
        }
    }

    /// Calls a method with a tuple of arguments, whose result and error are of known types.
    ///
    /// # Errors
    ///
    /// As [`CallFailure`] tells them apart.
    pub fn call_typed<P, T, E>(
        &self,
        method: &'static str,
        params: P,
    ) -> impl Future<Output = Result<T, CallFailure<E>>> + Send + use<'_, P, T, E>
    where
        P: Serialize,
        T: DeserializeOwned,
        E: DeserializeOwned + Display,
    {
        let params = to_raw_value(&params);
        async move {
            let params = params.map_err(|error| {
                CallFailure::NotSent(format!("the arguments cannot be written: {error}"))
            })?;
            // No arguments at all are left out.
            let params = Some(&*params).filter(|params| params.get() != "null");
            match self.call(method, params).await {
                Ok(result) => serde_json::from_str(result.get()).map_err(|error| {
                    let words = format!("the result is not what {method} gives: {error}");
                    CallFailure::Refused(CallError::new(code::INTERNAL_ERROR, words))
                }),
                Err(CallFailure::Refused(error)) => Err(failed(error)),
                Err(failure) => Err(failure.map(|never| match never {})),
            }
        }
    }

    /// Closes the connection, also for all clones, and comes back when it has ended. Calls that
    /// are not answered yet are cancelled.
    pub async fn close(self) {
        let (told, ended) = oneshot::channel();
        if self.link.send(Inward::Close(Some(told))) {
            // It is dropped where nobody is left to tell.
            let _ = ended.await;
        }
    }
}

/// The method's own error, where it is one.
fn failed<E: DeserializeOwned + Display>(error: CallError) -> CallFailure<E> {
    let data = error.data.as_deref().filter(|_| error.code == code::FAILED);
    match data.and_then(|data| serde_json::from_str(data.get()).ok()) {
        Some(own) => CallFailure::Method(own),
        None => CallFailure::Refused(error),
    }
}

/// A call that somebody waits for.
struct Waits<'a> {
    link: &'a Link,
    id: u64,
    answered: bool,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.link.send(Inward::Abandon(self.id));
        }
    }
}

/// Closes the connection when the last of those is dropped who keep it open.
struct Open(Arc<Link>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send(Inward::Close(None));
    }
}
