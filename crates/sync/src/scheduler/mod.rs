//! A scheduler of periodic jobs: without drift, cancellable, and with a rule for a run that
//! takes longer than its period.
//!
//! A job's runs are due at its first moment and at every multiple of its period after it,
//! however long each takes and however late it begins. A job never runs twice at once, and
//! which of the runs that it missed are made up for is said by [`Overrun`]. Jobs run on a few threads of
//! the scheduler's own, so a slow one holds up others only when it has them all.
//!
//! It counts on the clock that is never set back. For something at an hour of the day, which
//! is a matter of calendars, take a crate that knows those.
//!
//! ```
//! use std::sync::mpsc;
//! use std::time::Duration;
//! use lariat_sync::scheduler::Scheduler;
//!
//! let (told, ticks) = mpsc::channel();
//! let scheduler = Scheduler::new(1)?;
//! let ticking = scheduler.every(Duration::from_millis(2), move || {
//!     let _ = told.send(());
//! });
//! for _ in 0..3 {
//!     ticks.recv()?;
//! }
//! ticking.cancel();
//! // The third run may have told and not be over.
//! assert!(ticking.counts().runs >= 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod timetable;

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::executor::{Shutdown, ThreadPool, caught};
use crate::latch::Latch;
use crate::thread::{self, Thread};
pub use timetable::{Counts, Overrun, Schedule};
use timetable::{Number, Timetable};

thread_local! {
    /// The scheduler whose job this thread runs, by its address (0 for none), and the job.
    static RUNS: Cell<(usize, Number)> = const { Cell::new((0, 0)) };
}

/// Runs jobs periodically, on threads of its own. Dropping it cancels all of them, and waits
/// for those that are running, as [`shutdown`](Self::shutdown) does; in a task await
/// [`shutdown_async`](Self::shutdown_async) first.
pub struct Scheduler {
    shared: Arc<Shared>,
    clock: Option<Thread<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Something is due earlier than the clock thread thinks, or it is to end.
    changed: Condvar,
}

struct State {
    timetable: Timetable,
    jobs: HashMap<Number, Job>,
    /// The runs that are on. Each opens when it is over.
    runs: HashMap<Number, Arc<Latch>>,
    ended: bool,
}

/// Its lock is free whenever the timetable says that it is due.
type Job = Arc<Mutex<dyn FnMut() + Send>>;

impl Scheduler {
    /// A scheduler that runs at most `threads` jobs at the same time, at least one.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn new(threads: usize) -> io::Result<Self> {
        // Each job is in the queue once at most, so nothing but their number bounds it.
        let pool = ThreadPool::builder()
            .threads(threads)
            .capacity(usize::MAX)
            .name("scheduler")
            .build()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                timetable: Timetable::default(),
                jobs: HashMap::new(),
                runs: HashMap::new(),
                ended: false,
            }),
            changed: Condvar::new(),
        });
        let told = Arc::clone(&shared);
        let builder = thread::Builder::new().name("scheduler").daemon(true);
        let clock = builder.spawn(move || told.tell_time(&pool))?;
        Ok(Scheduler {
            shared,
            clock: Some(clock),
        })
    }

    /// Runs a job every `period`, for the first time after one period, and skips the runs that
    /// it misses.
    ///
    /// # Panics
    ///
    /// When the period is zero.
    pub fn every(&self, period: Duration, job: impl FnMut() + Send + 'static) -> Periodic {
        self.run(Schedule::every(period), job)
    }

    /// Runs a job by a schedule.
    ///
    /// A run that panics is counted, and the next one comes as if it had not.
    pub fn run(&self, schedule: Schedule, job: impl FnMut() + Send + 'static) -> Periodic {
        let mut state = self.shared.lock();
        let number = state.timetable.add(schedule, Instant::now());
        state.jobs.insert(number, Arc::new(Mutex::new(job)));
        drop(state);
        self.shared.changed.notify_one();
        Periodic {
            shared: Arc::clone(&self.shared),
            number,
        }
    }

    /// Cancels all jobs, and waits for those that are running.
    ///
    /// Called by one of its own jobs it does not wait: it cannot wait for itself.
    pub fn shutdown(self) {
        drop(self);
    }

    /// The same, awaited. If it is given up on the way, the jobs are cancelled and nobody waits for
    /// those that are running.
    pub async fn shutdown_async(mut self) {
        if let Some(clock) = self.end() {
            let _ = clock.await;
        }
    }

    /// Cancels all jobs. What is to be waited for then, if there is anything left.
    fn end(&mut self) -> Option<Thread<()>> {
        let jobs = {
            let mut state = self.shared.lock();
            state.ended = true;
            std::mem::take(&mut state.jobs)
        };
        self.shared.changed.notify_one();
        // What they captured may do anything when it is dropped.
        drop(jobs);
        // Ended by one of its own jobs, it cannot wait for that.
        let (scheduler, _) = RUNS.get();
        let waits = scheduler != self.shared.address();
        self.clock.take().filter(|_| waits)
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        if let Some(clock) = self.end() {
            let _ = clock.join();
        }
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = self.shared.lock().jobs.len();
        f.debug_struct("Scheduler").field("jobs", &jobs).finish()
    }
}

