//! A forking server in a process of its own, as its tests see it from outside.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::SERVED;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server in a process of its own.
pub struct Served {
    pub child: Child,
    output: BufReader<ChildStdout>,
    pub address: String,
}

impl Served {
    pub fn start(scenario: &str, folder: Option<&str>) -> Served {
        Self::start_after("true", scenario, folder)
    }

    /// After something that the shell has done, which is the server then.
    pub fn start_after(first: &str, scenario: &str, folder: Option<&str>) -> Served {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{first} && exec \"$0\"")])
            .arg(env::current_exe().expect("this program"))
            .env(SERVED, scenario)
            .env("LARIAT_FOLDER", folder.unwrap_or_default())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it speaks");
        let address = line
            .strip_prefix("at ")
            .expect("an address")
            .trim()
            .to_string();
        Served {
            child,
            output,
            address,
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream
    }

    pub fn terminate(&self) {
        let kill = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(kill.expect("kill").success());
    }

    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it speaks");
        line.trim().to_string()
    }

    /// Ends it by SIGTERM. Returns what it said then.
    pub fn end(mut self) -> (String, ExitStatus) {
        self.terminate();
        self.finished()
    }

    pub fn finished(&mut self) -> (String, ExitStatus) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("it speaks");
        (rest, self.child.wait().expect("it ends"))
    }

    /// What the system calls the processes that it has forked: their states.
    pub fn children(&self) -> Vec<String> {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.expect("Linux");
        let state = |child: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
            stat.rsplit(") ")
                .next()?
                .split(' ')
                .next()
                .map(String::from)
        };
        children.split_whitespace().filter_map(state).collect()
    }

    /// How much memory it has, in KiB.
    pub fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let amount = line.and_then(|line| line.trim().strip_suffix(" kB"));
        amount.expect("an amount").parse().expect("a number")
    }

    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).expect("Linux").count()
    }

    /// Waits until it has no more than so many: what belongs to a process that has ended is closed
    /// a moment after it was reaped.
    pub fn comes_down_to(&self, most: usize) {
        let over = Instant::now() + PATIENCE;
        while self.descriptors() > most {
            assert!(
                Instant::now() < over,
                "{most} became {}",
                self.descriptors()
            );
            std::thread::yield_now();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn ask(mut stream: impl Read + Write, words: &[u8], end: impl FnOnce()) -> Vec<u8> {
    stream.write_all(words).expect("it reads");
    end();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    answer
}

pub fn ask_tcp(stream: &TcpStream, words: &[u8]) -> Vec<u8> {
    ask(stream, words, || {
        stream.shutdown(Shutdown::Write).expect("connected");
    })
}

/// Says a line and hears one.
pub fn line(stream: &TcpStream, words: &str) -> String {
    let mut stream = BufReader::new(stream);
    stream
        .get_mut()
        .write_all(words.as_bytes())
        .expect("it reads");
    let mut line = String::new();
    stream.read_line(&mut line).expect("it answers");
    line
}
