//! The services that can be served: one entry for each.

use std::str::FromStr;
use std::sync::Arc;

use lariat_net::{Handle, IntoService, Service, observe};
use lariat_protocol::chat::DEFAULT_PORT;
use lariat_protocol::endpoint::{Base, EndpointError, SocketPath, nearest};
use lariat_protocol::{Deadlines, Endpoint};
use lariat_service::chargen::{self, Chargen};
use lariat_service::chat::{self, Chat};
use lariat_service::command::{Command, Custom};
use lariat_service::daytime::{self, Daytime};
use lariat_service::discard::Discard;
use lariat_service::echo::Echo;
use lariat_service::metrics;
use lariat_service::names::{self, Directory, Names};
use lariat_service::qotd::{self, Qotd};
use lariat_service::sleep::Sleeper;
use lariat_service::time::{self, Time};
use lariat_service::timestamp::{Event, Timestamp};

use crate::output::note;
use crate::serve::book;

/// A service: what it is called, where it is by default, how it is made and tried.
#[derive(Debug)]
pub struct Entry {
    /// As on the command line.
    pub name: &'static str,
    /// Where it is served when no endpoint is named.
    pub defaults: &'static [Default],
    /// How long its clients may take, unless that is said otherwise.
    pub deadlines: Deadlines,
    /// The words of a line to try, where this program is called so and the endpoint is what
    /// a client connects to; none where nothing would do.
    pub to_try: fn(program: &str, endpoint: &Endpoint) -> Option<Vec<String>>,
    /// Makes it.
    pub make: fn(&Making<'_>) -> Result<Service, EndpointError>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a service is made of.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// Whose options say how it is to be.
    pub endpoint: &'a Endpoint,
    /// Whether it says what happens.
    pub verbose: bool,
    /// The reactor that serves, for who watches it.
    pub reactor: &'a Handle,
    /// The commands that the configuration adds.
    pub commands: &'a [Custom],
    /// The names, where they are served.
    pub names: Option<&'a Directory>,
    /// What the endpoints of one service have in common.
    pub shared: &'a Shared,
}

/// What the endpoints of one service have in common.
#[derive(Clone, Default)]
pub struct Shared {
    /// The people and the rooms, which are the same wherever somebody comes in.
    pub chat: Chat,
}

/// An endpoint that is served without being named.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// `tcp://localhost:PORT` of this scheme.
    Port(&'static str, u16),
    /// A port that is taken only where the service is named with this scheme.
    IfNamed(&'static str, u16),
    /// A Unix socket of this name in the state directory.
    SocketFile(&'static str),
}

/// Every service.
pub const SERVICES: [Entry; 11] = [
    Entry {
        name: "timestamp",
        defaults: &[
            Default::Port("tcp", 21567),
            Default::Port("udp", 21567),
            Default::Port("tls", 21568),
            Default::Port("ws", 21569),
            Default::SocketFile("timestamp.sock"),
        ],
        deadlines: Deadlines::DEFAULT,
        to_try: |program, endpoint| command(program, "timestamp", endpoint, &["-m", "hi"]),
        make: timestamp,
    },
    Entry {
        name: "echo",
        defaults: &[Default::Port("tcp", 21570), Default::Port("udp", 21570)],
        deadlines: Deadlines::DEFAULT,
        to_try: |program, endpoint| command(program, "echo", endpoint, &["-m", "hi"]),
        make: |making| Ok(Echo::from_endpoint(making.endpoint)?.into_service()),
    },
    Entry {
        name: "discard",
        defaults: &[Default::Port("tcp", 21571), Default::Port("udp", 21571)],
        deadlines: Deadlines::DEFAULT,
        to_try: |program, endpoint| command(program, "discard", endpoint, &["-m", "hi"]),
        make: |making| Ok(Discard::from_endpoint(making.endpoint)?.into_service()),
    },
    Entry {
        name: "chargen",
        // Over UDP a small datagram in somebody's name would send that one a large one.
        defaults: &[Default::Port("tcp", 21572), Default::IfNamed("udp", 21572)],
        deadlines: chargen::DEADLINES,
        to_try: |program, endpoint| command(program, "chargen", endpoint, &["--lines", "3"]),
        make: |making| Ok(Chargen::from_endpoint(making.endpoint)?.into_service()),
    },
    Entry {
        name: "qotd",
        // For the same reason.
        defaults: &[Default::Port("tcp", 21573), Default::IfNamed("udp", 21573)],
        deadlines: qotd::DEADLINES,
        to_try: |program, endpoint| command(program, "qotd", endpoint, &[]),
        make: |making| Ok(Qotd::from_endpoint(making.endpoint)?.into_service()),
    },
    Entry {
        name: "daytime",
        defaults: &[Default::Port("tcp", 21574), Default::Port("udp", 21574)],
        deadlines: daytime::DEADLINES,
        to_try: |program, endpoint| command(program, "daytime", endpoint, &[]),
        make: |making| Ok(Daytime::from_endpoint(making.endpoint)?.into_service()),
    },
    Entry {
        name: "time",
        defaults: &[Default::Port("tcp", 21575), Default::Port("udp", 21575)],
        deadlines: time::DEADLINES,
        to_try: |program, endpoint| command(program, "rdate", endpoint, &[]),
        make: |making| Ok(Time::from_endpoint(making.endpoint)?.into_service()),
    },
    Entry {
        name: "command",
        defaults: &[Default::Port("tcp", 21576)],
        deadlines: Deadlines::DEFAULT,
        to_try: |program, endpoint| command(program, "ask", endpoint, &["date"]),
        make: |making| {
            let commands = making.commands.iter().cloned();
            Ok(Command::from_endpoint(making.endpoint, commands)?.into_service())
        },
    },
    Entry {
        name: "sleep",
        defaults: &[Default::Port("tcp", 21577)],
        deadlines: Deadlines::DEFAULT,
        to_try: |program, endpoint| command(program, "sleep", endpoint, &["0.5"]),
        make: |making| {
            let sleeper = Sleeper::from_endpoint(making.endpoint)?;
            Ok(sleeper.into_calls().into_service())
        },
    },
    Entry {
        name: "chat",
        defaults: &[Default::Port("tcp", DEFAULT_PORT)],
        deadlines: chat::DEADLINES,
        to_try: |program, endpoint| command(program, "chat", endpoint, &[]),
        make: |making| Ok(making.shared.chat.at(making.endpoint)?.into_service()),
    },
    Entry {
        name: book::SERVICE,
        defaults: &[Default::Port("tcp", lariat_protocol::names::PORT)],
        deadlines: names::DEADLINES,
        to_try: |program, endpoint| {
            let words = [program, "names", "list", "--names", &endpoint.to_string()];
            Some(words.map(String::from).to_vec())
        },
        make: |making| {
            let names = making
                .names
                .expect("they are opened where they are planned");
            Ok(Names::from_endpoint(names.clone(), making.endpoint)?.into_service())
        },
    },
];

/// The metrics, which are no service among the others: they are served only where it is said,
/// by a reactor of their own.
pub static METRICS: Entry = Entry {
    name: "metrics",
    defaults: &[
        Default::Port("tcp", METRICS_PORT),
        Default::Port("tls", METRICS_PORT),
    ],
    deadlines: Deadlines::DEFAULT,
    to_try: scrape,
    make: |making| {
        making.endpoint.service_options(&[])?;
        let reactor = making.reactor.clone();
        Ok(metrics::service(move || {
            observe::prometheus(&reactor.stats())
        }))
    },
};

/// Where OpenTelemetry has its metrics for Prometheus by default, so that few others are there.
const METRICS_PORT: u16 = 9464;

/// The port that `--port-base` counts from: the first of the default ones.
pub const FIRST_PORT: u16 = 21567;

impl Entry {
    /// The service of this name.
    ///
    /// # Errors
    ///
    /// One line that says what is right.
    pub fn named(name: &str) -> Result<&'static Entry, String> {
        if let Some(entry) = SERVICES.iter().find(|entry| entry.name == name) {
            return Ok(entry);
        }
        if name.contains(':') {
            let first = SERVICES[0].name;
            return Err(format!(
                "the service is missing; write for example {first}={name}"
            ));
        }
        let known = names();
        let hint = nearest(name, &known);
        let hint = hint.map_or(String::new(), |word| format!("did you mean {word:?}? "));
        let known = known.join(", ");
        Err(format!("no service {name:?} ({hint}known: {known})"))
    }

    /// The port for an endpoint like this, where the service has one.
    pub fn default_port(&self, endpoint: &Endpoint) -> Option<u16> {
        let of = |scheme: &str| {
            self.defaults.iter().find_map(|default| match default {
                Default::Port(known, port) | Default::IfNamed(known, port) if *known == scheme => {
                    Some(*port)
                }
                _ => None,
            })
        };
        // What carries WebSocket is at its port, with TLS or without, as clients have it.
        match endpoint.is_websocket() {
            true => of("ws"),
            false => of(&endpoint.scheme()),
        }
    }
}

/// What the services are called.
pub fn names() -> Vec<&'static str> {
    SERVICES.iter().map(|entry| entry.name).collect()
}

/// A service that is wanted, on its default endpoints or on this one.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Which service.
    pub entry: &'static Entry,
    /// Where, if not where it is by default.
    pub endpoint: Option<Endpoint>,
}

