//! The reactor: the threads that drive all connections, and what is listened on.
//!
//! It is N current-thread tokio runtimes. A connection is given to the thread that has the
//! fewest and stays there, so its protocol never meets two threads at once. The reactor
//! decides nothing about bytes; that is the [driver](crate::driver)'s.

mod accepting;
pub(crate) mod bind;
mod builder;
mod drain;
mod listener;
mod operating;
mod worker;

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use lariat_protocol::endpoint::{Base, EndpointError};
use lariat_protocol::{Deadlines, Endpoint, Handle as ConnectionHandle, Message};
use lariat_tls::ServerTls;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

pub(crate) use accepting::Visitor;
pub use builder::Builder;
pub use drain::DrainReport;
pub use listener::Listening;
use worker::Thread;
pub(crate) use worker::{Worker, run_timers, tell_draining};

use crate::admission::{Gate, Limits};
use crate::client::{ClientFactory, Connector};
use crate::connect::ConnectOptions;
use crate::error::Error;
use crate::keep_alive::KeepAlive;
use crate::observe::ServiceMetrics;
use crate::service::IntoService;
use crate::state::ServiceState;

/// How long connections have to finish when the reactor stops, unless told otherwise.
pub const DRAIN_TIME: Duration = Duration::from_secs(30);

/// Now, on the clock that the timers run by.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The threads that drive connections.
///
/// ```
/// use lariat_net::Reactor;
/// use lariat_protocol::{Protocol, Transport};
///
/// struct Echo;
///
/// impl Protocol for Echo {
///     fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
///         transport.write(data);
///     }
/// }
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// let listening = reactor.listen("tcp://localhost:0", || Echo)?;
/// println!("listening on {}", listening.endpoints()[0]);
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
pub struct Reactor {
    handle: Handle,
    threads: Vec<Thread>,
}

/// Everything that can be asked of a reactor; cheap to clone, and sent anywhere.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) workers: Vec<Arc<Worker>>,
    /// What is listened on, so that it can be closed.
    pub(crate) listening: Mutex<Vec<Listening>>,
    /// Cancelled when the reactor is asked to stop.
    pub(crate) stopping: CancellationToken,
    /// How many connections there were at that moment, and how many had said goodbye.
    pub(crate) at_stop: OnceLock<(usize, u64)>,
    drain_time: Mutex<Duration>,
    /// The limits of all services together.
    gate: Arc<Gate>,
    deadlines: Deadlines,
    /// The counters of everything that is listened for, in that order.
    metrics: Mutex<Vec<Arc<ServiceMetrics>>>,
    /// Who looks at the table: one at a time.
    looking: tokio::sync::Mutex<()>,
}

impl Reactor {
    /// A builder with the defaults: a thread for each core, [`DRAIN_TIME`].
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// What can be asked of it from anywhere.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves an endpoint: see [`Handle::listen`].
    ///
    /// # Errors
    ///
    /// As [`Handle::listen`].
    pub fn listen<W>(
        &self,
        endpoint: impl ToEndpoint,
        service: impl IntoService<W>,
    ) -> Result<Listening, Error> {
        self.handle.listen(endpoint, service)
    }

    /// Connects to an endpoint: see [`Handle::connect`].
    ///
    /// # Errors
    ///
    /// As [`Handle::connect`].
    pub fn connect(
        &self,
        endpoint: impl ToEndpoint,
        factory: impl ClientFactory,
    ) -> Result<Connector, Error> {
        self.handle.connect(endpoint, factory)
    }

    /// Runs until [`Handle::stop`] is called and every connection has ended or the drain
    /// time is over; says how they ended. Blocks, so it is not for async code: a program
    /// with a runtime of its own [attaches](Builder::attach) instead.
    ///
    /// The calling thread takes the place of the first of the reactor's, whose connections go on
    /// here: a program that has
    /// nothing else to do has no thread that waits for the others, and with
    /// [one thread](Builder::threads) it has no other at all, which saves the system from
    /// counting who uses an open file at each call (1 % of a small request).
    ///
    /// # Panics
    ///
    /// Within a tokio runtime.
    pub fn run(mut self) -> DrainReport {
        let first = Arc::clone(&self.handle.0.workers[0]);
        let thread = self.threads.remove(0);
        match first.take_over(thread, self.handle.stopped()) {
            Some((runtime, report)) => {
                // All end beside each other: one may wait for what another's end lets go of.
                self.shut_down();
                runtime.shutdown_background();
                report
            }
            // Somebody's panic has taken the thread, and with it its connections.
            None => self.handle.block_on(self.handle.stopped()),
        }
    }

