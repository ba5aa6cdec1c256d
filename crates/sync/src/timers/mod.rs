//! Timers: one thread that does thousands of things later, or again and again.

#[cfg(all(test, feature = "loom"))]
#[allow(clippy::unwrap_used)]
mod models;
mod schedule;
mod sleep;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::schedule::{Id, Schedule, next_beat};
use crate::event::Event;
use crate::executor::caught;
use crate::sys::{Mutex, MutexGuard};
use crate::waiting::deadline;

pub use sleep::{Elapsed, Sleep, Timeout};

/// A thread that calls functions later, as many as there are, each at its time.
///
/// They are called one after the other on that thread, so what takes long belongs elsewhere: let the
/// function put it into a queue. Times are those of the monotonic clock, which nobody sets back.
///
/// ```
/// use std::time::Duration;
/// use lariat_sync::{Latch, Timers};
/// use std::sync::Arc;
///
/// let timers = Timers::new()?;
/// let done = Arc::new(Latch::new());
/// let latch = Arc::clone(&done);
/// timers.call_later(Duration::from_millis(5), move || {
///     latch.open();
/// });
/// let never = timers.call_later(Duration::from_secs(3600), || unreachable!());
/// assert!(never.cancel());
/// done.wait();
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// When it is dropped, what has not been called is not called any more, and its thread ends.
pub struct Timers {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    plan: Mutex<Plan>,
    /// Set when the thread has to look at the plan again.
    changed: Event,
}

#[derive(Default)]
struct Plan {
    schedule: Schedule<Job>,
    /// What is being called at this moment, and is not in the schedule meanwhile.
    running: Option<Running>,
    is_over: bool,
}

struct Running {
    id: Id,
    /// Whether it may be called again.
    goes_on: bool,
}

enum Job {
    Once(Box<dyn FnOnce() + Send>),
    Every(Duration, Box<dyn FnMut() + Send>),
    Wake(Waker),
}

impl Timers {
    /// Starts the thread, called `timers`.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn new() -> io::Result<Self> {
        Self::named("timers")
    }

    /// Starts the thread under a name.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn named(name: &str) -> io::Result<Self> {
        let shared = Arc::new(Shared::new());
        let worker = Arc::clone(&shared);
        let builder = thread::Builder::new().name(name.to_owned());
        let thread = builder.spawn(move || worker.work())?;
        Ok(Timers {
            shared,
            thread: Some(thread),
        })
    }

    /// Calls a function once, after a time. What is returned can [cancel](Timer::cancel) it; dropping that
    /// does not.
    pub fn call_later(&self, delay: Duration, function: impl FnOnce() + Send + 'static) -> Timer {
        self.add(deadline(delay), Job::Once(Box::new(function)))
    }

    /// Calls a function once, at a moment.
    pub fn call_at(&self, moment: Instant, function: impl FnOnce() + Send + 'static) -> Timer {
        self.add(Some(moment), Job::Once(Box::new(function)))
    }

    /// Calls a function each period, the first time after one.
    ///
    /// It does not drift: the moments are the first one plus whole periods, however late a call is or how
    /// long it takes. Moments that pass while the thread is busy are left out, not made up for. A function
    /// that panics is not called again.
    ///
    /// # Panics
    ///
    /// If the period is zero.
    pub fn call_every(&self, period: Duration, function: impl FnMut() + Send + 'static) -> Timer {
        assert!(!period.is_zero(), "a timer that repeats needs a period");
        self.add(deadline(period), Job::Every(period, Box::new(function)))
    }

    /// Waits for a time, in any async runtime.
    pub fn sleep(&self, delay: Duration) -> Sleep<'_> {
        Sleep::new(&self.shared, deadline(delay))
    }

    /// Waits for a future, but at most so long, in any async runtime. When the time is over the future is
    /// dropped, and with it what it holds. What waits here in its async form has taken nothing by then;
    /// but a put holds its item: lend it (`&mut put`), and take the item back.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// use std::time::Duration;
    /// use lariat_sync::{Queue, Timers};
    ///
    /// let (timers, short) = (Timers::new()?, Duration::from_millis(1));
    /// let queue = Queue::fifo(1);
    /// assert!(timers.timeout(short, queue.get_async()).await.is_err());
    ///
    /// queue.put_async("first").await.expect("there is room");
    /// let mut put = queue.put_async("second");
    /// if timers.timeout(short, &mut put).await.is_err() {
    ///     assert_eq!(put.into_item(), Some("second"));
    /// }
    /// # Ok::<(), std::io::Error>(()) })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn timeout<F: Future + Unpin>(&self, limit: Duration, future: F) -> Timeout<'_, F> {
        Timeout::new(self.sleep(limit), future)
    }

    /// How many wait to be called.
    pub fn len(&self) -> usize {
        self.shared.lock().schedule.len()
    }

    /// Whether none waits to be called.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Without a moment it will never be called: no clock can name it.
    fn add(&self, moment: Option<Instant>, job: Job) -> Timer {
        let id = self.shared.lock().schedule.name();
        if let Some(moment) = moment {
            self.shared.put(id, moment, job);
        }
        Timer {
            shared: Arc::clone(&self.shared),
            id,
        }
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        self.shared.end();
        // One of its own functions may have had it: a thread cannot wait for itself.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // It catches panics, and so has none to tell of.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").field("len", &self.len()).finish()
    }
}