/// A job that a [`Scheduler`] runs. Dropping it changes nothing.
pub struct Periodic {
    shared: Arc<Shared>,
    number: Number,
}

impl Periodic {
    /// No run begins once this has come back. Whether one is still running.
    pub fn cancel(&self) -> bool {
        let mut state = self.shared.lock();
        let job = state.jobs.remove(&self.number);
        let is_running = state.timetable.cancel(self.number);
        drop(state);
        drop(job);
        is_running
    }

    /// Waits for the run that is on, if one is; after [`cancel`](Self::cancel) for the last one, and for
    /// what the job captured to be gone.
    ///
    /// Called by the job itself it does not wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use lariat_sync::scheduler::Scheduler;
    ///
    /// let scheduler = Scheduler::new(1)?;
    /// let ticking = scheduler.every(Duration::from_millis(2), || println!("tick"));
    /// ticking.cancel();
    /// ticking.wait();
    /// // From here on nothing ticks.
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn wait(&self) {
        if let Some(run) = self.run() {
            run.wait();
        }
    }

    /// The same for at most `timeout`: whether no run is on any more.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.run().is_none_or(|run| run.wait_timeout(timeout))
    }

    /// As [`wait`](Self::wait), awaited.
    pub async fn wait_async(&self) {
        if let Some(run) = self.run() {
            run.wait_async().await;
        }
    }

    /// The run that is on, unless it is that which asks.
    fn run(&self) -> Option<Arc<Latch>> {
        if RUNS.get() == (self.shared.address(), self.number) {
            return None;
        }
        self.shared.lock().runs.get(&self.number).cloned()
    }

    /// What has become of its runs.
    pub fn counts(&self) -> Counts {
        self.shared.lock().timetable.counts(self.number)
    }
}

impl Drop for Periodic {
    fn drop(&mut self) {
        self.shared.lock().timetable.forget(self.number);
    }
}

impl fmt::Debug for Periodic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        f.debug_struct("Periodic").field("counts", &counts).finish()
    }
}

impl Shared {
    /// What the clock thread does: hands what is due to the pool, and waits for the next.
    fn tell_time(self: &Arc<Self>, pool: &ThreadPool) {
        let mut state = self.lock();
        while !state.ended {
            let now = Instant::now();
            for number in state.timetable.due(now) {
                let shared = Arc::clone(self);
                // The pool is open, and has room for all there are.
                let _ = pool.submit(move || shared.run_once(number));
            }
            let next = state.timetable.next();
            state = match next {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let left = next.saturating_duration_since(Instant::now());
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        drop(state);
        pool.shutdown(Shutdown::Cancel);
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    fn run_once(self: &Arc<Self>, number: Number) {
        RUNS.set((self.address(), number));
        let job = {
            let mut state = self.lock();
            let Some(job) = state.jobs.get(&number).cloned() else {
                return;
            };
            state.timetable.begin(number);
            state.runs.insert(number, Arc::default());
            job
        };
        let outcome = caught(|| {
            let mut job = job.lock().unwrap_or_else(PoisonError::into_inner);
            job();
        });
        // If it was cancelled meanwhile this is the last of it, and it is over when what it captured is gone.
        let _ = caught(|| drop(job));
        let run = {
            let mut state = self.lock();
            let timetable = &mut state.timetable;
            timetable.done(number, Instant::now(), outcome.is_err());
            state.runs.remove(&number)
        };
        self.changed.notify_one();
        if let Some(run) = run {
            run.open();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
