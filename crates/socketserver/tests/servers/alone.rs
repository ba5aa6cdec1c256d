//! This program again, as a process of its own, for what counts what the whole process has.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// Names what that process is to do.
const SCENARIO: &str = "LARIAT_SOCKETSERVER";

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
        let mut child = Command::new("sh")
            .args(["-c", &format!("{limit}exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().expect("this program"))
            .args([test, "--exact", "--nocapture"])
            .env(SCENARIO, scenario)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
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
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
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
