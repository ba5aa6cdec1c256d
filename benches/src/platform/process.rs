//! Processes that are measured: started on a processor of their own, read by their clocks.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::prctl;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// A server in a process of its own, killed when dropped.
pub struct Server {
    child: Child,
    clock: ClockId,
    address: SocketAddr,
}

impl Server {
    /// Starts this program again with `arguments`, and waits for the address that it prints.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or ends without printing an address.
    pub fn start(arguments: &[&str]) -> io::Result<Server> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let clock = clock_getcpuclockid(pid(&child))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(|_| {
            let said = line.trim();
            io::Error::other(format!("the server printed no address but {said:?}"))
        })?;
        Ok(Server {
            child,
            clock,
            address,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The processor time that all its threads have used.
    pub fn processor_time(&self) -> io::Result<Duration> {
        Ok(self.clock.now()?.into())
    }

    /// The memory that is its own and written to, in bytes.
    pub fn private_memory(&self) -> io::Result<usize> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(path)?;
        let kilobytes = text
            .lines()
            .find_map(|line| line.strip_prefix("Private_Dirty:"))
            .and_then(|rest| rest.trim().strip_suffix(" kB"))
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| io::Error::other("smaps_rollup has no line for Private_Dirty"))?;
        Ok(kilobytes * 1024)
    }

    /// Counts its system calls while `work` runs. `None` when the kernel does not let us.
    pub fn count_system_calls<T>(
        &self,
        work: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<(T, Option<u64>)> {
        let counter = SystemCallCounter::start(self.child.id());
        let result = work()?;
        Ok((result, counter.and_then(SystemCallCounter::stop)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `perf stat`, attached to a process: it counts in the kernel and stops nobody, where
/// `strace` would slow the server down so much that requests gather and share their calls.
struct SystemCallCounter(Child);

impl SystemCallCounter {
    fn start(process: u32) -> Option<Self> {
        let mut child = Command::new("perf")
            .args(["stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p"])
            .arg(process.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        // It says nothing when it has attached; what it counts is checked by its own
        // events, which exist once its descriptors do.
        let descriptors = format!("/proc/{}/fd", child.id());
        let attached = |path: &str| {
            let entries = fs::read_dir(path).ok()?;
            let mut links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
            links
                .any(|link| link.to_string_lossy().contains("perf_event"))
                .then_some(())
        };
        while attached(&descriptors).is_none() {
            if child.try_wait().ok()?.is_some() {
                return None;
            }
            std::thread::yield_now();
        }
        Some(SystemCallCounter(child))
    }

    fn stop(self) -> Option<u64> {
        // It prints what it has counted when it is interrupted.
        kill(pid(&self.0), Signal::SIGINT).ok()?;
        let output = self.0.wait_with_output().ok()?;
        let text = String::from_utf8(output.stderr).ok()?;
        let line = text.lines().find(|line| line.contains("sys_enter"))?;
        line.split(',').next()?.parse().ok()
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// The processors that this process may use.
pub fn processors() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::this())?;
    Ok((0..CpuSet::count())
        .filter(|&processor| set.is_set(processor).unwrap_or(false))
        .collect())
}

/// Keeps the calling thread, and those that it starts, on one processor.
pub fn stay_on(processor: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    Ok(sched_setaffinity(Pid::this(), &set)?)
}

/// The processor time of all processes that this one has started and waited for.
pub fn processor_time_of_children() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    Ok(times
        .iter()
        .map(|time| Duration::from_micros(time.num_microseconds().cast_unsigned()))
        .sum())
}

/// Ends this process when the one that started it ends.
pub fn end_with_parent() -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)
}

/// Allows as many open files as the system lets us have; returns how many.
pub fn raise_open_files() -> io::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

/// Two processors: for the server and for its load.
pub fn two_processors() -> io::Result<(usize, usize)> {
    match processors()?[..] {
        [for_server, for_load, ..] => Ok((for_server, for_load)),
        _ => Err(io::Error::other(
            "two processors are needed, one for each side",
        )),
    }
}
