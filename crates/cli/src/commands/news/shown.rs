//! How results are shown: lines for a person, or JSON for a program; and how much of a long answer has come.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::failure::Failure;
use crate::output::{escape_json, print, shown};
use crate::progress::Progress;

/// How much has come before that is worth a bar.
const LONG: u64 = 256 * 1024;

/// How results are shown.
#[derive(Clone)]
pub struct Shown {
    pub as_json: bool,
    pub bar: Bar,
}

/// How much of an answer has come, on standard error for whoever looks; cheap to clone.
#[derive(Clone)]
pub struct Bar {
    name: String,
    shown: Arc<Mutex<Option<Progress>>>,
}

impl Bar {
    /// None yet, for a command of this name.
    pub fn new(name: &str) -> Self {
        Bar {
            name: name.to_owned(),
            shown: Arc::default(),
        }
    }

    /// So many bytes of an answer have come.
    pub fn came(&self, bytes: u64) {
        if bytes >= LONG {
            let mut shown = self.shown();
            let bar = shown.get_or_insert_with(|| Progress::of_file(&self.name));
            bar.show(bytes, None);
        }
    }

    /// Takes it away.
    pub fn clear(&self) {
        if let Some(bar) = self.shown().take() {
            bar.clear();
        }
    }

    fn shown(&self) -> MutexGuard<'_, Option<Progress>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    /// Shows a result, as the one or the other.
    pub fn answer(&self, text: &str, object: impl FnOnce() -> Value) -> Result<(), Failure> {
        match self.as_json {
            true => self.print(escape_json(&object().to_string()) + "\n"),
            false => self.text(&format!("{text}\n")),
        }
    }

    /// Adds a result to what [`lines`](Self::lines) shows, as the one or the other.
    pub fn add(
        &self,
        lines: &mut String,
        text: impl FnOnce() -> String,
        object: impl FnOnce() -> Value,
    ) {
        match self.as_json {
            true => lines.push_str(&escape_json(&object().to_string())),
            false => lines.push_str(&text()),
        }
        lines.push('\n');
    }

    /// Shows what was added.
    pub fn lines(&self, lines: &str) -> Result<(), Failure> {
        match self.as_json {
            true => self.print(lines),
            false => self.text(lines),
        }
    }

    /// Shows lines; on a terminal they cannot steer it.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        self.print(shown(text.as_bytes()))
    }

    /// Shows bytes as they are; on a terminal they cannot steer it.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.print(shown(bytes))
    }

    /// Prints, where the bar stood if it stands there.
    fn print(&self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        if io::stdout().is_terminal() {
            self.bar.clear();
        }
        print(text)
    }
}
