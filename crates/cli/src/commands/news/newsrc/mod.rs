//! What a person has read, in the file that news readers share: `~/.newsrc`, a line for each group.
//!
//! It is read anew and written whole, by rename, each time that something was read, so that two readers at once forget
//! nothing of each other's. The numbers in it are those of one server.

mod lines;
mod numbers;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use lariat_client::part::{LocalError, Part};

pub use self::lines::Newsrc;
pub use self::numbers::Numbers;
use crate::failure::{Failure, in_words};

/// Longer than that of anybody who reads all groups there are.
const MAXIMUM_FILE: u64 = 16 * 1024 * 1024;

/// How often a file is tried that another reader is writing, and after how long again.
const ATTEMPTS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(20);

/// What was read of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub group: String,
    pub numbers: Numbers,
}

impl Mark {
    /// One article.
    pub fn of(group: &str, number: u64) -> Self {
        Mark {
            group: group.to_owned(),
            numbers: Numbers::between(number, number),
        }
    }
}

/// The file, wherever it is.
#[derive(Clone, Debug)]
pub struct NewsrcFile {
    path: PathBuf,
    /// It was asked for, so that it is an error if it cannot be used.
    is_named: bool,
}

impl NewsrcFile {
    /// The file that a person names, or the usual one: `~/.newsrc-HOST` if there is one for this server, else
    /// `~/.newsrc`. Nothing where there is no home.
    pub fn find(named: Option<&Path>, host: &str) -> Option<Self> {
        if let Some(path) = named {
            return Some(NewsrcFile {
                path: path.to_owned(),
                is_named: true,
            });
        }
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?;
        let own = home.join(format!(".newsrc-{host}"));
        let is_own = !host.contains(['/', '\\']) && own.is_file();
        Some(NewsrcFile {
            path: if is_own { own } else { home.join(".newsrc") },
            is_named: false,
        })
    }

    /// Reads it; nothing was read where there is none. Gives nothing as well where the usual one cannot be read, which
    /// is told; it is left alone then.
    ///
    /// # Errors
    ///
    /// When the file that was asked for cannot be read.
    pub fn load(&self) -> Result<Option<Newsrc>, Failure> {
        match self.read() {
            Ok(newsrc) => Ok(Some(newsrc)),
            Err(error) => self.judge(error).map(|()| None),
        }
    }

    /// Adds what was read; that the usual file cannot be written is told, and no failure.
    ///
    /// # Errors
    ///
    /// When the file that was asked for cannot be written.
    pub fn remember(&self, marks: &[Mark]) -> Result<(), Failure> {
        match self.add(marks) {
            Ok(()) => Ok(()),
            Err(error) => self.judge(error),
        }
    }

    fn judge(&self, error: LocalError) -> Result<(), Failure> {
        if self.is_named {
            return Err(error.into());
        }
        let LocalError { what, error } = error;
        tracing::warn!(
            "{what}: {}; what is read is not remembered",
            in_words(&error)
        );
        Ok(())
    }

    fn read(&self) -> Result<Newsrc, LocalError> {
        let cannot = |error| LocalError {
            what: format!("cannot read {}", self.path.display()),
            error,
        };
        let mut content = Vec::new();
        let read = File::open(&self.path)
            .and_then(|file| file.take(MAXIMUM_FILE + 1).read_to_end(&mut content));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Newsrc::default()),
            Err(error) => Err(cannot(error)),
            Ok(length) if length as u64 > MAXIMUM_FILE => Err(cannot(io::Error::other(
                "it is larger than 16 MiB, as no file of what was read is",
            ))),
            Ok(_) => Ok(Newsrc::parse(&content)),
        }
    }

    /// Adds what was read to what is in the file now.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub fn add(&self, marks: &[Mark]) -> Result<(), LocalError> {
        // Nobody else reads it anew from here on until it is written.
        let mut part = self.begin()?;
        let mut newsrc = self.read()?;
        let mut is_changed = false;
        for Mark { group, numbers } in marks {
            is_changed |= newsrc.add(group, numbers);
        }
        if !is_changed {
            return Ok(());
        }
        let written = part.write(&newsrc.to_bytes()).and_then(|()| part.sync());
        written.map_err(|error| LocalError {
            what: format!("cannot write {}", self.path.display()),
            error,
        })?;
        part.keep(None)
    }

    /// Begins to write the file, when nobody else does.
    fn begin(&self) -> Result<Part, LocalError> {
        for _ in 1..ATTEMPTS {
            match Part::begin(&self.path) {
                Err(LocalError { error, .. }) if error.kind() == io::ErrorKind::ResourceBusy => {
                    thread::sleep(PAUSE);
                }
                begun => return begun,
            }
        }
        Part::begin(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir) -> NewsrcFile {
        NewsrcFile {
            path: folder.path().join("newsrc"),
            is_named: true,
        }
    }

    #[test]
    fn several_that_write_at_once_forget_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("newsrc"), "other: 1-9\nodd\n").expect("written");
        let file = file(&folder);
        thread::scope(|scope| {
            for writer in 0..3 {
                let file = &file;
                scope.spawn(move || {
                    for number in 0..5 {
                        let mark = Mark::of("misc.test", number * 3 + writer);
                        file.remember(&[mark]).expect("written");
                    }
                });
            }
        });
        let newsrc = file.load().expect("readable").expect("known");
        let expected = "other: 1-9\nodd\nmisc.test! 0-14\n";
        assert_eq!(newsrc.to_bytes(), expected.as_bytes());
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1);
    }

    #[test]
    fn what_cannot_be_used_is_told_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = file(&folder);
        std::fs::create_dir(&file.path).expect("made");
        let mark = [Mark::of("a", 1)];
        for failure in [
            file.load().map(drop).expect_err("a folder"),
            file.remember(&mark).expect_err("a folder"),
        ] {
            let message = failure.message().unwrap_or_default().to_owned();
            assert!(message.contains("newsrc: is a directory"), "{message}");
        }
        file.is_named = false;
        assert_eq!(file.load(), Ok(None));
        assert_eq!(file.remember(&mark), Ok(()));
    }
}
