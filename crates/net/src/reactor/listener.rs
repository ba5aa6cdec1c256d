//! Listening: accepts connections and gives each to the thread that has the fewest.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use lariat_protocol::{Address, ConnectionInfo, DatagramProtocol, Deadlines, Endpoint, Refusal};
use tokio_util::sync::CancellationToken;

use crate::admission::Limits;
use crate::carrier::datagram::DatagramSocket;
use crate::carrier::{Carrier, Stdio};
use crate::driver::datagrams;
use crate::driver::herd::{Herd, Lane};
use crate::driver::hub::Signals;
use crate::driver::sessions::Sessions;
use crate::error::Error;
use crate::keep_alive::KeepAlive;
use crate::observe::ServiceStats;
use crate::open::Layers;
use crate::platform;
#[cfg(unix)]
use crate::reactor::accepting::accept_unix;
use crate::reactor::accepting::{Visitor, accept_tcp};
use crate::reactor::bind::{self, Bound};
use crate::reactor::{Handle, ListenOptions, Shared, Worker};
use crate::service::{AsyncFunction, Kind, NoFactory, Service};
use crate::state::{Seat, ServiceState};
use crate::{driver, refuse, task};

/// What an endpoint is being served by; dropping it changes nothing.
#[derive(Clone)]
pub struct Listening {
    endpoints: Arc<[Endpoint]>,
    pub(super) closed: CancellationToken,
    pub(super) service: Arc<ServiceState>,
    /// The endpoint as it was asked for, if its TLS is read from files.
    files: Option<Arc<Endpoint>>,
    reactor: std::sync::Weak<Shared>,
}

impl Listening {
    /// The endpoints that were really bound, with the ports taken: two for `localhost`.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The first of the [`endpoints`](Self::endpoints).
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoints[0]
    }

    /// Accepts no more. Connections that are open stay.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Reads the certificate, the key and the authorities for clients again, from the files
    /// that the endpoint names; new connections get them, those that are open stay. Nothing
    /// happens if it names none.
    ///
    /// # Errors
    ///
    /// What is wrong with which file. What was there before stays.
    pub fn reload(&self) -> Result<(), Error> {
        let Some(endpoint) = &self.files else {
            return Ok(());
        };
        let read = self.service.layers.reload(endpoint);
        read.map_err(|error| Error::open(endpoint, error))
    }

    /// The files that [`reload`](Self::reload) reads.
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(endpoint) = &self.files else {
            return Vec::new();
        };
        let options = endpoint.options();
        let files = [&options.cert, &options.key, &options.client_ca];
        files.into_iter().flatten().cloned().collect()
    }

    /// Changes the deadlines, also of connections that are open.
    pub fn set_deadlines(&self, deadlines: Deadlines) {
        self.service.set_deadlines(deadlines);
        // Those whose new deadline is earlier than the old one must be woken for it.
        let Some(shared) = self.reactor.upgrade() else {
            return;
        };
        for worker in &shared.workers {
            worker.hub.signal_all(Signals::TIMER);
        }
    }

    /// Changes the service's own limits, for connections that come from now on. One that was
    /// listened for without limits of its own keeps to the reactor's.
    pub fn set_limits(&self, limits: Limits) {
        if let Some(gate) = self.service.own_gate() {
            gate.set_limits(limits);
        }
    }

    /// What was counted of the service.
    pub fn stats(&self) -> ServiceStats {
        self.service.metrics.stats()
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("Listening");
        out.field("endpoints", &self.endpoints);
        out.finish_non_exhaustive()
    }
}

/// What each accepted connection is given to.
#[derive(Clone)]
pub(super) struct Target {
    reactor: Handle,
    /// The thread that accepts, and that drives a datagram socket's sessions.
    worker: Arc<Worker>,
    service: Arc<ServiceState>,
    /// For async services; the others' factory is in the state.
    function: Option<AsyncFunction>,
}

