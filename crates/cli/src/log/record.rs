//! What an event says: its message and its fields, before they are written in any form.

use std::fmt;

use serde_json::Value;
use tracing::Level;
use tracing::field::{Field, Visit};

/// An event with everything that is known of it.
pub struct Record<'a> {
    pub level: Level,
    pub message: &'a str,
    /// Each name once.
    pub fields: &'a [(&'static str, Value)],
}

/// The message of an event, and the fields of it or of a span.
#[derive(Default)]
pub struct Fields {
    pub message: String,
    pub named: Vec<(&'static str, Value)>,
}

impl Fields {
    /// Takes over what is not known here by the same name.
    pub fn add_missing(&mut self, outer: &Fields) {
        for (name, value) in &outer.named {
            if self.named.iter().all(|(known, _)| known != name) {
                self.named.push((name, value.clone()));
            }
        }
    }

    fn set(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => self.message = shown(&value),
            // What the `log` crate's events say about themselves.
            name if name.starts_with("log.") => {}
            name => match self.named.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => self.named.push((name, value)),
            },
        }
    }
}

/// A value as a person reads it: text without quotes.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }
}
