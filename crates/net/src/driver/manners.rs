//! Manners on UDP, where anybody may send in anybody's name: who is not heard, and how much a
//! peer may be sent.
//!
//! It is decided before anything is kept for a peer, and without a socket or a clock: both are
//! arguments. Unix datagram sockets have no forged senders and nothing of this applies there.
//! Read [`Manners`] and [`Budget`].

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use lariat_protocol::{Address, Endpoint, Network};

use crate::admission::{Bucket, visitor_of};
use crate::carrier::datagram::Datagram;
use crate::platform;
use crate::state::ServiceState;

/// Ports below it belong to the system's services, many of which answer whatever they are sent:
/// echo, chargen, time, DNS, NTP.
const LOW_PORTS: u16 = 1024;

/// How many datagrams a second are heard from one address, unless the endpoint says otherwise.
const RATE: u32 = 1000;

/// How many senders, and how many budgets, are remembered.
const MOST_REMEMBERED: usize = 10_000;

/// How many times what a peer sent it may be sent: RFC 9000, section 8.1, has the same number.
const FACTOR: u64 = 3;

/// How long it is believed which networks this machine is in.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Why a datagram is not heard, or is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Dropped {
    #[error("it came from where nobody can be")]
    NoSender,
    #[error("it came from a port below 1024, where services answer whatever they are sent")]
    LowPort,
    #[error("it was sent to more than one machine")]
    ToMany,
    #[error("its address may not come")]
    Denied,
    #[error("its address sends too many a second")]
    Rate,
    #[error("it is an answer")]
    Answer,
    #[error("its answer would be more than three times what came")]
    Amplified,
}

/// Whom one UDP socket hears.
pub(crate) struct Manners {
    low_ports: bool,
    amplify_to: Vec<Network>,
    /// Zero for any.
    rate: u32,
    senders: Remembered<IpAddr, Bucket>,
    broadcast: Vec<Ipv4Addr>,
    looked: Option<Instant>,
    /// How it is found out by which addresses many machines are reached.
    look: fn() -> Vec<Ipv4Addr>,
}

impl Manners {
    /// As an endpoint wants them.
    pub(crate) fn new(endpoint: Option<&Endpoint>) -> Self {
        let options = endpoint.map(Endpoint::options);
        let amplify_to = options.map(|options| options.amplify_to.clone());
        Manners {
            low_ports: options.is_some_and(|options| options.low_ports),
            amplify_to: amplify_to.unwrap_or_default(),
            rate: options.and_then(|options| options.rate).unwrap_or(RATE),
            senders: Remembered::new(MOST_REMEMBERED),
            broadcast: Vec::new(),
            looked: None,
            look: platform::interfaces::broadcast_addresses,
        }
    }

    /// Decides over a datagram, and counts it if it is not to be heard. `is_answer` is asked last,
    /// of what is not too much already.
    pub(crate) fn hears(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        service: &ServiceState,
        thread: u32,
        is_answer: impl FnOnce(&[u8]) -> bool,
    ) -> bool {
        let Some(from) = datagram.peer.inet() else {
            return true;
        };
        let decided = match service.denies(from.ip()) {
            true => Err(Dropped::Denied),
            false => self.admit(now, from, datagram.asked, datagram.data, is_answer),
        };
        if let Err(why) = decided {
            count(service, thread, &datagram.peer, datagram.data.len(), why);
        }
        decided.is_ok()
    }

    /// Decides over a datagram `from` somebody to our address `asked`.
    ///
    /// # Errors
    ///
    /// Why it is not to be heard.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        from: SocketAddr,
        asked: Option<IpAddr>,
        datagram: &[u8],
        is_answer: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), Dropped> {
        // Networks come and go while a server runs. What many are reached by is seldom asked
        // for, but an answer from each of them is more than any budget.
        if self.looked.is_none_or(|looked| now >= looked + LOOK_AGAIN) {
            self.looked = Some(now);
            self.broadcast = (self.look)();
        }
        let ip = from.ip().to_canonical();
        if from.port() == 0 || ip.is_unspecified() || self.reaches_many(ip) {
            return Err(Dropped::NoSender);
        }
        if from.port() < LOW_PORTS && !self.low_ports {
            return Err(Dropped::LowPort);
        }
        if asked.is_some_and(|asked| self.reaches_many(asked.to_canonical())) {
            return Err(Dropped::ToMany);
        }
        if self.rate > 0 && !ip.is_loopback() {
            let burst = self.rate.saturating_mul(2);
            let full = Bucket::full(now, burst);
            let bucket = self.senders.get_or_insert(visitor_of(ip), full);
            if !bucket.take(now, self.rate, burst) {
                return Err(Dropped::Rate);
            }
        }
        match is_answer(datagram) {
            true => Err(Dropped::Answer),
            false => Ok(()),
        }
    }

    fn reaches_many(&self, ip: IpAddr) -> bool {
        let broadcast = |ip: Ipv4Addr| ip.is_broadcast() || self.broadcast.contains(&ip);
        ip.is_multicast() || matches!(ip, IpAddr::V4(ip) if broadcast(ip))
    }

    /// What a peer that has sent nothing yet may be sent.
    pub(crate) fn budget(&self, peer: &Address) -> Budget {
        let Some(peer) = peer.inet() else {
            return Budget(None);
        };
        let ip = peer.ip().to_canonical();
        let listed = self.amplify_to.iter().any(|network| network.contains(ip));
        match ip.is_loopback() || listed {
            true => Budget(None),
            false => Budget(Some(Limited {
                left: 0,
                headers: headers(ip),
            })),
        }
    }
}

