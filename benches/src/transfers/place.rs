//! Where the files are: in memory, so that no disk is measured.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{SMALL, Task};

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// The one large file's name.
pub const NAME: &str = "large";

/// The folder of the small ones.
pub const FOLDER: &str = "many";

/// What a server serves, and what a client has.
pub struct Place {
    folder: TempDir,
    pub large: u64,
    pub many: usize,
    /// How many articles are listed.
    pub overviews: usize,
}

impl Place {
    /// Makes the files, on both sides.
    pub fn fill(large: u64, many: usize, overviews: usize) -> io::Result<Place> {
        let folder = match Path::new(MEMORY).is_dir() {
            true => tempfile::tempdir_in(MEMORY)?,
            false => tempfile::tempdir()?,
        };
        let place = Place {
            folder,
            large,
            many,
            overviews,
        };
        open_to_all(place.folder.path())?;
        for side in [place.served(), place.owned()] {
            let small = side.join(FOLDER);
            fs::create_dir_all(&small)?;
            write_large(&side.join(NAME), large)?;
            for number in 0..many {
                fs::write(small.join(small_name(number)), [b'x'; SMALL])?;
            }
            open_to_all(&side)?;
            open_to_all(&small)?;
        }
        place.clear()?;
        Ok(place)
    }

    /// What the server has.
    pub fn served(&self) -> PathBuf {
        self.folder.path().join("served")
    }

    /// What the client has.
    pub fn owned(&self) -> PathBuf {
        self.folder.path().join("owned")
    }

    /// Where the server puts what is sent.
    pub fn sent(&self) -> PathBuf {
        self.served().join("sent")
    }

    /// Where the client puts what is fetched.
    pub fn fetched(&self) -> PathBuf {
        self.owned().join("fetched")
    }

    /// Takes away what was moved.
    pub fn clear(&self) -> io::Result<()> {
        for folder in [self.sent(), self.fetched()] {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir(&folder)?;
            open_to_all(&folder)?;
        }
        Ok(())
    }

    /// Whether all of it has arrived that a task moves, or what is missing.
    pub fn check(&self, task: Task) -> io::Result<()> {
        let there = match task {
            Task::FetchLarge | Task::FetchMany => self.fetched(),
            Task::SendLarge | Task::SendMany | Task::SendForm => self.sent(),
            Task::List => return self.check_list(),
        };
        let (files, bytes) = contents(&there)?;
        let wanted = match task {
            Task::FetchMany | Task::SendMany => (self.many, (self.many * SMALL) as u64),
            _ => (1, self.large),
        };
        let is_all = match task {
            // With what a form has around it.
            Task::SendForm => files == 1 && bytes > self.large,
            _ => (files, bytes) == wanted,
        };
        if is_all {
            return Ok(());
        }
        let words = format!("{files} files with {bytes} bytes arrived");
        Err(io::Error::other(words))
    }

    /// Whether the list has a line for each article.
    fn check_list(&self) -> io::Result<()> {
        let list = fs::read(self.fetched().join(NAME))?;
        let lines = list.iter().filter(|byte| **byte == b'\n').count();
        match lines == self.overviews {
            true => Ok(()),
            false => Err(io::Error::other(format!("{lines} articles are listed"))),
        }
    }
}

/// What a small file is called.
pub fn small_name(number: usize) -> String {
    format!("f{number:05}")
}

fn write_large(path: &Path, length: u64) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut block = [0_u8; 4096];
    for (at, byte) in block.iter_mut().enumerate() {
        *byte = (at ^ (at >> 8)) as u8;
    }
    for _ in 0..length / block.len() as u64 {
        file.write_all(&block)?;
    }
    file.flush()
}

/// Servers serve as nobody.
fn open_to_all(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o777))
}

/// How many files there are below a folder, and how long they are together.
fn contents(folder: &Path) -> io::Result<(usize, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let known = entry.metadata()?;
        let (more, longer) = match known.is_dir() {
            true => contents(&entry.path())?,
            false => (1, known.len()),
        };
        files += more;
        bytes += longer;
    }
    Ok((files, bytes))
}
