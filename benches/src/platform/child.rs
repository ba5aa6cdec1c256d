//! Servers that are other programs: started, read by their clocks, and told to end.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// What a server's process is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    /// The processor that it stays on; any if none.
    pub processor: Option<usize>,
    /// How many files it may have open; as many as we may if none.
    pub open_files: Option<u64>,
    /// Whether its deadlines are made short, where that is known how.
    pub hurried: bool,
}

/// How a process is asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// SIGTERM: to end in order.
    Terminate,
    /// SIGHUP: to read its files again.
    Reload,
    /// SIGKILL: to end at once, in no order.
    Kill,
}

/// Another program, killed when dropped.
pub struct Process {
    child: Child,
    clock: ClockId,
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a program; what it says on standard error goes to the file `log`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start<S: AsRef<OsStr>>(given: Given, log: &Path, command: &[S]) -> io::Result<Process> {
        let mut launch = Command::new(std::env::current_exe()?);
        launch.arg("launch");
        for (option, value) in [
            ("--processor", given.processor.map(|value| value as u64)),
            ("--open-files", given.open_files),
        ] {
            if let Some(value) = value {
                launch.arg(option).arg(value.to_string());
            }
        }
        let mut child = launch
            .arg("--")
            .args(command)
            // Node of Debian finds its packages by itself, others are told where they are.
            .env("NODE_PATH", "/usr/share/nodejs")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()?;
        let output = child.stdout.take().map(BufReader::new);
        let clock = clock_getcpuclockid(pid(&child))?;
        Ok(Process {
            child,
            clock,
            output,
        })
    }

    /// The next line that it prints; empty at the end.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if let Some(output) = &mut self.output {
            output.read_line(&mut line)?;
        }
        Ok(line)
    }

    /// The processor time that all its threads have used, and the processes that it has forked.
    /// The time of those that it has waited for is told in hundredths of a second, so that what is
    /// told may be less by one of them, once such a process is waited for.
    pub fn processor_time(&self) -> io::Result<Duration> {
        let own: Duration = self.clock.now()?.into();
        let process = self.child.id();
        let alive = self.children()?.into_iter().filter_map(|child| {
            let clock = clock_getcpuclockid(Pid::from_raw(child)).ok()?;
            // One that has ended just now is counted with those that were waited for.
            clock.now().ok().map(Duration::from)
        });
        let alive: Duration = alive.sum();
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name in front may hold anything; behind it, these are the 14th and 15th.
        let fields = stat.rsplit(") ").next().unwrap_or_default();
        let ticks = fields.split(' ').skip(13).take(2);
        let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(own + alive + Duration::from_millis(ticks * 10))
    }

    /// The memory that is its own and written to, and that of the processes that it has forked, in bytes.
    pub fn private_memory(&self) -> io::Result<u64> {
        let mut sum = self.kilobytes("smaps_rollup", "Private_Dirty:")?;
        for child in self.children()? {
            sum += kilobytes(child, "smaps_rollup", "Private_Dirty:")?;
        }
        Ok(sum)
    }

    /// The memory that it has now, in bytes.
    pub fn resident_memory(&self) -> io::Result<u64> {
        self.kilobytes("status", "VmRSS:")
    }

    /// The most memory that it has had, in bytes.
    pub fn most_memory(&self) -> io::Result<u64> {
        self.kilobytes("status", "VmHWM:")
    }

    /// The processes that it has forked and that live.
    fn children(&self) -> io::Result<Vec<i32>> {
        let process = self.child.id();
        let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
        Ok(children
            .split_whitespace()
            .filter_map(|child| child.parse().ok())
            .collect())
    }

    fn kilobytes(&self, file: &str, key: &str) -> io::Result<u64> {
        kilobytes(self.child.id().cast_signed(), file, key)
    }

    /// Sends it a signal.
    pub fn ask(&self, what: Ask) -> io::Result<()> {
        let signal = match what {
            Ask::Terminate => Signal::SIGTERM,
            Ask::Reload => Signal::SIGHUP,
            Ask::Kill => Signal::SIGKILL,
        };
        Ok(kill(pid(&self.child), signal)?)
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits until it has ended, for at most so long.
    pub fn wait(&mut self, patience: Duration) -> io::Result<Option<ExitStatus>> {
        let end = Instant::now() + patience;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= end {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked first, since some have children that only they can end. An error means
        // that it has ended already, which is what is wanted.
        let _ = self.ask(Ask::Terminate);
        let patience = Duration::from_millis(300);
        if !matches!(self.wait(patience), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What a file of a process says for `key`, in bytes.
fn kilobytes(process: i32, file: &str, key: &str) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}"))?;
    text.lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse::<u64>().ok())
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| io::Error::other(format!("{file} has no line for {key}")))
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}