impl Wanted {
    /// The service on an endpoint, which may be `HOST:PORT` for `tcp`.
    ///
    /// # Errors
    ///
    /// One line that says what is right.
    pub fn on(entry: &'static Entry, endpoint: &str) -> Result<Self, String> {
        let endpoint = Endpoint::parse_with_default(endpoint, "tcp");
        let endpoint = endpoint.map_err(|error| error.to_string())?;
        if endpoint.service().is_some() {
            return Err(format!(
                "{endpoint}: a name is connected to, and not listened on; give an address, such as \
                 {}=tcp://localhost:0",
                entry.name
            ));
        }
        Ok(Wanted {
            entry,
            endpoint: Some(endpoint),
        })
    }
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The `=` of an endpoint's option is no service's.
        match text.split_once('=') {
            Some((name, endpoint)) if !name.contains(':') => {
                Wanted::on(Entry::named(name)?, endpoint)
            }
            _ => Ok(Wanted {
                entry: Entry::named(text)?,
                endpoint: None,
            }),
        }
    }
}

/// The command of ours that asks a service.
fn command(program: &str, name: &str, endpoint: &Endpoint, behind: &[&str]) -> Option<Vec<String>> {
    let endpoint = endpoint.to_string();
    let words = [program, name, &endpoint]
        .into_iter()
        .chain(behind.iter().copied());
    Some(words.map(String::from).collect())
}

