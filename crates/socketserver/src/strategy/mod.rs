//! Where requests are handled: a type for each way.

mod forking;
mod pooled;
mod sequential;
mod threading;

use std::io;
use std::time::Instant;

pub use forking::Forking;
pub use pooled::Pooled;
pub use sequential::Sequential;
pub use threading::Threading;

use crate::job::Job;
use crate::live::Live;
use crate::platform::BorrowedFd;

/// Where and when requests are handled. A new one is an implementation of this, and serves every
/// [`Transport`](crate::Transport).
///
/// All methods are called on the thread that serves, or on the one that closes the server
/// when nobody serves any more.
pub trait Strategy: Send + Sync + 'static {
    /// Serving begins.
    ///
    /// # Errors
    ///
    /// Why requests cannot be handled in this way here.
    fn start(&self) -> io::Result<()> {
        Ok(())
    }

    /// Handles a request, or sees to it that somebody does.
    fn process_request(&self, job: Job);

    /// Whether [`process_request`](Self::process_request) comes back before the request is handled.
    /// Where it does, requests that come fast are taken several in a row, without a look in between
    /// whether the server is to end.
    fn hands_over(&self) -> bool {
        false
    }

    /// How many requests there may be at a time: while there are as many, none is taken.
    fn most(&self) -> Option<usize> {
        None
    }

    /// What says that there is room again, where it is not the end of a [`Job`].
    fn lives(&self, with: &mut dyn FnMut(&[BorrowedFd<'_>])) {
        with(&[]);
    }

    /// Before a request is taken, and after each poll interval at the latest: whoever has ended is to
    /// count no more.
    fn service_actions(&self) {}

    /// Whether the end of the server waits for its requests, when nothing else is said
    /// (`block_on_close`).
    fn blocks_on_close(&self) -> bool {
        true
    }

    /// Waits until no request is left, or the time is over. Returns how many are.
    fn wait_until_none(&self, live: &Live, until: Option<Instant>) -> usize {
        live.wait_until_none(until)
    }

    /// The time is over: ends what the end of its socket does not.
    fn end_at_once(&self) {}

    /// The server is closed. With `wait`, no request is left, and nothing else should be.
    fn stop(&self, wait: bool) {
        let _ = wait;
    }
}
