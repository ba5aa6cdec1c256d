//! A program beside the test: started, spoken with line by line, and ended whatever happens.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a program may take for anything that it is waited for: far longer than on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// A running program. Killed when dropped.
pub struct Peer {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    notes: Receiver<String>,
    errors: Option<JoinHandle<String>>,
}

/// How a program ended: what it still had to say, and its status.
pub struct Ended {
    /// The lines of its standard output that were not read before.
    pub lines: Vec<String>,
    /// All of its standard error.
    pub errors: String,
    /// Its status.
    pub status: ExitStatus,
}

impl Peer {
    /// Starts a program with its standard input open.
    ///
    /// A program that is not there fails the test: a judge who did not come must not look
    /// like one who found nothing.
    pub fn start(command: &mut Command) -> Peer {
        let name = format!("{command:?}");
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("{name}: the program is not installed; .ci/run installs what is needed")
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let output = child.stdout.take().expect("it is piped");
        let errors = child.stderr.take().expect("it is piped");
        let (sender, lines) = channel();
        thread::spawn(move || pass_on(output, &sender));
        let (sender, notes) = channel();
        let errors = thread::spawn(move || pass_on(errors, &sender));
        Peer {
            name,
            input: child.stdin.take(),
            child,
            lines,
            notes,
            errors: Some(errors),
        }
    }

    /// Its number among the processes.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its standard input.
    pub fn say(&mut self, text: &str) {
        let input = self.input.as_mut().expect("its input is open");
        let written = input
            .write_all(text.as_bytes())
            .and_then(|()| input.flush());
        if let Err(error) = written {
            let errors = self.kill();
            panic!("{}: its input: {error}; it said: {errors}", self.name);
        }
    }

    /// Closes its standard input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// The next line of its standard output, without the line end.
    pub fn line(&mut self) -> String {
        let line = self.lines.recv_timeout(DEADLINE);
        self.awaited(line)
    }

    /// The next line of its standard error, without the line end.
    pub fn note(&mut self) -> String {
        let line = self.notes.recv_timeout(DEADLINE);
        self.awaited(line)
    }

    fn awaited(&mut self, line: Result<String, RecvTimeoutError>) -> String {
        match line {
            Ok(line) => line,
            Err(reason) => {
                let errors = self.kill();
                let what = match reason {
                    RecvTimeoutError::Timeout => "printed nothing for two minutes",
                    RecvTimeoutError::Disconnected => "ended where a line was awaited",
                };
                panic!("{}: {what}; it said: {errors}", self.name)
            }
        }
    }

    /// Waits until something is so, for which nothing can be read.
    pub fn wait_until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) {
        let end = Instant::now() + DEADLINE;
        while !is_so() {
            let ended = matches!(self.child.try_wait(), Ok(Some(_)));
            if ended || Instant::now() > end {
                let errors = self.kill();
                panic!("{}: not {what}; it said: {errors}", self.name);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, signal: &str) {
        let command = format!("kill -{signal} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &command]).status();
        assert!(status.is_ok_and(|status| status.success()), "{command}");
    }

    /// What stands behind `ready ` on the line that says that a server listens.
    pub fn ready(&mut self) -> String {
        let line = self.line();
        match line.strip_prefix("ready ") {
            Some(address) => address.to_string(),
            None => panic!("{}: {line:?} came before it was ready", self.name),
        }
    }

    /// Closes its input and waits for its end.
    pub fn finish(mut self) -> Ended {
        self.end_input();
        self.wait()
    }

    /// Waits for its end, with its input as it is.
    pub fn wait(mut self) -> Ended {
        let end = Instant::now() + DEADLINE;
        let mut lines = Vec::new();
        loop {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let errors = self.kill();
                    panic!(
                        "{}: did not end in two minutes; it printed {lines:?} and said: {errors}",
                        self.name
                    );
                }
            }
        }
        // Its output is closed, so that its end is near.
        let status = self.child.wait().expect("it can be waited for");
        let errors = self.errors.take().map(JoinHandle::join);
        Ended {
            lines,
            errors: errors.and_then(Result::ok).unwrap_or_default(),
            status,
        }
    }

    /// Waits for its end, which must be a success, and returns what it printed.
    pub fn succeed(self) -> Vec<String> {
        let name = self.name.clone();
        let ended = self.finish();
        assert!(
            ended.status.success(),
            "{name}: {}; it printed {:?} and said: {}",
            ended.status,
            ended.lines,
            ended.errors
        );
        ended.lines
    }

    fn kill(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let errors = self.errors.take().map(JoinHandle::join);
        errors.and_then(Result::ok).unwrap_or_default()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends each line on, and returns all of them when there are no more.
fn pass_on(output: impl Read, lines: &Sender<String>) -> String {
    let mut all = String::new();
    for line in BufReader::new(output).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line).into_owned();
        all.push_str(&line);
        all.push('\n');
        // Whoever listened may be gone; the program must still be able to write.
        let _ = lines.send(line);
    }
    all
}

/// Starts a program by its name.
pub fn program<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>) -> Peer {
    Peer::start(Command::new(name).args(arguments))
}

/// Starts one of the Python programs in `peers/`.
///
/// The interpreter is `LARIAT_PYTHON`, else that of the environment which `.ci/run` makes.
pub fn python<A: AsRef<OsStr>>(script: &str, arguments: impl IntoIterator<Item = A>) -> Peer {
    let root = root();
    let interpreter = std::env::var_os("LARIAT_PYTHON").map_or_else(
        || root.join("target/interop-venv/bin/python"),
        PathBuf::from,
    );
    let script = root.join("tests/interop/peers").join(script);
    Peer::start(Command::new(interpreter).arg(script).args(arguments))
}

/// Python's web server of the files in a folder, and where it listens: at the address that every system
/// knows by name, since it asks for its own before it listens.
pub fn python_files(folder: &str) -> (Peer, SocketAddrV4) {
    let arguments = ["-u", "-m", "http.server", "0"];
    let place = ["--bind", "127.0.0.1", "--directory", folder];
    let mut server = program("python3", arguments.into_iter().chain(place));
    let line = server.line();
    let port = line
        .split_once(" port ")
        .and_then(|(_, rest)| rest.split(' ').next())
        .and_then(|port| port.parse().ok());
    let port = port.unwrap_or_else(|| panic!("{line:?} says no port"));
    (server, SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// The top of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
}
