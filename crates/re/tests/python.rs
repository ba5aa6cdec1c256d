//! What CPython answered to recorded cases is what we answer.

mod cases;

use serde_json::Value;

/// Made by `python3 cases/python.py picked 4 > cases/recorded.jsonl`.
const RECORDED: &str = include_str!("cases/recorded.jsonl");

/// Made by `python3 cases/python.py generate 20261121 2000 > cases/generated.jsonl`.
const GENERATED: &str = include_str!("cases/generated.jsonl");

fn assert_same(recorded: &str, at_least: usize) {
    let (mut count, mut argued) = (0, 0);
    let mut differences = Vec::new();
    for line in recorded.lines() {
        let [case, expected]: [Value; 2] =
            serde_json::from_str(line).expect("a line is a case and its answer");
        count += 1;
        match cases::judge(&case, &expected) {
            Ok(verdict) => argued += usize::from(verdict == cases::Verdict::Argued),
            Err(difference) => differences.push(difference),
        }
    }
    // What is meant to differ must not become a hole for the rest.
    assert!(argued * 50 <= count, "{argued} of {count} are argued");
    assert!(count >= at_least, "{count} cases are too few");
    assert!(
        differences.is_empty(),
        "{} of {count} differ:\n{}",
        differences.len(),
        differences[..differences.len().min(20)].join("\n\n")
    );
}

#[test]
fn picked_cases_are_answered_as_by_python() {
    assert_same(RECORDED, 3000);
}

#[test]
fn generated_cases_are_answered_as_by_python() {
    assert_same(GENERATED, 2000);
}
