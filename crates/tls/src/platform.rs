//! What the operating systems do differently with files that hold secrets.
//!
//! The one file of this crate that may use what only Unix has.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a file that nobody but its owner can read, from its first moment.
///
/// It is an error that the file is there already.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Creates a folder that nobody but its owner can enter; one that is there
/// already is left as it is.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        result => result,
    }
}

/// Makes the names in a folder outlast a loss of power.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    // Only Unix can open a folder to synchronise it; elsewhere the file
    // system keeps its own order.
    if cfg!(unix) {
        File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}
