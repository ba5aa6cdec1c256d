//! `lariat re`: what it shows of lines, and grep's exit codes.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::process::{Outcome, lariat, run};
use crate::pty::Terminal;

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
fn places_are_counted_in_characters_from_match_to_match() {
    let (code, lines) = re(&["--groups", "é|x*"], "éaéxx€x");
    let span = |line: &str| serde_json::from_str::<Value>(line).unwrap()["span"].clone();
    let spans: Vec<Value> = lines.lines().map(span).collect();
    let expected = [[0, 1], [1, 1], [2, 3], [3, 5], [5, 5], [6, 7], [7, 7]];
    assert_eq!(
        (code, spans),
        (Some(0), expected.map(|span| json!(span)).to_vec())
    );
}

#[test]
fn of_an_empty_match_nothing_is_shown() {
    assert_eq!(re(&["-o", "x*"], "axxb\nb\n"), (Some(0), "xx\n".into()));
    assert_eq!(re(&["-c", "x*"], "axxb\nb\n"), (Some(0), "2\n".into()));
    assert_eq!(re(&["-o", "x*"], "b\n"), (Some(0), String::new()));
}

#[test]
fn how_often_is_said_only_where_something_is_changed() {
    assert_eq!(
        re(&["--split", ",", "--most", "1"], "a,b,c"),
        (Some(0), "[\"a\",\"b,c\"]\n".into())
    );
    for arguments in [&["--most", "1", "a"][..], &["-o", "--most", "1", "a"]] {
        let outcome = complaint(arguments);
        assert!(outcome.errors.contains("--most"), "{outcome:?}");
        assert!(outcome.errors.contains("--sub"), "{outcome:?}");
    }
}

#[test]
fn files_are_named_and_one_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    fs::write(path("a"), "one\ntwo\n").unwrap();
    fs::write(path("b"), b"t\xffo\n").unwrap();
    let outcome = run(&["re", "t.o", &path("a"), &path("gone"), &path("b")], b"");
    assert_eq!(outcome.code, Some(2));
    let shown = format!("{}:two\n{}:t", path("a"), path("b"));
    assert_eq!(outcome.output, [shown.as_bytes(), b"\xffo\n"].concat());
    let message = format!("lariat: {}: no such file or directory\n", path("gone"));
    assert_eq!(outcome.errors, message);
    let outcome = run(&["re", "-c", "o", &path("a"), "-", &path("b")], b"oo\no\n");
    let counted = format!("{}:2\n(standard input):2\n{}:1\n", path("a"), path("b"));
    assert_eq!((outcome.code, outcome.text()), (Some(0), counted));
    let outcome = run(&["re", "-v", "o", &path("a"), &path("b")], b"");
    assert_eq!((outcome.code, &outcome.output[..]), (Some(1), &b""[..]));
}

#[test]
fn what_is_not_utf8_is_shown_as_it_is_and_never_changed() {
    let input = b"x\xff\xfey \xe2\x82z\n";
    let shown = |arguments: &[&str]| {
        let outcome = run(&[&["re"], arguments].concat(), input);
        assert_eq!((outcome.code, &outcome.errors[..]), (Some(0), ""));
        outcome.output
    };
    assert_eq!(shown(&["z"]), input);
    assert_eq!(shown(&["-v", "q"]), input);
    assert_eq!(shown(&["-o", "\u{fffd}."]), b"\xff\xfe\n\xe2\x82z\n");
    assert_eq!(
        shown(&["--color", "always", "y|z"]),
        b"x\xff\xfe\x1b[1;31my\x1b[0m \xe2\x82\x1b[1;31mz\x1b[0m\n"
    );
    // Where nothing is replaced, the line goes through; else it does too, and that is told.
    let outcome = run(&["re", "--sub", "-", "q"], input);
    assert_eq!((outcome.code, &outcome.output[..]), (Some(1), &input[..]));
    let outcome = run(&["re", "--sub", "-", "y"], &[&input[..], b"y\n"].concat());
    assert_eq!(outcome.output, [&input[..], b"-\n"].concat());
    let told = "lariat: (standard input):1: it is left as it is, since not all of it is UTF-8\n";
    assert_eq!((outcome.code, &outcome.errors[..]), (Some(2), told));
}

