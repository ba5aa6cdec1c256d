//! Listening: accepts connections and gives each to the thread that has the fewest.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::{Address, ConnectionInfo, DatagramProtocol, Endpoint};
use tokio_util::sync::CancellationToken;

use crate::carrier::datagram::DatagramSocket;
use crate::carrier::{Carrier, Stdio};
use crate::driver::datagrams;
use crate::driver::sessions::Sessions;
use crate::error::Error;
use crate::open::Layers;
use crate::platform::{self, accept};
use crate::reactor::bind::{self, Bound};
use crate::reactor::{Handle, ListenOptions, Worker};
use crate::service::{AsyncFunction, Kind, NoFactory, Service, ServiceState};
use crate::{driver, task};

/// How long accepting pauses when the system is out of something that we cannot free.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections are accepted in one go before others have their turn.
const BATCH: usize = 64;

/// What an endpoint is being served by; dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct Listening {
    endpoints: Arc<[Endpoint]>,
    closed: CancellationToken,
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
}

/// What each accepted connection is given to.
#[derive(Clone)]
struct Target {
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
    let layers = Layers::server(endpoint, options.tls);
    let layers = layers.map_err(|error| Error::open(endpoint, error))?;
    let bound = bind::bind(endpoint)?;
    let (endpoints, bound): (Vec<Endpoint>, Vec<Bound>) = bound.into_iter().unzip();
    let closed = CancellationToken::new();
    let name = options.name.unwrap_or_else(|| endpoint.to_string());
    let stopping = reactor.stopping().clone();
    let (factory, function, mut datagrams) = match service.0 {
        Kind::Events(factory) => (Some(factory), None, None),
        Kind::Async(function) => (None, Some(function), None),
        Kind::Datagrams(protocol) => (None, None, Some(protocol)),
    };
    if datagrams.is_some() && !(endpoint.is_datagram() && bound.len() == 1) {
        let problem = "one protocol for every peer's datagrams needs one datagram socket, \
                       as udp://127.0.0.1:PORT or udp://[::]:PORT";
        return Err(Error::misuse(endpoint, problem));
    }
    let factory = factory.unwrap_or_else(|| Arc::new(NoFactory));
    let target = Target {
        reactor: reactor.clone(),
        worker: Arc::clone(reactor.worker()),
        service: Arc::new(ServiceState::new(name, layers, factory, stopping)),
        function,
    };
    for bound in bound {
        let Some(bound) = target.give_if_open(bound) else {
            continue;
        };
        let worker = Arc::clone(reactor.worker());
        let target = Target {
            worker: Arc::clone(&worker),
            ..target.clone()
        };
        let name = target.service.name.clone();
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
                    tracing::error!(service = name, "cannot listen any more: {error}");
                },
            }
        });
    }
    let listening = Listening {
        endpoints: endpoints.into(),
        closed,
    };
    let mut all = reactor
        .0
        .listening
        .lock()
        .unwrap_or_else(|error| error.into_inner());
    // A program may open and close doors for as long as it runs.
    all.retain(|other| !other.closed.is_cancelled());
    all.push(listening.clone());
    Ok(listening)
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
            let info = ConnectionInfo::stream(address.clone(), address);
            target.give(|| Ok((Carrier::Memory(stream), info)));
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

async fn accept_tcp(target: Target, listener: std::net::TcpListener) -> io::Result<()> {
    accept_from(
        &target,
        listener,
        |listener| listener.accept(),
        |(stream, peer)| {
            // Answers are whole when they are written; waiting for more to send with them only
            // makes them late.
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let info = ConnectionInfo::stream(peer, stream.local_addr()?);
            Ok((Carrier::Tcp(tokio::net::TcpStream::from_std(stream)?), info))
        },
    )
    .await
}

