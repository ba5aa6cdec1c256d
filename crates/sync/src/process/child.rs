//! A worker process as the program sees it: started, called, killed and taken leave of.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::call::{Answers, Call};
use super::error::{StartError, WorkerError};
use super::frame::{self, Frames, TOLD};
use super::limits::Limits;
use super::platform::{self, Stream};
use super::worker::Setup;

/// How long a process may take to answer that it is a worker.
const START: Duration = Duration::from_secs(30);

/// How long an idle worker may take to end, with its exit handlers.
const END: Duration = Duration::from_secs(5);

/// What is written at once where there is a deadline.
const PORTION: usize = 64 << 10;

/// What workers are made of.
#[derive(Clone, Debug)]
pub struct Kind {
    /// None for this program itself.
    pub program: Option<PathBuf>,
    pub limits: Limits,
    pub frame: usize,
    /// What each does first.
    pub initializer: Option<Initializer>,
}

/// A call that each worker begins with, and nobody awaits.
#[derive(Clone, Debug)]
pub struct Initializer {
    pub function: &'static str,
    pub frame: Arc<[u8]>,
}

impl From<Call> for Initializer {
    fn from(call: Call) -> Self {
        Initializer {
            function: call.function,
            frame: call.frame.into(),
        }
    }
}

/// A process that waits for calls.
pub struct Worker {
    child: Child,
    kill: Kill,
    stream: BufReader<Timed>,
    answers: Frames,
    limits: Limits,
    frame: usize,
}

/// Why a call has no answer.
pub enum Failed {
    /// The worker had died in this way before the call reached it: another may be asked.
    Before(String),
    /// It was, or may have been, at work on it.
    Within(WorkerError),
}

impl Worker {
    /// Starts a process and waits until it answers as a worker.
    pub fn start(kind: &Kind, kill: &Kill) -> Result<Self, StartError> {
        let (stream, child) = platform::start(kind.program.as_deref())?;
        kill.set(&child);
        let mut worker = Worker {
            child,
            kill: kill.clone(),
            stream: BufReader::new(Timed {
                stream,
                deadline: None,
            }),
            answers: Frames::default(),
            limits: kind.limits.clone(),
            frame: kind.frame,
        };
        match worker.set_up() {
            Ok(Ok(())) => match &kind.initializer {
                Some(initializer) => worker.initialized(initializer),
                None => Ok(worker),
            },
            Ok(Err(why)) => {
                worker.killed();
                Err(StartError::Limits(why))
            }
            Err(error) => {
                let what = if is_late(&error) {
                    worker.killed();
                    format!("was silent for {START:?}")
                } else {
                    worker.killed()
                };
                let program = platform::name(kind.program.as_deref());
                Err(StartError::NoWorker { program, what })
            }
        }
    }

    /// Runs the initializer. What is not initialised gets no calls.
    fn initialized(self, initializer: &Initializer) -> Result<Self, StartError> {
        let failed = |why: String| Err(StartError::Initializer(why));
        let function = initializer.function;
        match self.call(function, &initializer.frame) {
            Ok(worker) => {
                let begun = Answers::new(function, worker.answer()).next();
                match begun {
                    Ok(()) => Ok(worker),
                    Err(error) => failed(error.to_string()),
                }
            }
            Err(Failed::Before(how)) => failed(format!("the process {how} before it")),
            Err(Failed::Within(error)) => failed(error.to_string()),
        }
    }

    fn set_up(&mut self) -> io::Result<Result<(), String>> {
        let setup = Setup {
            limits: self.limits.clone(),
            frame: self.frame,
        };
        let mut buffer = Vec::new();
        frame::begin(&mut buffer);
        frame::put(&mut buffer, &setup).map_err(io::Error::other)?;
        frame::finish(&mut buffer, self.frame).map_err(io::Error::other)?;
        self.exchange(&buffer, Some(START))?;
        postcard::from_bytes(self.answer()).map_err(io::Error::other)
    }

    /// Sends a call and waits for its answer. After any failure the process is gone.
    pub fn call(mut self, function: &'static str, call: &[u8]) -> Result<Self, Failed> {
        let limit = self.limits.task_time;
        let stream = self.stream.get_mut();
        let sent = stream
            .begin(limit)
            .and_then(|()| frame::write(stream, call));
        if let Err(error) = sent
            && !is_late(&error)
        {
            // It never had the whole of it.
            return Err(Failed::Before(self.killed()));
        }
        let most = self.frame.saturating_add(TOLD);
        let received = match self.answers.read(&mut self.stream, most) {
            Ok(true) => return Ok(self),
            Ok(false) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) => Err::<(), io::Error>(error),
        };
        let pid = self.child.id();
        let how = self.killed();
        let error = received.err().unwrap_or_else(|| ErrorKind::Other.into());
        Err(Failed::Within(match limit {
            Some(limit) if is_late(&error) => WorkerError::TooLong { function, limit },
            _ if error.kind() == ErrorKind::InvalidData => WorkerError::Result {
                function,
                why: error.to_string(),
            },
            _ => WorkerError::Died { function, pid, how },
        }))
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it answered to the last call.
    pub fn answer(&self) -> &[u8] {
        self.answers.last()
    }

