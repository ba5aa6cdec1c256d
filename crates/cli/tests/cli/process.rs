//! The built binary as a child: started, written to, read from, and never left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take that should take no time: far longer than a busy machine needs.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The command with these arguments, apart from what the caller's environment says.
pub fn lariat(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lariat"));
    command.args(arguments);
    for variable in [
        "RUST_LOG",
        "NO_COLOR",
        "LARIAT_NAMES",
        "LARIAT_STATE",
        "XDG_STATE_HOME",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ] {
        command.env_remove(variable);
    }
    command
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub output: Vec<u8>,
    pub errors: String,
}

impl Outcome {
    /// Its standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.output.clone()).unwrap()
    }

    /// Looks whether it has failed with this code, and one line in which these words are; `arguments` are what it
    /// was told.
    pub fn assert_failed(&self, code: i32, words: &str, arguments: &[&str]) {
        let errors = &self.errors;
        assert_eq!(self.code, Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(words), "{arguments:?}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

/// Runs the command to its end with this input.
pub fn run(arguments: &[&str], input: &[u8]) -> Outcome {
    let mut running = Running::start(arguments);
    let mut stdin = running.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that ends before it has read everything is no error of the input's.
    let writing = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let outcome = running.finish();
    writing.join().unwrap();
    outcome
}

/// A running command; killed when it is dropped.
pub struct Running {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    output: Receiver<Vec<u8>>,
    errors: Receiver<Vec<u8>>,
}

impl Running {
    /// Starts the command with pipes.
    pub fn start(arguments: &[&str]) -> Self {
        Running::spawn(
            lariat(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped()),
        )
    }

    /// Starts a command; what is a pipe of it is read by threads of its own.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().map(|output| lines_of(output, |_| true));
        Running {
            stdin: child.stdin.take(),
            output: output.unwrap_or_else(|| channel().1),
            errors: lines_of(child.stderr.take().unwrap(), is_its_own),
            child,
        }
    }

    /// Writes to its standard input.
    pub fn write(&mut self, input: &[u8]) {
        self.stdin.as_mut().unwrap().write_all(input).unwrap();
    }

    /// The next line of its standard output, with its end.
    pub fn line(&self) -> String {
        let line = self
            .output
            .recv_timeout(DEADLINE)
            .expect("a line of output");
        String::from_utf8(line).unwrap()
    }

    /// The next line of its standard error, with its end.
    pub fn error_line(&self) -> String {
        let line = self
            .errors
            .recv_timeout(DEADLINE)
            .expect("a line of errors");
        String::from_utf8(line).unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        nix::sys::signal::kill(id, signal).unwrap();
    }

    /// Waits for its end, and gathers what was not read of what it said. Its standard input
    /// stays open if nobody took it.
    pub fn finish(mut self) -> Outcome {
        let deadline = Instant::now() + DEADLINE;
        let gather = |lines: &Receiver<Vec<u8>>| {
            let mut all = Vec::new();
            while let Ok(line) = lines.recv_timeout(deadline - Instant::now()) {
                all.extend(line);
            }
            assert!(Instant::now() < deadline, "it does not end");
            all
        };
        let output = gather(&self.output);
        let errors = gather(&self.errors);
        Outcome {
            code: self.child.wait().unwrap().code(),
            output,
            errors: String::from_utf8(errors).unwrap(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the server has heard something, say.
pub fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it does not become so");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a line of errors is about the command, and not about a machine that gave a core to others for longer than a
/// callback may take: a reactor warns of that too.
fn is_its_own(line: &[u8]) -> bool {
    !String::from_utf8_lossy(line).contains("a callback held its thread")
}

/// Lines that are wanted as they come, read by a thread so that they can be waited for with a deadline.
fn lines_of(stream: impl Read + Send + 'static, is_wanted: fn(&[u8]) -> bool) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match stream.read_until(b'\n', &mut line) {
                Ok(1..) if !is_wanted(&line) => {}
                Ok(1..) if sender.send(line).is_ok() => {}
                _ => return,
            }
        }
    });
    receiver
}
