//! A gate: who passes is counted until it leaves.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use lariat_protocol::{Network, Refusal};

use crate::admission::bucket::Bucket;
use crate::admission::limits::Limits;

/// How many addresses without a connection are remembered for their rate. When there are
/// more, those that have not come lately are forgotten, and whoever is new while there are
/// still too many is refused.
const MOST_REMEMBERED: usize = 100_000;

/// How many that were refused may take their time to read why; more are closed at once.
const MOST_LINGERING: usize = 256;

/// What is known of one address.
#[derive(Debug)]
struct Visitor {
    connections: usize,
    bucket: Bucket,
}

#[derive(Debug, Default)]
struct Visitors {
    by_address: HashMap<IpAddr, Visitor>,
    by_network: HashMap<Network, usize>,
}

/// The limits of a reactor or a service, and who counts towards them now.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: RwLock<Limits>,
    connections: AtomicUsize,
    handshakes: AtomicUsize,
    lingering: AtomicUsize,
    memory: AtomicUsize,
    visitors: Mutex<Visitors>,
}

/// A handshake that is under way, until it is dropped.
pub(crate) struct Handshaking(std::sync::Arc<Gate>);

impl Drop for Handshaking {
    fn drop(&mut self) {
        self.0.handshakes.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One that was refused and takes its time to read why, until it is dropped.
pub(crate) struct Lingering(std::sync::Arc<Gate>);

impl Drop for Lingering {
    fn drop(&mut self) {
        self.0.lingering.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Self {
        Gate {
            limits: RwLock::new(limits),
            connections: AtomicUsize::new(0),
            handshakes: AtomicUsize::new(0),
            lingering: AtomicUsize::new(0),
            memory: AtomicUsize::new(0),
            visitors: Mutex::default(),
        }
    }

    pub(crate) fn limits(&self) -> RwLockReadGuard<'_, Limits> {
        self.limits.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the limits for whoever comes from now on; who is inside stays.
    pub(crate) fn set_limits(&self, limits: Limits) {
        // Locked in the order in which whoever enters and leaves does.
        let mut current = self.limits.write().unwrap_or_else(PoisonError::into_inner);
        let mut visitors = self.visitors();
        let networks = |limits: &Limits| (limits.prefix_v4, limits.prefix_v6);
        if networks(&current) != networks(&limits) {
            // Who is inside is counted by its new network, as it will be when it leaves.
            visitors.by_network.clear();
            let Visitors {
                by_address,
                by_network,
            } = &mut *visitors;
            for (address, visitor) in by_address {
                let network = network_of(*address, &limits);
                *by_network.entry(network).or_default() += visitor.connections;
            }
            by_network.retain(|_, count| *count > 0);
        }
        *current = limits;
    }

    fn visitors(&self) -> MutexGuard<'_, Visitors> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one in from an address, or one that has none. Returns the address that it counts
    /// by, with which it is to leave: none where nothing is limited by it, so that those who
    /// are exempt cost nothing.
    ///
    /// # Errors
    ///
    /// Why not; it counts towards nothing then.
    pub(crate) fn enter(
        &self,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Option<IpAddr>, Refusal> {
        let limits = self.limits();
        if address.is_some_and(|address| denied(address, &limits)) {
            return Err(Refusal::Denied);
        }
        if over(self.memory.load(Ordering::Relaxed), limits.memory) {
            return Err(Refusal::Memory);
        }
        // Taken first and given back, so that two threads cannot both take the last.
        let inside = self.connections.fetch_add(1, Ordering::Relaxed);
        let counted = address.filter(|address| is_limited(*address, &limits));
        let entered = match (over(inside, limits.connections), counted) {
            (true, _) => Err(Refusal::Total),
            (false, None) => Ok(()),
            (false, Some(address)) => self.count(address, &limits, now),
        };
        if entered.is_err() {
            self.connections.fetch_sub(1, Ordering::Relaxed);
        }
        entered.map(|()| counted)
    }

    fn count(&self, address: IpAddr, limits: &Limits, now: Instant) -> Result<(), Refusal> {
        let (address, network) = (visitor_of(address), network_of(address, limits));
        let mut visitors = self.visitors();
        if visitors.by_address.len() >= MOST_REMEMBERED
            && !visitors.by_address.contains_key(&address)
        {
            visitors.forget(limits, now);
            if visitors.by_address.len() >= MOST_REMEMBERED {
                return Err(Refusal::Rate);
            }
        }
        let of_network = visitors.by_network.get(&network).copied();
        let visitor = visitors.by_address.entry(address).or_insert(Visitor {
            connections: 0,
            bucket: Bucket::full(now, limits.accept_burst),
        });
        if over(visitor.connections, limits.per_address) {
            return Err(Refusal::Address);
        }
        if over(of_network.unwrap_or(0), limits.per_network) {
            return Err(Refusal::Network);
        }
        let rate = limits.accept_rate;
        if rate.is_some_and(|rate| !visitor.bucket.take(now, rate, limits.accept_burst)) {
            return Err(Refusal::Rate);
        }
        visitor.connections += 1;
        *visitors.by_network.entry(network).or_default() += 1;
        Ok(())
    }

    /// Whether whoever comes from this address is not to be heard at all.
    pub(crate) fn denies(&self, address: IpAddr) -> bool {
        denied(address, &self.limits())
    }

    /// Gives back the place of one that counts by this address, or by none.
    pub(crate) fn leave(&self, counted: Option<IpAddr>) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = counted else { return };
        let limits = self.limits();
        let remembered = limits.accept_rate.is_some();
        let (address, network) = (visitor_of(address), network_of(address, &limits));
        let mut visitors = self.visitors();
        let Some(visitor) = visitors.by_address.get_mut(&address) else {
            return;
        };
        visitor.connections = visitor.connections.saturating_sub(1);
        if visitor.connections == 0 && !remembered {
            visitors.by_address.remove(&address);
        }
        if let Some(count) = visitors.by_network.get_mut(&network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                visitors.by_network.remove(&network);
            }
        }
    }

    /// Begins a handshake.
    ///
    /// # Errors
    ///
    /// When as many as may be are under way.
    pub(crate) fn begin_handshake(self: &std::sync::Arc<Self>) -> Result<Handshaking, Refusal> {
        let most = self.limits().handshakes;
        let handshaking = Handshaking(std::sync::Arc::clone(self));
        let before = self.handshakes.fetch_add(1, Ordering::Relaxed);
        match over(before, most) {
            // The place is given back by its being dropped.
            true => Err(Refusal::Handshakes),
            false => Ok(handshaking),
        }
    }

    /// A place for one that was refused, unless as many as may be are taken.
    pub(crate) fn linger(self: &std::sync::Arc<Self>) -> Option<Lingering> {
        let place = Lingering(std::sync::Arc::clone(self));
        let before = self.lingering.fetch_add(1, Ordering::Relaxed);
        // Beyond the limit the place is given back by its being dropped.
        (before < MOST_LINGERING).then_some(place)
    }

    /// Takes note that a connection holds so many bytes instead of so many. Returns whether
    /// all together now hold more than they may, and this one made it more.
    pub(crate) fn hold(&self, before: usize, after: usize) -> bool {
        if after <= before {
            self.memory.fetch_sub(before - after, Ordering::Relaxed);
            return false;
        }
        let more = after - before;
        let held = self.memory.fetch_add(more, Ordering::Relaxed) + more;
        self.limits().memory.is_some_and(|most| held > most)
    }

    /// How many are inside.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many handshakes are under way.
    pub(crate) fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::Relaxed)
    }

