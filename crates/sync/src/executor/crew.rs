//! The threads of an executor: started when there is work for them, counted, and waited for.

use std::cell::Cell;
use std::convert::identity;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use super::map::Room;
use super::outcome::caught;
use super::work::{Put, Refused, WorkQueue, taken_out};
use crate::sys::{Mutex, MutexGuard};
use crate::thread::{self, Thread};
use crate::waiting::{Ticket, Waiters, block_until};

thread_local! {
    /// The crew that this thread belongs to, by its address; 0 for none.
    static OF_CREW: Cell<usize> = const { Cell::new(0) };
}

/// What a crew is made of.
pub(crate) struct Settings {
    pub threads: usize,
    pub capacity: usize,
    pub name: String,
    pub stack_size: Option<usize>,
}

/// Threads around a queue.
pub(crate) struct Crew<J> {
    shared: Arc<Shared<J>>,
}

type Work<J> = Box<dyn Fn(&WorkQueue<J>) + Send + Sync>;

struct Shared<J> {
    queue: WorkQueue<J>,
    settings: Settings,
    work: Work<J>,
    threads: Mutex<Threads>,
    /// No thread is left to be started; a hint that saves the lock.
    is_whole: AtomicBool,
}

#[derive(Default)]
struct Threads {
    started: usize,
    alive: usize,
    all: Vec<Thread<()>>,
    closed: bool,
    /// Those who wait for the last one's end.
    waiters: Waiters<()>,
}

impl<J: Send + 'static> Crew<J> {
    /// Starts the first thread, so that whatever is queued is done even if no other can be
    /// started. `work` is what each thread does: it ends when the queue is closed.
    pub fn start(
        settings: Settings,
        work: impl Fn(&WorkQueue<J>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let crew = Crew {
            shared: Arc::new(Shared {
                queue: WorkQueue::new(settings.capacity),
                settings,
                work: Box::new(work),
                threads: Mutex::default(),
                is_whole: AtomicBool::new(false),
            }),
        };
        crew.start_thread()?;
        Ok(crew)
    }

    pub fn threads(&self) -> usize {
        self.shared.settings.threads.max(1)
    }

    pub fn queued(&self) -> usize {
        self.shared.queue.len()
    }

    /// How many wait for room.
    pub fn waiting(&self) -> usize {
        self.shared.queue.waiting()
    }

    pub fn try_put<K: Unpin>(
        &self,
        job: K,
        wrap: impl Fn(K) -> J + Unpin,
    ) -> Result<(), Refused<K>> {
        let put = self.shared.queue.try_put(job, wrap)?;
        self.taken(put);
        Ok(())
    }

    pub fn put<K: Unpin>(
        &self,
        job: K,
        wrap: impl Fn(K) -> J + Unpin,
        until: Option<Instant>,
    ) -> Result<(), Refused<K>> {
        let put = self.shared.queue.put(job, wrap, until)?;
        self.taken(put);
        Ok(())
    }

    pub async fn put_async<K: Unpin>(
        &self,
        job: K,
        wrap: impl Fn(K) -> J + Unpin,
    ) -> Result<(), Refused<K>> {
        let put = self.shared.queue.put_async(job, wrap).await?;
        self.taken(put);
        Ok(())
    }

    /// Another thread would help. If the system gives none, those that are there do the work.
    fn taken(&self, put: Put) {
        if put == Put::Queued && !self.shared.is_whole.load(Ordering::Relaxed) {
            let _ = self.start_thread();
        }
    }

    fn start_thread(&self) -> io::Result<()> {
        let shared = &self.shared;
        let mut threads = shared.threads();
        if threads.started >= self.threads() || threads.closed {
            return Ok(());
        }
        let settings = &shared.settings;
        let mut builder = thread::Builder::new()
            .name(format!("{}-{}", settings.name, threads.started))
            .daemon(true);
        if let Some(bytes) = settings.stack_size {
            builder = builder.stack_size(bytes);
        }
        let member = Arc::clone(shared);
        let thread = builder.spawn(move || {
            OF_CREW.set(member.address());
            // What a job panics with is its own; this is for what its remains panic with.
            while caught(|| (member.work)(&member.queue)).is_err() {}
            member.thread_ended();
        })?;
        threads.started += 1;
        threads.alive += 1;
        let is_whole = threads.started >= self.threads();
        shared.is_whole.store(is_whole, Ordering::Relaxed);
        threads.all.push(thread);
        Ok(())
    }

    /// Takes nothing more, and lets go what is queued if it is to be `cancelled`.
    pub fn close(&self, cancelled: bool) {
        self.shared.threads().closed = true;
        let jobs = self.shared.queue.close(cancelled);
        for job in jobs {
            // A callback that is told of the cancelling may have captured what panics.
            let _ = caught(|| drop(job));
        }
    }

    /// Whether the calling thread is one of these.
    pub fn is_own_thread(&self) -> bool {
        OF_CREW.get() == self.shared.address()
    }

    /// Waits until all threads have ended, or until the moment: whether they have. From one of
    /// them it does not wait: that would never end.
    pub fn wait(&self, until: Option<Instant>) -> bool {
        if self.is_own_thread() || block_until(self.wait_async(), until).is_none() {
            return false;
        }
        let threads = std::mem::take(&mut self.shared.threads().all);
        for thread in threads {
            // They have nothing more to do but to end, and caught every panic.
            let _ = thread.join();
        }
        true
    }

    /// The same, awaited, wherever it is called from.
    pub fn wait_async(&self) -> Ended<'_, J> {
        Ended {
            shared: &self.shared,
            place: None,
        }
    }
}

impl<J: Send + Unpin + 'static> Room<J> for Crew<J> {
    fn try_put(&self, job: J) -> Result<(), Refused<J>> {
        Crew::try_put(self, job, identity)
    }

    fn put(&self, job: J, until: Option<Instant>) -> Result<(), Refused<J>> {
        Crew::put(self, job, identity, until)
    }

    async fn put_kept(&self, kept: &mut Option<J>) -> Result<(), Refused<()>> {
        let put = self.put_async(kept, taken_out).await;
        put.map_err(Refused::without_job)
    }
}

/// Waits until all threads of a crew have ended.
pub(crate) struct Ended<'a, J> {
    shared: &'a Shared<J>,
    place: Option<Ticket>,
}

impl<J> Future for Ended<'_, J> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut threads = self.shared.threads();
        if threads.alive == 0 {
            return Poll::Ready(());
        }
        let before = threads.waiters.enter(&mut self.place, (), waker);
        drop(threads);
        drop(before);
        Poll::Pending
    }
}

/// Whoever does not wait any more does not stay in the line.
impl<J> Drop for Ended<'_, J> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = self.shared.threads().waiters.leave(place);
            drop(waker);
        }
    }
}

impl<J> Shared<J> {
    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock()
    }

    fn thread_ended(&self) {
        let mut threads = self.threads();
        threads.alive -= 1;
        if threads.alive == 0 {
            let waiters = threads.waiters.take_all();
            drop(threads);
            waiters.wake();
        }
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }
}
