//! Ending a server by signals, for as long as there is one.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::platform::has_default_action;
use crate::shutdown::ShutdownHandle;

/// What ends a server in order.
const SIGNALS: [i32; 2] = [SIGTERM, SIGINT];

/// Whether this process was forked to handle one request.
static IN_CHILD: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Whether no server is left that a signal would end.
static NOBODY: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

static PROCESS: Mutex<Process> = Mutex::new(Process {
    servers: 0,
    is_prepared: false,
});

/// What the servers of a process have in common.
struct Process {
    /// How many of them signals end.
    servers: usize,
    /// Whether it is seen to that signals do what they always did, where no server is meant.
    is_prepared: bool,
}

/// The signals that end one server, until it is dropped.
pub(crate) struct Signals {
    actions: Vec<SigId>,
    /// Whether each has come already.
    again: Vec<Arc<AtomicBool>>,
}

impl Signals {
    /// Has SIGTERM and SIGINT end a loop, in order; a second one ends the process.
    pub(crate) fn end(handle: &ShutdownHandle) -> io::Result<Signals> {
        let mut process = process();
        process.prepare()?;
        process.servers += 1;
        NOBODY.store(false, Ordering::SeqCst);
        drop(process);
        let mut signals = Signals {
            actions: Vec::new(),
            again: Vec::new(),
        };
        for signal in SIGNALS {
            // In this order they are called.
            let again = Arc::new(AtomicBool::new(false));
            let ends =
                flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again));
            signals.actions.push(ends?);
            let comes = flag::register(signal, Arc::clone(&again))?;
            signals.actions.push(comes);
            let rings = low_level::pipe::register(signal, OwnedFd::from(handle.rope()?))?;
            signals.actions.push(rings);
            signals.again.push(again);
        }
        Ok(signals)
    }

    /// The loop begins anew: the next one ends that and not the process.
    pub(crate) fn begin(&self) {
        for again in &self.again {
            again.store(false, Ordering::SeqCst);
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let mut process = process();
        process.servers -= 1;
        // Before they are taken away, so that none of them is lost in between.
        NOBODY.store(process.servers == 0, Ordering::SeqCst);
        drop(process);
        for action in self.actions.drain(..) {
            low_level::unregister(action);
        }
    }
}

impl Process {
    /// What is registered here stays: a signal whose every action was taken away is ignored, and a
    /// program that has closed its server would no more be ended by SIGTERM.
    fn prepare(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.is_prepared, true) {
            return Ok(());
        }
        for signal in SIGNALS {
            // A program that had something of its own done keeps that.
            let is_usual = has_default_action(signal)?;
            // Who ends a child means that child; a terminal's ^C goes to all, and the requests that
            // are being handled are finished.
            if signal == SIGTERM {
                flag::register_conditional_default(signal, Arc::clone(&IN_CHILD))?;
            }
            if is_usual {
                flag::register_conditional_default(signal, Arc::clone(&NOBODY))?;
            }
        }
        Ok(())
    }
}

fn process() -> MutexGuard<'static, Process> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This process was forked to handle one request.
pub(crate) fn in_child() {
    IN_CHILD.store(true, Ordering::SeqCst);
}

/// Whether it was.
pub(crate) fn is_child() -> bool {
    IN_CHILD.load(Ordering::SeqCst)
}