    /// Whether it has not died since. If it has, nothing of it is left behind.
    pub fn is_alive(&mut self) -> bool {
        let has_ended = platform::has_ended(&mut self.child);
        if has_ended {
            // What it started is killed before it is buried: its number is nobody's from then on.
            self.killed();
        }
        !has_ended
    }

    /// Lets an idle worker end by itself, and waits for that.
    pub fn end(mut self) {
        let ended = self.stream.get_mut().begin(Some(END)).and_then(|()| {
            platform::end_of_calls(&self.stream.get_ref().stream)?;
            self.stream.read(&mut [0])
        });
        // Its end of the socket is closed when it ends, so this was, or is now, a corpse.
        let _ = ended;
        self.killed();
    }

    fn exchange(&mut self, call: &[u8], limit: Option<Duration>) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.begin(limit)?;
        frame::write(stream, call)?;
        if self.answers.read(&mut self.stream, self.frame)? {
            return Ok(());
        }
        Err(ErrorKind::UnexpectedEof.into())
    }

    /// Kills it and what it started, buries it, and says in words how it ended: if it had
    /// ended before, killing it does not change how.
    fn killed(&mut self) -> String {
        self.kill.kill_and_clear();
        let how = match self.child.wait() {
            Ok(status) => platform::how(status, &self.limits),
            Err(error) => format!("ended in a way that is not known ({error})"),
        };
        self.kill.ended(self.child.id(), &how);
        how
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Has no effect on one that was waited for.
        self.kill.kill_and_clear();
        let _ = self.child.wait();
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A way to kill a worker from another thread. It holds the number of the process only until
/// that is waited for: later it may be another's.
#[derive(Clone, Default)]
pub struct Kill(Arc<Mutex<Killable>>);

#[derive(Default)]
struct Killable {
    pid: Option<u32>,
    /// Whoever is started from now on is killed at once.
    for_ever: bool,
    /// The last that has ended since then, and how.
    last: Option<(u32, String)>,
}

impl Kill {
    /// Kills it, with all that it started, if it is there.
    pub fn kill(&self) {
        self.lock().kill();
    }

    /// The same, and for all that will be started in its place.
    pub fn kill_for_ever(&self) {
        let mut killable = self.lock();
        killable.for_ever = true;
        killable.kill();
    }

    /// The last process that has ended since all are killed, and how: none as long as others may be
    /// started.
    pub fn last(&self) -> Option<(u32, String)> {
        self.lock().last.clone()
    }

    fn ended(&self, pid: u32, how: &str) {
        let mut killable = self.lock();
        if killable.for_ever {
            killable.last = Some((pid, how.to_owned()));
        }
    }

    fn kill_and_clear(&self) {
        let mut killable = self.lock();
        killable.kill();
        killable.pid = None;
    }

    fn set(&self, child: &Child) {
        let mut killable = self.lock();
        killable.pid = Some(child.id());
        if killable.for_ever {
            killable.kill();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Killable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Killable {
    fn kill(&self) {
        if let Some(pid) = self.pid {
            platform::kill_group(pid);
        }
    }
}

/// A stream whose reads and writes are over by a deadline, all of them together.
struct Timed {
    stream: Stream,
    deadline: Option<Instant>,
}

impl Timed {
    /// Begins an exchange that may take so long.
    fn begin(&mut self, limit: Option<Duration>) -> io::Result<()> {
        let had_one = self.deadline.is_some();
        self.deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        if had_one || self.deadline.is_some() {
            platform::set_timeouts(&self.stream, self.left()?)?;
        }
        Ok(())
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(deadline) = self.deadline else {
            return Ok(None);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }

    /// What is left of the time holds for the next read or write.
    fn set_timeouts(&self) -> io::Result<()> {
        if self.deadline.is_some() {
            platform::set_timeouts(&self.stream, self.left()?)?;
        }
        Ok(())
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.set_timeouts()?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.set_timeouts()?;
        // The system waits as long again for each part of a long write that the other end makes room for.
        let most = match self.deadline {
            Some(_) => PORTION,
            None => usize::MAX,
        };
        self.stream.write(&buffer[..buffer.len().min(most)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Each portion that is read would be a new beginning, were the time that of one system call.
    #[test]
    fn an_end_that_reads_little_by_little_extends_nothing() {
        let (stream, mut other) = Stream::pair().unwrap();
        let mut timed = Timed {
            stream,
            deadline: None,
        };
        timed.begin(Some(Duration::from_millis(100))).unwrap();
        let reader = std::thread::spawn(move || {
            let mut portion = vec![0; 32 << 10];
            while other.read(&mut portion).unwrap() > 0 {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        // All of it would take three seconds.
        let error = timed.write_all(&vec![7; 10 << 20]).unwrap_err();
        assert!(is_late(&error), "{error}");
        drop(timed);
        reader.join().unwrap();
    }
}