    fn shut_down(&self) {
        self.handle.0.stopping.cancel();
        self.handle.close_listening();
        for worker in &self.handle.0.workers {
            worker.shut_down();
        }
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        self.shut_down();
        for thread in self.threads.drain(..) {
            // A callback that drops the last handle cannot wait for its own thread.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Handle {
    /// Serves an endpoint with a [`Factory`](lariat_protocol::Factory), an async function,
    /// or a [`Service`](crate::Service). Connections are accepted when this returns.
    ///
    /// # Errors
    ///
    /// One clear line: the endpoint does not parse, an address is taken or not ours, a
    /// certificate cannot be read.
    pub fn listen<W>(
        &self,
        endpoint: impl ToEndpoint,
        service: impl IntoService<W>,
    ) -> Result<Listening, Error> {
        self.listen_with(endpoint, ListenOptions::default(), service)
    }

    /// Serves an endpoint with options.
    ///
    /// # Errors
    ///
    /// As [`Handle::listen`].
    pub fn listen_with<W>(
        &self,
        endpoint: impl ToEndpoint,
        options: ListenOptions,
        service: impl IntoService<W>,
    ) -> Result<Listening, Error> {
        let endpoint = endpoint.to_endpoint()?;
        listener::listen(self, &endpoint, options, service.into_service())
    }

    /// Connects to an endpoint; what becomes of it is told to the factory.
    ///
    /// # Errors
    ///
    /// Only when the endpoint does not parse. A connection that cannot be made is told to
    /// [`ClientFactory::connection_failed`].
    pub fn connect(
        &self,
        endpoint: impl ToEndpoint,
        factory: impl ClientFactory,
    ) -> Result<Connector, Error> {
        self.connect_with(endpoint, ConnectOptions::default(), factory)
    }

    /// Connects to an endpoint with options.
    ///
    /// # Errors
    ///
    /// As [`Handle::connect`].
    pub fn connect_with(
        &self,
        endpoint: impl ToEndpoint,
        options: ConnectOptions,
        factory: impl ClientFactory,
    ) -> Result<Connector, Error> {
        let endpoint = endpoint.to_endpoint()?;
        let connector = Connector::new(self.clone(), endpoint, options, Arc::new(factory));
        connector.connect();
        Ok(connector)
    }

    /// Calls a function on a reactor thread after at least this time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), lariat_net::Error> {
    /// let reactor = lariat_net::Reactor::builder().threads(1).build()?;
    /// let handle = reactor.handle();
    /// reactor.handle().call_later(Duration::from_millis(10), move || handle.stop());
    /// reactor.run();
    /// # Ok(()) }
    /// ```
    pub fn call_later(&self, after: Duration, call: impl FnOnce() + Send + 'static) -> Scheduled {
        let cancelled = CancellationToken::new();
        let token = cancelled.clone();
        self.spawn(async move {
            tokio::select! {
                biased;
                () = token.cancelled() => {}
                () = tokio::time::sleep(after) => call(),
            }
        });
        Scheduled(cancelled)
    }

    /// Runs work that blocks or takes long on a thread of a pool; the result comes to the
    /// connection `to` as a message holding a [`std::thread::Result<T>`], whose error is
    /// the panic if the work panicked.
    ///
    /// ```
    /// use lariat_net::Handle;
    /// use lariat_protocol::{Message, Protocol, Transport};
    ///
    /// struct Sum(Handle);
    ///
    /// impl Protocol for Sum {
    ///     fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
    ///         // One piece of work at a time, however fast the peer sends.
    ///         transport.pause_reading();
    ///         let data = data.to_vec();
    ///         let work = move || data.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    ///         self.0.call_in_thread(transport.handle(), work);
    ///     }
    ///
    ///     fn message_received(&mut self, transport: &mut Transport, message: Message) {
    ///         if let Some(Ok(sum)) = message.get::<std::thread::Result<u64>>() {
    ///             transport.write(sum.to_string().as_bytes());
    ///         }
    ///         transport.resume_reading();
    ///     }
    /// }
    /// ```
    pub fn call_in_thread<T: Send + 'static>(
        &self,
        to: ConnectionHandle,
        work: impl FnOnce() -> T + Send + 'static,
    ) {
        self.worker().runtime.spawn_blocking(move || {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // The connection may have ended meanwhile; then nobody wants the result.
            let _ = to.send_result(Message::new(result));
        });
    }

    /// Runs a future on a reactor thread.
    pub fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.worker().runtime.spawn(future)
    }

    /// Asks the reactor to stop: nothing new is accepted, every connection is told to say
    /// goodbye, and [`Reactor::run`] returns when they have, or the drain time is over.
    pub fn stop(&self) {
        // Those who notice at once may be gone before anybody else counts them.
        drain::count_at_stop(self);
        self.0.stopping.cancel();
    }

