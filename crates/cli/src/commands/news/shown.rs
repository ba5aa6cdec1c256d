//! How results are shown: lines for a person, or JSON for a program.

use serde_json::Value;

use crate::failure::Failure;
use crate::output::{escape_json, print, shown};

/// How results are shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub as_json: bool,
}

impl Shown {
    /// Shows a result, as the one or the other.
    pub fn answer(self, text: &str, object: impl FnOnce() -> Value) -> Result<(), Failure> {
        match self.as_json {
            true => print(escape_json(&object().to_string()) + "\n"),
            false => self.text(&format!("{text}\n")),
        }
    }

    /// Shows lines; on a terminal they cannot steer it.
    pub fn text(self, text: &str) -> Result<(), Failure> {
        print(shown(text.as_bytes()))
    }

    /// Shows bytes as they are; on a terminal they cannot steer it.
    pub fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        print(shown(bytes))
    }
}
