//! Runs another program in place of this one: on one processor, with so many open files, and
//! ended with the process that started it.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::process;

/// Becomes `command`; returns only when that fails.
pub fn launch(
    processor: Option<usize>,
    open_files: Option<u64>,
    command: &[OsString],
) -> io::Result<()> {
    process::end_with_parent()?;
    if let Some(processor) = processor {
        process::stay_on(processor)?;
    }
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let limit = open_files.unwrap_or(hard).min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, limit, limit)?;
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::other("there is no program to start"))?;
    Err(Command::new(program).args(arguments).exec())
}
