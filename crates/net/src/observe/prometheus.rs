//! The counters in the text that Prometheus reads (exposition format 0.0.4).

use std::fmt::{self, Write};

use lariat_protocol::{Deadline, Refusal};

use crate::observe::{Ended, Phase, ReactorStats, ServiceStats};

/// Writes everything that is counted.
///
/// ```
/// use lariat_net::{Reactor, observe};
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// let text = observe::prometheus(&reactor.handle().stats());
/// assert!(text.contains("# TYPE lariat_connections gauge"));
/// # Ok(()) }
/// ```
pub fn prometheus(stats: &ReactorStats) -> String {
    let mut text = Text(String::new());
    // Writing into a String does not fail.
    let _ = text.all(stats);
    text.0
}

type Value = fn(&ServiceStats) -> u64;

/// What has one value for each service: its name, what it is, and where it is found.
const COUNTERS: [(&str, &str, Value); 7] = [
    (
        "lariat_handshakes_total",
        "Handshakes of TLS and WebSocket",
        |service| service.handshakes,
    ),
    (
        "lariat_handshakes_failed_total",
        "Handshakes that failed",
        |service| service.handshakes_failed,
    ),
    (
        "lariat_messages_total",
        "Messages that came whole",
        |service| service.messages,
    ),
    (
        "lariat_received_bytes_total",
        "Bytes that came",
        |service| service.received,
    ),
    ("lariat_sent_bytes_total", "Bytes that left", |service| {
        service.sent
    }),
    (
        "lariat_slow_callbacks_total",
        "Callbacks that held their thread for over 50 ms",
        |service| service.slow_callbacks,
    ),
    (
        "lariat_datagrams_dropped_total",
        "Datagrams that were not answered",
        |service| service.datagrams_dropped,
    ),
];

struct Text(String);

impl Text {
    fn all(&mut self, stats: &ReactorStats) -> fmt::Result {
        self.gauge(
            "lariat_open_connections",
            "Connections that are there, of all services",
            stats.connections as u64,
        )?;
        self.gauge(
            "lariat_handshakes_under_way",
            "Handshakes that are under way",
            stats.handshakes as u64,
        )?;
        self.gauge(
            "lariat_buffered_bytes",
            "Bytes that connections hold in buffers",
            stats.buffered as u64,
        )?;
        let all = &distinct(&stats.services);
        self.head("lariat_accepted_total", "counter", "Connections let in")?;
        self.each("lariat_accepted_total", all, |service| service.accepted)?;
        self.head(
            "lariat_refused_total",
            "counter",
            "Connections refused, by reason",
        )?;
        self.by(
            "lariat_refused_total",
            "reason",
            all,
            &Refusal::ALL.map(Refusal::name),
            |service| &service.refused,
        )?;
        self.head(
            "lariat_connections",
            "gauge",
            "Connections that are there, by phase",
        )?;
        self.by(
            "lariat_connections",
            "phase",
            all,
            &Phase::ALL.map(Phase::name),
            |service| &service.active,
        )?;
        self.head(
            "lariat_ended_total",
            "counter",
            "Connections that ended, by how",
        )?;
        self.by(
            "lariat_ended_total",
            "how",
            all,
            &Ended::ALL.map(Ended::name),
            |service| &service.ended,
        )?;
        self.head(
            "lariat_deadlines_total",
            "counter",
            "Deadlines that passed, by which",
        )?;
        self.by(
            "lariat_deadlines_total",
            "deadline",
            all,
            &Deadline::ALL.map(Deadline::name),
            |service| &service.deadlines,
        )?;
        for (name, help, value) in COUNTERS {
            self.head(name, "counter", help)?;
            self.each(name, all, value)?;
        }
        self.latencies(all)
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}")
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.head(name, "gauge", help)?;
        writeln!(self.0, "{name} {value}")
    }

    fn each(
        &mut self,
        name: &str,
        all: &[ServiceStats],
        value: fn(&ServiceStats) -> u64,
    ) -> fmt::Result {
        for service in all {
            writeln!(self.0, "{name}{{{}}} {}", labels(service), value(service))?;
        }
        Ok(())
    }

    /// One line for each service and each value of a label.
    fn by(
        &mut self,
        name: &str,
        label: &str,
        all: &[ServiceStats],
        words: &[&str],
        values: fn(&ServiceStats) -> &[u64],
    ) -> fmt::Result {
        for service in all {
            for (word, value) in words.iter().zip(values(service)) {
                let labels = labels(service);
                writeln!(self.0, "{name}{{{labels},{label}=\"{word}\"}} {value}")?;
            }
        }
        Ok(())
    }

    fn latencies(&mut self, all: &[ServiceStats]) -> fmt::Result {
        let name = "lariat_message_seconds";
        let help = "How long messages took, from when their thread could have begun them until the answer had been handed to the system";
        self.head(name, "histogram", help)?;
        for service in all {
            let labels = labels(service);
            for (bound, count) in service.latencies.cumulative() {
                match bound {
                    Some(bound) => writeln!(
                        self.0,
                        "{name}_bucket{{{labels},le=\"{}\"}} {count}",
                        bound.as_secs_f64()
                    )?,
                    None => writeln!(self.0, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?,
                }
            }
            writeln!(
                self.0,
                "{name}_sum{{{labels}}} {}",
                service.latencies.sum().as_secs_f64()
            )?;
            writeln!(
                self.0,
                "{name}_count{{{labels}}} {}",
                service.latencies.count()
            )?;
        }
        Ok(())
    }
}

/// The services, of which two with the same labels are one: a door that was closed and opened
/// again while somebody is still inside.
fn distinct(services: &[ServiceStats]) -> Vec<ServiceStats> {
    let mut distinct: Vec<ServiceStats> = Vec::new();
    for service in services {
        let same = distinct.iter_mut().find(|other| {
            (&other.service, &other.endpoint) == (&service.service, &service.endpoint)
        });
        match same {
            Some(other) => other.merge(service),
            None => distinct.push(service.clone()),
        }
    }
    distinct
}

fn labels(service: &ServiceStats) -> String {
    format!(
        "service=\"{}\",endpoint=\"{}\"",
        escaped(&service.service),
        escaped(&service.endpoint)
    )
}

/// A label's value, of which three characters must be escaped.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