/// Binds an endpoint and starts accepting.
pub(super) fn listen(
    reactor: &Handle,
    endpoint: &Endpoint,
    options: ListenOptions,
    service: Service,
) -> Result<Listening, Error> {
    let files = options.tls.is_none() && endpoint.options().cert.is_some();
    let layers = Layers::server(endpoint, options.tls);
    let layers = layers.map_err(|error| Error::open(endpoint, error))?;
    let bound = bind::bind(endpoint)?;
    let (endpoints, bound): (Vec<Endpoint>, Vec<Bound>) = bound.into_iter().unzip();
    let closed = CancellationToken::new();
    let name = options.name.unwrap_or_else(|| endpoint.to_string());
    let stopping = reactor.stopping().clone();
    let refusal = service.refusal;
    let (factory, function, mut datagrams) = match service.kind {
        Kind::Events(factory) => (Some(factory), None, None),
        Kind::Async(function) => (None, Some(function), None),
        Kind::Datagrams(protocol) => (None, None, Some(protocol)),
    };
    if datagrams.is_some() && !(endpoint.is_datagram() && bound.len() == 1) {
        let problem = "one protocol for every peer's datagrams needs one datagram socket, \
                       as udp://127.0.0.1:PORT or udp://[::]:PORT";
        return Err(Error::misuse(endpoint, problem));
    }
    if function.is_some() && endpoint.is_datagram() {
        let problem =
            "an async function needs a stream: give datagrams a Factory, or Service::datagrams";
        return Err(Error::misuse(endpoint, problem));
    }
    let factory = factory.unwrap_or_else(|| Arc::new(NoFactory(refusal)));
    let state = ServiceState::new(&name, layers, factory, stopping);
    let shown = shown(endpoint, &endpoints);
    let state = reactor.admit(state, endpoint, &shown, options.deadlines, options.limits);
    let state = Arc::new(state);
    let target = Target {
        reactor: reactor.clone(),
        worker: Arc::clone(reactor.worker()),
        service: Arc::clone(&state),
        function,
    };
    keep_alive(&endpoints, &bound, options.keep_alive.unwrap_or_default())?;
    for bound in bound {
        let Some(bound) = target.give_if_open(bound) else {
            continue;
        };
        let worker = Arc::clone(reactor.worker());
        let target = Target {
            worker: Arc::clone(&worker),
            ..target.clone()
        };
        let name = Arc::clone(&state.metrics.service);
        let closed = closed.clone();
        // Sessions outlive the closing of their socket's door; accepting does not.
        let at_once = match &bound {
            Bound::Udp(_) => CancellationToken::new(),
            #[cfg(unix)]
            Bound::UnixGram(..) => CancellationToken::new(),
            _ => closed.clone(),
        };
        let serving = serve(target, bound, datagrams.take(), closed);
        worker.runtime.spawn(async move {
            tokio::select! {
                () = at_once.cancelled() => {}
                served = serving => if let Err(error) = served {
                    tracing::error!(service = &*name, "cannot listen any more: {error}");
                },
            }
        });
    }
    let listening = Listening {
        endpoints: endpoints.into(),
        closed,
        service: state,
        files: files.then(|| Arc::new(endpoint.clone())),
        reactor: Arc::downgrade(&reactor.0),
    };
    keep(reactor, &listening);
    Ok(listening)
}

/// Notes a door among those that are open.
fn keep(reactor: &Handle, listening: &Listening) {
    let mut all = reactor
        .0
        .listening
        .lock()
        .unwrap_or_else(|error| error.into_inner());
    // A program may open and close doors for as long as it runs.
    all.retain(|other| !other.closed.is_cancelled());
    all.push(listening.clone());
}

/// The endpoint as it is told to whoever watches: with the port that was taken, and without
/// the options, which may say where the keys are.
fn shown(endpoint: &Endpoint, bound: &[Endpoint]) -> String {
    let port = bound.first().and_then(Endpoint::port);
    let endpoint = match port {
        Some(port) => endpoint.clone().with_port(port),
        None => endpoint.clone(),
    };
    let text = endpoint.to_string();
    text.split('?').next().unwrap_or(&text).to_string()
}

