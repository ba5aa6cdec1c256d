//! The table of Python's words has all of them, and names tests that exist.

use std::fs;
use std::path::Path;

/// Every class, method and attribute of Python's module; the interoperability tests compare them
/// with Python itself.
const NAMES: &str = include_str!("../python_names.txt");

#[test]
fn every_word_of_python_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for folder in ["src/transport", "tests/servers", "tests/forking"] {
        for file in fs::read_dir(root.join(folder)).expect("a folder") {
            let file = file.expect("a file").path();
            code += &fs::read_to_string(file).expect("text");
        }
    }
    let page = fs::read_to_string(root.join("python.md")).expect("the page");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert!(rows.len() > 60, "the table is elsewhere: {}", rows.len());
    let mut words = Vec::new();
    for row in rows {
        words.extend(row.split('`').nth(1).map(|word| {
            let end = word.find('(').unwrap_or(word.len());
            word[..end].to_string()
        }));
        let tests = row
            .trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .expect("a cell");
        let mut names = 0;
        for name in tests.split('`').skip(1).step_by(2) {
            // By name as a function, in a macro's list, or in the harness of the forking servers.
            let known = [
                format!("fn {name}("),
                format!(" {name},"),
                format!(" {name};"),
                format!("\"{name}\""),
            ];
            assert!(known.iter().any(|form| code.contains(form)), "{row}");
            names += 1;
        }
        assert!(names > 0, "{row}");
    }
    for name in NAMES.lines() {
        assert!(words.iter().any(|word| word == name), "{name} has no row");
    }
}
