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
    println!("{argued} of {count} differ as they are meant to");
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

/// What takes Python too long must be answered or given up here, and refused if it is no pattern.
#[test]
fn a_case_that_is_slow_in_python_is_judged_too() {
    let slow = serde_json::json!({ "slow": true });
    let judge = |pattern: &str, what: Value| {
        let text = "x".repeat(300);
        cases::judge(&serde_json::json!(["str", pattern, 0, text, what]), &slow)
    };
    let (same, finding) = (Ok(cases::Verdict::Same), serde_json::json!(["match"]));
    assert_eq!(judge("(x+)+y", finding.clone()), same);
    assert_eq!(
        judge(r"(x+)(x+)(x+)(x+)\1\2\3\4[a-w]", finding.clone()),
        same
    );
    // A template is read before the search, but for that of `expand`.
    assert_eq!(judge("x", serde_json::json!(["expand", r"\9", ""])), same);
    assert!(judge("x", serde_json::json!(["sub", r"\9", 0])).is_err());
    assert!(judge("(x", finding).is_err());
    assert!(judge("(x", serde_json::json!(["expand", "", ""])).is_err());
}

#[test]
fn picked_cases_are_answered_as_by_python() {
    assert_same(RECORDED, 3000);
}

#[test]
fn generated_cases_are_answered_as_by_python() {
    assert_same(GENERATED, 2000);
}
