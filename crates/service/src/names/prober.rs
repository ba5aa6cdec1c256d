//! Asks what is registered whether it still answers.
//!
//! When each is asked is [`Schedule`](super::schedule::Schedule)'s to say, what the answers come to
//! [`Health`](super::health::Health)'s, and where a probe may go [`Probes`](super::terms::Probes)'s.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lariat_net::{ConnectOptions, Connection, Handle, connect_with, lookup};
use lariat_protocol::Endpoint;
use lariat_protocol::names::{Change, Way};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::names::directory::{Directory, Shared};
use crate::names::keeping::Op;
use crate::names::record::Record;

/// How often a service is probed that does not say it.
pub const INTERVAL: Duration = Duration::from_secs(30);

/// How long one probe may take, whatever it consists of: less than the shortest interval, so that none
/// overtakes.
pub const TIMEOUT: Duration = Duration::from_secs(4);

/// The most probes at once: descriptors, and what the server's own network is asked to carry.
const MAXIMUM_IN_FLIGHT: usize = 64;

/// The most addresses of one name that are tried.
const MAXIMUM_ADDRESSES: usize = 4;

/// The most bytes of an answer that are looked through for a pattern.
const MAXIMUM_ANSWER: usize = 4 * 1024;

/// The longest wait when nothing is due: what is registered meanwhile wakes it.
const NAP: Duration = Duration::from_secs(3600);

/// What a probe came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    Silent,
    /// None of its addresses may be probed, so nothing is known.
    NotAllowed,
}

impl Directory {
    /// Probes what is registered, on a thread of this reactor, for as long as the directory is
    /// there. Said twice, it changes nothing.
    pub fn probe_on(&self, reactor: &Handle) {
        if !self.0.is_probing.swap(true, Ordering::Relaxed) {
            reactor.spawn(run(Arc::downgrade(&self.0)));
        }
    }
}

impl Shared {
    /// Has a service probed from now on, if it is to be.
    pub(super) fn begin_probing(&self, record: &Record) {
        if record.probe.way == Way::None {
            return;
        }
        let seconds = record.probe.interval.map(u64::from);
        let interval = seconds.map_or(INTERVAL, Duration::from_secs);
        self.schedule()
            .insert(record.id, interval, self.clock.now(), fastrand::f64());
        self.to_probe.notify_one();
    }

    /// Takes what a probe came to.
    fn probed(&self, record: &Arc<Record>, outcome: Outcome) {
        let has_answered = match outcome {
            Outcome::Answered => true,
            Outcome::Silent => false,
            Outcome::NotAllowed => return,
        };
        let change = {
            let mut health = record
                .health
                .lock()
                .unwrap_or_else(|error| error.into_inner());
            health.observe(has_answered)
        };
        let record = Arc::clone(record);
        let op = match change {
            None => return,
            Some(change @ Change::Dropped) => Op::Gone { record, change },
            Some(change) => Op::Noted { record, change },
        };
        self.submit(op, Box::new(drop));
    }
}

async fn run(directory: std::sync::Weak<Shared>) {
    let places = Arc::new(Semaphore::new(MAXIMUM_IN_FLIGHT));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let (shared, record) = loop {
            let Some(shared) = directory.upgrade() else {
                return;
            };
            let now = shared.clock.now();
            // The guard must be gone before anything is waited for.
            let (due, next) = {
                let mut schedule = shared.schedule();
                (schedule.take(now), schedule.next())
            };
            if let Some(service) = due {
                let record = shared.registry().record(service).cloned();
                match record {
                    Some(record) => break (shared, record),
                    None => shared.schedule().remove(service),
                }
                continue;
            }
            let nap = next.map_or(NAP, |next| next.saturating_sub(now));
            let _ = timeout(nap, shared.to_probe.notified()).await;
        };
        tokio::spawn(async move {
            let outcome = probe(&shared, &record).await;
            shared.probed(&record, outcome);
            drop(place);
        });
    }
}