/// Has peers that are gone without a word found out.
fn keep_alive(endpoints: &[Endpoint], bound: &[Bound], settings: KeepAlive) -> Result<(), Error> {
    for (endpoint, bound) in endpoints.iter().zip(bound) {
        if let Bound::Tcp(listener) = bound {
            let set = settings.set(&socket2::SockRef::from(listener));
            set.map_err(|error| Error::Listen {
                endpoint: endpoint.to_string(),
                address: "its keep-alive settings".into(),
                error,
            })?;
        }
    }
    Ok(())
}

/// Serves one bound socket, on the thread that it is called on.
async fn serve(
    target: Target,
    bound: Bound,
    datagrams: Option<Box<dyn DatagramProtocol>>,
    closed: CancellationToken,
) -> io::Result<()> {
    match bound {
        Bound::Tcp(listener) => accept_tcp(target, listener).await,
        #[cfg(unix)]
        Bound::Unix(listener, file) => {
            let served = accept_unix(target, listener).await;
            drop(file);
            served
        }
        Bound::Memory(mut listener) => loop {
            let stream = listener.accept().await?;
            let address = Address::Memory(Arc::from(listener.name()));
            let info = ConnectionInfo::stream(address.clone(), address.clone());
            target.receive(Open(address, || Ok((Carrier::Memory(stream), info))));
        },
        // Given to its thread by `listen`.
        Bound::Stdio => Ok(()),
        #[cfg(unix)]
        Bound::Descriptor(_) => Ok(()),
        Bound::Udp(socket) => {
            let socket = DatagramSocket::udp(socket)?;
            target.serve_datagrams(socket, datagrams, closed).await;
            Ok(())
        }
        #[cfg(unix)]
        Bound::UnixGram(socket, file) => {
            let socket = DatagramSocket::unix(socket)?;
            target.serve_datagrams(socket, datagrams, closed).await;
            drop(file);
            Ok(())
        }
    }
}

impl Target {
    /// Serves a datagram socket: one protocol for all its peers, or one for each.
    async fn serve_datagrams(
        self,
        socket: DatagramSocket,
        protocol: Option<Box<dyn DatagramProtocol>>,
        closed: CancellationToken,
    ) {
        let hub = Arc::clone(&self.worker.hub);
        match protocol {
            None => Sessions::serve(socket, hub, self.service, closed).await,
            Some(protocol) => {
                datagrams::serve(socket, hub, self.service, protocol, closed).await;
            }
        }
    }

    /// Gives away what is one open connection already, so that it is counted from the moment
    /// at which listening returns; everything else comes back to be accepted from.
    fn give_if_open(&self, bound: Bound) -> Option<Bound> {
        match bound {
            Bound::Stdio => {
                let info = ConnectionInfo::stream(Address::Stdio, Address::Stdio);
                let open = || Ok((Carrier::Stdio(Box::new(Stdio::open())), info));
                self.receive(Open(Address::Stdio, open));
                None
            }
            #[cfg(unix)]
            Bound::Descriptor(socket) => {
                let peer = socket.peer_addr().ok().and_then(|peer| peer.as_socket());
                let peer = peer.map_or(Address::Unix(None), Address::from);
                self.receive(Open(peer, || platform::adopted_stream(socket)));
                None
            }
            bound => Some(bound),
        }
    }

    /// Tells one that there is no descriptor for why, and closes it.
    #[cfg(unix)]
    pub(super) fn send_away(&self, mut visitor: impl Visitor) {
        let service = &self.service;
        let thread = self.worker.hub.thread();
        service.counters(thread).refused(Refusal::Descriptors);
        if service.layers.proxy.is_none()
            && let Some(words) = refuse::words(service, &visitor.info(), Refusal::Descriptors)
        {
            visitor.say(&words[..words.len().min(refuse::LONGEST)]);
        }
    }

