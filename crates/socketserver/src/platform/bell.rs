//! A bell that one thread rings and another waits for, over a pair of sockets: so that it can be
//! waited for together with others, rung by a signal's handler, and inherited by a process.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::platform::wait::until_readable;

/// Stays rung until it is [silenced](Self::silence); ringing it twice is ringing it once.
#[derive(Debug)]
pub(crate) struct Bell {
    rope: UnixStream,
    clapper: UnixStream,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let (rope, clapper) = UnixStream::pair()?;
        rope.set_nonblocking(true)?;
        clapper.set_nonblocking(true)?;
        Ok(Bell { rope, clapper })
    }

    pub(crate) fn ring(&self) {
        // A rope that takes no more was pulled already, and nobody hears it once the other
        // end is gone.
        let _ = (&self.rope).write(&[1]);
    }

    pub(crate) fn silence(&self) {
        let mut heard = [0; 64];
        while matches!((&self.clapper).read(&mut heard), Ok(1..)) {}
    }

    /// Waits until it is rung. Returns whether it was, within the time.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> io::Result<bool> {
        until_readable(&[self.as_fd()], timeout).map(|rung| rung[0])
    }

    /// What rings it when something is written there.
    pub(crate) fn rope(&self) -> io::Result<UnixStream> {
        self.rope.try_clone()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.clapper.as_fd()
    }
}
