//! A file of a listing, whatever the listing looked like.

use crate::ftp::Moment;

/// What a listing says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, which is the server's word: see [`has_plain_name`](Self::has_plain_name).
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How many bytes it has, if that is said.
    pub size: Option<u64>,
    /// When it was changed, if that is said.
    pub modified: Option<Moment>,
    /// How exactly that is said.
    pub precision: Precision,
    /// Unix's permissions, if they are said: the nine bits for reading, writing and entering, and the
    /// three before them.
    pub mode: Option<u32>,
    /// Where a link leads, if that is said.
    pub target: Option<String>,
    /// What no other file of the server has, if that is said: it tells that two names are one file's.
    pub unique: Option<String>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file that can be fetched.
    #[default]
    File,
    /// A folder.
    Directory,
    /// A link, to a file or a folder.
    Link,
    /// The folder that is listed.
    This,
    /// The folder above it.
    Parent,
    /// A device, a socket or the like.
    Other,
}

/// How exactly a listing says when a file was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// The second, in UTC.
    #[default]
    Second,
    /// The minute, in a time zone that is not said.
    Minute,
    /// The day, in a time zone that is not said.
    Day,
}

impl Entry {
    /// A file of this name, of which nothing is said.
    pub fn named(name: impl Into<String>) -> Self {
        Entry {
            name: name.into(),
            kind: Kind::File,
            size: None,
            modified: None,
            precision: Precision::Second,
            mode: None,
            target: None,
            unique: None,
        }
    }

    /// Whether the name stays in the folder that it is put in. A name with a slash, or `..`, leads out of it,
    /// one with a backslash does on Windows, and one with a control character steers a terminal. On Windows one that stands
    /// for a device or another file there is not plain either.
    ///
    /// ```
    /// use lariat_protocol::ftp::Entry;
    ///
    /// assert!(Entry::named("notes.txt").has_plain_name());
    /// assert!(!Entry::named("../.profile").has_plain_name());
    /// ```
    pub fn has_plain_name(&self) -> bool {
        let leads_out = |character: char| character.is_control() || "/\\".contains(character);
        let is_special = cfg!(windows) && is_special(&self.name);
        !matches!(self.name.as_str(), "" | "." | "..")
            && !self.name.contains(leads_out)
            && !is_special
    }

    /// Whether it is a file or a folder or a link, and not one of the two that every folder has.
    pub fn is_content(&self) -> bool {
        matches!(self.kind, Kind::File | Kind::Directory | Kind::Link)
    }
}

/// Whether Windows takes the name for something else: a drive or a stream of a file, a device such as `CON` and `con.txt`, or
/// the name without the points and spaces at its end.
fn is_special(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let is_numbered = |stem: &str| {
        let mut characters = stem.chars();
        let last = characters.next_back();
        let is_port = ["COM", "LPT"]
            .iter()
            .any(|port| characters.as_str().eq_ignore_ascii_case(port));
        is_port && last.is_some_and(|last| "123456789¹²³".contains(last))
    };
    name.contains(':')
        || name.ends_with(['.', ' '])
        || is_numbered(stem)
        || DEVICES
            .iter()
            .any(|device| stem.eq_ignore_ascii_case(device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_windows_takes_for_something_else_is_special() {
        for name in [
            "CON", "nul.txt", "Com1", "LPT³", "aux .c", "a.", "a ", "c:d", "conin$",
        ] {
            assert!(is_special(name), "{name}");
        }
        for name in [
            "a", "console", "com", "COM0", "a.con", "ü", ".a", " a", "lpt10",
        ] {
            assert!(!is_special(name), "{name}");
        }
    }
}