    /// Lets one in, and gives it to the thread that has the fewest; or refuses it.
    pub(super) fn receive(&self, visitor: impl Visitor) -> Option<Refusal> {
        let service = &self.service;
        let peer = visitor.peer();
        let entered = match service.layers.proxy {
            // Who a proxy speaks for is known when its header has come.
            Some(_) if service.trusts(&peer) => Ok(Seat::default()),
            Some(_) => Err(Refusal::Proxy),
            None => service.enter(&peer),
        };
        let worker = self.reactor.worker();
        match entered {
            Ok(seat) => {
                if !self.give(worker, visitor, seat) {
                    service.leave(&peer, seat);
                }
                None
            }
            Err(why) => {
                refuse::refuse(worker, service, visitor, why);
                Some(why)
            }
        }
    }

    /// Gives one to a thread, who counts at the gates already, or will when a proxy has said
    /// for whom it speaks. Returns whether it is still there.
    fn give<V: Visitor>(&self, worker: &Arc<Worker>, visitor: V, seat: Seat) -> bool {
        let place = worker.hub.register();
        // An async function may move its connection to other tasks, a herd's stays in it.
        let herd = worker.herd.as_ref();
        let herd =
            herd.filter(|herd| V::CAN_BE_HERDED && self.function.is_none() && !herd.is_closed());
        let lane = herd.map(Herd::lane);
        let opened = {
            let _inside = worker.runtime.enter();
            visitor.open(lane.clone())
        };
        let service = Arc::clone(&self.service);
        let (carrier, mut info) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                tracing::info!(service = service.name(), %error, "lost on arrival");
                return false;
            }
        };
        info.message_oriented |= service.layers.websocket.is_some();
        service.counters(worker.hub.thread()).accepted();
        tracing::debug!(service = service.name(), peer = %info.peer, "accepted");
        // Who comes after the goodbye was said to all would never hear it: asked for behind
        // the place, so that there is no moment between.
        let too_late = service.draining.is_cancelled();
        match &self.function {
            None => {
                let driver = driver::Driver::accepted(carrier, info, place, service, seat);
                match (herd, lane) {
                    _ if too_late => {}
                    (Some(herd), Some(lane)) => herd.add(driver, lane),
                    _ => drop(worker.runtime.spawn(driver)),
                }
            }
            Some(function) => {
                let function = Arc::clone(function);
                let running = task::run(carrier, info, place, service, seat, function);
                if !too_late {
                    worker.runtime.spawn(running);
                }
            }
        }
        true
    }

    pub(super) fn service_name(&self) -> &str {
        self.service.name()
    }
}

/// One that is open as it comes, and from whom it is.
struct Open<O>(Address, O);

impl<O: FnOnce() -> io::Result<(Carrier, ConnectionInfo)>> Visitor for Open<O> {
    fn peer(&self) -> Address {
        self.0.clone()
    }

    fn info(&self) -> ConnectionInfo {
        ConnectionInfo::stream(self.0.clone(), Address::Stdio)
    }

    fn say(&mut self, _: &[u8]) {}

    fn open(self, _: Option<Arc<Lane>>) -> io::Result<(Carrier, ConnectionInfo)> {
        (self.1)()
    }
}

#[cfg(test)]
mod tests {
    use lariat_protocol::{Protocol, Transport};

    use crate::reactor::Reactor;

    struct Silent;

    impl Protocol for Silent {
        fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
    }

    #[test]
    fn what_is_closed_is_not_remembered() {
        let reactor = Reactor::builder().threads(1).build().expect("started");
        let listen = || {
            reactor
                .listen("tcp://127.0.0.1:0", || Silent)
                .expect("listening")
        };
        let open = listen();
        for _ in 0..10 {
            listen().close();
        }
        let last = listen();
        let known = reactor.handle.0.listening.lock().expect("no panic").len();
        assert_eq!(known, 2);
        drop((open, last));
    }
}
