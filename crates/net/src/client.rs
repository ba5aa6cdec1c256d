//! Connecting as an event-driven client: factories that are told what becomes of it, and
//! that connect again.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lariat_protocol::{ConnectionInfo, Endpoint, Factory, Handle, Protocol, Reason};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::connect::{self, ConnectOptions};
use crate::connection::Connection;
use crate::driver::Driver;
use crate::error::Error;
use crate::reactor;
use crate::state::ServiceState;

/// Builds the protocol of a client's connection, and is told how connecting went.
///
/// Every [`Factory`] is one that does not care.
pub trait ClientFactory: Send + Sync + 'static {
    /// The protocol for the connection; `None` closes it without a word.
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>>;

    /// The connection could not be made.
    fn connection_failed(&self, connector: &Connector, error: &Error) {
        let _ = connector;
        tracing::error!("{error}");
    }

    /// The connection was made, and is over.
    fn connection_lost(&self, connector: &Connector, reason: &Reason) {
        let _ = (connector, reason);
    }
}

impl<F: Factory> ClientFactory for F {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Factory::build(self, connection)
    }
}

/// One endpoint being connected to, once or again and again.
#[derive(Clone)]
pub struct Connector(Arc<Inner>);

struct Inner {
    reactor: reactor::Handle,
    endpoint: Endpoint,
    options: ConnectOptions,
    factory: Arc<dyn ClientFactory>,
    /// Cancelled when it connects no more: it was stopped, or its reactor is.
    stopped: CancellationToken,
    /// The connection that is open, if one is.
    connected: watch::Sender<Option<Handle>>,
}

impl Connector {
    pub(crate) fn new(
        reactor: reactor::Handle,
        endpoint: Endpoint,
        options: ConnectOptions,
        factory: Arc<dyn ClientFactory>,
    ) -> Self {
        let stopped = reactor.stopping().child_token();
        Connector(Arc::new(Inner {
            reactor,
            endpoint,
            options,
            factory,
            stopped,
            connected: watch::Sender::new(None),
        }))
    }

    /// What is connected to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The reactor that connects, to stop it from a factory.
    pub fn reactor(&self) -> &reactor::Handle {
        &self.0.reactor
    }

    /// Connects once more, unless it was [stopped](Self::stop).
    pub fn connect(&self) {
        self.connect_after(Duration::ZERO);
    }

    /// Connects once more after a time, unless it is stopped before.
    pub fn connect_after(&self, delay: Duration) {
        let connector = self.clone();
        let worker = Arc::clone(self.0.reactor.worker());
        let place = worker.hub.register();
        worker.runtime.spawn(async move {
            let connecting = async {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                let options = connector.0.options.clone();
                connect::connect_with(&connector.0.endpoint, options).await
            };
            let connected = tokio::select! {
                biased;
                () = connector.0.stopped.cancelled() => None,
                connected = connecting => Some(connected),
            };
            match connected {
                Some(Ok(connection)) => connector.drive(connection, place).await,
                Some(Err(error)) => connector.0.factory.connection_failed(&connector, &error),
                None => {}
            }
        });
    }

    async fn drive(self, connection: Connection, place: crate::driver::hub::Place) {
        let (carrier, info, service) = connection.into_parts();
        let handle = Handle::new(place.mailbox(), place.id());
        let service = ServiceState::new(
            &self.0.endpoint.to_string(),
            service.layers.clone(),
            Arc::new(Building(Arc::clone(&self.0.factory))),
            self.0.reactor.stopping().clone(),
        );
        self.0.connected.send_replace(Some(handle));
        let connector = self.clone();
        let lost = Box::new(move |reason: Reason| {
            connector.0.connected.send_replace(None);
            connector.0.factory.connection_lost(&connector, &reason);
        });
        Driver::open(carrier, info, place, Arc::new(service), Some(lost)).await;
    }

    /// Connects no more; an attempt that is under way is given up. A connection that is open
    /// stays.
    pub fn stop(&self) {
        self.0.stopped.cancel();
    }

    /// Whether it was stopped, or its reactor was.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.is_cancelled()
    }

    /// Waits until a connection is open, and gives its handle: at once if one is. `None` when
    /// there will be none: it was [stopped](Self::stop), as [`Reconnecting`] does when it gives
    /// up, or its reactor was. While it is not, somebody may still connect it again, so this
    /// waits also after an attempt that failed.
    pub async fn when_connected(&self) -> Option<Handle> {
        let mut connected = self.0.connected.subscribe();
        tokio::select! {
            biased;
            open = connected.wait_for(Option::is_some) => open.ok()?.clone(),
            () = self.0.stopped.cancelled() => None,
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Connector({})", self.0.endpoint)
    }
}

