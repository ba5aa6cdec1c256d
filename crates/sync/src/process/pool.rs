//! The process pool: threads that each look after one worker process.

use std::collections::VecDeque;
use std::convert::identity;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::{Call, Chunk};
use super::child::{Failed, Initializer, Kill, Kind, Worker};
use super::error::{SubmitError, WorkerError};
use super::frame::{DEFAULT_FRAME, LONGEST};
use super::function::Function;
use super::limits::Limits;
use super::worker;
use crate::executor::{
    Crew, DEFAULT_CAPACITY, Filled, Map, Refused, Settings, Shutdown, Taken, TaskError, TaskFuture,
    WorkQueue, promise,
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

/// How a [`ProcessPool`] is made.
#[derive(Clone, Debug)]
pub struct Builder {
    processes: usize,
    capacity: usize,
    tasks_per_process: Option<usize>,
    kind: Kind,
    /// What each worker does first, or why that cannot be sent.
    initializer: Option<Result<Initializer, String>>,
}

impl Builder {
    /// How many worker processes at most, at least one; by default one a processor.
    #[must_use]
    pub fn processes(mut self, processes: usize) -> Self {
        self.processes = processes;
        self
    }

    /// How many tasks may wait for a worker, at least one; by default [`DEFAULT_CAPACITY`]. Each
    /// holds its argument as bytes.
    #[must_use]
    pub fn capacity(mut self, tasks: usize) -> Self {
        self.capacity = tasks;
        self
    }

    /// What each worker may use; by default nothing is limited.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.kind.limits = limits;
        self
    }

    /// How many bytes an argument or a result may have, by default [`DEFAULT_FRAME`] and at most
    /// 4 GiB.
    #[must_use]
    pub fn frame(mut self, bytes: usize) -> Self {
        self.kind.frame = bytes.min(LONGEST);
        self
    }

    /// What each worker does before its first task: opens what all its tasks need, say. The
    /// function is registered like any other, and may take as long as a task.
    ///
    /// Where it panics or its process dies, the task that the worker was started for fails with
    /// [`StartError::Initializer`](super::StartError::Initializer), and the next task is tried with
    /// a new worker.
    ///
    /// ```no_run
    /// use std::sync::OnceLock;
    /// use lariat_sync::process::{Function, ProcessPool};
    ///
    /// static GREETING: OnceLock<String> = OnceLock::new();
    /// static PREPARE: Function<String, ()> = Function::new("prepare", |word| {
    ///     GREETING.get_or_init(|| word);
    /// });
    /// static GREET: Function<String, String> = Function::new("greet", |name| {
    ///     format!("{}, {name}", GREETING.get().map_or("", String::as_str))
    /// });
    ///
    /// lariat_sync::worker_main(&[&PREPARE, &GREET]);
    /// let pool = ProcessPool::builder().initializer(&PREPARE, &"hello".to_owned()).build()?;
    /// let greeted = pool.submit(&GREET, &"Ada".to_owned())?;
    /// assert_eq!(greeted.result()?, "hello, Ada");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn initializer<A: Serialize>(mut self, function: &Function<A, ()>, argument: &A) -> Self {
        let call = Call::new(function, argument, LONGEST);
        self.initializer = Some(match call {
            Ok((call, _never_awaited)) => Ok(call.into()),
            Err(why) => Err(format!(
                "the argument of `{}` cannot be sent: {why}",
                function.name()
            )),
        });
        self
    }

    /// After how many tasks a worker is replaced, for functions that lose memory; by default it
    /// stays as long as the pool.
    #[must_use]
    pub fn tasks_per_process(mut self, tasks: usize) -> Self {
        self.tasks_per_process = Some(tasks);
        self
    }

    /// Another program to be the workers, which calls
    /// [`worker_main`](super::worker_main) with the same functions, built of the same types.
    #[must_use]
    pub fn program(mut self, program: impl AsRef<Path>) -> Self {
        self.kind.program = Some(PathBuf::from(program.as_ref()));
        self
    }

    /// Makes the pool. Workers are started later, and what goes wrong with one is an error of
    /// its task.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, has no worker processes, the initializer's argument cannot
    /// be sent, or this program did not call [`worker_main`](super::worker_main): it would start
    /// itself again and again.
    pub fn build(mut self) -> io::Result<ProcessPool> {
        if cfg!(not(unix)) {
            let message = format!(
                "worker processes exist on Unix only so far, not on {}",
                std::env::consts::OS
            );
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        if self.kind.program.is_none() && !worker::was_called() {
            return Err(io::Error::other(
                "a program with a ProcessPool must call `worker_main` first in its `main`",
            ));
        }
        self.kind.initializer = self
            .initializer
            .transpose()
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let frame = self.kind.frame;
        let kills = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&kills);
        let settings = Settings {
            threads: self.processes,
            capacity: self.capacity,
            name: "worker process".to_owned(),
            stack_size: None,
        };
        let (kind, most) = (self.kind, self.tasks_per_process.unwrap_or(usize::MAX));
        let crew = Crew::start(settings, move |queue| {
            let kill = Kill::default();
            known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(kill.clone());
            look_after(queue, &kind, &kill, most);
        })?;
        Ok(ProcessPool { crew, frame, kills })
    }
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
        Builder {
            processes: std::thread::available_parallelism().map_or(1, usize::from),
            capacity: DEFAULT_CAPACITY,
            tasks_per_process: None,
            kind: Kind {
                program: None,
                limits: Limits::default(),
                frame: DEFAULT_FRAME,
                initializer: None,
            },
            initializer: None,
        }
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
        let submit = move |items: &mut I::IntoIter, ahead: &mut VecDeque<TaskFuture<R>>| {
            let before = ahead.len();
            let mut chunk = Chunk::new(function);
            for item in items.take(size) {
                ahead.push_back(match chunk.add(&item) {
                    Ok(future) => future,
                    Err(why) => failed(function.name(), why),
                });
            }
            if chunk.is_empty() {
                return if ahead.len() > before {
                    Filled::Some
                } else {
                    Filled::NoMore
                };
            }
            let put = match chunk.finish(self.frame) {
                Ok(call) => self.crew.put(call, identity, None),
                Err(why) => {
                    let places = ahead.range_mut(before..);
                    places.for_each(|place| *place = failed(function.name(), why.clone()));
                    Ok(())
                }
            };
            match put {
                Ok(()) => Filled::Some,
                Err(_) => {
                    ahead.truncate(before);
                    Filled::Refused
                }
            }
        };
        Map::new(items.into_iter(), submit, self.processes() * 2 * size)
    }

    /// How many worker processes it has at most.
    pub fn processes(&self) -> usize {
        self.crew.threads()
    }

    /// How many tasks wait for a worker, cancelled ones too.
    pub fn queued(&self) -> usize {
        self.crew.queued()
    }

    /// Takes no more tasks, waits for those that are left, and for the workers' end.
    pub fn shutdown(&self, what: Shutdown) {
        self.crew.close(what == Shutdown::Cancel);
        self.crew.wait(None);
    }

    /// The same, waiting for at most `timeout`: whether all has ended.
    pub fn shutdown_timeout(&self, what: Shutdown, timeout: Duration) -> bool {
        self.crew.close(what == Shutdown::Cancel);
        self.crew.wait(deadline(timeout))
    }

    /// The same, awaited.
    pub async fn shutdown_async(&self, what: Shutdown) {
        self.crew.close(what == Shutdown::Cancel);
        self.crew.wait_async().await;
    }

    /// Cancels what is queued, kills the workers with what they are doing, and waits until
    /// they are gone. What they were doing has died of signal 9.
    ///
    /// Called by a callback of one of its own tasks it does not wait: the thread that would have to
    /// end is the one that calls.
    pub fn kill(&self) {
        self.crew.close(true);
        self.kill_workers();
        // One that is just being started is not there yet.
        while !self.crew.is_own_thread() && !self.crew.wait(Instant::now().checked_add(LOOK / 50)) {
            self.kill_workers();
        }
    }

    /// Kills the workers with what they are doing; others take their places.
    pub fn kill_workers(&self) {
        let kills = self.kills.lock().unwrap_or_else(PoisonError::into_inner);
        for kill in kills.iter() {
            kill.kill();
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
                let function = call.function;
                call.finish(Err(WorkerError::NotStarted { function, source }));
                return None;
            }
        };
        let pid = worker.pid();
        match worker.call(call.function, &call.frame) {
            Ok(worker) => {
                call.finish(Ok(worker.answer()));
                return Some(worker);
            }
            Err(Failed::Before) if was_used => {}
            Err(Failed::Before) => {
                let (function, how) = (call.function, "ended".to_owned());
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

/// A worker that has not died meanwhile.
fn living(worker: Option<Worker>) -> Option<Worker> {
    let mut worker = worker?;
    worker.is_alive().then_some(worker)
}
