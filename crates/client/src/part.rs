//! A file that is not whole yet: it stands beside its place, with `.part` behind its name.
//!
//! What is in it, and of which of a server's files, is for the protocol to know: this only keeps it, by the rule
//! that nothing stands under the real name that is not all of it. All clients that fetch files keep them so;
//! programs that know a protocol of their own may, by [`Part::begin`], and [`path_of`] says where one is looked for.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::platform;

/// What stands behind the names of files that are not whole, here and on servers that are sent files.
///
/// It is taken for that alone: what somebody has under such a name already is overwritten, so a mirror, which does not
/// choose its names, leaves out those that end so, and those with `.etag` behind it, which a part may have beside it.
pub const SUFFIX: &str = ".part";

/// What stands behind the name of a part for its mark: of which of a server's files it is, in words of that server's.
const MARK_SUFFIX: &str = ".etag";

/// Whether this is what a part, or its mark, is called.
pub(crate) fn is_taken(name: &str) -> bool {
    let name = name.strip_suffix(MARK_SUFFIX).unwrap_or(name);
    name.ends_with(SUFFIX)
}

/// A file of this machine that cannot be used, and what was to be done with it.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {error}")]
pub struct LocalError {
    /// Such as `cannot write a.part`.
    pub what: String,
    /// Why not.
    #[source]
    pub error: io::Error,
}

/// A file that is being written. Dropped before it is [kept](Part::keep), as ^C drops it, it is removed; those of the
/// clients here that may be continued stay.
///
/// ```
/// use lariat_client::part::{Part, path_of};
///
/// let folder = tempfile::tempdir()?;
/// let place = folder.path().join("page.html");
/// let mut part = Part::begin(&place)?;
/// part.write(b"<p>Hello")?;
/// assert!(path_of(&place).exists() && !place.exists());
/// part.keep(None)?;
/// assert!(!path_of(&place).exists() && place.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Part {
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
    /// Begins the file that this name leads to, also where it is a link.
    ///
    /// # Errors
    ///
    /// When it cannot be written, another program writes it, or what stands there is no file, such as a folder.
    pub fn begin(whole: &Path) -> Result<Self, LocalError> {
        Part::open(&followed(whole), false)
    }

    /// Begins a file in this very place, or goes on with one that an earlier attempt has left. A mark says nothing of what is
    /// written by whoever does not know it, so it is removed.
    pub(crate) fn open(whole: &Path, resume: bool) -> Result<Self, LocalError> {
        let part = Part::open_beside_mark(whole, resume)?;
        // What cannot be removed, as a folder, cannot be read as a mark either.
        let _ = fs::remove_file(mark_beside(whole));
        Ok(part)
    }

    /// Goes on with what an earlier attempt has left, by its mark.
    pub(crate) fn go_on(whole: &Path) -> Result<Self, LocalError> {
        Part::open_beside_mark(whole, true)
    }

    fn open_beside_mark(whole: &Path, resume: bool) -> Result<Self, LocalError> {
        check_place(whole)?;
        let path = path_beside(whole);
        let replaced = permissions(whole);
        let opened = open_alone(&path, replaced.is_some());
        let file = opened.map_err(|error| cannot("write", &path, error))?;
        let mut part = Part {
            file,
            path,
            whole: whole.to_owned(),
            begun: 0,
            written: None,
            stays: resume,
            is_done: false,
        };
        let prepared = part.prepare(resume, replaced);
        prepared.map_err(|error| cannot("write", &part.path, error))?;
        Ok(part)
    }

    fn prepare(&mut self, resume: bool, replaced: Option<Permissions>) -> io::Result<()> {
        if !resume {
            self.file.set_len(0)?;
        }
        // What nobody else may read is not to be read meanwhile either. It is written first, also where it may not be later.
        if let Some(permissions) = replaced.and_then(platform::with_writing) {
            // A file system without any is no reason to fetch nothing.
            let _ = self.file.set_permissions(permissions);
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

    /// Writes more of it.
    ///
    /// # Errors
    ///
    /// Those of the system, such as for a disk that is full.
    pub fn write(&mut self, block: &[u8]) -> io::Result<()> {
        self.file.write_all(block)
    }

    /// Waits until what was written is on the disk, for what is not to be lost when the power is.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Puts it in its place, whole, with the time that the server has for it, and for those to read and write who may
    /// the file that was there.
    ///
    /// # Errors
    ///
    /// When it cannot be put there; then it is removed.
    pub fn keep(mut self, changed: Option<SystemTime>) -> Result<(), LocalError> {
        if let Some(permissions) = permissions(&self.whole) {
            let _ = self.file.set_permissions(permissions);
        }
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

/// How often the file may turn out to have got its real name between opening and locking it.
const ATTEMPTS: usize = 16;

/// Who may do what with the file that is to be replaced, if there is one.
fn permissions(whole: &Path) -> Option<Permissions> {
    let known = fs::metadata(whole).ok();
    known.map(|known| known.permissions())
}

/// Opens a part that nobody else writes. Where it `replaces` a file that may be private, it is from its first moment on;
/// else the system gives it the permissions that new files have.
fn open_alone(path: &Path, replaces: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(false);
    if replaces {
        platform::create_private(&mut options);
    }
    for _ in 0..ATTEMPTS {
        // What stands behind it is nobody's part.
        if path
            .symlink_metadata()
            .is_ok_and(|known| known.is_symlink())
        {
            let error = "it is a link, and nothing is written through one; remove it";
            return Err(io::Error::other(error));
        }
        let file = options.open(path)?;
        if is_ours(&file, path)? {
            return Ok(file);
        }
    }
    Err(busy())
}

/// Whether a part that was opened is there for us alone. Whoever wrote it may have put it in its place meanwhile:
/// then it is a whole file, and nothing that may be written.
fn is_ours(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => platform::is_at(file, path),
        Err(TryLockError::WouldBlock) => Err(busy()),
        // Some file systems have no locks.
        Err(TryLockError::Error(_)) => Ok(true),
    }
}

fn busy() -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, "another program writes it")
}

