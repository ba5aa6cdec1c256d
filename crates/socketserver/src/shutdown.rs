//! Ending a server's loop from elsewhere: another thread, a process that was forked, a signal.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::platform::{Bell, UnixStream};

/// Ends [`serve_forever`](crate::Server::serve_forever) from elsewhere. Clones end the same one,
/// also in processes that were forked with one. It belongs to one server, and one loop of it at a
/// time: a second that is begun meanwhile is refused, as it would take the first one's end away.
///
/// ```
/// use lariat_socketserver::{POLL_INTERVAL, StreamRequest, ThreadingTcpServer, handler};
///
/// # fn main() -> std::io::Result<()> {
/// let server = ThreadingTcpServer::bind("localhost:0", handler(|_: &mut StreamRequest| Ok(())))?;
/// let handle = server.shutdown_handle();
/// std::thread::scope(|scope| {
///     let served = scope.spawn(|| server.serve_forever(POLL_INTERVAL));
///     handle.shutdown();
///     served.join().expect("no panic")
/// })?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ShutdownHandle {
    wanted: Arc<Bell>,
    /// Rung as long as nobody serves.
    idle: Arc<Bell>,
    /// Whether a loop of this process runs.
    is_looping: Arc<AtomicBool>,
    /// How many loops of this process have ended.
    ended: Arc<AtomicU64>,
}

/// How often at least is looked whether the loop has ended: one that begins at once silences the bell,
/// which who waits may not have heard by then.
const LOOK: Duration = Duration::from_millis(100);

impl ShutdownHandle {
    /// One that ends nothing yet: see [`Builder::shutdown_handle`](crate::Builder::shutdown_handle).
    ///
    /// # Errors
    ///
    /// The system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let idle = Bell::new()?;
        idle.ring();
        Ok(ShutdownHandle {
            wanted: Arc::new(Bell::new()?),
            idle: Arc::new(idle),
            is_looping: Arc::default(),
            ended: Arc::default(),
        })
    }

    /// Ends the loop and waits until it has ended; requests that are being handled go on. Where
    /// nobody serves yet, the loop that begins next ends at once.
    ///
    /// Called by a handler of a [`Sequential`](crate::Sequential) server it would wait for
    /// itself for ever; [`request`](Self::request) does not wait.
    pub fn shutdown(&self) {
        let before = self.ended.load(Ordering::SeqCst);
        self.wanted.ring();
        while self.ended.load(Ordering::SeqCst) == before {
            // The only thing to go wrong is that there is nothing left to wait for.
            if self.idle.wait(Some(LOOK)).unwrap_or(true) {
                return;
            }
        }
    }

    /// Asks the loop to end, and does not wait for that.
    pub fn request(&self) {
        self.wanted.ring();
    }

    /// What rings when the loop is to end.
    pub(crate) fn wanted(&self) -> &Bell {
        &self.wanted
    }

    /// What ends the loop when something is written there.
    pub(crate) fn rope(&self) -> io::Result<UnixStream> {
        self.wanted.rope()
    }

    /// The loop begins, until the returned value is dropped.
    ///
    /// # Errors
    ///
    /// One that has the same handle runs.
    pub(crate) fn begin(&self) -> io::Result<Looping<'_>> {
        if self.is_looping.swap(true, Ordering::SeqCst) {
            let words = "a server that has this shutdown handle serves already; each needs its own";
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, words));
        }
        self.idle.silence();
        Ok(Looping(self))
    }
}

/// A loop that is being run.
pub(crate) struct Looping<'a>(&'a ShutdownHandle);

impl Drop for Looping<'_> {
    fn drop(&mut self) {
        self.0.wanted.silence();
        self.0.is_looping.store(false, Ordering::SeqCst);
        self.0.ended.fetch_add(1, Ordering::SeqCst);
        self.0.idle.ring();
    }
}
