//! The queue of work between those who submit and the threads of an executor.
//!
//! It is a `Mutex` with two kinds of waiters: the executor's threads, which only ever block,
//! and those who submit to a full queue, who block or await and stand in one line.

use std::collections::VecDeque;
use std::convert::identity;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::map::Room;
use crate::sys::{Condvar, Mutex, MutexGuard};
use crate::waiting::{Ticket, Waiters, block_until};

/// Jobs in the order in which they were put.
pub(crate) struct WorkQueue<J> {
    state: Mutex<State<J>>,
    work: Condvar,
    capacity: usize,
}

struct State<J> {
    jobs: VecDeque<J>,
    /// Those who wait for room.
    submitters: Waiters<()>,
    /// How many threads wait for work.
    idle: usize,
    /// How many of those were called and have not woken up. Never more than are on their way:
    /// a system call for each job of a burst is most of what the burst costs.
    called: usize,
    closed: bool,
}

/// Why a job was not taken, with the job.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused<K> {
    /// As many wait as may.
    Full(K),
    /// The executor was shut down.
    ShutDown(K),
}

/// How a job was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// Threads that wait will come for all that is queued.
    Awaited,
    /// More is queued than threads wait: it would begin sooner if there were another.
    Queued,
}

/// What a thread gets that asked for work.
pub(crate) enum Taken<J> {
    Job(J),
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    Closed,
}

impl<J> WorkQueue<J> {
    /// At most `capacity` jobs wait in it, at least one.
    pub fn new(capacity: usize) -> Self {
        let state = State {
            jobs: VecDeque::new(),
            submitters: Waiters::default(),
            idle: 0,
            called: 0,
            closed: false,
        };
        WorkQueue {
            state: Mutex::new(state),
            work: Condvar::new(),
            capacity: capacity.max(1),
        }
    }

    /// Puts a job without waiting. It becomes a `J` by `wrap` only once it is taken, so that
    /// a refused one comes back as it was.
    pub fn try_put<K>(&self, job: K, wrap: impl FnOnce(K) -> J) -> Result<Put, Refused<K>> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::ShutDown(job));
        }
        if state.jobs.len() >= self.capacity {
            return Err(Refused::Full(job));
        }
        state.jobs.push_back(wrap(job));
        let put = if state.jobs.len() > state.idle {
            Put::Queued
        } else {
            Put::Awaited
        };
        let calls = state.idle > state.called;
        state.called += usize::from(calls);
        drop(state);
        if calls {
            self.work.notify_one();
        }
        Ok(put)
    }

    /// Puts a job, and waits for room until the moment.
    pub fn put<K: Unpin>(
        &self,
        job: K,
        wrap: impl Fn(K) -> J + Unpin,
        until: Option<Instant>,
    ) -> Result<Put, Refused<K>> {
        let mut putting = Putting::new(self, job, wrap);
        match block_until(&mut putting, until) {
            Some(put) => put,
            None => match putting.job.take() {
                Some(job) => Err(Refused::Full(job)),
                None => unreachable!("it was not put"),
            },
        }
    }

    /// Puts a job, and awaits room. Dropped while it waits, it leaves its place to the next.
    pub fn put_async<K: Unpin, W: Fn(K) -> J + Unpin>(
        &self,
        job: K,
        wrap: W,
    ) -> Putting<'_, J, K, W> {
        Putting::new(self, job, wrap)
    }

    /// Waits for the next job, at most for `timeout`.
    pub fn take(&self, timeout: Option<Duration>) -> Taken<J> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                let submitter = state.submitters.take_first();
                drop(state);
                if let Some(((), waker)) = submitter {
                    waker.wake();
                }
                return Taken::Job(job);
            }
            if state.closed {
                return Taken::Closed;
            }
            state.idle += 1;
            let timed_out;
            (state, timed_out) = match timeout {
                None => (self.work.wait(state), false),
                Some(timeout) => self.work.wait_timeout(state, timeout),
            };
            state.idle -= 1;
            // Whoever wakes up for whatever reason may be the one who was called.
            state.called = state.called.saturating_sub(1);
            if timed_out && state.jobs.is_empty() && !state.closed {
                return Taken::Nothing;
            }
        }
    }

    /// Takes nothing more. What is queued is done, or given back if it is to be `cancelled`.
    pub fn close(&self, cancelled: bool) -> VecDeque<J> {
        let mut state = self.lock();
        state.closed = true;
        let jobs = if cancelled {
            std::mem::take(&mut state.jobs)
        } else {
            VecDeque::new()
        };
        let submitters = state.submitters.take_all();
        drop(state);
        self.work.notify_all();
        submitters.wake();
        jobs
    }

    /// How many jobs wait.
    pub fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// How many wait for room.
    pub fn waiting(&self) -> usize {
        self.lock().submitters.len()
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock()
    }
}

impl<J: Send + Unpin> Room<J> for WorkQueue<J> {
    fn try_put(&self, job: J) -> Result<(), Refused<J>> {
        WorkQueue::try_put(self, job, identity).map(drop)
    }

