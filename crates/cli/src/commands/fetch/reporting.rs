//! `--json`: what came, as a line for each URL that a program reads.

use std::time::Duration;

use http::{HeaderMap, response};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::{escape_json, print};

/// What is told of a URL.
pub struct Report(Map<String, Value>);

impl Report {
    /// One that says which URL it is about.
    pub fn of(url: &str) -> Self {
        Report(Map::from_iter([("url".to_owned(), url.into())]))
    }

    /// The head of the answer.
    pub fn answer(&mut self, answer: &response::Parts) {
        self.set("status", answer.status.as_u16());
        self.set("version", format!("{:?}", answer.version));
        self.set("headers", headers(&answer.headers));
    }

    /// Whatever else.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// How long it took.
    pub fn took(&mut self, time: Duration) {
        // Thousandths of a second are what a person can tell, and a network keeps to.
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.set("seconds", json!(milliseconds as f64 / 1000.0));
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
        let line = escape_json(&Value::Object(self.0).to_string());
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
