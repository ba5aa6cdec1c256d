//! A file that is not whole yet: it stands beside its place, with `.part` behind its name.
//!
//! What is in it, and of which of a server's files, is for the protocol to know: this only keeps it, by the rule
//! that nothing stands under the real name that is not all of it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What stands behind the names of files that are not whole.
///
/// It is taken for that alone: what somebody has under such a name already is overwritten, so a mirror, which does not
/// choose its names, leaves out those that end so.
pub(crate) const SUFFIX: &str = ".part";

/// A file of this machine that cannot be used, and what was to be done with it.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {error}")]
pub(crate) struct LocalError {
    /// Such as `cannot write a.part`.
    pub(crate) what: String,
    #[source]
    pub(crate) error: io::Error,
}

/// A file that is being written. Dropped before it is [kept](Part::keep), as ^C drops it, it is removed,
/// unless it may be continued.
pub(crate) struct Part {
    file: File,
    path: PathBuf,
    whole: PathBuf,
    /// How much was in it at first.
    begun: u64,
    /// When what was in it at first was written, or what the server's file had for a time then.
    written: Option<SystemTime>,
    stays: bool,
    is_done: bool,
}

impl Part {
    /// Begins a file, or goes on with one that an earlier attempt has left.
    pub(crate) fn open(whole: &Path, resume: bool) -> Result<Self, LocalError> {
        check_place(whole)?;
        let path = path_beside(whole);
        let opened = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path);
        let file = opened.map_err(|error| cannot("write", &path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let busy = io::Error::new(io::ErrorKind::ResourceBusy, "another program writes it");
                return Err(cannot("write", &path, busy));
            }
            // Some file systems have no locks.
            Err(TryLockError::Error(_)) => {}
        }
        let mut part = Part {
            file,
            path,
            whole: whole.to_owned(),
            begun: 0,
            written: None,
            stays: resume,
            is_done: false,
        };
        let prepared = part.prepare(resume);
        prepared.map_err(|error| cannot("write", &part.path, error))?;
        Ok(part)
    }

    fn prepare(&mut self, resume: bool) -> io::Result<()> {
        if !resume {
            self.file.set_len(0)?;
        }
        self.begun = self.file.seek(SeekFrom::End(0))?;
        self.written = self.file.metadata()?.modified().ok();
        Ok(())
    }

    /// How much was in it when it was opened.
    pub(crate) fn begun(&self) -> u64 {
        self.begun
    }

    /// When what was in it was written; the server's time for it, if it was [left](Part::leave) with that.
    pub(crate) fn written(&self) -> Option<SystemTime> {
        self.written
    }

    /// Begins anew.
    pub(crate) fn restart(&mut self) -> Result<(), LocalError> {
        let emptied = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        self.begun = emptied.map_err(|error| cannot("write", &self.path, error))?;
        Ok(())
    }

    pub(crate) fn write(&mut self, block: &[u8]) -> io::Result<()> {
        self.file.write_all(block)
    }

    /// Puts it in its place, whole, with the time that the server has for it.
    pub(crate) fn keep(mut self, changed: Option<SystemTime>) -> Result<(), LocalError> {
        if let Some(changed) = changed {
            // A file system that cannot is no reason to throw the file away.
            let _ = self.file.set_modified(changed);
        }
        let renamed = fs::rename(&self.path, &self.whole);
        self.is_done = renamed.is_ok();
        renamed.map_err(|error| cannot("write", &self.whole, error))
    }

    /// Leaves it for another attempt, which knows by its time which of the server's files it is. Gives whether
    /// there is anything to go on with.
    pub(crate) fn leave(mut self, changed: Option<SystemTime>) -> bool {
        self.stays = self.file.metadata().is_ok_and(|known| known.len() > 0);
        if let (Some(changed), true) = (changed, self.stays) {
            // Without its time the next attempt goes by when it was written.
            let _ = self.file.set_modified(changed);
        }
        self.stays
    }

    /// Removes it, whatever was to become of it.
    pub(crate) fn remove(mut self) {
        self.stays = false;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_done && !self.stays {
            // What cannot be removed cannot be helped.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether a file can be put there: what is no file, such as a folder or `/dev/null`, would be gone.
pub(crate) fn check_place(whole: &Path) -> Result<(), LocalError> {
    let error = match fs::metadata(whole) {
        Ok(known) if known.is_dir() => io::ErrorKind::IsADirectory.into(),
        Ok(known) if !known.is_file() => {
            io::Error::other("it is no file, and would be replaced by one")
        }
        _ => return Ok(()),
    };
    Err(cannot("write", whole, error))
}

/// Where the file stands until it is whole.
pub(crate) fn path_beside(whole: &Path) -> PathBuf {
    let mut name = whole.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// A file of this machine that cannot be used.
pub(crate) fn cannot(what: &str, path: &Path, error: io::Error) -> LocalError {
    LocalError {
        what: format!("cannot {what} {}", path.display()),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_replaced_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, words) in [
            (folder.path(), "directory"),
            (Path::new("/dev/null"), "no file"),
        ] {
            if path.exists() {
                let error = Part::open(path, false).map(|_| ()).expect_err(words);
                assert!(error.to_string().contains(words), "{error}");
            }
        }
        assert!(check_place(&folder.path().join("new")).is_ok());
    }

    #[test]
    fn a_part_is_there_for_one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("a");
        let part = Part::open(&whole, false).expect("opened");
        let error = Part::open(&whole, true).map(|_| ()).expect_err("busy");
        assert!(
            error.to_string().contains("another program writes it"),
            "{error}"
        );
        drop(part);
        assert!(!path_beside(&whole).exists());
    }
}
