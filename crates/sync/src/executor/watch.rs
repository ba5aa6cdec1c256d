//! Who waits for several futures at once, and is told the places of those that are done.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::future::TaskFuture;
use super::outcome::{Outcome, TaskError};
use crate::sys::Mutex;
use crate::waiting::{block_until, deadline};

/// The places that were told and not yet heard.
pub(super) struct Watch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    places: VecDeque<usize>,
    /// Of the one who listens.
    waker: Option<Waker>,
}

impl Watch {
    pub fn new() -> Arc<Self> {
        Arc::new(Watch {
            state: Mutex::new(State::default()),
        })
    }

    pub fn tell(&self, place: usize) {
        let mut state = self.state.lock();
        state.places.push_back(place);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next place, if one is told before `deadline`.
    pub fn hear(&self, deadline: Option<Instant>) -> Option<usize> {
        block_until(poll_fn(|context| self.poll(context.waker())), deadline)
    }

    pub async fn hear_async(&self) -> usize {
        poll_fn(|context| self.poll(context.waker())).await
    }

    fn poll(&self, waker: &Waker) -> Poll<usize> {
        let mut state = self.state.lock();
        if let Some(place) = state.places.pop_front() {
            return Poll::Ready(place);
        }
        let before = state.waker.replace(waker.clone());
        drop(state);
        drop(before);
        Poll::Pending
    }
}

/// The outcomes of several futures as they come, each with the place of its future among
/// those that were given.
///
/// ```
/// use lariat_sync::executor::{ThreadPool, as_completed};
///
/// let pool = ThreadPool::new(2)?;
/// let (slow_may_go, wait) = std::sync::mpsc::channel();
/// let slow = pool.submit(move || wait.recv().is_ok())?;
/// let quick = pool.submit(|| true)?;
/// let mut order = Vec::new();
/// for (place, outcome) in as_completed([slow, quick]) {
///     assert!(outcome?);
///     order.push(place);
///     let _ = slow_may_go.send(());
/// }
/// assert_eq!(order, [1, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn as_completed<T>(futures: impl IntoIterator<Item = TaskFuture<T>>) -> AsCompleted<T> {
    let watch = Watch::new();
    let futures: Vec<_> = futures.into_iter().map(Some).collect();
    for (place, future) in futures.iter().flatten().enumerate() {
        future.watch(&watch, place);
    }
    AsCompleted {
        left: futures.len(),
        futures,
        watch,
    }
}

/// What [`as_completed`] gives.
pub struct AsCompleted<T> {
    futures: Vec<Option<TaskFuture<T>>>,
    left: usize,
    watch: Arc<Watch>,
}

impl<T> AsCompleted<T> {
    /// The next one if it comes within `timeout`; `None` after that time, and at the end,
    /// when [`len`](ExactSizeIterator::len) is 0.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<(usize, Outcome<T>)> {
        if self.left == 0 {
            return None;
        }
        let place = self.watch.hear(deadline(timeout))?;
        self.taken(place)
    }

    /// The next one, awaited; `None` at the end. Dropped while it waits, it loses nothing.
    pub async fn next_async(&mut self) -> Option<(usize, Outcome<T>)> {
        if self.left == 0 {
            return None;
        }
        let place = self.watch.hear_async().await;
        self.taken(place)
    }

    fn taken(&mut self, place: usize) -> Option<(usize, Outcome<T>)> {
        self.left -= 1;
        let future = self.futures.get_mut(place)?.take()?;
        Some((place, future.result()))
    }
}

