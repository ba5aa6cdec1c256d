//! Connections that are kept: who may have one, which of them are idle, and how many there may be.
//!
//! It connects nothing and sends nothing.

mod sweeping;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use lariat_protocol::{Address, TlsInfo};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use self::sweeping::Sweeper;
use super::body::{Moved, Outgoing};
use super::{Error, Limits};

/// How many servers are remembered before those are forgotten to whom there is no connection.
const REMEMBERED: usize = 256;

/// How long a connection whose answer was read has to become ready again: it may still be taking what is left of the request.
const UNTIL_READY: Duration = Duration::from_secs(1);

/// How long a request waits to see whether the first connection to a server can be shared, before it makes its own:
/// longer than handshakes take, and so short that a server that says nothing does not hold up one request after another.
const FOR_THE_FIRST: Duration = Duration::from_secs(1);

/// What connections are alike in: any of them does for a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) is_secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// The proxy that passes it on, or the endpoint that stands for the server.
    pub(super) through: Option<String>,
}

/// The side of a connection that takes requests.
pub(super) enum Sender {
    /// One request at a time; and what ends the task that moves its bytes.
    One(http1::SendRequest<Outgoing>, AbortHandle),
    /// As many as the server allows.
    Two(http2::SendRequest<Outgoing>),
}

/// What is known of a connection.
#[derive(Debug)]
pub(super) struct About {
    pub(super) peer: Address,
    pub(super) tls: Option<Arc<TlsInfo>>,
    /// When something was written to it last.
    pub(super) written: Arc<Moved>,
    /// When a request had it last.
    pub(super) used: Moved,
}

/// A connection that was just made.
pub(super) struct Fresh {
    pub(super) sender: Sender,
    pub(super) about: Arc<About>,
}

/// All connections of a client.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    hosts: Mutex<HashMap<Key, Arc<Host>>>,
    /// How many connections are idle, of all hosts.
    idle: AtomicUsize,
    limits: Limits,
    sweeper: Mutex<Sweeper>,
}

/// The connections that are alike.
struct Host {
    places: Arc<Semaphore>,
    /// Held by the first that makes the handshake of TLS: if version 2 comes of it, the others need no connection.
    first: tokio::sync::Mutex<()>,
    there: Mutex<There>,
}

#[derive(Default)]
struct There {
    /// The one that was used last is at the end.
    idle: Vec<Idle>,
    /// The connection of version 2, which all share.
    two: Option<(http2::SendRequest<Outgoing>, Arc<About>)>,
    /// Whether the server is known to choose version 1.1.
    is_one: bool,
}

struct Idle {
    sender: http1::SendRequest<Outgoing>,
    ending: AbortHandle,
    about: Arc<About>,
    since: Instant,
}

impl Pool {
    pub(super) fn new(limits: Limits) -> Self {
        Pool {
            shared: Arc::new(Shared {
                hosts: Mutex::default(),
                idle: AtomicUsize::new(0),
                limits,
                sweeper: Mutex::default(),
            }),
        }
    }

    /// A connection for one request: one that is there already, or what `dial` makes. Waits while there are as many
    /// as there may be, and for the first one if it `may_be_two`: of version 2, which all share.
    pub(super) async fn take(
        &self,
        key: &Key,
        may_be_two: bool,
        dial: impl Future<Output = Result<Fresh, Error>>,
    ) -> Result<Lease, Error> {
        let host = self.shared.host(key);
        if let Some(lease) = self.two(&host) {
            return Ok(lease);
        }
        let place = Arc::clone(&host.places).acquire_owned().await;
        // Nobody closes it.
        let place = place.map_err(|_| Error::Misuse("the client is gone".into()))?;
        let is_one = !may_be_two || locked(&host.there).is_one;
        let first = match is_one {
            true => None,
            false => {
                let first = host.first.lock();
                tokio::time::timeout(FOR_THE_FIRST, first).await.ok()
            }
        };
        if let Some(lease) = self.two(&host) {
            return Ok(lease);
        }
        let fresh = match self.shared.idle(&host) {
            Some(idle) => {
                let sender = Sender::One(idle.sender, idle.ending);
                return Ok(self.lease(&host, sender, idle.about, Some(place), true));
            }
            None => dial.await?,
        };
        let mut there = locked(&host.there);
        there.is_one = matches!(fresh.sender, Sender::One(..));
        let place = match &fresh.sender {
            Sender::One(..) => Some(place),
            Sender::Two(sender) => {
                there.two = Some((sender.clone(), Arc::clone(&fresh.about)));
                None
            }
        };
        drop(there);
        drop(first);
        if place.is_none() {
            self.shared.begin_sweeping();
        }
        Ok(self.lease(&host, fresh.sender, fresh.about, place, false))
    }

