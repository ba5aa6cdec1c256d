//! Watching descriptors: being told when one can be read or written.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::coop::consume_budget;

use crate::reactor::Handle;
use crate::watch::{Life, Watch};

impl Handle {
    /// Calls a function on a reactor thread whenever a descriptor can be read: a pipe, a
    /// socket, a terminal, an event of the kernel, whatever the system can wait for.
    ///
    /// The function reads what it wants, without waiting, and its answer says what is next:
    ///
    /// - `Err` of [`WouldBlock`](io::ErrorKind::WouldBlock), which a read that would have to
    ///   wait gives and `?` passes on: it is called again when more has come.
    /// - `Ok(ControlFlow::Continue(()))`: there may be more, it is called again, after others
    ///   had their turn.
    /// - `Ok(ControlFlow::Break(()))`: the watch is over. A read of 0 bytes, which is the
    ///   other side's end, must lead here, since the end can be read for ever.
    /// - `Err` of [`Interrupted`](io::ErrorKind::Interrupted): it is called again. Any other
    ///   error ends the watch and is logged.
    ///
    /// `WouldBlock` must come from this descriptor and no other: the system tells only that
    /// more has come since, so with a wrong one the function waits beside what is there.
    ///
    /// The descriptor must be non-blocking already, by `set_nonblocking(true)`; nothing is
    /// changed about it here, since the setting is shared with all duplicates, in other
    /// programs too. Therefore standard input, which belongs to the terminal, should not be
    /// watched: the endpoint `stdio:` reads it in a thread. What is watched is owned by the
    /// watch and lent to the function; the watch costs one duplicate of it.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::ops::ControlFlow;
    /// use std::os::unix::net::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let reactor = lariat_net::Reactor::builder().threads(1).build()?;
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// stream.set_nonblocking(true)?;
    /// let handle = reactor.handle();
    /// reactor.handle().watch_readable(stream, move |stream| {
    ///     let mut buffer = [0; 64];
    ///     let count = stream.read(&mut buffer)?;
    ///     if count == 0 {
    ///         handle.stop();
    ///         return Ok(ControlFlow::Break(()));
    ///     }
    ///     println!("{}", buffer[..count].escape_ascii());
    ///     Ok(ControlFlow::Continue(()))
    /// })?;
    /// peer.write_all(b"hello")?;
    /// drop(peer);
    /// reactor.run();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the descriptor is in blocking mode, when it is of a kind that nothing can wait for
    /// because it is always ready, such as a regular file, and when none is left for the
    /// duplicate.
    pub fn watch_readable<D, C>(&self, descriptor: D, callback: C) -> io::Result<Watch>
    where
        D: AsFd + Send + 'static,
        C: FnMut(&mut D) -> io::Result<ControlFlow<()>> + Send + 'static,
    {
        self.watch(descriptor, callback, Interest::READABLE)
    }

    /// Calls a function on a reactor thread whenever a descriptor can be written.
    ///
    /// What the function answers means the same as in [`Handle::watch_readable`]. A descriptor
    /// can be written nearly always, so the watch is begun when there is something to write
    /// and ended when all is written.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::ops::ControlFlow;
    /// use std::os::unix::net::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let reactor = lariat_net::Reactor::builder().threads(1).build()?;
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// stream.set_nonblocking(true)?;
    /// let mut left = vec![b'x'; 1_000_000];
    /// reactor.handle().watch_writable(stream, move |stream| {
    ///     let count = stream.write(&left)?;
    ///     left.drain(..count);
    ///     Ok(if left.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    /// })?;
    /// // The watch owns the stream, so its end closes it.
    /// let mut got = Vec::new();
    /// peer.read_to_end(&mut got)?;
    /// assert_eq!(got.len(), 1_000_000);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Handle::watch_readable`].
    pub fn watch_writable<D, C>(&self, descriptor: D, callback: C) -> io::Result<Watch>
    where
        D: AsFd + Send + 'static,
        C: FnMut(&mut D) -> io::Result<ControlFlow<()>> + Send + 'static,
    {
        self.watch(descriptor, callback, Interest::WRITABLE)
    }

    fn watch<D, C>(&self, descriptor: D, callback: C, interest: Interest) -> io::Result<Watch>
    where
        D: AsFd + Send + 'static,
        C: FnMut(&mut D) -> io::Result<ControlFlow<()>> + Send + 'static,
    {
        let name = format!("descriptor {}", descriptor.as_fd().as_raw_fd());
        refuse_blocking(&descriptor, &name)?;
        let duplicate = descriptor.as_fd().try_clone_to_owned()?;
        let worker = Arc::clone(self.worker());
        let registered = {
            let _runtime = worker.runtime.enter();
            register(duplicate, interest).map_err(|error| not_watched(&name, error))?
        };
        let (watch, life) = Watch::new(name);
        worker
            .runtime
            .spawn(run(registered, interest, descriptor, callback, life));
        Ok(watch)
    }
}

async fn run<D, C>(
    registered: AsyncFd<OwnedFd>,
    interest: Interest,
    mut descriptor: D,
    mut callback: C,
    life: Life,
) where
    C: FnMut(&mut D) -> io::Result<ControlFlow<()>>,
{
    loop {
        // What is always ready must not keep others from their turn.
        consume_budget().await;
        let ready = tokio::select! {
            biased;
            () = life.cancelled() => break,
            ready = registered.ready(interest) => ready,
        };
        // An error says that the runtime goes down.
        let Ok(mut ready) = ready else { break };
        match life.call(|| callback(&mut descriptor)) {
            Some(Ok(ControlFlow::Continue(()))) => ready.retain_ready(),
            Some(Ok(ControlFlow::Break(()))) | None => break,
            Some(Err(error)) => match error.kind() {
                io::ErrorKind::WouldBlock => ready.clear_ready(),
                io::ErrorKind::Interrupted => ready.retain_ready(),
                _ => {
                    life.log_failure(error);
                    break;
                }
            },
        }
    }
    drop((registered, descriptor, callback));
    drop(life);
}

/// A duplicate is registered: whoever implements `AsFd` may give out another descriptor every
/// time, or be replaced by the callback that it is lent to.
fn register(duplicate: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` stays open and the same until it is dropped, which the `AsyncFd`
    // that owns it does last.
    #[allow(unsafe_code)]
    let registered = unsafe { AsyncFd::register_with_interest(duplicate, interest) };
    Ok(registered?)
}

fn refuse_blocking(descriptor: impl AsFd, name: &str) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL)?);
    if flags.contains(OFlag::O_NONBLOCK) {
        return Ok(());
    }
    let problem = format!(
        "cannot watch {name}: it is in blocking mode and could hold the reactor's thread; \
         call set_nonblocking(true) on it first, or read standard input by the endpoint stdio:"
    );
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

fn not_watched(name: &str, error: io::Error) -> io::Error {
    // What epoll and kqueue say of what is always ready.
    let problem = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => {
            "it is of a kind that is always ready, such as a regular file; read it at once, \
             or in a thread"
                .to_owned()
        }
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), format!("cannot watch {name}: {problem}"))
}
