//! The process pool: threads that each look after one worker process.

use std::collections::VecDeque;
use std::convert::identity;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::builder::Builder;
use super::call::{Call, Chunk};
use super::child::{Failed, Kill, Kind, Worker};
use super::error::{StartError, SubmitError, WorkerError};
use super::function::Function;
use crate::executor::{
    Crew, Made, Map, Refused, Settings, Shutdown, Taken, TaskError, TaskFuture, WorkQueue, promise,
};
use crate::waiting::deadline;

/// How often an idle worker is looked at: one that has died is buried by then.
const LOOK: Duration = Duration::from_secs(1);

/// Worker processes that run registered functions, and a [`TaskFuture`] for each task.
///
/// Workers are started when there is work for them, and stay. A worker that dies fails the one
/// task that it had, with [`TaskError::Worker`] and the signal or exit code in it; the next task
/// gets another worker. A task is never run twice.
///
/// Dropping the pool waits until everything that was submitted is done. See
/// [the module](super) for an example.
pub struct ProcessPool {
    crew: Crew<Call>,
    frame: usize,
    kills: Arc<Mutex<Vec<Kill>>>,
}

impl ProcessPool {
    /// A pool with the defaults of its [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new() -> io::Result<Self> {
        Self::builder().build()
    }

    /// Sizes and limits.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A pool whose workers are replaced after so many tasks.
    pub(super) fn start(settings: Settings, kind: Kind, tasks: usize) -> io::Result<Self> {
        let frame = kind.frame;
        let kills = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&kills);
        let crew = Crew::start(settings, move |queue| {
            let kill = Kill::default();
            known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(kill.clone());
            look_after(queue, &kind, &kill, tasks);
        })?;
        Ok(ProcessPool { crew, frame, kills })
    }

    /// Queues a call, and waits for room while the queue is full. The argument is written at
    /// once, so it may be borrowed.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Argument`] or [`SubmitError::ShutDown`].
    pub fn submit<A, R>(
        &self,
        function: &Function<A, R>,
        argument: &A,
    ) -> Result<TaskFuture<R>, SubmitError>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let (call, future) = self.call(function, argument)?;
        self.crew.put(call, identity, None)?;
        Ok(future)
    }

    /// The same for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Also [`SubmitError::Full`].
    pub fn submit_timeout<A, R>(
        &self,
        function: &Function<A, R>,
        argument: &A,
        timeout: Duration,
    ) -> Result<TaskFuture<R>, SubmitError>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let (call, future) = self.call(function, argument)?;
        self.crew.put(call, identity, deadline(timeout))?;
        Ok(future)
    }

    /// Queues a call if there is room now.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Argument`], [`SubmitError::Full`] or [`SubmitError::ShutDown`].
    pub fn try_submit<A, R>(
        &self,
        function: &Function<A, R>,
        argument: &A,
    ) -> Result<TaskFuture<R>, SubmitError>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let (call, future) = self.call(function, argument)?;
        self.crew.try_put(call, identity)?;
        Ok(future)
    }

    /// Queues a call, and awaits room.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    pub async fn submit_async<A, R>(
        &self,
        function: &Function<A, R>,
        argument: &A,
    ) -> Result<TaskFuture<R>, SubmitError>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let (call, future) = self.call(function, argument)?;
        self.crew.put_async(call, identity).await?;
        Ok(future)
    }

    /// Calls the function with each of the items, and gives the outcomes in the order of the
    /// items; as [`ThreadPool::map`](crate::executor::ThreadPool::map).
    pub fn map<'a, I, A, R>(
        &'a self,
        function: &'a Function<A, R>,
        items: I,
    ) -> Map<'a, I::IntoIter, R>
    where
        I: IntoIterator<Item = A>,
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        self.map_chunks(function, items, 1)
    }

    /// As [`map`](Self::map), with so many items in each task: where a call takes less time than
    /// the way to a worker and back, which is some 20 µs.
    ///
    /// The arguments of a chunk travel together, and so do its results, with a
    /// [`frame`](Builder::frame) for all. A call that panics is an error in its place; when the
    /// worker dies, all of its chunk have no result.
    pub fn map_chunks<'a, I, A, R>(
        &'a self,
        function: &'a Function<A, R>,
        items: I,
        size: usize,
    ) -> Map<'a, I::IntoIter, R>
    where
        I: IntoIterator<Item = A>,
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let size = size.max(1);
        let make = move |items: &mut I::IntoIter, futures: &mut VecDeque<TaskFuture<R>>| {
            self.chunk(function, items.take(size), futures)
        };
        Map::new(
            items.into_iter(),
            &self.crew,
            make,
            self.processes() * 2 * size,
        )
    }

    /// How many worker processes it has at most.
    pub fn processes(&self) -> usize {
        self.crew.threads()
    }

    /// How many tasks wait for a worker, cancelled ones too.
    pub fn queued(&self) -> usize {
        self.crew.queued()
    }

    /// How many wait in [`submit`](Self::submit) and its other forms because the queue is full.
    pub fn waiting(&self) -> usize {
        self.crew.waiting()
    }

    /// Takes no more tasks, and comes back at once.
    pub fn close(&self, what: Shutdown) {
        self.crew.close(what == Shutdown::Cancel);
    }

    /// Takes no more tasks, waits for those that are left, and for the workers' end.
    pub fn shutdown(&self, what: Shutdown) {
        self.close(what);
        self.crew.wait(None);
    }

    /// The same, waiting for at most `timeout`: whether all has ended.
    pub fn shutdown_timeout(&self, what: Shutdown, timeout: Duration) -> bool {
        self.close(what);
        self.crew.wait(deadline(timeout))
    }

    /// The same, awaited.
    pub async fn shutdown_async(&self, what: Shutdown) {
        self.close(what);
        self.crew.wait_async().await;
    }

    /// Cancels what is queued, kills the workers with what they are doing, and waits until
    /// they are gone. What they were doing has died of signal 9, and so has what was begun and had
    /// not reached its worker yet.
    ///
    /// Called by a callback of one of its own tasks it does not wait: the thread that would have to
    /// end is the one that calls.
    pub fn kill(&self) {
        self.no_more_workers();
        self.crew.wait(None);
    }

    /// The same, awaited.
    pub async fn kill_async(&self) {
        self.no_more_workers();
        self.crew.wait_async().await;
    }

    /// Kills the workers, and those that are just being started as soon as they are there.
    fn no_more_workers(&self) {
        self.close(Shutdown::Cancel);
        for kill in self.kills().iter() {
            kill.kill_for_ever();
        }
    }

    /// Kills the workers with what they are doing; others take their places.
    pub fn kill_workers(&self) {
        for kill in self.kills().iter() {
            kill.kill();
        }
    }

    fn kills(&self) -> MutexGuard<'_, Vec<Kill>> {
        self.kills.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A chunk of calls. Those whose arguments cannot be sent have failed by then.
    fn chunk<A, R>(
        &self,
        function: &Function<A, R>,
        items: impl Iterator<Item = A>,
        futures: &mut VecDeque<TaskFuture<R>>,
    ) -> Made<Call>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        let mut chunk = Chunk::new(function);
        for item in items {
            futures.push_back(match chunk.add(&item) {
                Ok(future) => future,
                Err(why) => failed(function.name(), why),
            });
        }
        if futures.is_empty() {
            return Made::NoMore;
        }
        if chunk.is_empty() {
            return Made::Done;
        }
        match chunk.finish(self.frame) {
            Ok(call) => Made::Job(call),
            Err(why) => {
                let places = futures.iter_mut();
                places.for_each(|place| *place = failed(function.name(), why.clone()));
                Made::Done
            }
        }
    }

    fn call<A, R>(
        &self,
        function: &Function<A, R>,
        argument: &A,
    ) -> Result<(Call, TaskFuture<R>), SubmitError>
    where
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        Call::new(function, argument, self.frame).map_err(|why| SubmitError::Argument {
            function: function.name(),
            why,
        })
    }
}

