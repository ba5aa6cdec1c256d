//! A `lariat serve` with a state directory of its own, and the hands of its operator.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{DEADLINE, Outcome, Running, lariat};

/// A server that runs.
pub struct Operated {
    pub running: Running,
    pub state: TempDir,
    /// What it said until it was ready, as JSON.
    pub listing: Vec<Value>,
}

impl Operated {
    /// Serves with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        Operated::with(tempfile::tempdir().unwrap(), arguments)
    }

    /// Serves timestamps on a free port of 127.0.0.1, with these arguments too.
    pub fn timestamp(arguments: &[&str]) -> Self {
        Operated::start(&[arguments, &["timestamp=tcp://127.0.0.1:0"]].concat())
    }

    /// Serves with a state directory that is there already.
    pub fn with(state: TempDir, arguments: &[&str]) -> Self {
        let mut command = lariat(&["serve", "--json"]);
        command.args(arguments).env("LARIAT_STATE", state.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let running = Running::spawn(&mut command);
        let mut listing = Vec::new();
        loop {
            let line: Value = serde_json::from_str(&running.line()).unwrap();
            if line["ready"] == true {
                break;
            }
            listing.push(line);
        }
        Operated {
            running,
            state,
            listing,
        }
    }

    /// The address of a service's first endpoint.
    pub fn address(&self, service: &str) -> String {
        let line = self.listing.iter().find(|line| line["service"] == service);
        let endpoint = line.expect("listened on")["endpoint"].as_str().unwrap();
        endpoint.split("://").nth(1).unwrap().to_string()
    }

    /// A client of the timestamp service that has been answered once.
    pub fn client(&self) -> Client {
        let mut client = Client::connect(&self.address("timestamp"));
        client.ask();
        client
    }

    /// A client of the characters that reads none of them, so that the server cannot be done with it.
    pub fn stuck(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address("chargen")).unwrap();
        let begun = Instant::now();
        let mut before = None;
        loop {
            let rows = self.ctl(&["connections", "--json"]).text();
            let mut rows = rows
                .lines()
                .map(|row| serde_json::from_str::<Value>(row).unwrap());
            let own = rows.find(|row| row["service"] == "chargen" && row["phase"] == "writing");
            // No more can be sent when it has become none for a while.
            let sent = own.map(|row| row["sent"].clone());
            if sent.is_some() && sent == before {
                return stream;
            }
            assert!(begun.elapsed() < DEADLINE, "it takes all of them");
            before = sent;
        }
    }

    /// `lariat ctl` with these arguments.
    pub fn ctl(&self, arguments: &[&str]) -> Outcome {
        Running::spawn(&mut self.command(arguments)).finish()
    }

    /// The same while it runs.
    pub fn begin_ctl(&self, arguments: &[&str]) -> Running {
        Running::spawn(&mut self.command(arguments))
    }

    /// The only line of JSON that `lariat ctl` prints.
    pub fn ctl_json(&self, arguments: &[&str]) -> Value {
        let outcome = self.ctl(&[arguments, &["--json"]].concat());
        let read = serde_json::from_str(&outcome.text());
        read.unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
    }

    /// What `lariat ctl connections` says with these arguments when so many of the timestamp service are there: a thread
    /// that is busy is left out.
    pub fn connections(&self, arguments: &[&str], count: usize) -> String {
        let begun = Instant::now();
        loop {
            let outcome = self.ctl(&[&["connections"], arguments].concat());
            let text = outcome.text();
            if text.lines().filter(|row| row.contains("timestamp")).count() == count {
                return text;
            }
            assert!(begun.elapsed() < DEADLINE, "not {count}: {outcome:?}");
        }
    }

    /// Waits until what has been answered to so many clients is counted too, which is right behind the answer: each
    /// connection has had another turn when it has told what it is at.
    pub fn settle(&self, clients: usize) {
        self.connections(&[], clients);
    }

    /// Waits until this was counted so often of all services, and no more often. What ends a
    /// connection may be counted a moment after its peer has noticed.
    pub fn counts(&self, group: &str, name: &str, times: u64) {
        let begun = Instant::now();
        loop {
            let counted = self.ctl_json(&["stats"])["total"][group][name].as_u64();
            if counted == Some(times) {
                return;
            }
            let may_come = counted < Some(times) && begun.elapsed() < DEADLINE;
            assert!(may_come, "{group} {name}: {counted:?}, and not {times}");
        }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = lariat(&["ctl"]);
        command
            .args(arguments)
            .env("LARIAT_STATE", self.state.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// The next line of the log with these words in it.
    pub fn logged(&self, words: &str) -> String {
        loop {
            let line = self.running.error_line();
            if line.contains(words) {
                return line;
            }
        }
    }
}

/// A client of the timestamp service.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Client {
            stream: BufReader::new(stream),
        }
    }

    /// Asks, and says whether an answer came.
    pub fn is_answered(&mut self) -> bool {
        let mut answer = String::new();
        let asked = self.stream.get_mut().write_all(b"hi\n");
        asked.is_ok() && self.stream.read_line(&mut answer).is_ok() && answer.ends_with("] hi\n")
    }

    pub fn ask(&mut self) {
        assert!(self.is_answered());
    }

    /// Waits for the server's end of the connection.
    pub fn has_ended(&mut self) -> bool {
        let mut rest = Vec::new();
        // A connection that was cut off ends by an error.
        let read = self.stream.read_until(b'\n', &mut rest);
        read.map_or_else(
            |error| error.kind() == std::io::ErrorKind::ConnectionReset,
            |count| count == 0,
        )
    }

    /// Our own address.
    pub fn address(&self) -> String {
        self.stream.get_ref().local_addr().unwrap().to_string()
    }
}
