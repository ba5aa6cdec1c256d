//! What is kept of a file that is not whole yet, and of which of a server's files that is the beginning.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use http::HeaderValue;

use super::range::{Version, is_strong};
use crate::part::{LocalError, Part, cannot, check_free, followed, mark_beside, path_beside};

/// More than any tag has: a header is not longer.
const MAXIMUM_TAG: u64 = 8 * 1024;

/// The beginning of a file. Dropped before it is [kept](Kept::keep), as ^C drops it, it stays for a later attempt if
/// that can be sure to go on with the same file, and to find it; else it is removed.
pub(super) struct Kept {
    /// Always there but in the moment of the drop.
    part: Option<Part>,
    whole: PathBuf,
    there: u64,
    version: Version,
    /// The server has chosen its name, so that no later attempt knows it before it has the file.
    is_named_by_server: bool,
}

impl Kept {
    /// Begins a file. What an earlier attempt has left is overwritten.
    pub(super) fn begin(whole: &Path, version: Version) -> Result<Self, LocalError> {
        let whole = followed(whole);
        let mut kept = Kept {
            part: Some(Part::open(&whole, false)?),
            whole,
            there: 0,
            version: Version::default(),
            is_named_by_server: false,
        };
        kept.set_version(version)?;
        Ok(kept)
    }

    /// Begins a file under a name that the server has chosen, which replaces nothing that is there. Nothing of it stays
    /// unless it is kept: what stayed would be what the next attempt must not replace.
    pub(super) fn begin_named(whole: &Path, version: Version) -> Result<Self, LocalError> {
        check_free(whole)?;
        check_free(&path_beside(whole))?;
        check_free(&mark_beside(whole))?;
        let mut kept = Kept::begin(whole, version)?;
        kept.is_named_by_server = true;
        Ok(kept)
    }

    /// What an earlier attempt has left, if there is anything.
    pub(super) fn left(whole: &Path) -> Result<Option<Self>, LocalError> {
        let whole = followed(whole);
        if !path_beside(&whole).is_file() {
            return Ok(None);
        }
        let part = Part::go_on(&whole)?;
        let version = Version {
            tag: tag(&whole),
            changed: part.written(),
            // It has the server's time only if that was a reliable one; else its own, which the server's is not.
            is_settled: true,
        };
        Ok(Some(Kept {
            there: part.begun(),
            part: Some(part),
            whole,
            version,
            is_named_by_server: false,
        }))
    }

    /// Begins anew, with another version of the server's file.
    pub(super) fn restart(&mut self, version: Version) -> Result<(), LocalError> {
        if let Some(part) = &mut self.part {
            part.restart()?;
        }
        self.there = 0;
        self.set_version(version)
    }

    fn set_version(&mut self, version: Version) -> Result<(), LocalError> {
        let path = mark_beside(&self.whole);
        match &version.tag {
            // It stands there from the beginning on, so that it is there however this ends.
            Some(tag) => {
                // Not through a link that somebody has put there.
                let _ = fs::remove_file(&path);
                let written = fs::write(&path, tag.as_bytes());
                written.map_err(|error| cannot("write", &path, error))?;
            }
            None => drop(fs::remove_file(&path)),
        }
        self.version = version;
        Ok(())
    }

    /// Where it will be.
    pub(super) fn whole(&self) -> &Path {
        &self.whole
    }

    /// How many bytes are there.
    pub(super) fn there(&self) -> u64 {
        self.there
    }

    /// Takes the server's time for the file, which may have been left without it.
    pub(super) fn learn(&mut self, version: &Version) {
        if version.changed.is_some() {
            self.version.changed = version.changed;
            self.version.is_settled = version.is_settled;
        }
    }

    /// What the server's file is known by.
    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    pub(super) fn write(&mut self, block: &[u8]) -> Result<(), LocalError> {
        if let Some(part) = &mut self.part {
            let written = part.write(block);
            written.map_err(|error| cannot("write", &path_beside(&self.whole), error))?;
        }
        self.there += block.len() as u64;
        Ok(())
    }

    /// Puts it in its place, whole.
    pub(super) fn keep(mut self) -> Result<(), LocalError> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        part.keep(self.version.changed)?;
        // Without its part it says nothing.
        let _ = fs::remove_file(mark_beside(&self.whole));
        Ok(())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let Some(part) = self.part.take() else {
            return;
        };
        let stays = match self.version.condition() {
            Some(_) if !self.is_named_by_server => {
                part.leave(self.version.changed.filter(|_| self.version.is_settled))
            }
            _ => {
                part.remove();
                false
            }
        };
        if !stays {
            let _ = fs::remove_file(mark_beside(&self.whole));
        }
    }
}

/// A whole file that is there already: how long it is, and by what it is known.
pub(super) fn whole_file(path: &Path) -> Option<(u64, Version)> {
    let known = fs::metadata(path).ok().filter(|known| known.is_file())?;
    let version = Version {
        tag: None,
        changed: known.modified().ok(),
        is_settled: true,
    };
    Some((known.len(), version))
}

/// The tag that was written down beside a part; nothing if there is none, or what is there is no tag.
fn tag(whole: &Path) -> Option<HeaderValue> {
    let mut text = Vec::new();
    let file = File::open(mark_beside(whole)).ok()?;
    file.take(MAXIMUM_TAG).read_to_end(&mut text).ok()?;
    HeaderValue::from_bytes(&text)
        .ok()
        .filter(|_| is_strong(&text))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn tagged(tag: &'static str) -> Version {
        Version {
            tag: Some(HeaderValue::from_static(tag)),
            ..Version::default()
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_beginning_stays_with_what_it_is_known_by() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("a");
        let mut kept = Kept::begin(&whole, tagged("\"1\"")).expect("begun");
        kept.write(b"hello").expect("written");
        drop(kept);
        assert_eq!(names(folder.path()), ["a.part", "a.part.etag"]);
        let kept = Kept::left(&whole).expect("readable").expect("left");
        assert_eq!(
            (kept.there(), kept.version().tag.clone()),
            (5, tagged("\"1\"").tag)
        );
        kept.keep().expect("kept");
        assert_eq!(names(folder.path()), ["a"]);
        assert!(Kept::left(&whole).expect("readable").is_none());

        let changed = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let timed = Version {
            changed: Some(changed),
            is_settled: true,
            ..Version::default()
        };
        let mut kept = Kept::begin(&whole, timed.clone()).expect("begun");
        kept.write(b"hello").expect("written");
        drop(kept);
        let kept = Kept::left(&whole).expect("readable").expect("left");
        assert_eq!(kept.version(), &timed);
        // Nothing of it stays as soon as it is another one that cannot be known again.
        let mut kept = kept;
        kept.restart(Version::default()).expect("restarted");
        kept.write(b"x").expect("written");
        drop(kept);
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn what_is_no_tag_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("a");
        fs::write(path_beside(&whole), "hello").expect("written");
        for wrong in ["W/\"1\"", "1", "\"1\"\r\nX: y", ""] {
            fs::write(mark_beside(&whole), wrong).expect("written");
            let kept = Kept::left(&whole).expect("readable").expect("left");
            assert_eq!(kept.version().tag, None, "{wrong}");
            drop(kept);
        }
    }
}