/// A client's factory as the driver's.
struct Building(Arc<dyn ClientFactory>);

impl Factory for Building {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        self.0.build(connection)
    }
}

/// How a [`Reconnecting`] factory waits between its attempts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackOff {
    /// The first wait. Default 0.5 s.
    pub initial: Duration,
    /// By how much each wait is longer than the one before. Default 2.
    pub factor: f64,
    /// The longest wait. Default 60 s.
    pub maximum: Duration,
    /// How much of a wait is left to chance, so that a thousand clients of a server that
    /// restarts do not come back at once. Default 0.5: a wait is between half and all.
    pub jitter: f64,
    /// After so many failures in a row it gives up; never if there is none. Default none.
    pub limit: Option<u32>,
}

impl Default for BackOff {
    fn default() -> Self {
        BackOff {
            initial: Duration::from_millis(500),
            factor: 2.0,
            maximum: Duration::from_secs(60),
            jitter: 0.5,
            limit: None,
        }
    }
}

impl BackOff {
    /// The wait after so many failures in a row (from 1), by a number of chance from 0 to 1.
    fn wait(&self, failures: u32, chance: f64) -> Duration {
        let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.initial.as_secs_f64() * self.factor.powi(exponent);
        let seconds = seconds.min(self.maximum.as_secs_f64());
        Duration::from_secs_f64(seconds * (1.0 - self.jitter.clamp(0.0, 1.0) * chance))
    }
}

/// Connects again whenever connecting failed or a connection was lost.
///
/// ```no_run
/// # use lariat_protocol::{Protocol, Transport};
/// # struct Echo;
/// # impl Protocol for Echo { fn data_received(&mut self, t: &mut Transport, d: &[u8]) { t.write(d) } }
/// use lariat_net::{BackOff, Reactor, Reconnecting};
///
/// # async fn f() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().build()?;
/// let factory = Reconnecting::new(|| Echo, BackOff::default());
/// let connector = reactor.connect("tcp://localhost:21567", factory)?;
/// if let Some(connection) = connector.when_connected().await {
///     println!("connected: {connection:?}");
/// }
/// # Ok(()) }
/// ```
pub struct Reconnecting<F> {
    factory: F,
    back_off: BackOff,
    state: Mutex<Attempts>,
}

#[derive(Default)]
struct Attempts {
    failures: u32,
    connected_at: Option<Instant>,
}

impl<F: ClientFactory> Reconnecting<F> {
    /// Connects again for `factory`.
    pub fn new(factory: F, back_off: BackOff) -> Self {
        Reconnecting {
            factory,
            back_off,
            state: Mutex::default(),
        }
    }

    fn again(&self, connector: &Connector) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let lasted = state.connected_at.take().map(|since| since.elapsed());
        if lasted.is_some_and(|lasted| lasted >= self.back_off.initial) {
            state.failures = 0;
        }
        // A server that accepts and hangs up at once counts as a failure too: else it
        // would be connected to without a pause.
        state.failures = state.failures.saturating_add(1);
        if self
            .back_off
            .limit
            .is_some_and(|limit| state.failures >= limit)
        {
            connector.stop();
            return;
        }
        let wait = self.back_off.wait(state.failures, fastrand::f64());
        drop(state);
        connector.connect_after(wait);
    }
}

impl<F: ClientFactory> ClientFactory for Reconnecting<F> {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.connected_at = Some(Instant::now());
        drop(state);
        self.factory.build(connection)
    }

    fn connection_failed(&self, connector: &Connector, error: &Error) {
        self.factory.connection_failed(connector, error);
        self.again(connector);
    }

    fn connection_lost(&self, connector: &Connector, reason: &Reason) {
        self.factory.connection_lost(connector, reason);
        self.again(connector);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_maximum_less_the_jitter() {
        let back_off = BackOff::default();
        let seconds = |failures, chance| back_off.wait(failures, chance).as_secs_f64();
        assert_eq!(seconds(1, 0.0), 0.5);
        assert_eq!(seconds(2, 0.0), 1.0);
        assert_eq!(seconds(3, 1.0), 1.0);
        assert_eq!(seconds(50, 0.0), 60.0);
        assert_eq!(seconds(u32::MAX, 1.0), 30.0);
    }
}
