//! CPython's `re` in a process of its own, which times itself.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::cases::Case;
use super::engines::{Engine, Outcome};
use super::text::Sample;

const SCRIPT: &str = include_str!("../../peers/patterns.py");

/// A search that takes longer is given up.
pub const SECONDS: f64 = 1.0;

/// The process, and what goes to and fro.
pub struct Python {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it with the texts and the cases.
    pub fn start(samples: &[Sample], cases: &[Case]) -> io::Result<Python> {
        let mut command = crate::python::command();
        command.args(["-c", SCRIPT]);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("a pipe is missing"));
        };
        let mut python = Python {
            process,
            input,
            output: BufReader::new(output),
        };
        let folder = tempfile::tempdir()?;
        for sample in samples {
            let file = folder.path().join("text");
            std::fs::write(&file, &sample.text)?;
            python.tell(&json!({ "text": sample.name, "file": file }))?;
            // It has been read once something is answered.
            python.ask(&json!({ "version": true }))?;
        }
        for (number, case) in cases.iter().enumerate() {
            python
                .tell(&json!({ "case": number, "patterns": case.patterns, "text": case.text }))?;
        }
        Ok(python)
    }

    /// Which it is.
    pub fn version(&mut self) -> io::Result<String> {
        let answer = self.ask(&json!({ "version": true }))?;
        Ok(answer["version"].as_str().unwrap_or("unknown").to_string())
    }

    fn tell(&mut self, what: &Value) -> io::Result<()> {
        writeln!(self.input, "{what}")
    }

    fn ask(&mut self, what: &Value) -> io::Result<Value> {
        self.tell(what)?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(io::Error::other)
    }
}

impl Engine for Python {
    fn name(&self) -> &'static str {
        "CPython"
    }

    fn compile(&mut self, number: usize, _: &Case, times: u32) -> io::Result<Option<f64>> {
        let answer = self.ask(&json!({ "compile": number, "times": times }))?;
        Ok(answer["ns"].as_f64())
    }

    fn search(&mut self, number: usize, _: &Case, _: &str) -> io::Result<Outcome> {
        let answer = self.ask(&json!({ "count": number, "seconds": SECONDS }))?;
        Ok(match (answer["ns"].as_f64(), answer["count"].as_u64()) {
            (Some(took_ns), Some(count)) => Outcome::Found {
                took_ns,
                count: count as usize,
            },
            _ => Outcome::GaveUp,
        })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