    fn put(&self, job: J, until: Option<Instant>) -> Result<(), Refused<J>> {
        WorkQueue::put(self, job, identity, until).map(drop)
    }

    async fn put_kept(&self, kept: &mut Option<J>) -> Result<(), Refused<()>> {
        let put = self.put_async(kept, taken_out).await;
        put.map(drop).map_err(Refused::without_job)
    }
}

/// A job that was kept, once there is room for it.
pub(crate) fn taken_out<J>(kept: &mut Option<J>) -> J {
    match kept.take() {
        Some(job) => job,
        None => unreachable!("a job is kept until it is put"),
    }
}

impl<K> Refused<K> {
    /// The same without the job.
    pub fn without_job(self) -> Refused<()> {
        match self {
            Refused::Full(_) => Refused::Full(()),
            Refused::ShutDown(_) => Refused::ShutDown(()),
        }
    }
}

/// A job on its way in. Whoever waits has a place in the line and keeps it; a newcomer may
/// still be quicker when there is room.
pub(crate) struct Putting<'a, J, K, W> {
    queue: &'a WorkQueue<J>,
    job: Option<K>,
    wrap: W,
    place: Option<Ticket>,
}

impl<'a, J, K, W> Putting<'a, J, K, W> {
    fn new(queue: &'a WorkQueue<J>, job: K, wrap: W) -> Self {
        Putting {
            queue,
            job: Some(job),
            wrap,
            place: None,
        }
    }
}

impl<J, K: Unpin, W: Fn(K) -> J + Unpin> Future for Putting<'_, J, K, W> {
    type Output = Result<Put, Refused<K>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let waker = context.waker().clone();
        let mut state = this.queue.lock();
        let has_room = state.jobs.len() < this.queue.capacity;
        if !has_room && !state.closed {
            let before = state.submitters.enter(&mut this.place, (), waker);
            drop(state);
            drop(before);
            return Poll::Pending;
        }
        drop(state);
        let Some(job) = this.job.take() else {
            unreachable!("a future is not polled again when it is done");
        };
        match this.queue.try_put(job, &this.wrap) {
            // Somebody was quicker.
            Err(Refused::Full(job)) => {
                this.job = Some(job);
                self.poll(context)
            }
            done => Poll::Ready(done),
        }
    }
}

impl<J, K, W> Drop for Putting<'_, J, K, W> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut state = self.queue.lock();
        let own = state.submitters.leave(place);
        // It was called and does not come: the next one may.
        let next = if own.is_none() && state.jobs.len() < self.queue.capacity {
            state.submitters.take_first()
        } else {
            None
        };
        drop(state);
        drop(own);
        if let Some(((), waker)) = next {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Waker;
    use std::thread;

    /// One function, so that futures have one type.
    fn wrap(job: u32) -> u32 {
        job
    }

    fn take(queue: &WorkQueue<u32>) -> Option<u32> {
        match queue.take(Some(Duration::ZERO)) {
            Taken::Job(job) => Some(job),
            _ => None,
        }
    }

    fn put(queue: &WorkQueue<u32>, job: u32) -> Result<Put, Refused<u32>> {
        queue.try_put(job, |job| job)
    }

    #[test]
    fn a_full_queue_and_a_closed_one_give_the_job_back() {
        let queue = WorkQueue::new(1);
        assert_eq!(put(&queue, 1), Ok(Put::Queued));
        assert_eq!(put(&queue, 2), Err(Refused::Full(2)));
        let past = Some(Instant::now());
        assert_eq!(queue.put(3, |job| job, past), Err(Refused::Full(3)));
        assert_eq!(queue.close(true), [1]);
        assert_eq!(put(&queue, 4), Err(Refused::ShutDown(4)));
        assert!(matches!(queue.take(None), Taken::Closed));
    }

    #[test]
    fn a_closed_queue_is_emptied_first() {
        let queue = WorkQueue::new(9);
        put(&queue, 1).unwrap();
        assert!(queue.close(false).is_empty());
        assert_eq!(take(&queue), Some(1));
        assert!(matches!(queue.take(None), Taken::Closed));
    }

    #[test]
    fn threads_and_futures_that_wait_for_room_all_get_it() {
        let queue = Arc::new(WorkQueue::new(1));
        put(&queue, 0).unwrap();
        let mut dropped = Box::pin(queue.put_async(99, wrap));
        let mut context = Context::from_waker(Waker::noop());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
        let putting = Arc::clone(&queue);
        let thread = thread::spawn(move || putting.put(1, |job| job, None));
        let mut second = pin!(queue.put_async(2, wrap));
        assert!(second.as_mut().poll(&mut context).is_pending());
        let mut seen = vec![take(&queue).unwrap()];
        // It was first in the line and has been woken; its place goes to somebody else.
        drop(dropped);
        while !(seen.contains(&1) && seen.contains(&2)) {
            if second.as_mut().poll(&mut context) == Poll::Ready(Ok(Put::Queued)) {
                second.set(queue.put_async(3, wrap));
            }
            seen.extend(take(&queue));
            thread::yield_now();
        }
        thread.join().unwrap().unwrap();
    }
}