    fn two(&self, host: &Arc<Host>) -> Option<Lease> {
        let mut there = locked(&host.there);
        if there.two.as_ref().is_some_and(|(two, _)| two.is_closed()) {
            there.two = None;
        }
        let (two, about) = there.two.as_ref()?;
        let (sender, about) = (Sender::Two(two.clone()), Arc::clone(about));
        drop(there);
        Some(self.lease(host, sender, about, None, true))
    }

    fn lease(
        &self,
        host: &Arc<Host>,
        sender: Sender,
        about: Arc<About>,
        place: Option<OwnedSemaphorePermit>,
        is_reused: bool,
    ) -> Lease {
        let ending = match &sender {
            Sender::One(_, ending) => Some(ending.clone()),
            Sender::Two(_) => None,
        };
        Lease {
            sender,
            about,
            is_reused,
            home: Home {
                ending,
                host: Arc::clone(host),
                shared: Arc::clone(&self.shared),
                place,
            },
        }
    }
}

impl Shared {
    fn host(&self, key: &Key) -> Arc<Host> {
        let mut hosts = locked(&self.hosts);
        if let Some(host) = hosts.get(key) {
            return Arc::clone(host);
        }
        if hosts.len() >= REMEMBERED {
            self.sweep(&mut hosts);
        }
        let host = Arc::new(Host {
            places: Arc::new(Semaphore::new(self.limits.connections_per_host.max(1))),
            first: tokio::sync::Mutex::new(()),
            there: Mutex::default(),
        });
        hosts.insert(key.clone(), Arc::clone(&host));
        host
    }

    /// Forgets connections that were kept for long enough, and hosts without any.
    fn sweep(&self, hosts: &mut HashMap<Key, Arc<Host>>) {
        hosts.retain(|_, host| self.end_old_ones(host).is_some() || Arc::strong_count(host) > 1);
    }

    /// Whether an idle connection stays; one that does not is counted no more.
    fn keeps(&self, stays: bool) -> bool {
        if !stays {
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
        stays
    }

    fn idle(&self, host: &Host) -> Option<Idle> {
        let mut there = locked(&host.there);
        while let Some(idle) = there.idle.pop() {
            self.idle.fetch_sub(1, Ordering::Relaxed);
            if self.is_fresh(&idle) && idle.sender.is_ready() {
                return Some(idle);
            }
        }
        None
    }

    fn is_fresh(&self, idle: &Idle) -> bool {
        !idle.sender.is_closed() && idle.since.elapsed() < self.limits.idle_time
    }

    fn keep(self: &Arc<Self>, host: &Host, idle: Idle) {
        if self.idle.load(Ordering::Relaxed) >= self.limits.idle_connections {
            self.sweep(&mut locked(&self.hosts));
        }
        if self.idle.load(Ordering::Relaxed) >= self.limits.idle_connections {
            return;
        }
        self.idle.fetch_add(1, Ordering::Relaxed);
        locked(&host.there).idle.push(idle);
        self.begin_sweeping();
    }
}

/// A connection that one request has. Whoever drops it ends the connection, if nobody shares it.
pub(super) struct Lease {
    pub(super) sender: Sender,
    pub(super) about: Arc<About>,
    /// Whether an earlier request had it.
    pub(super) is_reused: bool,
    home: Home,
}

/// Where a connection goes back to.
///
/// One that does not come back is ended: its task may be waiting for the server to take a request whose answer was there
/// early, for as long as the server likes.
struct Home {
    /// Nothing for a connection that others share, and for one that has come back.
    ending: Option<AbortHandle>,
    host: Arc<Host>,
    shared: Arc<Shared>,
    /// The place among the connections to the host, which is free again when this is dropped.
    place: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Gives it back, behind an answer that was read to its end.
    pub(super) fn finish(self) {
        let Lease {
            sender,
            about,
            home,
            ..
        } = self;
        about.used.note();
        let Sender::One(mut sender, _) = sender else {
            return;
        };
        if sender.is_closed() {
            return;
        }
        if sender.is_ready() {
            home.take(sender, about);
            return;
        }
        // Where there is no runtime any more there will be no request either.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            if let Ok(Ok(())) = tokio::time::timeout(UNTIL_READY, sender.ready()).await {
                home.take(sender, about);
            }
        });
    }

    /// Has nobody get this connection any more: the server takes no further request on it.
    pub(super) fn forget(self) {
        let mut there = locked(&self.home.host.there);
        // Another one may have taken its place by now.
        there
            .two
            .take_if(|(_, about)| Arc::ptr_eq(about, &self.about));
    }
}

impl Home {
    fn take(mut self, sender: http1::SendRequest<Outgoing>, about: Arc<About>) {
        if let Some(ending) = self.ending.take() {
            let idle = Idle {
                sender,
                ending,
                about,
                since: Instant::now(),
            };
            self.shared.keep(&self.host, idle);
        }
        // Only now: who waits for the place finds the connection.
        drop(self.place.take());
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(ending) = self.ending.take() {
            ending.abort();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
