//! `docs/map.md` is true: what a row names exists, and no item of the course is missing.
//!
//! It does not run anything: that a command or an example does what its row says is for
//! the tests that the row names.

mod course;
mod page;

use std::collections::{BTreeMap, HashSet};
use std::fs;

use crate::source::{Source, root, tree};
use course::ITEMS;
use page::{Entry, Row, anchors, rows};

const PAGE: &str = "docs/map.md";

#[test]
fn every_row_names_what_exists() {
    let page = fs::read_to_string(root().join(PAGE)).expect("there is a map");
    let tree = Tree::read();
    let findings: Vec<_> = rows(&page)
        .iter()
        .flat_map(|row| tree.missing_in(row))
        .collect();
    assert!(findings.is_empty(), "{PAGE}:\n{}\n", findings.join("\n"));
}

#[test]
fn every_item_of_the_course_has_one_row() {
    let page = fs::read_to_string(root().join(PAGE)).expect("there is a map");
    let findings = unmatched(&rows(&page), ITEMS);
    assert!(findings.is_empty(), "{PAGE}:\n{}\n", findings.join("\n"));
}

/// Items without a row, with two, and rows that are no item.
fn unmatched(rows: &[Row], items: &[&str]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = items.iter().map(|item| (*item, 0)).collect();
    let mut findings = Vec::new();
    for row in rows {
        match count.get_mut(row.item.as_str()) {
            Some(count) => *count += 1,
            None => findings.push(format!(
                "line {}: no item is called {:?}",
                row.line, row.item
            )),
        }
    }
    let wrong = count.iter().filter(|(_, count)| **count != 1);
    findings.extend(wrong.map(|(item, count)| format!("{item:?} has {count} rows, not one")));
    findings
}

/// The names of all tests that there are.
pub fn tests_of_the_tree() -> HashSet<String> {
    Tree::read().tests
}

/// What there is to be named.
#[derive(Default)]
struct Tree {
    /// The commands' source, by the command's name.
    commands: HashSet<String>,
    /// The words in the source of the command line, where a flag is a field's name.
    command_words: HashSet<String>,
    types: HashSet<String>,
    examples: HashSet<String>,
    tests: HashSet<String>,
    /// Each page's headings as a link names them.
    pages: BTreeMap<String, Vec<String>>,
    /// The pages whose examples are run.
    tested_pages: HashSet<String>,
}

impl Tree {
    fn read() -> Self {
        let mut found = Tree::default();
        for source in tree() {
            found.add_source(&source);
        }
        let entries = fs::read_dir(root().join("docs")).expect("there are pages");
        let names = entries
            .flatten()
            .map(|entry| format!("docs/{}", entry.file_name().display()));
        for name in names.chain(["ARCHITECTURE.md".to_owned()]) {
            if let Ok(text) = fs::read_to_string(root().join(&name)) {
                found.pages.insert(name, anchors(&text));
            }
        }
        found
    }

    fn add_source(&mut self, source: &Source) {
        let parts: Vec<&str> = source.path_parts().collect();
        match parts[..] {
            ["crates", "cli", "src", "commands", name, ..] if name != "mod" => {
                self.commands.insert(name.to_owned());
            }
            ["crates", "lariat", "examples", name, ..] => {
                self.examples.insert(name.to_owned());
            }
            _ => {}
        }
        match parts[..] {
            ["crates", folder, "src", ..] => {
                if folder == "cli" {
                    let words = page::words(&source.code);
                    self.command_words
                        .extend(words.into_iter().map(str::to_owned));
                }
                self.types
                    .extend(page::public_names(&source.code_without_tests()));
                self.tests.extend(page::test_names(&source.test_code()));
                if parts.contains(&"tests") {
                    self.tests.extend(page::test_names(&source.code));
                }
            }
            ["crates", _, "tests", ..] | ["tests", ..] => {
                self.tests.extend(page::test_names(&source.code));
            }
            _ => {}
        }
        self.tested_pages.extend(page::included_pages(&source.text));
    }

    /// What a row names and is not there, in words.
    fn missing_in(&self, row: &Row) -> Vec<String> {
        let mut findings = Vec::new();
        let cells = [&row.command, &row.kind, &row.example, &row.test];
        if cells.iter().all(|cell| cell.is_empty()) {
            findings.push("names nothing and is not planned".to_owned());
        }
        for entry in cells.into_iter().flatten() {
            if let Entry::Unclear(text) = entry {
                findings.push(format!(
                    "{text:?} is neither `code`, a [link](…), planned nor –"
                ));
            }
        }
        for entry in &row.command {
            findings.extend(self.missing_command(entry));
        }
        for entry in &row.kind {
            let name = entry
                .code()
                .map(|code| code.rsplit("::").next().unwrap_or(code));
            if name.is_some_and(|name| !self.types.contains(name)) {
                findings.push(format!("no public type or function {}", entry.text()));
            }
        }
        for entry in &row.example {
            if entry
                .code()
                .is_some_and(|name| !self.examples.contains(name))
            {
                findings.push(format!("no example {}", entry.text()));
            }
        }
        for entry in &row.test {
            if entry.code().is_some_and(|name| !self.tests.contains(name)) {
                findings.push(format!("no test {}", entry.text()));
            }
            if entry
                .page()
                .is_some_and(|(page, _)| !self.tested_pages.contains(page))
            {
                findings.push(format!("nothing runs the examples of {}", entry.text()));
            }
        }
        for entry in cells.into_iter().flatten() {
            findings.extend(self.missing_page(entry));
        }
        let place = format!("line {}, {}", row.line, row.item);
        findings
            .iter()
            .map(|finding| format!("{place}: {finding}"))
            .collect()
    }

