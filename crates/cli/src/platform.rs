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

/// While this is there, what is typed is not seen; and then the terminal is as it was.
#[cfg(unix)]
pub struct Unseen(Option<nix::sys::termios::Termios>);

#[cfg(unix)]
impl Unseen {
    /// Has the terminal that is standard input show nothing of what is typed.
    pub fn begin() -> Self {
        use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

        let Ok(before) = tcgetattr(io::stdin()) else {
            return Unseen(None);
        };
        let mut unseen = before.clone();
        unseen.local_flags.remove(LocalFlags::ECHO);
        let is_set = tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &unseen).is_ok();
        Unseen(is_set.then_some(before))
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        use nix::sys::termios::{SetArg, tcsetattr};

        if let Some(before) = &self.0 {
            // A terminal that has gone needs nothing.
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, before);
        }
    }
}

/// While this is there, what is typed is not seen: not known how, here.
#[cfg(not(unix))]
pub struct Unseen;

#[cfg(not(unix))]
impl Unseen {
    /// Does nothing.
    pub fn begin() -> Self {
        Unseen
    }
}
