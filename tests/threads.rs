//! `docs/threads.md` is true: every test that it names exists, and no name of Python's modules
//! for threads and processes is missing.

mod names;

use std::collections::HashSet;
use std::fs;

use crate::map::tests_of_the_tree;
use crate::source::root;

const PAGE: &str = "docs/threads.md";

/// A row of a table whose last column is for tests.
struct Row {
    /// The heading above it.
    section: String,
    /// What stands in backticks in its first cell, without a class in front.
    python: Vec<String>,
    /// What stands in backticks in its last cell.
    tests: Vec<String>,
}

fn rows(page: &str) -> Vec<Row> {
    let (mut section, mut found) = (String::new(), Vec::new());
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.replace('`', "");
        }
        let Some(cells) = line.strip_prefix("| `") else {
            continue;
        };
        let cells: Vec<&str> = cells.trim_end_matches('|').split(" | ").collect();
        if let [python, .., tests] = cells[..] {
            found.push(Row {
                section: section.clone(),
                python: in_backticks(&format!("`{python}")),
                tests: in_backticks(tests),
            });
        }
    }
    found
}

fn in_backticks(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn page() -> String {
    fs::read_to_string(root().join(PAGE)).expect("there is a page on threads")
}

#[test]
fn every_test_that_the_page_names_exists() {
    let known = tests_of_the_tree();
    let rows = rows(&page());
    assert!(
        rows.len() > 80,
        "the tables were not found: {} rows",
        rows.len()
    );
    let missing = rows.iter().flat_map(|row| {
        let unknown = row.tests.iter().filter(|test| !known.contains(*test));
        unknown.map(|test| format!("{}: no test `{test}`", row.python.join(", ")))
    });
    let missing: Vec<String> = missing.collect();
    assert!(missing.is_empty(), "{PAGE}:\n{}\n", missing.join("\n"));
}

#[test]
fn every_name_of_the_modules_has_a_row() {
    let rows = rows(&page());
    for (section, names) in names::OF_MODULES {
        let own = rows.iter().filter(|row| row.section == *section);
        let known: HashSet<&str> = own
            .flat_map(|row| row.python.iter().map(String::as_str))
            .collect();
        let missing: Vec<_> = names
            .split_whitespace()
            .filter(|name| !known.contains(name))
            .collect();
        assert!(
            missing.is_empty(),
            "{PAGE}, {section}: {}",
            missing.join(", ")
        );
    }
}

#[test]
fn a_row_is_read_cell_by_cell() {
    let page = "## `queue`: classes\n| `A.get`, `put` | `Queue::get` or | `one`, `two` |\n| – |\n";
    let row = &rows(page)[0];
    assert_eq!(row.section, "queue: classes");
    assert_eq!(row.python, ["A.get", "put"]);
    assert_eq!(row.tests, ["one", "two"]);
}
