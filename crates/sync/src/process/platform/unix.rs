//! Socket pairs, process groups and resource limits.

use std::io::{self, IsTerminal};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, dup2_stdin, getpgrp, getpid};

use crate::process::limits::Limits;
use crate::process::worker::MARK;

/// Both directions between the program and a worker.
pub type Stream = UnixStream;

/// Starts a worker, whose standard input is the other end of the stream.
pub fn start(program: Option<&Path>) -> io::Result<(Stream, Child)> {
    let (stream, others) = UnixStream::pair()?;
    let mut command = match program {
        Some(program) => Command::new(program),
        None => this_program()?,
    };
    command
        .arg(MARK)
        .stdin(Stdio::from(OwnedFd::from(others)))
        .process_group(0);
    let child = command.spawn()?;
    Ok((stream, child))
}

/// This program as it runs, even if its file has been replaced since.
#[cfg(target_os = "linux")]
fn this_program() -> io::Result<Command> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(std::env::current_exe()?);
    Ok(command)
}

#[cfg(not(target_os = "linux"))]
fn this_program() -> io::Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

/// What is started, for people.
pub fn name(program: Option<&Path>) -> String {
    match program {
        Some(program) => program.display().to_string(),
        None => std::env::current_exe().map_or_else(
            |_| "this program".to_owned(),
            |path| path.display().to_string(),
        ),
    }
}

/// How long a read or a write may take.
pub fn set_timeouts(stream: &Stream, limit: Option<Duration>) -> io::Result<()> {
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)
}

/// Tells the worker that nothing more comes.
pub fn end_of_calls(stream: &Stream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)
}

/// Whether a process has ended. Unlike std's `try_wait` this leaves it to be buried, so its number is
/// not another's yet, and names the group in which what it started may still run.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
pub fn has_ended(child: &mut Child) -> bool {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    let Ok(pid) = i32::try_from(child.id()) else {
        return true;
    };
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(Pid::from_raw(pid)), look) != Ok(WaitStatus::StillAlive)
}

/// Whether a process has ended. A group keeps its number as long as somebody is in it, so it is named by
/// that although its first process is buried here.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
pub fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// Kills a worker and whatever it started and left in its group.
pub fn kill_group(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        // That nobody is left to be killed is as well.
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// How a process ended, in words, and which of its limits that looks like.
pub fn how(status: ExitStatus, limits: &Limits) -> String {
    let Some(number) = status.signal() else {
        let code = status.code().unwrap_or_default();
        return format!("ended with exit code {code}");
    };
    let signal = Signal::try_from(number).ok();
    let name = signal.map_or(String::new(), |signal| format!(" ({signal})"));
    let limit = match signal {
        Some(Signal::SIGXCPU) => limits
            .task_seconds
            .map(|seconds| format!("over its limit of {seconds} s of processor time")),
        Some(Signal::SIGXFSZ) => limits
            .file_size
            .map(|bytes| format!("over its limit of {bytes} bytes for a file")),
        Some(Signal::SIGABRT) => limits
            .memory
            .map(|bytes| format!("perhaps over its limit of {bytes} bytes of memory")),
        _ => None,
    };
    let limit = limit.map_or(String::new(), |limit| format!(", {limit},"));
    format!("was killed by signal {number}{name}{limit}")
}

/// Takes the stream that a worker is started with off its standard input, so that nothing that
/// a task reads or prints, and nothing that it starts, gets between the frames.
pub fn take_stream() -> io::Result<Stream> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(io::Error::other("standard input is a terminal"));
    }
    // The duplicate is not inherited by what a task starts.
    let stream = UnixStream::from(stdin.as_fd().try_clone_to_owned()?);
    stream.local_addr()?;
    dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(stream)
}

/// Ends this process, and what it started, as soon as the program at the other end is gone,
/// whatever a task is doing.
pub fn end_with_the_program(stream: &Stream) -> io::Result<()> {
    let stream = stream.try_clone()?;
    let watch = move || {
        // Nothing is asked for, so only the end of both directions wakes it.
        let mut watched = [PollFd::new(stream.as_fd(), PollFlags::empty())];
        while poll(&mut watched, PollTimeout::NONE).is_err() {}
        if getpgrp() == getpid() {
            let _ = killpg(getpgrp(), Signal::SIGKILL);
        }
        std::process::exit(1);
    };
    let builder = std::thread::Builder::new().name("worker's end".to_owned());
    builder.stack_size(64 << 10).spawn(watch)?;
    Ok(())
}

/// Sets what lasts for the worker's whole life. `Err` says in words what cannot be set.
pub fn apply(limits: &Limits) -> Result<(), String> {
    let set = |what: &str, resource, limit: Option<u64>| {
        let Some(limit) = limit else { return Ok(()) };
        let set = setrlimit(resource, limit, limit);
        set.map_err(|error| format!("{what} cannot be limited to {limit}: {}", error.desc()))
    };
    set("a core dump", Resource::RLIMIT_CORE, Some(0))?;
    set("descriptors", Resource::RLIMIT_NOFILE, limits.descriptors)?;
    set("a file's size", Resource::RLIMIT_FSIZE, limits.file_size)?;
    #[cfg(not(any(target_os = "openbsd", target_os = "netbsd")))]
    set("memory", Resource::RLIMIT_AS, limits.memory)?;
    #[cfg(any(target_os = "openbsd", target_os = "netbsd"))]
    set("memory", Resource::RLIMIT_DATA, limits.memory)?;
    Ok(())
}

/// Sets what is counted anew for each task.
pub fn begin_task(limits: &Limits) -> io::Result<()> {
    let Some(seconds) = limits.task_seconds else {
        return Ok(());
    };
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    // Both are cut to whole seconds, and so is what the system compares with.
    let used = u64::try_from(used).unwrap_or_default() + 1;
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    setrlimit(Resource::RLIMIT_CPU, (used + seconds).min(hard), hard)?;
    Ok(())
}
