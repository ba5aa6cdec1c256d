//! This program again, as a process of its own, for what counts what the whole process has.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// Names what that process is to do.
const SCENARIO: &str = "LARIAT_SOCKETSERVER";

/// Held where a process is started: until it is another program, it has every descriptor that this
/// one has, and so keeps open what is closed here meanwhile.
static STARTING: RwLock<()> = RwLock::new(());

/// As long as it is held, what is closed here is closed.
pub fn nobody_starts() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process, which is another program when this returns.
fn start(command: &mut Command) -> std::io::Result<Child> {
    let _alone = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    command.spawn()
}

/// What this process is to do: nothing, where it is the one that tests.
pub fn scenario() -> Option<String> {
    std::env::var(SCENARIO).ok()
}

/// A process that does one test, whose name is given, as a scenario.
pub struct Alone {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Alone {
    /// Starts it, with no more descriptors than are said.
    pub fn start(test: &str, scenario: &str, descriptors: Option<usize>) -> Alone {
        let limit = descriptors.map_or(String::new(), |most| format!("ulimit -n {most} && "));
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{limit}exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().expect("this program"))
            .args([test, "--exact", "--nocapture"])
            .env(SCENARIO, scenario)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = start(&mut command).expect("a shell");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Alone { child, output }
    }

    /// The rest of the line that has these words in it, which it is read on to.
    pub fn says(&mut self, words: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.output.read_line(&mut line).expect("it speaks");
            assert!(read > 0, "it has not said {words:?}");
            if let Some((_, rest)) = line.split_once(words) {
                return rest.trim().to_string();
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let words = format!("kill -{name} {}", self.child.id());
        let sent = start(Command::new("sh").args(["-c", &words]));
        let status = sent.and_then(|mut kill| kill.wait());
        assert!(status.expect("a shell").success());
    }

    /// What it says from here on, and how it ends.
    pub fn finish(&mut self) -> (String, ExitStatus) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("it speaks");
        (rest, self.child.wait().expect("it ends"))
    }

    /// How much processor time it has used, in hundredths of a second.
    pub fn processor_time(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.expect("Linux");
        let behind = stat.rsplit(") ").next().expect("fields");
        let fields: Vec<&str> = behind.split(' ').collect();
        let time = |at: usize| fields[at].parse::<u64>().expect("a number");
        time(11) + time(12)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
