//! What can be seen of a reactor from outside: counters, and a table of its connections.
//!
//! Nothing here is collected while nobody looks: counters are added to where something
//! happens, and the table is made by asking each connection.

pub(crate) mod counters;
mod latency;
mod prometheus;
pub(crate) mod table;

use std::sync::Arc;

pub use counters::{Ended, Phase, ServiceStats};
pub use latency::LatencyStats;
pub use prometheus::prometheus;
pub use table::{ConnectionKey, ConnectionStatus, NoConnectionKey};

use counters::Counters;

/// What was counted of a reactor.
#[derive(Clone, Debug, Default)]
pub struct ReactorStats {
    /// Connections that are there, of all services, by the count of admission.
    pub connections: usize,
    /// Handshakes that are under way.
    pub handshakes: usize,
    /// Bytes that connections hold in buffers.
    pub buffered: usize,
    /// Each service that is listened for, in that order.
    pub services: Vec<ServiceStats>,
}

/// The counters of one service, for each thread.
#[derive(Debug)]
pub(crate) struct ServiceMetrics {
    pub(crate) service: Arc<str>,
    pub(crate) endpoint: Arc<str>,
    threads: Box<[Counters]>,
}

impl ServiceMetrics {
    pub(crate) fn new(service: &str, endpoint: &str, threads: usize) -> Self {
        ServiceMetrics {
            service: service.into(),
            endpoint: endpoint.into(),
            threads: (0..threads.max(1)).map(|_| Counters::default()).collect(),
        }
    }

    /// The counters of one thread.
    #[inline]
    pub(crate) fn on(&self, thread: u32) -> &Counters {
        // One that is driven elsewhere is counted with the first.
        self.threads
            .get(thread as usize)
            .unwrap_or(&self.threads[0])
    }

    pub(crate) fn stats(&self) -> ServiceStats {
        let mut stats = ServiceStats {
            service: self.service.to_string(),
            endpoint: self.endpoint.to_string(),
            ..ServiceStats::default()
        };
        for counters in &self.threads {
            stats.add(counters);
        }
        stats
    }
}