    /// How many bytes are held.
    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }
}

impl Visitors {
    /// Forgets who has no connection and could be new for all that is known of it.
    fn forget(&mut self, limits: &Limits, now: Instant) {
        let (rate, burst) = (limits.accept_rate.unwrap_or(0), limits.accept_burst);
        self.by_address.retain(|_, visitor| {
            visitor.connections > 0
                || limits.accept_rate.is_some() && !visitor.bucket.is_full(now, rate, burst)
        });
    }
}

/// Whether the lists keep this address out.
fn denied(address: IpAddr, limits: &Limits) -> bool {
    let on = |list: &[Network]| list.iter().any(|network| network.contains(address));
    on(&limits.deny) || !limits.allow.is_empty() && !on(&limits.allow)
}

/// Whether something is limited by this address.
fn is_limited(address: IpAddr, limits: &Limits) -> bool {
    let mut exempt = limits.exempt.iter();
    let any = limits.per_address.is_some()
        || limits.per_network.is_some()
        || limits.accept_rate.is_some();
    any && !exempt.any(|network| network.contains(address))
}

/// Whether so many are as many as there may be.
fn over(count: usize, most: Option<usize>) -> bool {
    most.is_some_and(|most| count >= most)
}

/// Whom an address is counted as: of IPv6, its /64.
pub(crate) fn visitor_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

fn network_of(address: IpAddr, limits: &Limits) -> Network {
    let address = address.to_canonical();
    match address {
        IpAddr::V4(_) => Network::of(address, limits.prefix_v4.min(32)),
        IpAddr::V6(_) => Network::of(address, limits.prefix_v6.min(64)),
    }
}

#[cfg(test)]
mod tests;