#[cfg(unix)]
async fn accept_unix(target: Target, listener: platform::UnixListener) -> io::Result<()> {
    let local = listener.local_addr()?;
    let local = Address::Unix(local.as_pathname().map(Arc::from));
    accept_from(
        &target,
        listener,
        |listener| listener.accept(),
        |(stream, peer)| {
            stream.set_nonblocking(true)?;
            let peer = Address::Unix(peer.as_pathname().map(Arc::from));
            let info = ConnectionInfo::stream(peer, local.clone());
            Ok((
                Carrier::Unix(tokio::net::UnixStream::from_std(stream)?),
                info,
            ))
        },
    )
    .await
}

/// Accepts for ever, whatever happens.
#[cfg(unix)]
async fn accept_from<L: accept::Listens, S>(
    target: &Target,
    listener: L,
    accept: impl Fn(&L) -> io::Result<S>,
    open: impl Fn(S) -> io::Result<(Carrier, ConnectionInfo)>,
) -> io::Result<()> {
    let acceptor = accept::Acceptor::new(listener)?;
    let mut reserve = accept::Reserve::new();
    let mut batch = 0;
    loop {
        match acceptor.accept(&accept).await {
            Ok(stream) => {
                target.give(|| open(stream));
                // Whoever is accepted already waits for its turn on this same thread.
                batch += 1;
                if batch == BATCH {
                    batch = 0;
                    tokio::task::yield_now().await;
                }
            }
            Err(error) if accept::is_out_of_descriptors(&error) => {
                shed(target, &acceptor, &accept, &mut reserve, &error).await;
            }
            // The peer gave up before it was accepted; or the network had a moment.
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                tracing::warn!(service = target.service.name, %error, "cannot accept");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// With no descriptor left, whoever knocks is let in by the one kept back and shown out at
/// once: in the queue they would wait for an answer that does not come, and keep the
/// listening socket ready, so that the thread would spin.
#[cfg(unix)]
async fn shed<L: accept::Listens, S>(
    target: &Target,
    acceptor: &accept::Acceptor<L>,
    accept: &impl Fn(&L) -> io::Result<S>,
    reserve: &mut accept::Reserve,
    error: &io::Error,
) {
    tracing::warn!(service = target.service.name, %error, "closing new connections");
    reserve.give_up();
    // No more than in any other go: who knocks without end must not keep the thread.
    for _ in 0..BATCH {
        match acceptor.try_accept(accept) {
            Ok(stream) => drop(stream),
            Err(_) => break,
        }
    }
    reserve.take_back();
    tokio::time::sleep(PAUSE).await;
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
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
                self.give(|| Ok((Carrier::Stdio(Box::new(Stdio::open())), info)));
                None
            }
            #[cfg(unix)]
            Bound::Descriptor(socket) => {
                self.give(|| platform::adopted_stream(socket));
                None
            }
            bound => Some(bound),
        }
    }

    /// Gives a connection to the thread that has the fewest; `open` registers it there.
    fn give(&self, open: impl FnOnce() -> io::Result<(Carrier, ConnectionInfo)>) {
        let worker = self.reactor.worker();
        let place = worker.hub.register();
        // Who comes after the goodbye was said to all would never hear it: asked for behind
        // the place, so that there is no moment between.
        if self.service.draining.is_cancelled() {
            return;
        }
        let opened = {
            let _inside = worker.runtime.enter();
            open()
        };
        let (carrier, mut info) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                tracing::info!(service = self.service.name, %error, "lost on arrival");
                return;
            }
        };
        info.message_oriented |= self.service.layers.websocket.is_some();
        tracing::debug!(service = self.service.name, peer = %info.peer, "accepted");
        let service = Arc::clone(&self.service);
        match &self.function {
            None => {
                let driver = driver::Driver::accepted(carrier, info, place, service);
                worker.runtime.spawn(driver);
            }
            Some(function) => {
                let running = task::run(carrier, info, place, service, Arc::clone(function));
                worker.runtime.spawn(running);
            }
        }
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
