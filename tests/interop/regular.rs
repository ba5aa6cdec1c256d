//! Regular expressions: CPython's `re` and ours, on picked cases and on made-up ones.
//!
//! The reference is CPython 3.11, whatever `python3` is elsewhere in these tests. `LARIAT_SEED` repeats
//! a run and `LARIAT_CASES` says how many cases it makes up, 100,000 by default.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

#[path = "../../crates/re/tests/cases/mod.rs"]
mod cases;

use cases::Verdict;

/// The script that makes and answers cases, run with arguments.
fn python(arguments: &[&str]) -> Child {
    let script =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/re/tests/cases/python.py");
    let mut command = Command::new("python3.11");
    command.arg("-B").arg(script).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
        .spawn()
        .expect("python3.11 is installed: it is the reference")
}

fn pair(line: &str) -> [Value; 2] {
    serde_json::from_str(line).expect("a line is a case and its answer")
}

/// Judges every case that the script writes; how many there were, and how many of them differ in ways
/// that are meant.
fn judge_all(arguments: &[&str]) -> (usize, usize) {
    let mut python = python(arguments);
    let output = python.stdout.take().expect("it is a pipe");
    let (mut count, mut argued) = (0, 0);
    for line in BufReader::new(output).lines() {
        let [case, expected] = pair(&line.expect("it writes lines"));
        match cases::judge(&case, &expected) {
            Ok(Verdict::Same) => {}
            Ok(Verdict::Argued) => argued += 1,
            Err(difference) => {
                let _ = python.kill();
                let _ = python.wait();
                panic!(
                    "{arguments:?}, case {count}: {difference}\nsmallest:\n{}",
                    shrunk(case)
                );
            }
        }
        count += 1;
    }
    assert!(python.wait().expect("it ends").success());
    println!("{argued} of {count} differ as they are meant to");
    (count, argued)
}

#[test]
fn picked_patterns_match_as_in_python() {
    let (count, argued) = judge_all(&["picked"]);
    assert!(count > 15_000 && argued < 100);
}

#[test]
fn generated_patterns_match_as_in_python() {
    let setting = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse::<u32>().ok())
    };
    let seed = setting("LARIAT_SEED").unwrap_or(20_261_121).to_string();
    let count = setting("LARIAT_CASES").unwrap_or(100_000);
    println!("LARIAT_SEED={seed}");
    let (judged, argued) = judge_all(&["generate", &seed, &count.to_string()]);
    assert_eq!(judged, count as usize);
    // What is meant to differ must not become a hole for the rest.
    assert!(argued <= 10 + judged / 50, "{argued} of {judged}");
}

/// Python, answering one case at a time.
struct Oracle {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    fn start() -> Self {
        let mut process = python(&["answer"]);
        let input = process.stdin.take().expect("it is a pipe");
        let output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        Oracle {
            process,
            input,
            output,
        }
    }

    /// How we differ from Python on this case, if we do.
    fn difference(&mut self, case: &Value) -> Option<String> {
        writeln!(self.input, "{case}").expect("it reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        let [_, expected] = pair(&line);
        cases::judge(case, &expected).err()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The case with all taken away without which it still differs.
fn shrunk(case: Value) -> String {
    let mut oracle = Oracle::start();
    let mut case = case;
    let mut difference = None;
    loop {
        let smaller = smaller(&case).into_iter().find_map(|smaller| {
            oracle
                .difference(&smaller)
                .map(|difference| (smaller, difference))
        });
        match smaller {
            Some((smaller, shown)) => (case, difference) = (smaller, Some(shown)),
            None => return difference.unwrap_or_else(|| "it is the smallest".to_string()),
        }
    }
}

/// The case without some of its pattern, its text, its flags or what is done, the most first.
fn smaller(case: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for field in [1, 3] {
        let chars: Vec<char> = case[field].as_str().unwrap_or_default().chars().collect();
        let mut length = chars.len();
        while length > 0 {
            for start in 0..=chars.len() - length {
                let mut rest = chars.clone();
                rest.drain(start..start + length);
                let mut smaller = case.clone();
                smaller[field] = rest.into_iter().collect::<String>().into();
                all.push(smaller);
            }
            length /= 2;
        }
    }
    let mut with = |field: usize, value: Value| {
        let mut smaller = case.clone();
        smaller[field] = value;
        all.push(smaller);
    };
    if case[2] != 0 {
        with(2, 0.into());
    }
    for what in simpler(&case[4]) {
        with(4, what);
    }
    all
}

/// Simpler operations than this: finding alone, and the same with less of an argument.
fn simpler(what: &Value) -> Vec<Value> {
    if what[0] == "match" {
        return Vec::new();
    }
    let mut all = vec![serde_json::json!(["match"])];
    let arguments = what.as_array().map_or(0, Vec::len);
    for index in 1..arguments {
        let mut with = |value: Value| {
            let mut simpler = what.clone();
            simpler[index] = value;
            all.push(simpler);
        };
        match &what[index] {
            Value::Number(number) if number.as_u64() > Some(0) => with(0.into()),
            Value::String(text) => {
                let chars: Vec<char> = text.chars().collect();
                for left_out in 0..chars.len() {
                    let mut rest = chars.clone();
                    rest.remove(left_out);
                    with(rest.into_iter().collect::<String>().into());
                }
            }
            _ => {}
        }
    }
    all
}

#[test]
fn a_difference_is_told_and_its_case_made_small() {
    let mut oracle = Oracle::start();
    let case: Value = serde_json::json!(["str", "a(b|c)d", 0, "xabdx", ["match"]]);
    assert_eq!(oracle.difference(&case), None);
    let operations = simpler(&serde_json::json!(["sub", r"-\1", 2]));
    for expected in [
        serde_json::json!(["match"]),
        serde_json::json!(["sub", r"\1", 2]),
        serde_json::json!(["sub", r"-\1", 0]),
    ] {
        assert!(operations.contains(&expected), "{operations:?}");
    }
    let wrong = serde_json::json!({ "search": null });
    assert!(cases::judge(&case, &wrong).is_err());
    let smaller = smaller(&case);
    assert!(
        smaller
            .iter()
            .any(|case| case[1] == "a(b|c)" && case[3] == "xabdx")
    );
    assert!(
        smaller
            .iter()
            .any(|case| case[1] == "a(b|c)d" && case[3] == "xabd")
    );
}
