//! What an operator asks of a reactor that runs: to be shown, to end one connection, and to
//! keep to other settings.

use std::sync::Arc;
use std::time::Duration;

use crate::admission::Limits;
use crate::driver::hub::Signals;
use crate::error::Error;
use crate::observe::table::Inquiry;
use crate::observe::{ConnectionKey, ConnectionStatus, ReactorStats};
use crate::reactor::Handle;

/// How long connections have to answer who looks at the table.
const PATIENCE: Duration = Duration::from_secs(1);

impl Handle {
    /// What was counted since the reactor began.
    pub fn stats(&self) -> ReactorStats {
        let metrics = self.0.metrics.lock();
        let metrics = metrics.unwrap_or_else(|error| error.into_inner());
        ReactorStats {
            connections: self.0.gate.connections(),
            handshakes: self.0.gate.handshakes(),
            buffered: self.0.gate.memory(),
            services: metrics.iter().map(|service| service.stats()).collect(),
        }
    }

    /// Every connection, as it answers for itself: those that a callback holds up for more
    /// than a second are missing.
    pub async fn connection_table(&self) -> Vec<ConnectionStatus> {
        let _alone = self.0.looking.lock().await;
        let inquiry = Arc::new(Inquiry::default());
        for worker in &self.0.workers {
            worker.hub.inquire(&inquiry);
        }
        inquiry.answers(PATIENCE).await
    }

    /// Ends a connection at once. Returns whether there is one of that name.
    pub fn kill(&self, key: ConnectionKey) -> bool {
        let worker = self.0.workers.get(key.thread as usize);
        worker.is_some_and(|worker| worker.hub.signal(key.id, Signals::KILL))
    }

    /// The limits of all services together.
    pub fn limits(&self) -> Limits {
        self.0.gate.limits().clone()
    }

    /// Changes how long connections have to finish when the reactor stops, if it has not yet.
    pub fn set_drain_time(&self, time: Duration) {
        let drain_time = self.0.drain_time.lock();
        *drain_time.unwrap_or_else(|error| error.into_inner()) = time;
    }

    pub(crate) fn drain_time(&self) -> Duration {
        let drain_time = self.0.drain_time.lock();
        *drain_time.unwrap_or_else(|error| error.into_inner())
    }

    /// Changes the limits of all services together, for connections that come from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.0.gate.set_limits(limits);
    }

    /// Reads the certificates of every endpoint that is listened on again: see
    /// [`Listening::reload`](crate::Listening::reload).
    ///
    /// # Errors
    ///
    /// What was wrong with each that stays as it was.
    pub fn reload(&self) -> Result<(), Vec<Error>> {
        let listening = self.0.listening.lock();
        let listening = listening.unwrap_or_else(|error| error.into_inner()).clone();
        let wrong: Vec<Error> = listening
            .iter()
            .filter_map(|listening| listening.reload().err())
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong),
        }
    }
}
