//! A descriptor that is kept back for when there are no others.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;

/// Kept back so that at exhaustion a client can still be accepted and closed, rather than be
/// left in the queue, where the system says that somebody waits again and again.
#[derive(Debug)]
pub(crate) struct Spare(Mutex<Option<File>>);

impl Spare {
    pub(crate) fn new() -> Self {
        Spare(Mutex::new(open()))
    }

    /// Does `work` while one more descriptor is free. Returns nothing if none was kept.
    pub(crate) fn lend<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = kept.take();
        let result = lent.map(|file| {
            drop(file);
            work()
        });
        *kept = open();
        result
    }
}

fn open() -> Option<File> {
    File::open("/dev/null").ok()
}

/// Whether only whoever came is concerned by it, and is gone again, so that the next may be taken at
/// once. `accept` also tells of what has befallen a connection that it would have returned.
pub(crate) fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown,
        NetworkUnreachable, WouldBlock,
    };
    let of_one = matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | WouldBlock
    );
    of_one || error.raw_os_error() == Some(Errno::EPROTO as i32)
}

/// Whether the system has run out of what accepting takes.
pub(crate) fn is_exhausted(error: &io::Error) -> bool {
    let out = [Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|number| out.contains(&Errno::from_raw(number)))
}
