//! The counters of a server, as `lariat ctl stats` has them.

use std::collections::BTreeMap;
use std::time::Duration;

use lariat_net::observe::{Ended, LatencyStats, Phase, ReactorStats, ServiceStats};
use lariat_protocol::{Deadline, Refusal};
use serde::{Deserialize, Serialize};

/// Everything that a server has counted since it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Connections that are there, of all services.
    pub connections: usize,
    /// Handshakes that are under way.
    pub handshakes: usize,
    /// Bytes that connections hold in buffers.
    pub buffered: usize,
    /// Whether it has been asked to stop.
    pub draining: bool,
    /// Each endpoint.
    pub services: Vec<Counted>,
    /// All of them together.
    pub total: Counted,
}

/// What was counted of one endpoint, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Its service.
    pub service: String,
    /// Where it listens.
    pub endpoint: String,
    /// Connections let in.
    pub accepted: u64,
    /// Connections that are there, by phase.
    pub active: BTreeMap<String, u64>,
    /// Connections refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Connections that ended, by how.
    pub ended: BTreeMap<String, u64>,
    /// Deadlines that passed, by which.
    pub deadlines: BTreeMap<String, u64>,
    /// Handshakes, those that failed among them.
    pub handshakes: u64,
    /// Handshakes that failed.
    pub handshakes_failed: u64,
    /// Messages that came whole.
    pub messages: u64,
    /// Bytes that came.
    pub received: u64,
    /// Bytes that left.
    pub sent: u64,
    /// Callbacks that held their thread for over 50 ms.
    pub slow_callbacks: u64,
    /// Datagrams that were not answered.
    pub datagrams_dropped: u64,
    /// How long messages took.
    pub latency: Latency,
}

/// How long messages took: bounds of a histogram by powers of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many there were.
    pub count: u64,
    /// Half of them stayed within this; none if there were none, or it is over a second.
    pub p50_seconds: Option<f64>,
    /// And so did ninety-nine of a hundred.
    pub p99_seconds: Option<f64>,
}

impl Stats {
    /// What a reactor has counted.
    pub fn of(stats: &ReactorStats, draining: bool) -> Self {
        let services: Vec<Counted> = stats.services.iter().map(Counted::of).collect();
        let mut total = Counted {
            service: "total".into(),
            ..Counted::default()
        };
        for service in &services {
            total.add(service);
        }
        let histograms = stats.services.iter().map(|service| &service.latencies);
        total.latency = Latency::of(histograms);
        Stats {
            connections: stats.connections,
            handshakes: stats.handshakes,
            buffered: stats.buffered,
            draining,
            services,
            total,
        }
    }
}

impl Counted {
    fn of(stats: &ServiceStats) -> Self {
        let by = |names: &[&str], values: &[u64]| {
            let pairs = names.iter().zip(values);
            pairs
                .map(|(name, value)| (name.to_string(), *value))
                .collect()
        };
        Counted {
            service: stats.service.clone(),
            endpoint: stats.endpoint.clone(),
            accepted: stats.accepted,
            active: by(&Phase::ALL.map(Phase::name), &stats.active),
            refused: by(&Refusal::ALL.map(Refusal::name), &stats.refused),
            ended: by(&Ended::ALL.map(Ended::name), &stats.ended),
            deadlines: by(&Deadline::ALL.map(Deadline::name), &stats.deadlines),
            handshakes: stats.handshakes,
            handshakes_failed: stats.handshakes_failed,
            messages: stats.messages,
            received: stats.received,
            sent: stats.sent,
            slow_callbacks: stats.slow_callbacks,
            datagrams_dropped: stats.datagrams_dropped,
            latency: Latency::of(std::iter::once(&stats.latencies)),
        }
    }

    fn add(&mut self, other: &Counted) {
        self.accepted += other.accepted;
        self.handshakes += other.handshakes;
        self.handshakes_failed += other.handshakes_failed;
        self.messages += other.messages;
        self.received += other.received;
        self.sent += other.sent;
        self.slow_callbacks += other.slow_callbacks;
        self.datagrams_dropped += other.datagrams_dropped;
        for (to, from) in [
            (&mut self.active, &other.active),
            (&mut self.refused, &other.refused),
            (&mut self.ended, &other.ended),
            (&mut self.deadlines, &other.deadlines),
        ] {
            for (name, value) in from {
                *to.entry(name.clone()).or_default() += value;
            }
        }
    }
}

impl Latency {
    /// The quantiles of several histograms together, which have the same bounds.
    fn of<'a>(histograms: impl Iterator<Item = &'a LatencyStats>) -> Self {
        let mut bounds: Vec<(Option<Duration>, u64)> = Vec::new();
        for histogram in histograms {
            for (index, (bound, count)) in histogram.cumulative().enumerate() {
                match bounds.get_mut(index) {
                    Some((_, sum)) => *sum += count,
                    None => bounds.push((bound, count)),
                }
            }
        }
        let count = bounds.last().map_or(0, |(_, count)| *count);
        let quantile = |share: f64| {
            let wanted = (count as f64 * share).ceil().max(1.0);
            let found = bounds.iter().find(|(_, count)| *count as f64 >= wanted);
            found.and_then(|(bound, _)| Some(bound.as_ref()?.as_secs_f64()))
        };
        Latency {
            count,
            p50_seconds: quantile(0.5),
            p99_seconds: quantile(0.99),
        }
    }
}
