//! What is asked of the system for this process itself: descriptors, and files that nobody else
//! reads.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Allows this process as many descriptors as the system lets it have. Returns how many that
/// were and are, where the system counts them.
#[cfg(unix)]
pub fn raise_descriptor_limit() -> Option<(u64, u64)> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    // Some systems have a hard limit that they do not take as a soft one.
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    // The type is narrower on some systems.
    #[allow(clippy::useless_conversion)]
    Some((soft.into(), if raised { hard.into() } else { soft.into() }))
}

/// Nothing: descriptors are not counted here.
#[cfg(not(unix))]
pub fn raise_descriptor_limit() -> Option<(u64, u64)> {
    None
}

/// Creates a file that there is not yet, for this user alone where files have permissions.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Creates a folder and those that it is in, for this user alone where files have permissions.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}