    /// Cancelled once the reactor is asked to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.0.workers.iter().map(|worker| worker.hub.live()).sum()
    }

    /// Puts a service under the reactor's settings.
    fn admit(
        &self,
        state: ServiceState,
        endpoint: &Endpoint,
        shown: &str,
        deadlines: Option<Deadlines>,
        limits: Option<Limits>,
    ) -> ServiceState {
        let threads = self.0.workers.len();
        let metrics = Arc::new(ServiceMetrics::new(state.name(), shown, threads));
        let all = self.0.metrics.lock();
        let mut all = all.unwrap_or_else(|error| error.into_inner());
        // A program may open and close doors for as long as it runs; what is counted of a
        // closed one is gone with its last connection.
        all.retain(|service| Arc::strong_count(service) > 1);
        all.push(Arc::clone(&metrics));
        drop(all);
        let own = limits.map(|limits| Arc::new(Gate::new(limits)));
        let gates = std::iter::once(Arc::clone(&self.0.gate)).chain(own);
        let deadlines = deadlines.unwrap_or(match endpoint.base() {
            // A person who thinks, or a program that is one's own: no peer who takes a place.
            Base::Stdio => Deadlines::NONE,
            _ => self.0.deadlines,
        });
        state.listening(metrics, deadlines, gates.collect(), endpoint)
    }

    /// Waits for the stop and drains: what [`Reactor::run`] does, for a reactor that is
    /// [attached](Builder::attach) to a runtime.
    pub async fn stopped(&self) -> DrainReport {
        self.0.stopping.cancelled().await;
        self.close_listening();
        drain::drain(self).await
    }

    /// The thread that has the fewest connections.
    pub(crate) fn worker(&self) -> &Arc<Worker> {
        let workers = self.0.workers.iter();
        let least = workers.min_by_key(|worker| worker.hub.live());
        least.expect("a reactor has a thread")
    }

    fn close_listening(&self) {
        let mut all = self
            .0
            .listening
            .lock()
            .unwrap_or_else(|error| error.into_inner());
        for listening in all.drain(..) {
            listening.close();
        }
    }

    /// Waits for a future from outside, while the reactor's threads drive it.
    fn block_on<T: Send + 'static>(&self, future: impl Future<Output = T>) -> T {
        self.0.workers[0].runtime.block_on(future)
    }

    /// Waits for a future that runs on a reactor thread, from a thread that may block: for
    /// programs that are not async themselves.
    ///
    /// # Panics
    ///
    /// When the future panics, or the reactor ends before it.
    pub fn wait<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T {
        let (sender, receiver) = oneshot::channel();
        self.spawn(async move {
            let _ = sender.send(future.await);
        });
        receiver.blocking_recv().expect("the future has ended")
    }
}

/// What an endpoint is listened on with, beside its URL.
#[derive(Clone, Debug, Default)]
pub struct ListenOptions {
    /// What the service is called in logs; the endpoint if not said.
    pub name: Option<String>,
    /// A server's side of TLS that the program made itself, in the place of the files that
    /// the endpoint names.
    pub tls: Option<ServerTls>,
    /// How long clients may take; as the reactor says if not said.
    pub deadlines: Option<Deadlines>,
    /// How many connections may come to this service, beside what the reactor allows.
    pub limits: Option<Limits>,
    /// How TCP finds out that a client is gone without a word.
    pub keep_alive: Option<KeepAlive>,
}

/// A call that [`Handle::call_later`] will make, unless it is cancelled.
#[derive(Clone, Debug)]
pub struct Scheduled(CancellationToken);

impl Scheduled {
    /// Forgets the call; too late if it has been made.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// What an endpoint can be given as: an [`Endpoint`] or its text.
pub trait ToEndpoint {
    /// The endpoint.
    ///
    /// # Errors
    ///
    /// When the text is not a URL that there could be.
    fn to_endpoint(self) -> Result<Endpoint, EndpointError>;
}

impl ToEndpoint for Endpoint {
    fn to_endpoint(self) -> Result<Endpoint, EndpointError> {
        Ok(self)
    }
}

impl ToEndpoint for &Endpoint {
    fn to_endpoint(self) -> Result<Endpoint, EndpointError> {
        Ok(self.clone())
    }
}

impl ToEndpoint for &str {
    fn to_endpoint(self) -> Result<Endpoint, EndpointError> {
        self.parse()
    }
}

impl ToEndpoint for String {
    fn to_endpoint(self) -> Result<Endpoint, EndpointError> {
        self.parse()
    }
}
