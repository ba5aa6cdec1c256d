//! The configuration file of `serve`: TOML, in the words of the command line.
//!
//! ```toml
//! state = "/var/lib/lariat"       # --state /var/lib/lariat
//! port-base = 30000               # --port-base 30000
//! public = true                   # --public
//! log = "json"                    # --log json
//! metrics = "tcp://localhost"     # --metrics tcp://localhost
//! timestamp = "tcp://[::]:21567"  # timestamp=tcp://[::]:21567; several stand in [ ]
//!
//! [limits]
//! per-address = 50                # --limit per-address=50
//! timestamp.connections = 1000    # --limit timestamp.connections=1000
//!
//! [deadlines]
//! idle = "10m"                    # --deadline idle=10m
//!
//! [commands.disk]                 # a command of the command server's; see commands.rs
//! run = ["df", "-h"]
//! ```
//!
//! Each error names the file and the line, so values are read by hand and not by serde.

mod commands;

use std::ops::Range;
use std::path::{Path, PathBuf};

use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::nearest;
use lariat_service::command::Custom;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::failure::{Failure, in_words};
use crate::log::Form;
use crate::output::one_line;
use crate::serve::services::{Entry, Wanted, names};
use crate::serve::settings::{self, Change, Setting, Settings};

/// What a file says; what it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// `SERVICE = "ENDPOINT"`, `SERVICE = ["ENDPOINT", …]`, or `SERVICE = true` for the
    /// default endpoints.
    pub services: Vec<Wanted>,
    /// `state = "DIR"`
    pub state: Option<PathBuf>,
    /// `port-base = N`
    pub port_base: Option<u16>,
    /// `public = true`
    pub public: bool,
    /// `json = true`
    pub json: bool,
    /// `verbose = true`
    pub verbose: bool,
    /// `log = "json"`
    pub log: Option<Form>,
    /// `metrics = "ENDPOINT"`
    pub metrics: Option<Endpoint>,
    /// `[limits]` and `[deadlines]`
    pub settings: Settings,
    /// `[commands.NAME]`
    pub commands: Vec<Custom>,
}

impl Config {
    /// What another reading of the file says otherwise that only holds from a start on.
    pub fn changed(&self, other: &Config) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let mut compare = |key, same: bool| {
            if !same {
                changed.push(key);
            }
        };
        compare("state", self.state == other.state);
        compare("port-base", self.port_base == other.port_base);
        compare("public", self.public == other.public);
        compare("json", self.json == other.json);
        compare("verbose", self.verbose == other.verbose);
        compare("log", self.log == other.log);
        compare("metrics", self.metrics == other.metrics);
        compare("commands", self.commands == other.commands);
        compare("the services", self.services == other.services);
        changed
    }
}

const KEYS: [&str; 10] = [
    "state",
    "port-base",
    "public",
    "json",
    "verbose",
    "log",
    "metrics",
    "limits",
    "deadlines",
    "commands",
];

/// Reads a file.
///
/// # Errors
///
/// One line: the file, the line in it, and what is wrong there.
pub fn read(path: &Path) -> Result<Config, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path);
    let text =
        text.map_err(|error| Failure::usage(format!("cannot read {shown}: {}", in_words(&error))))?;
    parse(&text).map_err(|wrong| {
        let line = 1 + text[..wrong.at].matches('\n').count();
        Failure::usage(format!("{shown}:{line}: {}", one_line(&wrong.what)))
    })
}

/// What is wrong, and how many bytes into the text.
#[derive(Debug)]
struct Wrong {
    at: usize,
    what: String,
}

impl Wrong {
    fn new(span: Range<usize>, what: impl Into<String>) -> Self {
        Wrong {
            at: span.start,
            what: what.into(),
        }
    }
}

fn parse(text: &str) -> Result<Config, Wrong> {
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        Wrong::new(span, error.message())
    })?;
    let mut config = Config::default();
    for (key, value) in in_order(table.get_ref()) {
        match key.get_ref().as_ref() {
            "state" => config.state = Some(text_of("state", value)?.into()),
            "port-base" => config.port_base = Some(port(value)?),
            "public" => config.public = switch("public", value)?,
            "json" => config.json = switch("json", value)?,
            "verbose" => config.verbose = switch("verbose", value)?,
            "log" => config.log = Some(read_as("log", value, str::parse)?),
            "metrics" => config.metrics = Some(read_as("metrics", value, metrics_endpoint)?),
            "limits" => config.settings.limits = changes("limits", value)?,
            "deadlines" => config.settings.deadlines = changes("deadlines", value)?,
            "commands" => config.commands = commands::read(value)?,
            other => match Entry::named(other) {
                Ok(entry) => config.services.extend(endpoints(entry, value)?),
                Err(_) => return Err(Wrong::new(key.span(), unknown(other))),
            },
        }
    }
    Ok(config)
}