impl Shared {
    fn new() -> Self {
        Shared {
            plan: Mutex::new(Plan::default()),
            changed: Event::new(),
        }
    }

    /// Plans a job in place of that of this name.
    fn put(&self, id: Id, moment: Instant, job: Job) {
        let mut plan = self.lock();
        if plan.is_over {
            return;
        }
        let before = plan.schedule.put(id, moment, job);
        let is_first = plan.schedule.next() == Some(moment);
        drop(plan);
        drop(before);
        if is_first {
            self.changed.set();
        }
    }

    fn work(&self) {
        loop {
            // Cleared before the look: what changes after it sets it again.
            self.changed.clear();
            let mut plan = self.lock();
            if plan.is_over {
                return;
            }
            let due = plan.schedule.take_due(Instant::now());
            let Some((id, moment, job)) = due else {
                let next = plan.schedule.next();
                drop(plan);
                self.changed.wait_until(next);
                continue;
            };
            let goes_on = matches!(job, Job::Every(..));
            plan.running = Some(Running { id, goes_on });
            drop(plan);
            // A job that panics is caught, and so is what it captured, should that do so as it goes.
            let again = caught(|| job.run()).ok().flatten();
            self.finish(id, moment, again);
        }
    }

    /// Calls nothing any more, and ends the thread.
    fn end(&self) {
        let mut plan = self.lock();
        plan.is_over = true;
        let schedule = std::mem::take(&mut plan.schedule);
        drop(plan);
        drop(schedule);
        self.changed.set();
    }

    /// A job has run; plans it again if there is anything to run again.
    fn finish(&self, id: Id, moment: Instant, again: Option<Job>) {
        let mut plan = self.lock();
        let goes_on = plan.running.take().is_some_and(|running| running.goes_on);
        let mut left = again;
        if let Some(Job::Every(period, _)) = left
            && goes_on
            && !plan.is_over
            && let Some(next) = next_beat(moment, period, Instant::now())
            && let Some(job) = left.take()
        {
            plan.schedule.put(id, next, job);
        }
        // What is not called again may run anything when it is dropped.
        drop(plan);
        let _ = caught(|| drop(left));
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock()
    }
}

impl Job {
    /// Runs it, and gives what is to be run again. A panic ends it, and the panic hook has told of it.
    fn run(self) -> Option<Job> {
        match self {
            Job::Once(function) => {
                let _ = caught(function);
                None
            }
            Job::Every(period, mut function) => {
                let result = caught(&mut function);
                result.ok().map(|()| Job::Every(period, function))
            }
            Job::Wake(waker) => {
                let _ = caught(|| waker.wake());
                None
            }
        }
    }
}

/// A function that a [`Timers`] will call.
#[derive(Clone)]
pub struct Timer {
    shared: Arc<Shared>,
    id: Id,
}

impl Timer {
    /// Cancels it, and says whether that keeps a call from coming: false if it has been called, is being
    /// called for the one time, or was cancelled before. One that repeats and is being
    /// called at this moment is not called again.
    pub fn cancel(&self) -> bool {
        let mut plan = self.shared.lock();
        let job = plan.schedule.remove(self.id);
        let repeats = match &mut plan.running {
            Some(running) if running.id == self.id => {
                std::mem::replace(&mut running.goes_on, false)
            }
            _ => false,
        };
        drop(plan);
        job.is_some() || repeats
    }

    /// Whether it waits to be called.
    pub fn is_pending(&self) -> bool {
        self.shared.lock().schedule.contains(self.id)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer")
            .field("is_pending", &self.is_pending())
            .finish()
    }
}

#[cfg(all(test, not(feature = "loom")))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_call_that_comes_late_moves_no_later_one() {
        let shared = Shared::new();
        let id = shared.lock().schedule.name();
        let due = Instant::now();
        shared.put(id, due, Job::Every(HOUR, Box::new(|| ())));
        // Whatever the time is by then, the call is late: the clock has gone on.
        thread::sleep(Duration::from_millis(1));
        let (_, moment, job) = shared.lock().schedule.take_due(Instant::now()).unwrap();
        shared.lock().running = Some(Running { id, goes_on: true });
        shared.finish(id, moment, job.run());
        assert_eq!(shared.lock().schedule.next(), Some(due + HOUR));
    }
}
