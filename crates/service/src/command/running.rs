//! Runs a program under its limits, and gathers what it writes.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use lariat_protocol::command::Answer;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::command::Custom;
use crate::command::platform;

/// What a program is told of the server's environment, and nothing else: what it needs to find others
/// and to speak its language.
const ENVIRONMENT: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "SYSTEMROOT"];

/// How much is read at once.
const BLOCK: usize = 8 * 1024;

/// Runs a program to its end or its limits. Dropping the future ends it, with all of its group.
pub async fn run(custom: Arc<Custom>) -> Answer {
    let starting = Arc::clone(&custom);
    // To start a program is to read it from the disk.
    let started = tokio::task::spawn_blocking(move || Running::start(&starting)).await;
    let mut running = match started {
        Ok(Ok(running)) => running,
        Ok(Err(error)) => return Answer::error(cannot_run(&custom, &error)),
        Err(_) => return Answer::error("starting the program broke off"),
    };
    let mut text = Vec::new();
    let gathering = running.gather(&mut text, custom.output_limit());
    let ended = tokio::time::timeout(custom.time_limit(), gathering).await;
    let why = match ended {
        Ok(Ok(End::Exited(status))) if status.success() => return Answer::ok(text),
        Ok(Ok(End::Exited(status))) => said(status),
        Ok(Ok(End::TooMuch)) => {
            let limit = custom.output_limit();
            format!("it wrote more than {limit} bytes, and was ended")
        }
        Ok(Err(error)) => format!("it cannot be waited for: {}", in_words(&error)),
        Err(_) => {
            let limit = custom.time_limit().as_secs_f64();
            format!("it took longer than {limit} s, and was ended")
        }
    };
    Answer::failed(why, text)
}

fn cannot_run(custom: &Custom, error: &io::Error) -> String {
    let (program, why) = (custom.program(), in_words(error));
    match custom.directory() {
        Some(directory) => format!("cannot run {program:?} in {directory:?}: {why}"),
        None => format!("cannot run {program:?}: {why}"),
    }
}

fn said(status: ExitStatus) -> String {
    match (status.code(), platform::signal_of(status)) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it was ended".into(),
    }
}

/// The system's words without its number, which tells a person nothing.
pub(super) fn in_words(error: &io::Error) -> String {
    let words = error.to_string();
    match words.find(" (os error ") {
        Some(end) => words[..end].to_lowercase(),
        None => words,
    }
}

/// How a program ended.
enum End {
    Exited(ExitStatus),
    TooMuch,
}

/// A program that runs; ended when this is dropped.
struct Running {
    child: Child,
    output: Option<ChildStdout>,
    errors: Option<ChildStderr>,
}

impl Running {
    fn start(custom: &Custom) -> io::Result<Self> {
        let mut command = Command::new(custom.program());
        command
            .args(custom.arguments())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_clear()
            .kill_on_drop(true);
        for name in ENVIRONMENT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some(directory) = custom.directory() {
            command.current_dir(directory);
        }
        platform::own_group(&mut command);
        let mut child = command.spawn()?;
        Ok(Running {
            output: child.stdout.take(),
            errors: child.stderr.take(),
            child,
        })
    }

    /// Takes what it writes, to both of its outputs as it comes, until it has ended. What a program
    /// that it left behind may still write is not waited for.
    async fn gather(&mut self, text: &mut Vec<u8>, maximum: usize) -> io::Result<End> {
        let (mut first, mut second) = ([0; BLOCK], [0; BLOCK]);
        loop {
            let fits = tokio::select! {
                biased;
                read = read(&mut self.output, &mut first) => take(text, &first[..read?], maximum),
                read = read(&mut self.errors, &mut second) => take(text, &second[..read?], maximum),
                status = self.child.wait() => {
                    let status = status?;
                    let whole = rest(&self.output, text, maximum)? && rest(&self.errors, text, maximum)?;
                    return Ok(if whole { End::Exited(status) } else { End::TooMuch });
                }
            };
            if !fits {
                return Ok(End::TooMuch);
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        platform::end_group(&mut self.child);
    }
}

/// Reads from a pipe that is open; from one that has ended, never.
async fn read<P: AsyncRead + Unpin>(pipe: &mut Option<P>, buffer: &mut [u8]) -> io::Result<usize> {
    let Some(open) = pipe else {
        return std::future::pending().await;
    };
    let length = open.read(buffer).await?;
    if length == 0 {
        *pipe = None;
    }
    Ok(length)
}

/// Takes bytes as far as they fit. Returns whether all did.
fn take(text: &mut Vec<u8>, bytes: &[u8], maximum: usize) -> bool {
    let room = maximum - text.len();
    text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    bytes.len() <= room
}

/// Takes what is left in the pipe of a program that has ended. Returns whether it fits.
fn rest<P: platform::Pipe>(
    pipe: &Option<P>,
    text: &mut Vec<u8>,
    maximum: usize,
) -> io::Result<bool> {
    let Some(pipe) = pipe else {
        return Ok(true);
    };
    let mut buffer = [0; BLOCK];
    loop {
        match platform::read_now(pipe, &mut buffer) {
            Ok(0) => return Ok(true),
            Ok(length) if take(text, &buffer[..length], maximum) => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
