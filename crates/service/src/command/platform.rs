//! What the command server asks of one system or another: its name, and groups of processes.

use std::io;
use std::process::ExitStatus;

use tokio::process::{Child, Command};

/// The system's name, its release, and the machine.
#[cfg(unix)]
pub fn system() -> [(&'static str, String); 3] {
    let names = rustix::system::uname();
    let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
    [
        ("system", text(names.sysname())),
        ("release", text(names.release())),
        ("machine", text(names.machine())),
    ]
}

/// The system's name, its release, and the machine, as far as they were known when this was built.
#[cfg(not(unix))]
pub fn system() -> [(&'static str, String); 3] {
    [
        ("system", std::env::consts::OS.into()),
        ("release", "unknown".into()),
        ("machine", std::env::consts::ARCH.into()),
    ]
}

/// Has the program be the first of a group of its own, with all that it starts.
#[cfg(unix)]
pub fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// Does nothing: there are no such groups.
#[cfg(not(unix))]
pub fn own_group(_: &mut Command) {}

/// Ends a program that still runs, and its group.
#[cfg(unix)]
pub fn end_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    // It has a number until it was waited for, so this is nobody else's.
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(group) = group {
        // All of it may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Ends a program that still runs.
#[cfg(not(unix))]
pub fn end_group(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.start_kill();
}

/// A pipe that can be read without waiting.
#[cfg(unix)]
pub use std::os::fd::AsFd as Pipe;

/// Any pipe.
#[cfg(not(unix))]
pub trait Pipe {}

#[cfg(not(unix))]
impl<P> Pipe for P {}

/// What a pipe has now, without waiting for more: nothing at its end, and an error of
/// [`WouldBlock`](io::ErrorKind::WouldBlock) if somebody may still write to it.
#[cfg(unix)]
pub fn read_now(pipe: &impl Pipe, buffer: &mut [u8]) -> io::Result<usize> {
    // The runtime has made it one that does not wait.
    Ok(rustix::io::read(pipe, buffer)?)
}

/// Nothing: here a pipe is read to its end before its program is waited for.
#[cfg(not(unix))]
pub fn read_now(_: &impl Pipe, _: &mut [u8]) -> io::Result<usize> {
    Ok(0)
}

/// The number of the signal that ended a program, if one did.
#[cfg(unix)]
pub fn signal_of(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;

    status.signal()
}

/// None: there are no signals.
#[cfg(not(unix))]
pub fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Makes a symbolic link.
#[cfg(all(test, unix))]
pub fn link(to: &std::path::Path, at: &std::path::Path) {
    std::os::unix::fs::symlink(to, at).expect("a link");
}