/// The future of a call whose argument cannot be sent.
fn failed<R>(function: &'static str, why: String) -> TaskFuture<R> {
    let (promise, future) = promise();
    let error = WorkerError::Argument { function, why };
    promise.finish(Err(TaskError::Worker(error)));
    future
}

impl Drop for ProcessPool {
    fn drop(&mut self) {
        self.shutdown(Shutdown::Drain);
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPool")
            .field("processes", &self.processes())
            .field("queued", &self.queued())
            .finish()
    }
}

impl<K> From<Refused<K>> for SubmitError {
    fn from(refused: Refused<K>) -> Self {
        match refused {
            Refused::Full(_) => SubmitError::Full,
            Refused::ShutDown(_) => SubmitError::ShutDown,
        }
    }
}

/// Takes calls until there are no more, with one worker at a time.
fn look_after(queue: &WorkQueue<Call>, kind: &Kind, kill: &Kill, most: usize) {
    let mut worker: Option<Worker> = None;
    let mut tasks = 0;
    loop {
        match queue.take(worker.is_some().then_some(LOOK)) {
            Taken::Closed => break,
            Taken::Nothing => worker = living(worker),
            Taken::Job(call) if call.begin() => {
                worker = run(call, living(worker), kind, kill);
                tasks = if worker.is_some() { tasks + 1 } else { 0 };
                if tasks >= most.max(1) {
                    worker.take().into_iter().for_each(Worker::end);
                    tasks = 0;
                }
            }
            Taken::Job(_cancelled) => {}
        }
    }
    worker.into_iter().for_each(Worker::end);
}

/// Runs one call in the worker or in a new one, and gives back the worker if it lives.
fn run(call: Call, worker: Option<Worker>, kind: &Kind, kill: &Kill) -> Option<Worker> {
    let mut ready = worker;
    loop {
        let was_used = ready.is_some();
        let worker = match ready.take().map_or_else(|| Worker::start(kind, kill), Ok) {
            Ok(worker) => worker,
            Err(source) => {
                let error = no_worker(call.function, source, kill);
                call.finish(Err(error));
                return None;
            }
        };
        let pid = worker.pid();
        match worker.call(call.function, &call.frame) {
            Ok(worker) => {
                call.finish(Ok(worker.answer()));
                return Some(worker);
            }
            Err(Failed::Before(_)) if was_used => {}
            Err(Failed::Before(how)) => {
                let function = call.function;
                call.finish(Err(WorkerError::Died { function, pid, how }));
                return None;
            }
            Err(Failed::Within(error)) => {
                call.finish(Err(error));
                return None;
            }
        }
    }
}

/// Why there is no worker for a call. What is begun cannot be cancelled any more, so where the pool was
/// killed it has died with the last process that there was.
fn no_worker(function: &'static str, source: StartError, kill: &Kill) -> WorkerError {
    match kill.last() {
        Some((pid, how)) => WorkerError::Died { function, pid, how },
        None => WorkerError::NotStarted { function, source },
    }
}

/// A worker that has not died meanwhile.
fn living(worker: Option<Worker>) -> Option<Worker> {
    let mut worker = worker?;
    worker.is_alive().then_some(worker)
}
