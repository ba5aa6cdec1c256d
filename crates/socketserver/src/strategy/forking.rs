//! A process for each request.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::job::Job;
use crate::live::{Live, Permit};
use crate::platform::{self, BorrowedFd, Child, Forked};
use crate::signals;
use crate::strategy::Strategy;

/// Handles each request in a process of its own (`ForkingMixIn`). Only in a program of one
/// thread: of others a forked process would have the locks and not the threads that release
/// them. So it is refused when serving begins, and is ended by a
/// [signal](crate::Server::shutdown_on_signals) or by another process that has inherited a
/// [`ShutdownHandle`](crate::ShutdownHandle).
///
/// What a handler changes in memory is changed in its process only.
#[derive(Debug)]
pub struct Forking {
    /// How many processes there may be at a time: further clients wait to be accepted. 40.
    pub max_children: usize,
    /// Whether closing the server waits for its processes. Yes.
    pub block_on_close: bool,
    children: Mutex<Vec<Serving>>,
}

/// A process and the request that it handles.
#[derive(Debug)]
struct Serving {
    child: Child,
    /// Counts as live until the process has ended.
    _permit: Permit,
}

impl Default for Forking {
    fn default() -> Self {
        Forking::new(40)
    }
}

impl Forking {
    /// With so many processes at a time.
    pub fn new(max_children: usize) -> Self {
        Forking {
            max_children,
            block_on_close: true,
            children: Mutex::default(),
        }
    }

    fn children(&self) -> MutexGuard<'_, Vec<Serving>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reaps the processes that have ended.
    fn reap(&self) {
        self.children().retain(|serving| !serving.child.has_ended());
    }
}

impl Strategy for Forking {
    fn start(&self) -> io::Result<()> {
        match num_threads::num_threads() {
            Some(threads) if threads.get() == 1 => Ok(()),
            Some(threads) => Err(several_threads(&format!("{threads} threads"))),
            None => Err(several_threads("nobody knows how many threads")),
        }
    }

    fn process_request(&self, job: Job) {
        let mut job = Some(job);
        let forked = platform::fork(|| {
            signals::in_child();
            let Some(job) = job.take() else { return 1 };
            // Their clients would not hear the end of them before this one's is over.
            job.leave_others();
            i32::from(!job.run())
        });
        let Some(job) = job else { return };
        match forked {
            Ok(Forked::Into(child)) => {
                let permit = job.release();
                self.children().push(Serving {
                    child,
                    _permit: permit,
                });
            }
            Ok(Forked::Threads) => job.fail(several_threads("several threads")),
            Err(error) => job.fail(error),
        }
    }

    fn hands_over(&self) -> bool {
        true
    }

    fn most(&self) -> Option<usize> {
        Some(self.max_children.max(1))
    }

    fn lives(&self, with: &mut dyn FnMut(&[BorrowedFd<'_>])) {
        let children = self.children();
        let lives: Vec<_> = children
            .iter()
            .map(|serving| serving.child.life())
            .collect();
        with(&lives);
    }

    fn service_actions(&self) {
        self.reap();
    }

    fn blocks_on_close(&self) -> bool {
        self.block_on_close
    }

    fn wait_until_none(&self, _: &Live, until: Option<Instant>) -> usize {
        loop {
            self.reap();
            let children = self.children();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if children.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return children.len();
            }
            // They end whether or not they can be waited for together.
            let lives: Vec<_> = children.iter().map(|serving| &serving.child).collect();
            if platform::wait_for_any(&lives, left).is_err() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    fn end_at_once(&self) {
        for serving in self.children().iter() {
            serving.child.kill();
        }
    }
}

fn several_threads(how_many: &str) -> io::Error {
    let words = format!(
        "a forking server needs a program of one thread, and this has {how_many}: serve before any \
         other is started, or use Threading or Pooled"
    );
    io::Error::new(io::ErrorKind::Unsupported, words)
}
