//! Many sockets behind one descriptor, which a runtime watches in their place.

use std::io;
use std::task::{Context, Poll};

use mio::{Events, Registry};

#[cfg(unix)]
pub(crate) use unix::{Happened, Selector};

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use tokio::io::Interest;
    use tokio::io::unix::{AsyncFd, AsyncFdReadyMutGuard};

    use super::*;

    /// The system's own table of sockets to watch.
    pub(crate) struct Selector(AsyncFd<mio::Poll>);

    impl Selector {
        /// One that the runtime watches in which this is called.
        pub(crate) fn new() -> io::Result<Self> {
            let poll = mio::Poll::new()?;
            // SAFETY: `mio::Poll` owns its descriptor, which stays open and the same until it
            // is dropped, which the `AsyncFd` that owns it does last.
            #[allow(unsafe_code)]
            let registered = unsafe { AsyncFd::register_with_interest(poll, Interest::READABLE) };
            Ok(Selector(registered?))
        }

        /// Where sockets are registered, from any thread.
        pub(crate) fn registry(&self) -> io::Result<Registry> {
            self.0.get_ref().registry().try_clone()
        }

        /// Ready when something has happened to one of the sockets.
        pub(crate) fn poll_ready(
            &mut self,
            context: &mut Context<'_>,
        ) -> Poll<io::Result<Happened<'_>>> {
            self.0.poll_read_ready_mut(context).map_ok(Happened)
        }
    }

    /// What has happened, to be taken until there is no more.
    pub(crate) struct Happened<'a>(AsyncFdReadyMutGuard<'a, mio::Poll>);

    impl Happened<'_> {
        /// Takes as much as there is room for, in the place of what was there before. Returns
        /// how much it was.
        pub(crate) fn take(&mut self, events: &mut Events) -> io::Result<usize> {
            loop {
                match self.0.get_inner_mut().poll(events, Some(Duration::ZERO)) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    polled => return polled.map(|()| events.iter().count()),
                }
            }
        }

        /// All was taken, and what comes from now on is announced anew. Otherwise nobody would
        /// hear of the rest again.
        pub(crate) fn all_was_taken(mut self) {
            self.0.clear_ready();
        }
    }
}

/// Elsewhere there is no such descriptor, and each socket is watched by itself.
#[cfg(not(unix))]
pub(crate) enum Selector {}

#[cfg(not(unix))]
impl Selector {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn registry(&self) -> io::Result<Registry> {
        match *self {}
    }

    pub(crate) fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<Happened<'_>>> {
        match *self {}
    }
}

#[cfg(not(unix))]
pub(crate) struct Happened<'a>(std::convert::Infallible, std::marker::PhantomData<&'a ()>);

#[cfg(not(unix))]
impl Happened<'_> {
    pub(crate) fn take(&mut self, _: &mut Events) -> io::Result<usize> {
        match self.0 {}
    }

    pub(crate) fn all_was_taken(self) {
        match self.0 {}
    }
}