fn unknown(key: &str) -> String {
    let known: Vec<&str> = KEYS.into_iter().chain(names()).collect();
    let hint = nearest(key, &known);
    let hint = hint.map_or(String::new(), |word| format!("did you mean {word:?}? "));
    format!("unknown key {key:?} ({hint}known: {})", known.join(", "))
}

fn endpoints(entry: &'static Entry, value: &Spanned<DeValue<'_>>) -> Result<Vec<Wanted>, Wrong> {
    let one = |value: &Spanned<DeValue<'_>>| {
        let text = text_of(entry.name, value)?;
        let wanted = Wanted::on(entry, text);
        wanted.map_err(|what| Wrong::new(value.span(), what))
    };
    match value.get_ref() {
        DeValue::Boolean(true) => Ok(vec![Wanted {
            entry,
            endpoint: None,
        }]),
        DeValue::Boolean(false) => Ok(Vec::new()),
        DeValue::Array(values) => values.iter().map(one).collect(),
        _ => Ok(vec![one(value)?]),
    }
}

/// An endpoint of metrics, which may be `HOST:PORT` for `tcp`.
///
/// # Errors
///
/// One line that says what is right.
pub fn metrics_endpoint(text: &str) -> Result<Endpoint, String> {
    Endpoint::parse_with_default(text, "tcp").map_err(|error| error.to_string())
}

/// The settings in a table; those of one service stand in a table of its own within it.
fn changes<C: Change>(key: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<Setting<C>>, Wrong> {
    let table = value.get_ref().as_table();
    let table = table.ok_or_else(|| expected(key, value, &format!("a table, [{key}]")))?;
    let mut all = Vec::new();
    for (name, value) in in_order(table) {
        let DeValue::Table(own) = value.get_ref() else {
            all.push(setting(None, name, value)?);
            continue;
        };
        let service = name.get_ref();
        let entry = Entry::named(service);
        let entry = entry.map_err(|why| Wrong::new(name.span(), format!("{key}: {why}")))?;
        for (name, value) in in_order(own) {
            all.push(setting(Some(entry.name), name, value)?);
        }
    }
    Ok(all)
}

fn setting<C: Change>(
    service: Option<&'static str>,
    name: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Setting<C>, Wrong> {
    let key = name.get_ref().as_ref();
    if !C::names().contains(&key) {
        return Err(Wrong::new(name.span(), settings::unknown::<C>(key)));
    }
    let text = written(value).ok_or_else(|| expected(key, value, "text in quotes or a number"))?;
    Setting::read(service, key, &text).map_err(|what| Wrong::new(value.span(), what))
}

/// A value as it stands on the command line: a list has commas between.
fn written(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            Some(number.ok()?.to_string())
        }
        DeValue::Array(values) if values.is_empty() => Some("none".into()),
        DeValue::Array(values) => {
            let values = values.iter().map(|value| value.get_ref().as_str());
            values
                .collect::<Option<Vec<&str>>>()
                .map(|all| all.join(","))
        }
        _ => None,
    }
}

/// The pairs of a table, which has them by name, as they stand in the file.
fn in_order<'a, 'b>(
    table: &'a DeTable<'b>,
) -> Vec<(&'a Spanned<DeString<'b>>, &'a Spanned<DeValue<'b>>)> {
    let mut pairs: Vec<_> = table.iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    pairs
}

fn read_as<T>(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Wrong> {
    read(text_of(key, value)?).map_err(|what| Wrong::new(value.span(), what))
}

fn text_of<'a>(key: &str, value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, Wrong> {
    let text = value.get_ref().as_str();
    text.ok_or_else(|| expected(key, value, "text in quotes"))
}

fn switch(key: &str, value: &Spanned<DeValue<'_>>) -> Result<bool, Wrong> {
    let switch = value.get_ref().as_bool();
    switch.ok_or_else(|| expected(key, value, "true or false"))
}

