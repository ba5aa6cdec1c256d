//! `docs/threads.md` is true: every test and every name of ours that it gives exists, and no name of
//! Python's modules for threads and processes is missing.

mod names;

use std::collections::HashSet;
use std::fs;

use crate::map::tests_of_the_tree;
use crate::source::{Source, root, tree};

const PAGE: &str = "docs/threads.md";

/// A row of a table whose last column is for tests.
struct Row {
    /// The heading above it.
    section: String,
    /// What stands in backticks in its first cell, without a class in front.
    python: Vec<String>,
    /// What stands in backticks in its second cell.
    here: Vec<String>,
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
        if let [python, here, .., tests] = cells[..] {
            found.push(Row {
                section: section.clone(),
                python: in_backticks(&format!("`{python}")),
                here: in_backticks(here),
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
fn every_name_of_ours_that_the_page_gives_exists() {
    let sources = tree().into_iter();
    let declared = declared(sources.filter(|source| source.path.starts_with("crates/sync/src/")));
    assert!(declared.contains("submit_async") && declared.contains("FirstFailed"));
    let elsewhere: HashSet<&str> = names::ELSEWHERE.split_whitespace().collect();
    let (mut used, mut missing) = (HashSet::new(), Vec::new());
    for row in rows(&page()) {
        for word in row.here.iter().flat_map(|code| identifiers(code)) {
            match elsewhere.get(word) {
                Some(known) => drop(used.insert(*known)),
                None if declared.contains(word) => {}
                None => missing.push(format!("{}: no `{word}` here", row.python.join(", "))),
            }
        }
    }
    assert!(missing.is_empty(), "{PAGE}:\n{}\n", missing.join("\n"));
    let unused: Vec<_> = elsewhere.difference(&used).collect();
    assert!(
        unused.is_empty(),
        "nothing on the page is called {unused:?}"
    );
}

/// The words of a piece of code that may be names of something.
fn identifiers(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_alphabetic()))
}

/// What the sources declare: functions, types and their variants, modules.
fn declared(sources: impl Iterator<Item = Source>) -> HashSet<String> {
    const KINDS: [&str; 6] = ["fn", "struct", "enum", "trait", "mod", "const"];
    let mut found = HashSet::new();
    for source in sources {
        for line in source.code.lines() {
            let words: Vec<&str> = identifiers(line).collect();
            let declarations = words.windows(2).filter(|pair| KINDS.contains(&pair[0]));
            found.extend(declarations.map(|pair| pair[1].to_owned()));
            // A variant stands first in its line.
            let first = words
                .first()
                .filter(|word| line.trim_start().starts_with(**word));
            let variant = first.filter(|word| word.starts_with(char::is_uppercase));
            found.extend(variant.map(|word| (*word).to_owned()));
        }
    }
    found
}

#[test]
fn a_row_is_read_cell_by_cell() {
    let page = "## `queue`: classes\n| `A.get`, `put` | `Queue::get` or | `one`, `two` |\n| – |\n";
    let row = &rows(page)[0];
    assert_eq!(row.section, "queue: classes");
    assert_eq!(row.python, ["A.get", "put"]);
    assert_eq!(row.here, ["Queue::get"]);
    assert_eq!(row.tests, ["one", "two"]);
}