    fn missing_command(&self, entry: &Entry) -> Option<String> {
        let mut words = entry.code()?.split_whitespace();
        let name = match (words.next(), words.next()) {
            (Some("lariat"), Some(name)) => name.replace('-', "_"),
            _ => {
                return Some(format!(
                    "{} does not begin with `lariat COMMAND`",
                    entry.text()
                ));
            }
        };
        if !self.commands.contains(&name) {
            return Some(format!("no command {}", entry.text()));
        }
        let mut flags = words.filter_map(|word| word.strip_prefix("--"));
        let unknown = flags.find(|flag| !self.command_words.contains(&flag.replace('-', "_")))?;
        Some(format!("no option --{unknown}"))
    }

    fn missing_page(&self, entry: &Entry) -> Option<String> {
        let (page, anchor) = entry.page()?;
        let there = self.pages.get(page).is_some_and(|anchors| {
            anchor.is_none_or(|anchor| anchors.iter().any(|known| known == anchor))
        });
        (!there).then(|| format!("no page or heading {}", entry.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Tree {
        let mut known = Tree::default();
        for (path, text) in [
            (
                "crates/cli/src/commands/timestamp.rs",
                "struct Arguments { per_line: bool }",
            ),
            ("crates/lariat/examples/chat.rs", "fn main() {}"),
            (
                "crates/net/src/reactor.rs",
                "pub struct Reactor; pub async fn connect() {} struct Own;",
            ),
            (
                "crates/net/src/a.rs",
                "fn plain() {}\n#[cfg(test)]\nmod t {\n#[test]\nfn inside() {} }",
            ),
            (
                "tests/chat.rs",
                "#[test]\nfn everybody_hears() {}\nfn not_a_test() {}",
            ),
            (
                "crates/lariat/src/lib.rs",
                "#[doc = include_str!(\"../../../docs/a.md\")] mod a {}",
            ),
        ] {
            known.add_source(&Source::new(path, text));
        }
        known
            .pages
            .insert("docs/a.md".to_owned(), anchors("# Two words\n"));
        known.pages.insert("docs/b.md".to_owned(), Vec::new());
        known
    }

    fn missing(cells: &str) -> Vec<String> {
        let page =
            format!("| item | command | type | example | test |\n|-|-|-|-|-|\n| x | {cells} |\n");
        rows(&page)
            .iter()
            .flat_map(|row| known().missing_in(row))
            .collect()
    }

    #[test]
    fn a_row_that_names_what_exists_passes() {
        for cells in [
            "`lariat timestamp --per-line` | `Reactor`, `lariat_net::connect` | `chat` | `inside`",
            "planned | – | – | –",
            "– | – | [a](a.md#two-words) | `everybody_hears`, [a](a.md)",
        ] {
            assert_eq!(missing(cells), [""; 0], "{cells}");
        }
    }

    #[test]
    fn a_row_that_names_what_does_not_exist_is_found() {
        for cells in [
            "`lariat timestamps` | – | – | –",
            "`timestamp` | – | – | –",
            "`lariat timestamp --no-such` | – | – | –",
            "– | `Own` | – | –",
            "– | `Reactors` | – | –",
            "– | – | `chats` | –",
            "– | – | [a](a.md#three-words) | –",
            "– | – | [c](c.md) | –",
            "– | – | – | `plain`",
            "– | – | – | `not_a_test`",
            "– | – | – | [b](b.md)",
            "– | – | – | –",
            "soon | – | – | –",
        ] {
            assert_eq!(missing(cells).len(), 1, "{cells}: {:?}", missing(cells));
        }
    }

    #[test]
    fn an_item_without_its_one_row_is_found() {
        let page = "| item | a | b | c | d |\n|-|-|-|-|-|\n| one | planned | – | – | – |\n";
        assert!(unmatched(&rows(page), &["one"]).is_empty());
        assert_eq!(
            unmatched(&rows(page), &["one", "two"]),
            [r#""two" has 0 rows, not one"#]
        );
        assert_eq!(unmatched(&rows(page), &["two"]).len(), 2);
        let twice = format!("{page}| one | planned | – | – | – |\n");
        assert_eq!(
            unmatched(&rows(&twice), &["one"]),
            [r#""one" has 2 rows, not one"#]
        );
    }
}