async fn probe(shared: &Shared, record: &Record) -> Outcome {
    let place = record.registration.place.endpoint();
    let (Some(host), Some(port)) = (place.host(), place.port()) else {
        return Outcome::NotAllowed;
    };
    let name = host.to_string();
    let resolved = name.clone();
    // The system's resolver blocks for as long as it likes, and then somebody waits for it.
    let resolving = tokio::task::spawn_blocking(move || lookup::resolve(&resolved, port));
    let over = Instant::now() + shared.settings.probe_timeout;
    let resolved = timeout_at(over, resolving).await;
    let Ok(Ok(Ok(addresses))) = resolved else {
        return Outcome::Silent;
    };
    let allowed: Vec<SocketAddr> = {
        let probes = shared.probes();
        let is_allowed = |address: &SocketAddr| probes.allow(record.who, address.ip());
        let allowed = addresses.into_iter().filter(is_allowed);
        allowed.take(MAXIMUM_ADDRESSES).collect()
    };
    if allowed.is_empty() {
        return Outcome::NotAllowed;
    }
    // What was checked is what is connected to: the name is not looked up again.
    match one_answers(&allowed, over, |address| ask(record, address, &name)).await {
        true => Outcome::Answered,
        false => Outcome::Silent,
    }
}

/// Whether one of these answers, asked in their order. Each has its share of the time that is left:
/// one that is mute does not hide the others, and all of them together are not late.
async fn one_answers<F: Future<Output = bool>>(
    addresses: &[SocketAddr],
    over: Instant,
    asking: impl Fn(SocketAddr) -> F,
) -> bool {
    for (tried, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = over.saturating_duration_since(Instant::now()) / left;
        if let Ok(true) = timeout(share, asking(*address)).await {
            return true;
        }
    }
    false
}

/// Whether somebody at this address answers as they should.
async fn ask(record: &Record, address: SocketAddr, name: &str) -> bool {
    let endpoint = match record.probe.way {
        Way::Tls => {
            let endpoint = Endpoint::tls(host(address.ip()), address.port());
            // Whether the certificate is right is for those to know who use it.
            let endpoint = endpoint.with_option("verify", "none");
            endpoint.and_then(|endpoint| match name.parse::<IpAddr>() {
                Ok(_) => Ok(endpoint),
                Err(_) => endpoint.with_option("name", name),
            })
        }
        _ => Ok(Endpoint::tcp(host(address.ip()), address.port())),
    };
    let Ok(endpoint) = endpoint else {
        return false;
    };
    let options = ConnectOptions {
        timeout: TIMEOUT,
        ..ConnectOptions::default()
    };
    match connect_with(&endpoint, options).await {
        Ok(connection) => converse(record, connection).await,
        Err(_) => false,
    }
}

fn host(address: IpAddr) -> lariat_protocol::endpoint::Host {
    lariat_protocol::endpoint::Host::from(address.to_string().as_str())
}

async fn converse(record: &Record, mut connection: Connection) -> bool {
    let send = &record.probe.send;
    if !send.is_empty() {
        let sent = async {
            connection.write_all(send).await?;
            connection.flush().await
        };
        if sent.await.is_err() {
            return false;
        }
    }
    let Some(pattern) = &record.pattern else {
        return true;
    };
    let mut answer = Vec::new();
    let mut buffer = [0; 512];
    while answer.len() < MAXIMUM_ANSWER {
        match connection.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
        }
        if pattern.is_in(&answer) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> [SocketAddr; 4] {
        [1, 2, 3, 4].map(|last| SocketAddr::from(([192, 0, 2, last], 9)))
    }

    #[tokio::test(start_paused = true)]
    async fn all_addresses_of_a_name_have_the_time_of_one_probe() {
        let begun = Instant::now();
        let mute = |_| std::future::pending();
        assert!(!one_answers(&four(), begun + TIMEOUT, mute).await);
        // The clock of timers has whole milliseconds.
        assert!(begun.elapsed() <= TIMEOUT + Duration::from_millis(10));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_are_mute_leave_time_for_the_last() {
        let is_last = |address| async move {
            match address == four()[3] {
                true => true,
                false => std::future::pending().await,
            }
        };
        assert!(one_answers(&four(), Instant::now() + TIMEOUT, is_last).await);
    }
}