fn port(value: &Spanned<DeValue<'_>>) -> Result<u16, Wrong> {
    let number = value.get_ref().as_integer();
    let port = number.and_then(|number| u16::from_str_radix(number.as_str(), number.radix()).ok());
    port.ok_or_else(|| expected("port-base", value, "a number from 0 to 65535"))
}

fn expected(key: &str, value: &Spanned<DeValue<'_>>, right: &str) -> Wrong {
    Wrong::new(value.span(), format!("{key} is to be {right}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_command_line() {
        let config = parse(
            "state = '/s'\nport-base = 30_000\npublic = true\n\
             timestamp = ['udp://[::]:9', 'localhost:8']\n",
        );
        let config = config.expect("read");
        assert_eq!(config.state, Some("/s".into()));
        assert_eq!(config.port_base, Some(30_000));
        assert!(config.public && !config.json && !config.verbose);
        let endpoints = config.services.iter();
        let endpoints: Vec<String> = endpoints
            .filter_map(|wanted| Some(wanted.endpoint.as_ref()?.to_string()))
            .collect();
        assert_eq!(endpoints, ["udp://[::]:9", "tcp://localhost:8"]);
    }

    #[test]
    fn limits_and_deadlines_stand_in_tables() {
        let file = parse(
            "timestamp = true\nlog = 'json'\nmetrics = 'localhost:9464'\n\
             [limits]\nper-address = 5_0\nmemory = '1G'\ndeny = ['10.0.0.0/8', '::1']\n\
             exempt = []\ntimestamp.connections = 9\n\
             [deadlines.timestamp]\nidle = '10m'\nlife = 'none'\n",
        );
        let config = file.expect("read");
        assert_eq!(config.log, Some(Form::Json));
        let metrics = config.metrics.map(|endpoint| endpoint.to_string());
        assert_eq!(metrics.as_deref(), Some("tcp://localhost:9464"));
        let limits = [
            "per-address=50",
            "memory=1G",
            "deny=10.0.0.0/8,::1",
            "exempt=none",
        ];
        let limits = limits.into_iter().chain(["timestamp.connections=9"]);
        let deadlines = ["timestamp.idle=10m", "timestamp.life=none"];
        let same = Settings {
            limits: limits.map(|text| text.parse().expect(text)).collect(),
            deadlines: deadlines.map(|text| text.parse().expect(text)).to_vec(),
        };
        assert_eq!(config.settings, same);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, words) in [
            (
                "\nport-bsae = 1",
                2,
                "unknown key \"port-bsae\" (did you mean \"port-base\"?",
            ),
            ("timestmap = true", 1, "did you mean \"timestamp\"?"),
            ("[server]\nx = 1", 1, "unknown key \"server\""),
            (
                "port-base = 65536",
                1,
                "port-base is to be a number from 0 to 65535",
            ),
            ("public = 'yes'", 1, "public is to be true or false"),
            (
                "timestamp = [\n'tcp://localhost',\n'tpc://x']",
                3,
                "unknown scheme",
            ),
            ("timestamp = 5", 1, "timestamp is to be text in quotes"),
            ("state = 1", 1, "state is to be text in quotes"),
            ("public = true\npublic = true", 2, "duplicate key"),
            ("public true", 1, ""),
            ("log = 'xml'", 1, "the log is text or json, and not \"xml\""),
            ("metrics = 'tpc://x'", 1, "unknown scheme"),
            ("limits = 5", 1, "limits is to be a table, [limits]"),
            (
                "[limits]\n\nper-adress = 5",
                3,
                "unknown limit \"per-adress\" (did you mean \"per-address\"?",
            ),
            (
                "[limits]\nmemory = true",
                2,
                "memory is to be text in quotes",
            ),
            (
                "[limits]\ndeny = [\n'10.1.2.3/8']",
                2,
                "the network is 10.0.0.0/8",
            ),
            (
                "[deadlines.timestmap]\nidle = '5s'",
                1,
                "deadlines: no service \"timestmap\" (did you mean \"timestamp\"?",
            ),
            (
                "[deadlines]\nidle = 5",
                2,
                "deadline idle is to be a time such as 30s",
            ),
            (
                "[deadlines]\ntimestamp.drain = '5s'",
                2,
                "drain is of the whole server",
            ),
        ] {
            let wrong = parse(text).expect_err(text);
            assert_eq!(1 + text[..wrong.at].matches('\n').count(), line, "{text}");
            assert!(wrong.what.contains(words), "{text}: {}", wrong.what);
        }
    }
}
