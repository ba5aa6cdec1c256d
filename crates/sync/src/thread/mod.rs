//! Named threads that keep their result or their panic, and a list of those alive.
//!
//! They are std's threads with what Python's `threading.Thread` has beside: an identity that
//! others can see, a join with a time-out, a mark for those that nobody waits for at the end
//! ([`exit`](crate::exit)), which children inherit. A thread cannot be stopped from outside, here
//! as there: tell it by an event or a queue.
//!
//! ```
//! use std::time::Duration;
//! use lariat_sync::thread;
//!
//! let adder = thread::Builder::new().name("adder").spawn(|| 1 + 2)?;
//! assert_eq!(adder.name(), "adder");
//! assert_eq!(adder.join()?, 3);
//!
//! let (go, wait) = std::sync::mpsc::channel::<()>();
//! let waiting = thread::spawn(move || wait.recv().is_ok());
//! let waiting = match waiting.join_timeout(Duration::ZERO) {
//!     Ok(result) => unreachable!("{result:?}"),
//!     Err(still_running) => still_running,
//! };
//! assert!(waiting.is_alive());
//! go.send(())?;
//! assert!(waiting.join()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod identity;
mod platform;

pub use identity::{Identity, active_count, alive, current, main};
pub(crate) use identity::{enter_main, wait_for_others, wait_for_the_end};

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::executor::{Outcome, Panic, TaskError, TaskFuture, caught, promise};
use identity::Listed;

/// The size of new threads' stacks in bytes; 0 for std's own.
static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);

/// Numbers the threads that nobody named.
static UNNAMED: AtomicU64 = AtomicU64::new(1);

/// A thread, to be joined or left alone. Dropping it lets the thread run on.
#[derive(Debug)]
pub struct Thread<T> {
    identity: Identity,
    outcome: TaskFuture<T>,
    handle: JoinHandle<()>,
}

/// How a thread is made.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
    daemon: Option<bool>,
}

impl Builder {
    /// A thread with the defaults of [`spawn`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Its name, for people and debuggers; two may have the same. By default `Thread-1` and
    /// so on.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The size of its stack in bytes; the system may round it up. By default that of
    /// [`stack_size`].
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Whether [`exit::run`](crate::exit::run) leaves it behind instead of waiting for its end.
    /// By default as with the thread that starts it.
    #[must_use]
    pub fn daemon(mut self, daemon: bool) -> Self {
        self.daemon = Some(daemon);
        self
    }

    /// Starts the thread. It is alive when this comes back.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, or the name has a zero byte in it.
    pub fn spawn<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Thread<T>> {
        let name = self.name.unwrap_or_else(|| {
            let number = UNNAMED.fetch_add(1, Ordering::Relaxed);
            format!("Thread-{number}")
        });
        if name.contains('\0') {
            let message = format!("the thread's name {name:?} has a zero byte in it");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let mut builder = std::thread::Builder::new().name(name.clone());
        match self.stack_size.unwrap_or_else(stack_size) {
            0 => {}
            bytes => builder = builder.stack_size(bytes),
        }
        let daemon = self.daemon.unwrap_or_else(|| current().is_daemon());
        let listed = Listed::new(name, daemon);
        let identity = listed.identity();
        let (promise, outcome) = promise();
        let handle = builder.spawn(move || {
            listed.begin();
            // Nobody else can cancel it: the future is in the `Thread`, which never does.
            let _ = promise.begin();
            let outcome = caught(work);
            // Who is told of its end finds it no longer alive.
            drop(listed);
            promise.finish(outcome);
        })?;
        Ok(Thread {
            identity,
            outcome,
            handle,
        })
    }
}

/// Starts a thread with a name of its own, with [`stack_size`] for a stack, and a daemon if
/// the thread that starts it is one.
///
/// # Panics
///
/// When the system gives no thread; [`Builder::spawn`] gives an error instead.
pub fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Thread<T> {
    match Builder::new().spawn(work) {
        Ok(thread) => thread,
        Err(error) => panic!("the system gives no thread: {error}"),
    }
}

/// The size in bytes of the stacks of threads that are started from now on, 0 for std's own
/// (2 MiB, or what the variable `RUST_MIN_STACK` says).
pub fn stack_size() -> usize {
    STACK_SIZE.load(Ordering::Relaxed)
}

/// Changes [`stack_size`], and gives what it was.
pub fn set_stack_size(bytes: usize) -> usize {
    STACK_SIZE.swap(bytes, Ordering::Relaxed)
}

impl<T> Thread<T> {
    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.identity.name()
    }

    /// Whether its work has not come to an end.
    pub fn is_alive(&self) -> bool {
        !self.outcome.is_done()
    }

    /// Waits for its end, and takes its result.
    ///
    /// # Errors
    ///
    /// What it panicked with.
    ///
    /// # Panics
    ///
    /// When a thread joins itself, which would never end.
    pub fn join(self) -> Result<T, Panic> {
        assert!(
            self.identity != current(),
            "thread {:?} cannot join itself",
            self.name()
        );
        let outcome = self.outcome.result();
        // It has nothing more to do but to end; what its thread-locals panic with on the way
        // is not its result.
        let _ = self.handle.join();
        joined(outcome)
    }

    /// As [`join`](Self::join), for at most `timeout`; the thread itself, if it runs on.
    ///
    /// The time is for its work: what its thread-locals do when they are dropped is waited for beyond it.
    ///
    /// # Errors
    ///
    /// This thread, still running.
    pub fn join_timeout(self, timeout: Duration) -> Result<Result<T, Panic>, Self> {
        if self.outcome.wait_timeout(timeout) {
            Ok(self.join())
        } else {
            Err(self)
        }
    }
}

/// The end of the thread's work, awaited, with its result.
impl<T> Future for Thread<T> {
    type Output = Result<T, Panic>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(context));
        Poll::Ready(joined(outcome))
    }
}

fn joined<T>(outcome: Outcome<T>) -> Result<T, Panic> {
    match outcome {
        Ok(value) => Ok(value),
        Err(TaskError::Panicked(panic)) => Err(panic),
        // It was never run, or its result was awaited before.
        Err(other) => Err(Panic::new(Box::new(other.to_string()))),
    }
}
