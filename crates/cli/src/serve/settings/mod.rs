//! Limits and deadlines as they are written: `NAME=VALUE` for all services together,
//! `SERVICE.NAME=VALUE` for one, the same on the command line and in the file.
//!
//! Read [`Settings`] first: it keeps what was said, in the order in which it was said, and
//! makes of it what the engine is told. What is said of one service goes before what is said
//! of all, wherever it stands; of the same, what is said last.

mod deadlines;
mod limits;
pub mod values;

use std::str::FromStr;
use std::time::Duration;

use lariat_net::{DRAIN_TIME, KeepAlive, Limits};
use lariat_protocol::Deadlines;
use lariat_protocol::endpoint::nearest;

use crate::serve::services::Entry;

pub use deadlines::DeadlineChange;
pub use limits::LimitChange;

/// A change of one setting, and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting<C> {
    /// Of which service; of all if none is named.
    pub service: Option<&'static str>,
    /// What changes.
    pub change: C,
}

/// A setting that has a name and is read from text.
pub trait Change: Sized {
    /// What one is called: `limit`.
    const KIND: &'static str;

    /// Every name there is.
    fn names() -> Vec<&'static str>;

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// None if there is no such name; else what it should have been.
    fn read(name: &str, value: &str) -> Option<Result<Self, String>>;

    /// Whether there is one for each service, rather than only for the whole server.
    fn is_of_services(&self) -> bool;
}

impl<C: Change> Setting<C> {
    /// Reads the value of a name.
    ///
    /// # Errors
    ///
    /// One line that says what is right.
    pub fn read(service: Option<&'static str>, name: &str, value: &str) -> Result<Self, String> {
        let kind = C::KIND;
        let change = C::read(name, value).ok_or_else(|| unknown::<C>(name))?;
        let change = change.map_err(|right| {
            let value = value.chars().take(60).collect::<String>();
            format!("{kind} {name} is to be {right}, and not {value:?}")
        })?;
        match service {
            Some(service) if !change.is_of_services() => Err(format!(
                "{kind} {name} is of the whole server; leave out {service:?}"
            )),
            _ => Ok(Setting { service, change }),
        }
    }
}

impl<C: Change> FromStr for Setting<C> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = C::KIND;
        let Some((name, value)) = text.split_once('=') else {
            return Err(format!(
                "write NAME=VALUE; known: {}",
                C::names().join(", ")
            ));
        };
        match name.split_once('.') {
            None => Setting::read(None, name, value),
            Some((service, name)) => {
                let entry = Entry::named(service).map_err(|why| format!("{kind}: {why}"))?;
                Setting::read(Some(entry.name), name, value)
            }
        }
    }
}

/// What is said of a name that is none.
pub fn unknown<C: Change>(name: &str) -> String {
    let known = C::names();
    let hint = nearest(name, &known);
    let hint = hint.map_or(String::new(), |word| format!("did you mean {word:?}? "));
    let kind = C::KIND;
    format!(
        "unknown {kind} {name:?} ({hint}known: {})",
        known.join(", ")
    )
}

/// Everything that was said of limits and deadlines, what counts more behind what counts less.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// By `--limit` and `[limits]`.
    pub limits: Vec<Setting<LimitChange>>,
    /// By `--deadline` and `[deadlines]`.
    pub deadlines: Vec<Setting<DeadlineChange>>,
}

impl Settings {
    /// These, and where they say nothing, others.
    pub fn over(self, others: Settings) -> Settings {
        Settings {
            limits: [others.limits, self.limits].concat(),
            deadlines: [others.deadlines, self.deadlines].concat(),
        }
    }

    /// The limits of all services together.
    pub fn limits(&self) -> Limits {
        self.limits_over(Limits::default())
    }

    fn limits_over(&self, mut limits: Limits) -> Limits {
        let general = || of(&self.limits, None);
        for change in general() {
            // What is a share of the connections is a share of as many as were said.
            if let LimitChange::Connections(Some(connections)) = change {
                let shares = Limits::of(*connections);
                limits.per_address = shares.per_address;
                limits.per_network = shares.per_network;
                limits.handshakes = shares.handshakes;
            }
        }
        general().for_each(|change| change.apply(&mut limits));
        limits
    }

    /// The limits of each endpoint of a service, beside those of all: none but those that
    /// were said.
    pub fn limits_of(&self, service: &str) -> Limits {
        let all = self.limits();
        let mut limits = Limits {
            // Who is nobody's limit is not this service's either.
            exempt: all.exempt,
            prefix_v4: all.prefix_v4,
            prefix_v6: all.prefix_v6,
            accept_burst: all.accept_burst,
            ..Limits::none()
        };
        of(&self.limits, Some(service)).for_each(|change| change.apply(&mut limits));
        limits
    }