/// Whether nothing of this name is there yet, as it must be where somebody else has chosen the name.
pub(crate) fn check_free(path: &Path) -> Result<(), LocalError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let error = io::Error::new(
        io::ErrorKind::AlreadyExists,
        "it is there already, and a name that the server gives replaces nothing",
    );
    Err(cannot("write", path, error))
}

/// The file that is written: where a name is a link to another, that one.
pub(crate) fn followed(whole: &Path) -> PathBuf {
    match whole.symlink_metadata() {
        Ok(known) if known.is_symlink() => {
            fs::canonicalize(whole).unwrap_or_else(|_| whole.to_owned())
        }
        _ => whole.to_owned(),
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

/// Where the file that this name leads to stands until it is whole, or longer, if that failed and it may be gone on
/// with.
///
/// ```
/// use std::path::Path;
///
/// use lariat_client::part::path_of;
///
/// assert_eq!(path_of(Path::new("page.html")), Path::new("page.html.part"));
/// ```
pub fn path_of(whole: &Path) -> PathBuf {
    path_beside(&followed(whole))
}

/// Where a file of this very place stands until it is whole.
pub(crate) fn path_beside(whole: &Path) -> PathBuf {
    let mut name = whole.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// Where the mark of a part of this very place stands.
pub(crate) fn mark_beside(whole: &Path) -> PathBuf {
    let mut name = path_beside(whole).into_os_string();
    name.push(MARK_SUFFIX);
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

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_that_somebody_has_put_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let (whole, other) = (folder.path().join("a"), folder.path().join("other"));
        platform::symlink(&other, path_beside(&whole)).expect("a link");
        for goes_on in [true, false] {
            let error = Part::open(&whole, goes_on).map(|_| ()).expect_err("a link");
            assert!(error.to_string().contains("it is a link"), "{error}");
        }
        assert!(!other.exists());
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

    #[cfg(unix)]
    #[test]
    fn a_part_that_has_become_the_file_is_not_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("a");
        let mut part = Part::open(&whole, false).expect("opened");
        part.write(b"whole").expect("written");
        // Another program opens the part, and comes to lock it when it is the file.
        let other = OpenOptions::new().write(true).open(path_beside(&whole));
        let other = other.expect("opened");
        part.keep(None).expect("kept");
        let is_ours = loop {
            match is_ours(&other, &path_beside(&whole)) {
                // A program that another test starts has the lock as well, until it runs.
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    std::thread::yield_now();
                }
                judged => break judged.expect("locked"),
            }
        };
        assert!(!is_ours);
        drop(other);
        drop(Part::open(&whole, false).expect("another one"));
        assert_eq!(fs::read(&whole).expect("there"), b"whole");
    }

    #[cfg(unix)]
    #[test]
    fn what_replaces_a_file_is_private_from_its_first_moment_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let permissions = |file: &File| file.metadata().expect("open").permissions();
        let new = File::create(folder.path().join("new")).expect("created");
        let private = File::create(folder.path().join("private")).expect("created");
        platform::set_mode(&folder.path().join("private"), 0o600).expect("changed");
        for (name, replaces, like) in [("a.part", true, &private), ("b.part", false, &new)] {
            let part = open_alone(&folder.path().join(name), replaces).expect("opened");
            assert_eq!(permissions(&part), permissions(like), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_a_file_may_read_the_next_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("a");
        fs::write(&whole, "old").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions();
        for (given, meanwhile) in [(0o600, 0o600), (0o400, 0o600), (0o640, 0o640)] {
            platform::set_mode(&whole, given).expect("changed");
            let before = mode(&whole);
            let mut part = Part::open(&whole, false).expect("opened");
            let other = folder.path().join("other");
            fs::write(&other, "").expect("written");
            platform::set_mode(&other, meanwhile).expect("changed");
            assert_eq!(mode(&path_beside(&whole)), mode(&other), "{given:o}");
            part.write(b"new").expect("written");
            part.keep(None).expect("kept");
            assert_eq!(mode(&whole), before, "{given:o}");
            assert_eq!(fs::read(&whole).expect("there"), b"new");
        }
    }
}
