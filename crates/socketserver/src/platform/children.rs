//! Processes that handle a request each.

use std::fs::File;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

use crate::platform::wait::until_readable;

/// A process that was forked from this one and has not been reaped.
#[derive(Debug)]
pub(crate) struct Child {
    pid: Pid,
    /// Ends when the process does, however that is: its other end is the process's alone.
    life: PipeReader,
}

/// What a fork comes to in the process that forks.
pub(crate) enum Forked {
    Into(Child),
    /// This process has several threads.
    Threads,
}

/// Forks; the new process does `work`, and ends with its number as the exit code.
///
/// # Errors
///
/// The system has no room for another process, or no descriptors left.
pub(crate) fn fork(work: impl FnOnce() -> i32) -> io::Result<Forked> {
    let (life, lifeline) = io::pipe()?;
    match num_threads::is_single_threaded() {
        Some(true) => {}
        Some(false) => return Ok(Forked::Threads),
        // Where it would be read, nothing can be opened any more.
        None => {
            let why = File::open("/proc/self/stat").err();
            let words = "it cannot be told whether this program has only one thread";
            return Err(why.unwrap_or_else(|| io::Error::other(words)));
        }
    }
    // SAFETY: a new process has only the thread that forked; what others held (a lock of the
    // allocator's, say) would stay held in it for ever. There are no others: it was just looked
    // at, and the only thread that could start one is this one.
    #[allow(unsafe_code)]
    let forked = unsafe { nix::unistd::fork() }?;
    match forked {
        ForkResult::Parent { child } => Ok(Forked::Into(Child { pid: child, life })),
        ForkResult::Child => {
            drop(life);
            let status = catch_unwind(AssertUnwindSafe(work)).unwrap_or(101);
            drop(lifeline);
            // SAFETY: it only ends this process, without what is registered to be done at the
            // end of the one that it was forked from.
            #[allow(unsafe_code)]
            unsafe {
                libc::_exit(status)
            }
        }
    }
}

impl Child {
    /// Whether it has ended; it is reaped then.
    pub(crate) fn has_ended(&self) -> bool {
        match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => false,
            // Somebody else may have reaped it: it has ended all the same.
            Ok(_) | Err(_) => true,
        }
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        // It may have ended just now.
        let _ = kill(self.pid, Signal::SIGKILL);
    }

    pub(crate) fn life(&self) -> BorrowedFd<'_> {
        self.life.as_fd()
    }
}

/// Waits until one of them has ended, or the time is over.
pub(crate) fn wait_for_any(children: &[&Child], timeout: Option<Duration>) -> io::Result<()> {
    let lives: Vec<BorrowedFd<'_>> = children.iter().map(|child| child.life()).collect();
    until_readable(&lives, timeout).map(drop)
}
