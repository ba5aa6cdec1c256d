//! What came of a URL, for programs: a line of JSON by `--json`, and the words of `-w`.

use std::time::Duration;

use http::{HeaderMap, StatusCode, Version, response};
use lariat_client::http::Exchange;
use serde_json::{Map, Value, json};

use super::way::Way;
use crate::failure::Failure;
use crate::output::{escape_json, print};

/// What is told of a URL.
pub struct Report {
    facts: Map<String, Value>,
    /// How long all of it took.
    pub whole: Duration,
    pub way: Way,
}

impl Report {
    /// One that says which URL it is about.
    pub fn of(url: &str) -> Self {
        Report {
            facts: Map::from_iter([("url".to_owned(), url.into())]),
            whole: Duration::ZERO,
            way: Way::default(),
        }
    }

    /// The head of the answer, and how it came about.
    pub fn answer(&mut self, answer: &response::Parts) {
        self.head(answer.status, answer.version, &answer.headers);
        if let Some(exchange) = answer.extensions.get::<Exchange>() {
            let redirects = exchange.redirects.iter().map(ToString::to_string);
            self.set("address", exchange.address.to_string());
            self.set("redirects", redirects.collect::<Vec<_>>());
            if let Some(encoding) = exchange.encoding {
                self.set("encoding", encoding);
            }
        }
    }

    fn head(&mut self, status: StatusCode, version: Version, values: &HeaderMap) {
        self.set("status", status.as_u16());
        self.set("version", format!("{version:?}"));
        self.set("headers", headers(values));
    }

    /// What was told of an answer that came to nothing is no longer so, since all of it is asked for once more.
    pub fn forget_answer(&mut self) {
        for name in [
            "status",
            "version",
            "headers",
            "address",
            "redirects",
            "encoding",
        ] {
            self.facts.remove(name);
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
    pub fn took(&mut self, whole: Duration) {
        // Thousandths of a second are what a person can tell, and a network keeps to.
        let milliseconds = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
        self.set("seconds", json!(milliseconds as f64 / 1000.0));
        self.whole = whole;
    }

    /// Which way it went. Where that led to no answer at last, what there was on the way is told in its place.
    pub fn led(&mut self, way: Way) {
        if let (None, Some(head)) = (self.get("status"), &way.answer) {
            self.head(head.status, head.version, &head.headers);
        }
        if let (None, Some(there)) = (self.get("address"), &way.led_to) {
            let redirects = way.redirects.iter().map(ToString::to_string);
            self.set("address", there.to_string());
            self.set("redirects", redirects.collect::<Vec<_>>());
        }
        if let Some(peer) = &way.peer {
            self.set("peer", peer.to_string());
        }
        self.set("repetitions", way.repetitions);
        self.way = way;
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
    pub fn show(&self) -> Result<(), Failure> {
        print(format!("{}\n", self.line()))
    }

    /// All of it, as a line of JSON.
    pub fn line(&self) -> String {
        escape_json(&Value::Object(self.facts.clone()).to_string())
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
