//! Many sockets behind one descriptor, which a runtime watches in their place.

use std::io;
use std::task::{Context, Poll};

use mio::{Events, Registry};

#[cfg(unix)]
pub(crate) use unix::Selector;

#[cfg(unix)]
mod unix {
    use std::task::ready;
    use std::time::Duration;

    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

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

        /// Takes what has happened, and clears `events` of what was there before.
        pub(crate) fn poll_events(
            &mut self,
            context: &mut Context<'_>,
            events: &mut Events,
        ) -> Poll<io::Result<()>> {
            let mut ready = ready!(self.0.poll_read_ready_mut(context))?;
            match ready.get_inner_mut().poll(events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    return Poll::Ready(Ok(()));
                }
                polled => polled?,
            }
            // Whatever comes from now on is announced anew; of what did not fit nobody would
            // hear again.
            if events.iter().count() < events.capacity() {
                ready.clear_ready();
            }
            Poll::Ready(Ok(()))
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

    pub(crate) fn poll_events(
        &mut self,
        _: &mut Context<'_>,
        _: &mut Events,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }
}
