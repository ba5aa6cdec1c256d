//! The table of connections: collected by asking each of them, so that it costs nothing while
//! nobody looks.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lariat_protocol::{Address, ConnectionId};
use tokio::sync::Notify;

use crate::observe::Phase;

/// One connection among all of a reactor's: the thread it lives on, its place there, and how
/// many had that place before.
///
/// ```
/// use lariat_net::observe::ConnectionKey;
///
/// let key: ConnectionKey = "1-17-4".parse()?;
/// assert_eq!(key.to_string(), "1-17-4");
/// # Ok::<(), lariat_net::observe::NoConnectionKey>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionKey {
    /// Which thread.
    pub thread: u32,
    /// Which connection of that thread.
    pub id: ConnectionId,
}

impl fmt::Display for ConnectionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConnectionId { slot, generation } = self.id;
        write!(out, "{}-{slot}-{generation}", self.thread)
    }
}

/// What was given is no connection's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a connection is named by three numbers, as 0-17-4")]
pub struct NoConnectionKey;

impl FromStr for ConnectionKey {
    type Err = NoConnectionKey;

    fn from_str(text: &str) -> Result<Self, NoConnectionKey> {
        let mut numbers = text
            .split('-')
            .map(|number| number.parse().map_err(|_| NoConnectionKey));
        let mut next = || numbers.next().ok_or(NoConnectionKey)?;
        let (thread, slot, generation) = (next()?, next()?, next()?);
        match next() {
            Err(NoConnectionKey) if text.matches('-').count() == 2 => Ok(ConnectionKey {
                thread,
                id: ConnectionId { slot, generation },
            }),
            _ => Err(NoConnectionKey),
        }
    }
}

/// One connection, as it is when it is asked.
#[derive(Clone, Debug)]
pub struct ConnectionStatus {
    /// What it is named by.
    pub key: ConnectionKey,
    /// Its service.
    pub service: Arc<str>,
    /// Where that listens.
    pub endpoint: Arc<str>,
    /// The other end.
    pub peer: Address,
    /// What it is at.
    pub phase: Phase,
    /// How long it has been there.
    pub age: Duration,
    /// Bytes that came.
    pub received: u64,
    /// Bytes that left.
    pub sent: u64,
    /// Messages that came whole; wraps.
    pub messages: u32,
    /// Bytes that it holds in buffers.
    pub held: usize,
}

/// A question to all connections, and what has been answered so far.
#[derive(Debug, Default)]
pub(crate) struct Inquiry {
    state: Mutex<State>,
    complete: Notify,
}

#[derive(Debug, Default)]
struct State {
    asked: usize,
    gone: usize,
    found: Vec<ConnectionStatus>,
}

impl State {
    fn is_complete(&self) -> bool {
        self.found.len() + self.gone >= self.asked
    }
}

impl Inquiry {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if state.is_complete() {
            self.complete.notify_one();
        }
    }

    /// So many more will answer, or be gone.
    pub(crate) fn ask(&self, more: usize) {
        self.change(|state| state.asked += more);
    }

    pub(crate) fn answer(&self, status: ConnectionStatus) {
        self.change(|state| state.found.push(status));
    }

    /// One of those that were asked has ended instead.
    pub(crate) fn ended(&self) {
        self.change(|state| state.gone += 1);
    }

    /// Waits for the answers; those of threads that are held up by a callback come too late.
    pub(crate) async fn answers(&self, patience: Duration) -> Vec<ConnectionStatus> {
        let complete = async {
            while !self
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_complete()
            {
                self.complete.notified().await;
            }
        };
        let _ = tokio::time::timeout(patience, complete).await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = std::mem::take(&mut state.found);
        found.sort_by_key(|status| status.key);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "1", "1-2", "1-2-3-4", "a-b-c", "1-2-", "-1-2-3", "1--2"] {
            assert!(text.parse::<ConnectionKey>().is_err(), "{text}");
        }
        assert!("0-0-0".parse::<ConnectionKey>().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_ends_instead_of_answering_is_not_waited_for() {
        let inquiry = Inquiry::default();
        inquiry.ask(2);
        inquiry.ended();
        inquiry.ended();
        let asked = tokio::time::Instant::now();
        assert!(inquiry.answers(Duration::from_secs(5)).await.is_empty());
        assert_eq!(asked.elapsed(), Duration::ZERO);
    }
}