#[test]
fn an_empty_file_is_a_whole_one_too() {
    assert_eq!(re(&["-w", "-c", r"\A\Z"], ""), (Some(0), "1\n".into()));
    assert_eq!(re(&["-c", r"\A\Z"], ""), (Some(1), "0\n".into()));
    assert_eq!(re(&["-w", "-v", "x"], ""), (Some(0), "\n".into()));
    assert_eq!(re(&["-w", "--sub", "y", "^$"], ""), (Some(0), "y\n".into()));
    assert_eq!(re(&["-w", "--sub", "y", "x"], ""), (Some(1), String::new()));
}

#[test]
fn a_folder_is_told_and_what_is_changed_is_named_and_numbered() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    fs::write(path("a"), "b,c\n").unwrap();
    fs::write(path("b"), "d\nx,y\n").unwrap();
    let itself = folder.path().to_str().unwrap();
    let outcome = run(&["re", "x", itself, &path("b")], b"");
    assert_eq!(outcome.code, Some(2));
    assert_eq!(outcome.text(), format!("{}:x,y\n", path("b")));
    let message = format!("lariat: {itself}: is a directory\n");
    assert_eq!(outcome.errors, message);
    let (first, second) = (path("a"), path("b"));
    let changed = |arguments: &[&str]| {
        let files = [&first[..], &second];
        re(&[&["-n"], arguments, &files].concat(), "").1
    };
    assert_eq!(
        changed(&["--sub", ";", ","]),
        format!("{0}:1:b;c\n{1}:1:d\n{1}:2:x;y\n", path("a"), path("b"))
    );
    assert_eq!(
        changed(&["--split", ","]),
        format!(
            "{0}:1:[\"b\",\"c\"]\n{1}:1:[\"d\"]\n{1}:2:[\"x\",\"y\"]\n",
            path("a"),
            path("b")
        )
    );
}

/// Whoever may read everything is refused nothing.
#[test]
fn a_file_that_may_not_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "x\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o200)).unwrap();
    if File::open(&path).is_ok() {
        return;
    }
    let outcome = run(&["re", "x", path.to_str().unwrap()], b"");
    let message = format!("lariat: {}: permission denied\n", path.display());
    assert_eq!((outcome.code, outcome.errors), (Some(2), message));
}

/// It is not the file's fault, and the next file is not tried.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_ends_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    fs::write(path("a"), "x\n").unwrap();
    fs::write(path("b"), "x\n".repeat(50_000)).unwrap();
    for arguments in [
        &["-c", "x", &path("a")[..]][..],
        &["x", &path("a"), &path("b")],
        &["x", &path("b"), &path("a")],
        &["--explain", "x"],
    ] {
        let mut command = lariat(&[&["re"], arguments].concat());
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = command.stdout(full).output().unwrap();
        let errors = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.contains("o space left on device"), "{errors}");
        assert!(!errors.contains(&path("")), "{errors}");
    }
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
    assert_eq!(re(&["b"], "a b c"), (Some(0), "a b c\n".into()));
}

#[test]
fn on_a_terminal_matches_have_colour_unless_it_is_not_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "a b c\n").unwrap();
    let path = path.to_str().unwrap();
    let coloured = "a \x1b[1;31mb\x1b[0m c\r\n".to_string();
    let plain = "a b c\r\n".to_string();
    let (code, seen) = Terminal::start(&["re", "b", path]).finish();
    assert_eq!((code, seen), (Some(0), coloured.clone()));
    for (value, expected) in [("1", &plain), ("", &coloured)] {
        let mut command = lariat(&["re", "b", path]);
        command.env("NO_COLOR", value);
        let (code, seen) = Terminal::run(command).finish();
        assert_eq!((code, &seen), (Some(0), expected), "NO_COLOR={value}");
    }
    let (code, seen) = Terminal::start(&["re", "--color", "never", "b", path]).finish();
    assert_eq!((code, seen), (Some(0), plain));
}

