//! Accepting: the descriptor comes as it is, registered nowhere, so that it can be handed to
//! the thread that will own it.

use std::io;

/// Whether accepting failed because no descriptor is left, in this process or the system.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use nix::libc::{EMFILE, ENFILE};
        matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
    }
    #[cfg(not(unix))]
    {
        // WSAEMFILE
        error.raw_os_error() == Some(10024)
    }
}

/// One descriptor kept back, so that at exhaustion there is still one to accept with.
pub(crate) struct Reserve(Option<std::fs::File>);

impl Reserve {
    pub(crate) fn new() -> Self {
        Reserve(open())
    }

    /// Gives the descriptor up; whoever needs one may now get it.
    pub(crate) fn give_up(&mut self) {
        self.0 = None;
    }

    /// Takes one back, if there is one. Returns whether there is.
    pub(crate) fn take_back(&mut self) -> bool {
        if self.0.is_none() {
            self.0 = open();
        }
        self.0.is_some()
    }
}

fn open() -> Option<std::fs::File> {
    let path = if cfg!(windows) { "NUL" } else { "/dev/null" };
    std::fs::File::open(path).ok()
}

#[cfg(unix)]
mod readiness {
    use std::io;
    use std::net::TcpListener;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixListener;

    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A listening socket that owns one descriptor for as long as it lives, as the standard
    /// library's do. [`Acceptor::new`] relies on it, so nothing else may implement this.
    pub(crate) trait Listens: AsRawFd {}

    impl Listens for TcpListener {}
    impl Listens for UnixListener {}

    /// A listening socket that hands out what it accepts unregistered.
    pub(crate) struct Acceptor<L: Listens>(AsyncFd<L>);

    impl<L: Listens> Acceptor<L> {
        pub(crate) fn new(listener: L) -> io::Result<Self> {
            // SAFETY: the descriptor of what `Listens` stays open and the same until the
            // listener is dropped, which the `AsyncFd` that owns it does last.
            #[allow(unsafe_code)]
            let registered =
                unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) };
            Ok(Acceptor(registered?))
        }

        pub(crate) async fn accept<S>(
            &self,
            mut accept: impl FnMut(&L) -> io::Result<S>,
        ) -> io::Result<S> {
            self.0
                .async_io(Interest::READABLE, |listener| accept(listener))
                .await
        }

        /// Accepts without waiting.
        pub(crate) fn try_accept<S>(
            &self,
            accept: impl FnOnce(&L) -> io::Result<S>,
        ) -> io::Result<S> {
            accept(self.0.get_ref())
        }
    }
}

#[cfg(unix)]
pub(crate) use readiness::{Acceptor, Listens};