/// The command with which curl reads metrics.
fn scrape(_: &str, endpoint: &Endpoint) -> Option<Vec<String>> {
    let mut words = vec!["curl".to_string()];
    let scheme = if endpoint.is_tls() { "https" } else { "http" };
    let host = match endpoint.base() {
        Base::Unix {
            path: SocketPath::File(path),
        } => {
            words.extend(["--unix-socket".into(), path.display().to_string()]);
            "localhost".into()
        }
        _ => format!("{}:{}", endpoint.host()?, endpoint.port()?),
    };
    match &endpoint.options().ca {
        Some(authority) => words.extend(["--cacert".into(), authority.display().to_string()]),
        None if endpoint.is_tls() => words.push("--insecure".into()),
        None => {}
    }
    words.push(format!("{scheme}://{host}{}", metrics::PATH));
    Some(words)
}

fn timestamp(making: &Making<'_>) -> Result<Service, EndpointError> {
    let service = Timestamp::from_endpoint(making.endpoint)?;
    if !making.verbose {
        return Ok(service.into_service());
    }
    let watcher = |event: Event<'_>| match event {
        Event::Connected(peer) => note(&format!("...connected from: {peer}")),
        Event::Returned(peer) => note(&format!("...received from and returned to: {peer}")),
    };
    Ok(service.watched_by(Arc::new(watcher)).into_service())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Result<(&'static str, Option<String>), String> {
        let wanted = text.parse::<Wanted>()?;
        let endpoint = wanted.endpoint.map(|endpoint| endpoint.to_string());
        Ok((wanted.entry.name, endpoint))
    }

    #[test]
    fn a_service_and_where() {
        assert_eq!(wanted("timestamp"), Ok(("timestamp", None)));
        let on = |endpoint: &str| Ok(("timestamp", Some(endpoint.to_string())));
        assert_eq!(wanted("timestamp=udp://[::]:9"), on("udp://[::]:9"));
        assert_eq!(wanted("timestamp=localhost:9"), on("tcp://localhost:9"));
        let options = "tcp://localhost?quiet_ms=0";
        assert_eq!(wanted(&format!("timestamp={options}")), on(options));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("timestmap", "did you mean \"timestamp\"?"),
            ("gopher", "no service \"gopher\" (known: timestamp, echo, "),
            (
                "tcp://localhost:9?quiet_ms=0",
                "write for example timestamp=tcp://localhost:9?quiet_ms=0",
            ),
            ("timestamp=", "the endpoint is empty"),
            ("timestamp=tpc://x", "did you mean \"tcp\"?"),
            (
                "echo=name:echo",
                "give an address, such as echo=tcp://localhost:0",
            ),
        ] {
            let said = wanted(text).expect_err(text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
