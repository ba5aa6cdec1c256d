//! How much the other side of a connection may have done for it at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::call::{CallError, MAXIMUM_MESSAGE, code};

/// What is counted for a call besides its message: its task and its place, which are about as many
/// bytes for a call that sleeps (the program `sleep` in `benches/` measures them).
const CALL_COST: usize = 1024;

/// How much a peer may have going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest message, in bytes. Default [`MAXIMUM_MESSAGE`].
    pub message: usize,
    /// How many calls of one connection may be under way, in each direction. Default 10,000:
    /// some 20 MB with all that belongs to them.
    pub calls: usize,
    /// How many bytes the calls of one connection may be, each counted as its message and 1 KiB.
    /// Default 16 MiB.
    pub bytes: usize,
    /// The same for all connections that share an [`Allowance`]. Default 256 MiB.
    pub bytes_in_all: usize,
    /// How long calls have to be answered when this side goes down, or the other has ended its
    /// half of the connection. Default 10 s, which is within the time that a server drains.
    pub finish: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            message: MAXIMUM_MESSAGE,
            calls: 10_000,
            bytes: 16 * 1024 * 1024,
            bytes_in_all: 256 * 1024 * 1024,
            finish: Duration::from_secs(10),
        }
    }
}

/// The limits of some connections, and how much all of them have going on.
#[derive(Debug, Default)]
pub struct Allowance {
    limits: Limits,
    in_all: AtomicUsize,
}

impl Allowance {
    /// Nothing going on yet, under these limits.
    pub fn new(limits: Limits) -> Self {
        Allowance {
            limits,
            in_all: AtomicUsize::new(0),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many bytes the calls of all connections count for.
    pub fn in_all(&self) -> usize {
        self.in_all.load(Ordering::Relaxed)
    }

    /// Counts one more call, whose message is so long, of a connection that has so many calls of so
    /// many bytes going on. Returns what is to be [given back](Self::give_back).
    pub(crate) fn take(
        &self,
        message: usize,
        calls: usize,
        bytes: usize,
    ) -> Result<usize, CallError> {
        let limits = &self.limits;
        let share = message + CALL_COST;
        let refused = |words: String| Err(CallError::new(code::TOO_MANY, words));
        if calls >= limits.calls {
            return refused(format!(
                "{calls} calls of this connection are not answered yet; no more are taken"
            ));
        }
        if bytes + share > limits.bytes {
            return refused(format!(
                "the calls of this connection that are not answered yet may be {} bytes in all",
                limits.bytes
            ));
        }
        let before = self.in_all.fetch_add(share, Ordering::Relaxed);
        if before + share > limits.bytes_in_all {
            self.in_all.fetch_sub(share, Ordering::Relaxed);
            return refused("there are too many calls by others; try again later".into());
        }
        Ok(share)
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.in_all.fetch_sub(bytes, Ordering::Relaxed);
    }
}