#[test]
fn on_a_terminal_tabs_stay_and_nothing_steers_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "a\tb\r\n\x1b[2Jb\rc\r\n").unwrap();
    let path = path.to_str().unwrap();
    let seen = |arguments: &[&str]| {
        let arguments = [&["re", "--color", "never"], arguments, &[path]].concat();
        Terminal::start(&arguments).finish()
    };
    let whole = "a\tb\r\n\\u{1b}[2Jb\\rc\r\n";
    assert_eq!(seen(&["b"]), (Some(0), whole.into()));
    assert_eq!(seen(&["-w", "b"]), (Some(0), whole.into()));
    assert_eq!(
        seen(&["-o", "[ab\t]b?.*$"]).1,
        whole.replace("\\u{1b}[2J", "")
    );
    assert_eq!(seen(&["--sub", "b", "b"]), (Some(0), whole.into()));
    let (code, line) = seen(&["--groups", r"\x1b(.)"]);
    let told = r#""groups":["["],"line":2,"named":{},"span":[0,2],"text":"\u001b["}"#;
    assert_eq!(code, Some(0));
    assert!(line.ends_with(&format!("{told}\r\n")), "{line}");
}

#[test]
fn a_reader_that_goes_away_has_had_what_it_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    fs::write(&path, "a line\n".repeat(100_000)).unwrap();
    let mut command = lariat(&["re", "-n", "line", path.to_str().unwrap()]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 9];
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut first).unwrap();
    drop(output);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), &first), (Some(0), b"1:a line\n"));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn a_line_without_an_end_does_not_take_all_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros");
    File::create(&path)
        .unwrap()
        .set_len((64 << 20) + 1)
        .unwrap();
    let path = path.to_str().unwrap();
    for (arguments, what) in [
        (&["re", "x", path][..], "a line"),
        (&["re", "-w", "x", path], "the file"),
    ] {
        let outcome = run(arguments, b"");
        let told = format!("lariat: {path}: {what} is longer than 67108864 bytes\n");
        assert_eq!((outcome.code, outcome.errors), (Some(2), told));
    }
}

#[test]
fn a_pattern_is_told_in_words() {
    let (code, words) = re(&["--explain", "(?P<open><)?x+?(?(open)>|$)"], "");
    assert_eq!(code, Some(0));
    let expected = "\
perhaps, rather than not:
  group 1, called open:
    '<'
at least once, as seldom as can be:
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
    // It is the second line that is told, and the lines behind it are searched.
    let text = format!("xxxxy\n{}\nxxxxz\n", "x".repeat(200));
    let pattern = r"(x+)(x+)(x+)(x+)(?:\1\2\3\4x|$)?[a-dyz]";
    let outcome = run(&["re", "-n", pattern], text.as_bytes());
    assert_eq!(outcome.code, Some(2));
    assert_eq!(outcome.text(), "1:xxxxy\n3:xxxxz\n");
    let told = "lariat: (standard input):2: the search took more than ";
    assert!(outcome.errors.starts_with(told), "{outcome:?}");
    assert!(outcome.errors.contains("was given up"), "{outcome:?}");
    assert_eq!(outcome.errors.lines().count(), 1, "{outcome:?}");
}

#[test]
fn a_line_whose_matches_are_too_many_to_find_is_shown_all_the_same() {
    let line = format!("xxxxy {}", "x".repeat(200));
    let pattern = r"(x+)(x+)(x+)(x+)(?:\1\2\3\4x|$)?[a-dyz]";
    let outcome = run(&["re", "--color", "always", pattern], line.as_bytes());
    let marked = line.replace("xxxxy", "\x1b[1;31mxxxxy\x1b[0m") + "\n";
    assert_eq!((outcome.code, outcome.text()), (Some(2), marked));
    let told = "lariat: (standard input):1: the search took more than ";
    assert!(outcome.errors.starts_with(told), "{outcome:?}");
}
