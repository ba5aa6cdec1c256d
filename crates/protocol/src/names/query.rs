//! What is looked for.

use std::str::FromStr;

use crate::names::words::{Word, write_pair};
use crate::names::{FieldError, Name, Prefix, Tag};

/// What is looked for: all of what it says must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// The name itself.
    pub name: Option<Name>,
    /// What the name begins with.
    pub prefix: Option<Prefix>,
    /// A tag.
    pub tag: Option<Tag>,
    /// The scheme of the endpoint: `tcp`, `tls`, `udp`, `ws` or `wss`.
    pub scheme: Option<Scheme>,
}

/// The scheme of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scheme(&'static str);

impl Scheme {
    /// Its text.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for Scheme {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let known = ["tcp", "tls", "udp", "ws", "wss"];
        let scheme = known.into_iter().find(|known| *known == text);
        scheme
            .map(Scheme)
            .ok_or_else(|| FieldError::new("scheme", format!("it is one of {}", known.join(", "))))
    }
}

impl Query {
    /// What has this name.
    pub fn name(name: Name) -> Self {
        Query {
            name: Some(name),
            ..Query::default()
        }
    }

    /// Whether nothing is asked for in particular.
    pub fn is_everything(&self) -> bool {
        *self == Query::default()
    }

    /// Takes a word of a request; whether it was one of these.
    pub(super) fn take(&mut self, word: &Word<'_>) -> Result<bool, FieldError> {
        match word.key {
            None if self.name.is_none() => self.name = Some(word.text()?.parse()?),
            Some("prefix") => self.prefix = Some(word.text()?.parse()?),
            Some("tag") => self.tag = Some(word.text()?.parse()?),
            Some("scheme") => self.scheme = Some(word.text()?.parse()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Writes the words, each with a space before it.
    pub(super) fn write(&self, out: &mut String) {
        if let Some(name) = &self.name {
            out.push(' ');
            out.push_str(name.as_str());
        }
        if let Some(prefix) = &self.prefix {
            write_pair(out, "prefix", prefix.as_str().as_bytes());
        }
        if let Some(tag) = &self.tag {
            write_pair(out, "tag", tag.as_str().as_bytes());
        }
        if let Some(scheme) = self.scheme {
            write_pair(out, "scheme", scheme.as_str().as_bytes());
        }
    }
}
