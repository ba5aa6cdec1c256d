//! What came of a URL, for programs: a line of JSON by `--json`, and the words of `-w`.

use std::time::Duration;

use http::{HeaderMap, response};
use lariat_client::http::Exchange;
use serde_json::{Map, Value, json};

use super::heads::Times;
use crate::failure::Failure;
use crate::output::{escape_json, print};

/// What is told of a URL.
pub struct Report {
    facts: Map<String, Value>,
    /// How long all of it took, and its steps.
    pub whole: Duration,
    pub times: Times,
}

impl Report {
    /// One that says which URL it is about.
    pub fn of(url: &str) -> Self {
        Report {
            facts: Map::from_iter([("url".to_owned(), url.into())]),
            whole: Duration::ZERO,
            times: Times::default(),
        }
    }

    /// The head of the answer, and how it came about.
    pub fn answer(&mut self, answer: &response::Parts) {
        self.set("status", answer.status.as_u16());
        self.set("version", format!("{:?}", answer.version));
        self.set("headers", headers(&answer.headers));
        if let Some(exchange) = answer.extensions.get::<Exchange>() {
            let redirects = exchange.redirects.iter().map(ToString::to_string);
            self.set("address", exchange.address.to_string());
            self.set("redirects", redirects.collect::<Vec<_>>());
            self.set("repetitions", exchange.repetitions);
            self.set("peer", exchange.peer.to_string());
            if let Some(encoding) = exchange.encoding {
                self.set("encoding", encoding);
            }
        }
    }

    /// Whatever else.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// What is told under a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.facts.get(name)
    }

    /// How long it took.
    pub fn took(&mut self, whole: Duration, times: Times) {
        // Thousandths of a second are what a person can tell, and a network keeps to.
        let milliseconds = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
        self.set("seconds", json!(milliseconds as f64 / 1000.0));
        (self.whole, self.times) = (whole, times);
    }

    /// What went wrong, and with which code it would end alone.
    pub fn failed(&mut self, failure: &Failure) {
        self.set("error", failure.message().unwrap_or_default());
        self.set("code", failure.code());
    }

    /// Shows it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn show(self) -> Result<(), Failure> {
        let line = escape_json(&Value::Object(self.facts).to_string());
        print(format!("{line}\n"))
    }
}

/// All values of each name, as curl has them in `%{header_json}`.
fn headers(headers: &HeaderMap) -> Value {
    let names = headers.keys().map(|name| {
        let values = headers.get_all(name).iter();
        let values: Vec<Value> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into())
            .collect();
        (name.as_str().to_owned(), Value::Array(values))
    });
    Value::Object(names.collect())
}
