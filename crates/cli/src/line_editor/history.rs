//! The file that typed lines are remembered in.
//!
//! It is the user's alone (mode 0600), one line each, the newest last. Lines are appended as they
//! are typed, so that two commands at once keep both theirs; when it is opened and has become twice
//! as long as what is remembered, it is written anew. Nothing here fails: who cannot have a history
//! types without one.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::platform;

/// How many lines are remembered: a long session's, and a menu to nobody.
pub const LONGEST: usize = 1000;

/// How much of a file is read; its end counts.
const LARGEST: u64 = 1024 * 1024;

/// The lines of a file, and those that are added.
pub struct History {
    path: PathBuf,
    lines: Vec<String>,
}

impl History {
    /// Reads the file, if there is one.
    pub fn open(path: PathBuf) -> Self {
        let text = read(&path).unwrap_or_default();
        let all: Vec<String> = text.lines().map(str::to_string).collect();
        let lines = all[all.len().saturating_sub(LONGEST)..].to_vec();
        if all.len() >= 2 * LONGEST {
            // If not now, then at the next start.
            let _ = rewrite(&path, &lines);
        }
        History { path, lines }
    }

    /// What was typed before, the newest last.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// Adds a line to the file.
    pub fn add(&mut self, line: &str) {
        if let Some(folder) = self.path.parent() {
            // If it cannot be made, the file cannot either.
            let _ = fs::create_dir_all(folder);
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        platform::for_the_user_alone(&mut options);
        if let Ok(mut file) = options.open(&self.path) {
            // One write, so that lines of two commands stay whole.
            let _ = file.write_all(format!("{line}\n").as_bytes());
        }
    }
}

/// The file's last part.
fn read(path: &Path) -> std::io::Result<String> {
    use std::io::{Seek, SeekFrom};

    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LARGEST)))?;
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Writes it anew beside itself, and puts it in place whole.
fn rewrite(path: &Path, lines: &[String]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    platform::for_the_user_alone(&mut options);
    let mut file = options.open(&beside)?;
    file.write_all((lines.join("\n") + "\n").as_bytes())?;
    fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_remembered_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/ask");
        let mut history = History::open(path.clone());
        assert_eq!(history.lines().count(), 0);
        history.add("date");
        history.add("ls über");
        let history = History::open(path);
        let lines: Vec<&str> = history.lines().collect();
        assert_eq!(lines, ["date", "ls über"]);
    }

    #[test]
    fn a_file_that_has_grown_is_cut_to_its_newest_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ask");
        let mut history = History::open(path.clone());
        for number in 0..2 * LONGEST {
            history.add(&number.to_string());
        }
        drop(History::open(path.clone()));
        let text = fs::read_to_string(path).expect("the file");
        assert_eq!(text.lines().count(), LONGEST);
        assert!(text.starts_with("1000\n") && text.ends_with("\n1999\n"));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ask");
        History::open(path.clone()).add("secret");
        assert_eq!(platform::permissions(&path), 0o600);
    }
}