impl<T> Iterator for AsCompleted<T> {
    type Item = (usize, Outcome<T>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let place = self.watch.hear(None)?;
        self.taken(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for AsCompleted<T> {}

/// When [`wait`](super::wait()) comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// As soon as one is done, or was done before.
    First,
    /// As soon as one has failed (not: was cancelled), and else when all are done.
    FirstFailed,
    /// When all are done.
    All,
}

/// Which of the futures were done and which not, by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waited {
    /// Finished, failed or cancelled.
    pub done: Vec<usize>,
    /// Queued or running.
    pub not_done: Vec<usize>,
}

/// Waits for some of the futures, at most for `timeout`, and takes no value.
///
/// A task has failed that panicked or whose process died. For tasks that give a `Result` see
/// [`wait_for`], which is told what a failure is.
///
/// ```
/// use lariat_sync::executor::{ThreadPool, When, wait};
///
/// let pool = ThreadPool::new(2)?;
/// let futures = [pool.submit(|| 1)?, pool.submit(|| 2)?];
/// let waited = wait(&futures, When::All, None);
/// assert_eq!((waited.done, waited.not_done), (vec![0, 1], vec![]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait<T>(futures: &[TaskFuture<T>], when: When, timeout: Option<Duration>) -> Waited {
    wait_for(futures, timeout, ends(when))
}

/// The same, awaited.
pub async fn wait_async<T>(futures: &[TaskFuture<T>], when: When) -> Waited {
    wait_for_async(futures, ends(when)).await
}

/// Waits until `enough` says so of an outcome, or all are done, at most for `timeout`.
///
/// ```
/// use lariat_sync::executor::{ThreadPool, wait_for};
///
/// let pool = ThreadPool::new(1)?;
/// let (_kept, never) = std::sync::mpsc::channel::<()>();
/// let failing = pool.submit(|| "x".parse::<u8>())?;
/// let other = pool.submit(|| "1".parse::<u8>())?;
/// let waited = wait_for(&[failing, other], None, |outcome| !matches!(outcome, Ok(Ok(_))));
/// assert!(waited.done.contains(&0));
/// # drop(never);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait_for<T>(
    futures: &[TaskFuture<T>],
    timeout: Option<Duration>,
    mut enough: impl FnMut(&Outcome<T>) -> bool,
) -> Waited {
    let until = timeout.and_then(deadline);
    let watched = Watched::new(futures);
    let mut left = futures.len();
    while left > 0 {
        let Some(place) = watched.watch.hear(until) else {
            break;
        };
        match watched.look(place, &mut enough) {
            Some(true) => break,
            Some(false) => left -= 1,
            None => {}
        }
    }
    sorted(futures)
}

/// The same, awaited.
pub async fn wait_for_async<T>(
    futures: &[TaskFuture<T>],
    mut enough: impl FnMut(&Outcome<T>) -> bool,
) -> Waited {
    let watched = Watched::new(futures);
    let mut left = futures.len();
    while left > 0 {
        let place = watched.watch.hear_async().await;
        match watched.look(place, &mut enough) {
            Some(true) => break,
            Some(false) => left -= 1,
            None => {}
        }
    }
    sorted(futures)
}

fn ends<T>(when: When) -> impl FnMut(&Outcome<T>) -> bool {
    move |outcome| match when {
        When::First => true,
        When::FirstFailed => !matches!(
            outcome,
            Ok(_) | Err(TaskError::Cancelled | TaskError::Taken)
        ),
        When::All => false,
    }
}

/// Futures while they are watched; they forget it when this is dropped.
struct Watched<'a, T> {
    futures: &'a [TaskFuture<T>],
    watch: Arc<Watch>,
}

impl<'a, T> Watched<'a, T> {
    fn new(futures: &'a [TaskFuture<T>]) -> Self {
        let watch = Watch::new();
        for (place, future) in futures.iter().enumerate() {
            future.watch(&watch, place);
        }
        Watched { futures, watch }
    }

    /// Looks at one that was told of. None if others look at it at this moment, another who waits
    /// or a callback: then it is told of once more.
    fn look(&self, place: usize, enough: impl FnMut(&Outcome<T>) -> bool) -> Option<bool> {
        let future = &self.futures[place];
        let looked = future.look(enough);
        if looked.is_none() {
            future.watch(&self.watch, place);
        }
        looked
    }
}

impl<T> Drop for Watched<'_, T> {
    fn drop(&mut self) {
        for future in self.futures {
            future.unwatch(&self.watch);
        }
    }
}

fn sorted<T>(futures: &[TaskFuture<T>]) -> Waited {
    let mut waited = Waited::default();
    for (place, future) in futures.iter().enumerate() {
        if future.is_done() {
            waited.done.push(place);
        } else {
            waited.not_done.push(place);
        }
    }
    waited
}