/// Counts a datagram that is not heard, or not sent.
pub(crate) fn count(
    service: &ServiceState,
    thread: u32,
    peer: &Address,
    length: usize,
    why: Dropped,
) {
    service.counters(thread).datagram_dropped();
    tracing::debug!(service = service.name(), %peer, length, "a datagram was dropped: {why}");
}

/// The bytes of an IP header without options and of UDP's.
fn headers(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(_) => 20 + 8,
        IpAddr::V6(_) => 40 + 8,
    }
}

/// How much one peer may still be sent, so that nobody gains by having a server flood another:
/// three times what came from it, in bytes on the wire.
///
/// Nothing on plain UDP proves that a peer is who it says, so it is never lifted, but for this
/// machine and for networks that are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(Option<Limited>);

#[derive(Clone, Copy, Debug)]
struct Limited {
    left: u64,
    headers: u64,
}

impl Budget {
    /// The peer has sent a datagram of this length.
    pub(crate) fn received(&mut self, length: usize) {
        if let Some(limited) = &mut self.0 {
            let wire = limited.headers + length as u64;
            limited.left = limited.left.saturating_add(FACTOR * wire);
        }
    }

    /// Takes a datagram of this length from the budget. Returns whether it may be sent.
    pub(crate) fn take(&mut self, length: usize) -> bool {
        let Some(limited) = &mut self.0 else {
            return true;
        };
        let left = limited.left.checked_sub(limited.headers + length as u64);
        limited.left = left.unwrap_or(limited.left);
        left.is_some()
    }
}

/// The budgets of all peers of one socket, for a protocol that has them all.
///
/// A budget that ended with the callback would be simpler, but then nothing could be answered
/// later. Whoever is forgotten has an empty budget, so forgetting is safe.
pub(crate) struct Budgets(Remembered<SocketAddr, Budget>);

impl Budgets {
    pub(crate) fn new() -> Self {
        Budgets(Remembered::new(MOST_REMEMBERED))
    }

    /// A peer has sent a datagram of this length.
    pub(crate) fn received(&mut self, manners: &Manners, peer: &Address, length: usize) {
        let budget = manners.budget(peer);
        if let (Some(address), Budget(Some(_))) = (peer.inet(), budget) {
            self.0.get_or_insert(address, budget).received(length);
        }
    }

    /// Takes a datagram of this length from a peer's budget. Returns whether it may be sent.
    pub(crate) fn take(&mut self, manners: &Manners, peer: &Address, length: usize) -> bool {
        let mut budget = manners.budget(peer);
        let known = peer.inet().and_then(|address| self.0.get(&address));
        match budget {
            Budget(None) => true,
            Budget(Some(_)) => known.unwrap_or(&mut budget).take(length),
        }
    }
}

/// What is known of many, of whom those that have not come for the longest are forgotten first.
///
/// There are two halves. Whoever comes goes into the recent one, and when that is full, it
/// becomes the older one, whose entries are forgotten: nothing is ever searched.
struct Remembered<K, V> {
    recent: HashMap<K, V>,
    older: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash + Copy, V> Remembered<K, V> {
    fn new(most: usize) -> Self {
        Remembered {
            recent: HashMap::new(),
            older: HashMap::new(),
            half: (most / 2).max(1),
        }
    }

    fn get_or_insert(&mut self, key: K, new: V) -> &mut V {
        let mut value = new;
        if !self.recent.contains_key(&key) {
            value = self.older.remove(&key).unwrap_or(value);
            if self.recent.len() >= self.half {
                std::mem::swap(&mut self.recent, &mut self.older);
                self.recent.clear();
            }
        }
        self.recent.entry(key).or_insert(value)
    }

    fn get(&mut self, key: &K) -> Option<&mut V> {
        match self.recent.get_mut(key) {
            Some(value) => Some(value),
            None => self.older.get_mut(key),
        }
    }
}

#[cfg(test)]
mod tests;