    /// How long the clients of a service may take, where it gives them so long of itself.
    pub fn deadlines_of(&self, service: &str, own: Deadlines) -> Deadlines {
        let mut deadlines = own;
        let changes = of(&self.deadlines, None).chain(of(&self.deadlines, Some(service)));
        changes.for_each(|change| change.apply(&mut deadlines));
        deadlines
    }

    /// How TCP finds out that a client of a service is gone.
    pub fn keep_alive_of(&self, service: &str) -> KeepAlive {
        let mut keep_alive = KeepAlive::default();
        let changes = of(&self.deadlines, None).chain(of(&self.deadlines, Some(service)));
        for change in changes {
            match change {
                DeadlineChange::KeepAlive(time) => keep_alive.idle = *time,
                DeadlineChange::UserTimeout(time) => keep_alive.user_timeout = *time,
                _ => {}
            }
        }
        keep_alive
    }

    /// How long connections have to finish when the server stops.
    pub fn drain_time(&self) -> Duration {
        let changes = of(&self.deadlines, None);
        let times = changes.filter_map(|change| match change {
            DeadlineChange::Drain(time) => Some(*time),
            _ => None,
        });
        times.last().unwrap_or(DRAIN_TIME)
    }
}

fn of<'a, C>(settings: &'a [Setting<C>], service: Option<&'a str>) -> impl Iterator<Item = &'a C> {
    let settings = settings.iter();
    settings
        .filter(move |setting| setting.service == service)
        .map(|setting| &setting.change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(limits: &[&str], deadlines: &[&str]) -> Settings {
        let limits = limits.iter().map(|text| text.parse().expect(text));
        let deadlines = deadlines.iter().map(|text| text.parse().expect(text));
        Settings {
            limits: limits.collect(),
            deadlines: deadlines.collect(),
        }
    }

    #[test]
    fn the_last_word_counts_and_a_service_before_all() {
        let file = settings(
            &["connections=100", "timestamp.per-address=7", "memory=1M"],
            &["idle=60s", "timestamp.message=5s", "drain=2s"],
        );
        let line = settings(
            &["memory=2M", "exempt=none", "timestamp.connections=9"],
            &["message=9s"],
        );
        let all = line.over(file);
        let limits = all.limits();
        assert_eq!(limits.connections, Some(100));
        assert_eq!(
            (limits.per_address, limits.per_network),
            (Some(25), Some(50))
        );
        assert_eq!(limits.memory, Some(2 << 20));
        assert!(limits.exempt.is_empty());
        let own = all.limits_of("timestamp");
        assert_eq!((own.connections, own.per_address), (Some(9), Some(7)));
        assert!(own.memory.is_none() && own.exempt.is_empty());
        let deadlines = all.deadlines_of("timestamp", Deadlines::DEFAULT);
        assert_eq!(deadlines.message, Some(Duration::from_secs(5)));
        assert_eq!(deadlines.idle, Some(Duration::from_secs(60)));
        let others = all.deadlines_of("other", Deadlines::DEFAULT);
        assert_eq!(others.message, Some(Duration::from_secs(9)));
        assert_eq!(all.drain_time(), Duration::from_secs(2));
    }

    #[test]
    fn what_tcp_waits_for_is_set_for_all_and_for_one() {
        let all = settings(&[], &["keep-alive=20s", "timestamp.user-timeout=none"]);
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
        let kept = all.keep_alive_of("timestamp");
        assert_eq!((seconds(kept.idle), kept.user_timeout), (Some(20), None));
        let other = all.keep_alive_of("echo");
        assert_eq!(other.user_timeout, KeepAlive::default().user_timeout);
    }

    #[test]
    fn a_share_that_was_said_is_no_share() {
        let all = settings(&["per-address=60", "connections=100"], &[]).limits();
        assert_eq!((all.per_address, all.handshakes), (Some(60), Some(100)));
        assert_eq!(settings(&[], &[]).limits(), Limits::default());
        assert_eq!(settings(&[], &[]).drain_time(), DRAIN_TIME);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let limit = |text: &str| text.parse::<Setting<LimitChange>>().expect_err(text);
        assert_eq!(
            limit("per-adress=1"),
            "unknown limit \"per-adress\" (did you mean \"per-address\"? known: connections, \
             per-address, per-network, prefix-v4, prefix-v6, accept-rate, accept-burst, \
             handshakes, memory, allow, deny, exempt)"
        );
        assert_eq!(
            limit("memory=1X"),
            "limit memory is to be a number of bytes such as 512M (K, M, G), or none, and not \"1X\""
        );
        assert!(limit("timestmap.memory=1").contains("did you mean \"timestamp\"?"));
        assert!(limit("memory").starts_with("write NAME=VALUE; known: connections, "));
        let deadline = |text: &str| text.parse::<Setting<DeadlineChange>>().expect_err(text);
        assert_eq!(
            deadline("timestamp.drain=1s"),
            "deadline drain is of the whole server; leave out \"timestamp\""
        );
        assert!(deadline("idel=1s").contains("did you mean \"idle\"?"));
    }
}
