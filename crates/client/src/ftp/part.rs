//! A file that is not whole yet: it stands beside its place, with `.part` behind its name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lariat_protocol::ftp::Moment;

use super::Error;

/// What stands behind the names of files that are not whole.
///
/// It is taken for that alone: what somebody has under such a name already is overwritten, so a mirror, which does not
/// choose its names, leaves out those that end so.
pub(super) const SUFFIX: &str = ".part";

/// A file that is being written. Dropped before it is [kept](Part::keep), as ^C drops it, it is removed,
/// unless it may be continued.
pub(super) struct Part {
    file: File,
    path: PathBuf,
    whole: PathBuf,
    /// How much was in it at first.
    begun: u64,
    stays: bool,
    is_done: bool,
}

impl Part {
    /// Begins a file, or goes on with one that an earlier attempt has left, unless the server's was
    /// changed since.
    pub(super) fn open(whole: &Path, resume: bool, changed: Option<Moment>) -> Result<Self, Error> {
        let mut name = whole.as_os_str().to_owned();
        name.push(SUFFIX);
        let path = PathBuf::from(name);
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
            stays: resume,
            is_done: false,
        };
        let prepared = part.prepare(resume, changed);
        prepared.map_err(|error| cannot("write", &part.path, error))?;
        Ok(part)
    }

    fn prepare(&mut self, resume: bool, changed: Option<Moment>) -> io::Result<()> {
        let known = self.file.metadata()?;
        let is_older = match (changed, known.modified()) {
            (Some(changed), Ok(written)) => system_time(changed) > written,
            _ => false,
        };
        if !resume || is_older {
            self.file.set_len(0)?;
        }
        self.begun = self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    /// How much was in it when it was opened.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// Begins anew.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.begun = self.file.seek(SeekFrom::Start(0))?;
        Ok(())
    }

    pub(super) fn write(&mut self, block: &[u8]) -> io::Result<()> {
        self.file.write_all(block)
    }

    /// Puts it in its place, whole, with the time that the server has for it.
    pub(super) fn keep(mut self, changed: Option<Moment>) -> Result<(), Error> {
        if let Some(changed) = changed {
            // A file system that cannot is no reason to throw the file away.
            let _ = self.file.set_modified(system_time(changed));
        }
        let renamed = fs::rename(&self.path, &self.whole);
        self.is_done = renamed.is_ok();
        renamed.map_err(|error| cannot("write", &self.whole, error))
    }

    /// Leaves it for another attempt, which knows by its time which of the server's files it is.
    pub(super) fn leave(mut self, changed: Option<Moment>) {
        self.stays = self.file.metadata().is_ok_and(|known| known.len() > 0);
        if let (Some(changed), true) = (changed, self.stays) {
            // Without its time the next attempt goes by when it was written.
            let _ = self.file.set_modified(system_time(changed));
        }
    }

    /// Removes it, whatever was to become of it.
    pub(super) fn remove(mut self) {
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

/// A file of this machine that cannot be used.
pub(super) fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    Error::Local {
        what: format!("cannot {what} {}", path.display()),
        error,
    }
}

/// A moment as the system has it.
pub(super) fn system_time(moment: Moment) -> SystemTime {
    let fraction = Duration::from_nanos(moment.nanoseconds().into());
    let seconds = Duration::from_secs(moment.seconds().unsigned_abs());
    match moment.seconds() {
        0.. => UNIX_EPOCH + seconds + fraction,
        _ => UNIX_EPOCH - seconds + fraction,
    }
}

/// The system's time as FTP writes it, in whole seconds.
pub(super) fn moment(time: SystemTime) -> Moment {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    Moment::from_seconds(seconds)
}
