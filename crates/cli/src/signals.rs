//! ^C and SIGTERM: the first asks a command to end in order, the second ends it at once.
//! SIGHUP: a server reads its files again.
//!
//! They are waited for on a thread of their own, so that they are heard whatever the
//! command is doing. A closed pipe needs no signal: Rust ignores SIGPIPE, and writing fails.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::failure::{Failure, INTERRUPTED, SIGNALLED};

/// What asks a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: ^C on a terminal.
    Interrupt,
    /// SIGTERM: from another program.
    Terminate,
}

impl Signal {
    fn number(self) -> u8 {
        match self {
            Signal::Interrupt => 2,
            Signal::Terminate => 15,
        }
    }
}

/// Whether ^C is left to others.
static INTERRUPTS_ARE_LEFT: AtomicBool = AtomicBool::new(false);

/// Leaves ^C to whoever has the terminal: where it is a key, or an editor's, it ends nothing here. SIGTERM does.
pub fn leave_interrupts(are_left: bool) {
    INTERRUPTS_ARE_LEFT.store(are_left, Ordering::Release);
}

/// Calls `first` at the first signal and exits at the second. Signals are caught when this
/// returns.
///
/// # Errors
///
/// When the system gives no thread, or no signal.
pub fn watch(first: impl FnOnce(Signal) + Send + 'static) -> Result<(), Failure> {
    let runtime = runtime()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    let waiting = move || {
        runtime.block_on(async {
            first(next_for_us(&mut signals).await);
            let second = next_for_us(&mut signals).await;
            std::process::exit(i32::from(SIGNALLED + second.number()));
        });
    };
    thread::Builder::new()
        .name("signals".into())
        .spawn(waiting)?;
    Ok(())
}

/// The next signal that is not left to others.
async fn next_for_us(signals: &mut Signals) -> Signal {
    loop {
        let signal = signals.next().await;
        let is_left = signal == Signal::Interrupt && INTERRUPTS_ARE_LEFT.load(Ordering::Acquire);
        if !is_left {
            return signal;
        }
    }
}

/// Runs a client to its end. The first signal drops the future, and with it the sockets.
///
/// # Errors
///
/// The client's own, and [`INTERRUPTED`] at a signal.
pub fn interruptible<T>(client: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    endable(|interrupted| async {
        tokio::select! {
            biased;
            Ok(_) = interrupted => Err(Failure::quiet(INTERRUPTED)),
            result = client => result,
        }
    })
}

/// Runs a client that has something to see to when it is asked to end: it is given what tells it of the first signal. The
/// second ends it at once.
///
/// # Errors
///
/// The client's own.
pub fn endable<T, F: Future<Output = Result<T, Failure>>>(
    client: impl FnOnce(oneshot::Receiver<Signal>) -> F,
) -> Result<T, Failure> {
    let (told, interrupted) = oneshot::channel();
    watch(move |signal| {
        let _ = told.send(signal);
    })?;
    let runtime = runtime()?;
    let result = runtime.block_on(client(interrupted));
    // A name that is still being resolved on another thread is not waited for.
    runtime.shutdown_background();
    result
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))
}

/// SIGHUP, which asks a server to read its files again; nothing on systems without it.
#[cfg(unix)]
pub struct Hangups(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangups {
    /// Catches the signal from now on, within a runtime.
    ///
    /// # Errors
    ///
    /// When the system gives no signal.
    pub fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Hangups(signal(SignalKind::hangup())?))
    }

    /// Waits for one.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// SIGHUP, which asks a server to read its files again; nothing on systems without it.
#[cfg(not(unix))]
pub struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    /// Does nothing.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn new() -> std::io::Result<Self> {
        Ok(Hangups)
    }

    /// Waits for ever.
    pub async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals)
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
