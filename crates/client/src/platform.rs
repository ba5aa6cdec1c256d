//! What is asked of the system about files.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::path::Path;
use std::time::SystemTime;
#[cfg(unix)]
use std::time::{Duration, UNIX_EPOCH};

#[cfg(all(test, unix))]
pub(crate) use std::os::unix::fs::symlink;

/// Says who may do what with a file, without another program: until that one runs, it would hold the locks of all files here.
#[cfg(all(test, unix))]
pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

/// When a file was changed here for the last time: its content, or which file it is. One that is put in the place of
/// another may have any time for its content, but that of its place is the system's.
#[cfg(unix)]
pub(crate) fn changed(known: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;

    let since = Duration::new(
        known.ctime().try_into().ok()?,
        known.ctime_nsec().try_into().ok()?,
    );
    let placed = UNIX_EPOCH.checked_add(since)?;
    known.modified().ok().map(|modified| modified.max(placed))
}

/// Only the time of its content is known here.
#[cfg(not(unix))]
pub(crate) fn changed(known: &Metadata) -> Option<SystemTime> {
    known.modified().ok()
}

/// Whether an open file is the one that stands under this path now.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let open = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// It is taken for that: how to know it is not known here.
#[cfg(not(unix))]
pub(crate) fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// What is created by these options may be opened by its owner alone.
#[cfg(unix)]
pub(crate) fn create_private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;

    options.mode(0o600);
}

/// Who may open a new file is for its folder to say here.
#[cfg(not(unix))]
pub(crate) fn create_private(_options: &mut OpenOptions) {}

/// The same, with leave for the owner to write.
#[cfg(unix)]
pub(crate) fn with_writing(mut permissions: Permissions) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;

    permissions.set_mode(permissions.mode() | 0o200);
    Some(permissions)
}

/// The same where there is leave to write; what else there is, is not known here.
#[cfg(not(unix))]
pub(crate) fn with_writing(permissions: Permissions) -> Option<Permissions> {
    (!permissions.readonly()).then_some(permissions)
}
