//! The configuration file of `serve`: TOML, in the words of the command line.
//!
//! ```toml
//! state = "/var/lib/lariat"       # --state /var/lib/lariat
//! port-base = 30000               # --port-base 30000
//! public = true                   # --public
//! timestamp = "tcp://[::]:21567"  # timestamp=tcp://[::]:21567; several stand in [ ]
//! ```
//!
//! Each error names the file and the line, so values are read by hand and not by serde.

use std::ops::Range;
use std::path::{Path, PathBuf};

use lariat_protocol::endpoint::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::failure::{Failure, in_words};
use crate::output::one_line;
use crate::serve::services::{Entry, Wanted, names};

/// What a file says; what it does not say is empty.
#[derive(Debug, Default)]
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
}

const KEYS: [&str; 5] = ["state", "port-base", "public", "json", "verbose"];

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
    let mut pairs: Vec<_> = table.get_ref().iter().collect();
    // The table has them by name; the file's order is the listing's.
    pairs.sort_by_key(|(key, _)| key.span().start);
    let mut config = Config::default();
    for (key, value) in pairs {
        match key.get_ref().as_ref() {
            "state" => config.state = Some(text_of("state", value)?.into()),
            "port-base" => config.port_base = Some(port(value)?),
            "public" => config.public = switch("public", value)?,
            "json" => config.json = switch("json", value)?,
            "verbose" => config.verbose = switch("verbose", value)?,
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
        ] {
            let wrong = parse(text).expect_err(text);
            assert_eq!(1 + text[..wrong.at].matches('\n').count(), line, "{text}");
            assert!(wrong.what.contains(words), "{text}: {}", wrong.what);
        }
    }
}
