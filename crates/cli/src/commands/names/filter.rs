//! `--match`: only what a pattern is found in.

use lariat_re::{Error, Pattern};
use serde_json::Value;

use crate::failure::Failure;

/// Only what a pattern is found in.
#[derive(Clone, Debug, clap::Args)]
pub struct Filter {
    /// Only what this pattern, as of lariat re, is found in: in one of the fields that --json shows
    #[arg(long = "match", value_name = "PATTERN", value_parser = pattern)]
    pattern: Option<Pattern>,
}

/// What is wrong with a pattern is told with a caret under the place.
fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| error.to_string())
}

impl Filter {
    /// Those of them that are to be shown, by what a program would be shown of each.
    ///
    /// # Errors
    ///
    /// A search that took more than its limit, which says so.
    pub fn kept<T>(&self, all: Vec<T>, shown: fn(&T) -> Value) -> Result<Vec<T>, Failure> {
        let mut kept = Vec::with_capacity(all.len());
        for one in all {
            if self.keeps(&shown(&one))? {
                kept.push(one);
            }
        }
        Ok(kept)
    }

    /// Whether one is to be shown.
    ///
    /// # Errors
    ///
    /// As for [`kept`](Self::kept).
    pub fn keeps(&self, shown: &Value) -> Result<bool, Failure> {
        let Some(pattern) = &self.pattern else {
            return Ok(true);
        };
        is_in(pattern, shown).map_err(|error| Failure::new(format!("--match: {error}")))
    }
}

fn is_in(pattern: &Pattern, value: &Value) -> Result<bool, Error> {
    let found = |text: &str| pattern.search(text).map(|found| found.is_some());
    match value {
        Value::String(text) => found(text),
        Value::Number(number) => found(&number.to_string()),
        Value::Array(all) => any(pattern, all.iter()),
        Value::Object(fields) => any(pattern, fields.values()),
        Value::Null | Value::Bool(_) => Ok(false),
    }
}

fn any<'v>(pattern: &Pattern, all: impl Iterator<Item = &'v Value>) -> Result<bool, Error> {
    for value in all {
        if is_in(pattern, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}
