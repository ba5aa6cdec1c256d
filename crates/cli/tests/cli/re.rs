//! `lariat re`: what it shows of lines, and grep's exit codes.

use std::fs;

use serde_json::{Value, json};

use crate::process::{Outcome, run};

/// Runs it on an input: the exit code and what it shows.
fn re(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let outcome = run(&[&["re"], arguments].concat(), input.as_bytes());
    assert_eq!(outcome.errors, "", "{arguments:?}");
    (outcome.code, outcome.text())
}

fn complaint(arguments: &[&str]) -> Outcome {
    let outcome = run(&[&["re"], arguments].concat(), b"");
    assert_eq!(
        (outcome.code, &outcome.output[..]),
        (Some(2), &b""[..]),
        "{arguments:?}"
    );
    outcome
}

const MAIL: &str = "From: joe\nnoreply: x\nTo: Joe and joe\n";

#[test]
fn lines_that_match_are_shown_and_the_exit_code_is_that_of_grep() {
    assert_eq!(
        re(&["joe$"], MAIL),
        (Some(0), "From: joe\nTo: Joe and joe\n".into())
    );
    assert_eq!(re(&["-n", "(?<!no)reply"], MAIL), (Some(1), String::new()));
    assert_eq!(re(&["-v", "joe"], MAIL), (Some(0), "noreply: x\n".into()));
    assert_eq!(re(&["-c", "-i", "JOE"], MAIL), (Some(0), "2\n".into()));
    assert_eq!(
        re(&["-on", "[Jj]oe"], MAIL),
        (Some(0), "1:joe\n3:Joe\n3:joe\n".into())
    );
    assert_eq!(
        re(&["--flags", "is", "-w", "-o", "joe.no"], MAIL),
        (Some(0), "joe\nno\n".into())
    );
}

#[test]
fn matches_are_replaced_split_and_told_as_json() {
    assert_eq!(
        re(&["--sub", r"<\1>", "(j)oe"], "joe, joe\nx"),
        (Some(0), "<j>, <j>\nx\n".into())
    );
    assert_eq!(
        re(&["--sub", "-", "--most", "1", "o"], "foo"),
        (Some(0), "f-o\n".into())
    );
    assert_eq!(
        re(&["--split", ", *(;)?"], "a, b,;c"),
        (Some(0), "[\"a\",null,\"b\",\";\",\"c\"]\n".into())
    );
    let (code, line) = re(&["--groups", r"(?P<day>\d+)(/)?"], "é 24");
    let told: Value = serde_json::from_str(&line).unwrap();
    let expected = json!({
        "file": "(standard input)", "line": 1, "span": [2, 4], "text": "24",
        "groups": ["24", null], "named": { "day": "24" },
    });
    assert_eq!((code, told), (Some(0), expected));
}

#[test]
fn files_are_named_and_one_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    fs::write(path("a"), "one\ntwo\n").unwrap();
    fs::write(path("b"), b"t\xffo\n").unwrap();
    let outcome = run(&["re", "t.o", &path("a"), &path("gone"), &path("b")], b"");
    assert_eq!(outcome.code, Some(2));
    assert_eq!(
        outcome.text(),
        format!("{}:two\n{}:t\u{fffd}o\n", path("a"), path("b"))
    );
    let message = format!("lariat: {}: no such file or directory\n", path("gone"));
    assert_eq!(outcome.errors, message);
}

#[test]
fn what_is_wrong_is_shown_with_a_caret() {
    let outcome = complaint(&["colou?*r"]);
    let shown = "colou?*r\n      ^\nlariat: multiple repeat at position 6\n";
    assert_eq!(outcome.errors, shown);
    assert_eq!(complaint(&["--flags", "q", "x"]).errors.lines().count(), 1);
    let outcome = complaint(&["--sub", r"\2", "(x)"]);
    assert!(
        outcome
            .errors
            .ends_with("lariat: invalid group reference 2 at position 1\n"),
        "{outcome:?}"
    );
}

#[test]
fn colour_is_given_where_it_is_asked_for() {
    let coloured = "a \x1b[1;31mb\x1b[0m c\n";
    assert_eq!(
        re(&["--color", "always", "b"], "a b c"),
        (Some(0), coloured.into())
    );
}

#[test]
fn a_pattern_is_told_in_words() {
    let (code, words) = re(&["--explain", "(?P<open><)?x+?(?(open)>|$)"], "");
    assert_eq!(code, Some(0));
    let expected = "\
perhaps, rather than not:
  group 1, called open:
    '<'
at least 1 times, as seldom as can be:
  'x'
if group 1, called open has matched:
  '>'
otherwise:
  the end, or before a newline there
";
    assert_eq!(words, expected);
}

#[test]
fn a_search_that_takes_too_long_is_given_up_and_told() {
    let text = "x".repeat(200);
    let outcome = run(&["re", r"(x+)(x+)(x+)(x+)\1\2\3\4[yz]"], text.as_bytes());
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.errors.contains("steps and was given up"),
        "{outcome:?}"
    );
}
