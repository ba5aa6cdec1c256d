//! Reads the map's tables, and the names in pages and source that they refer to.

use crate::source::is_word;

/// A row of the map. A dash is an empty cell.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub line: usize,
    pub item: String,
    pub command: Vec<Entry>,
    pub kind: Vec<Entry>,
    pub example: Vec<Entry>,
    pub test: Vec<Entry>,
}

/// One thing in a cell.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// A name between backticks.
    Code(String),
    /// A link's target, from the root of the tree, and the heading in it.
    Page(String, Option<String>),
    Planned,
    Unclear(String),
}

impl Entry {
    pub fn code(&self) -> Option<&str> {
        match self {
            Entry::Code(code) => Some(code),
            _ => None,
        }
    }

    pub fn page(&self) -> Option<(&str, Option<&str>)> {
        match self {
            Entry::Page(page, anchor) => Some((page, anchor.as_deref())),
            _ => None,
        }
    }

    pub fn text(&self) -> String {
        match self {
            Entry::Code(code) => format!("`{code}`"),
            Entry::Page(page, Some(anchor)) => format!("{page}#{anchor}"),
            Entry::Page(text, None) | Entry::Unclear(text) => text.clone(),
            Entry::Planned => "planned".to_owned(),
        }
    }

    /// Reads what stands between two commas.
    fn read(text: &str) -> Option<Entry> {
        let text = text.trim();
        if let Some(code) = text
            .strip_prefix('`')
            .and_then(|rest| rest.strip_suffix('`'))
        {
            return Some(Entry::Code(code.to_owned()));
        }
        let target = text
            .strip_suffix(')')
            .and_then(|rest| rest.split_once("]("));
        if let Some((_, target)) = target {
            let (page, anchor) = match target.split_once('#') {
                Some((page, anchor)) => (page, Some(anchor.to_owned())),
                None => (target, None),
            };
            let from_root = match page.strip_prefix("../") {
                Some(page) => page.to_owned(),
                None => format!("docs/{page}"),
            };
            return Some(Entry::Page(from_root, anchor));
        }
        match text {
            "–" => None,
            "planned" => Some(Entry::Planned),
            text => Some(Entry::Unclear(text.to_owned())),
        }
    }
}

/// The rows of every table that has five columns, without the headings.
pub fn rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut in_table = false;
    for (number, line) in (1..).zip(page.lines()) {
        let Some(cells) = line.trim().strip_prefix('|') else {
            in_table = false;
            continue;
        };
        if cells.trim_matches(|c| "|-: ".contains(c)).is_empty() {
            in_table = true;
            continue;
        }
        if !in_table {
            continue;
        }
        let cells: Vec<&str> = cells.trim_end_matches('|').split('|').collect();
        let entries = |cell: usize| -> Vec<Entry> {
            let text = cells.get(cell).copied().unwrap_or("no such column");
            text.split(',').filter_map(Entry::read).collect()
        };
        rows.push(Row {
            line: number,
            item: cells[0].trim().to_owned(),
            command: entries(1),
            kind: entries(2),
            example: entries(3),
            test: entries(4),
        });
    }
    rows
}

/// The headings of a page, as a link to them is written.
pub fn anchors(page: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut in_code = false;
    for line in page.lines() {
        in_code ^= line.starts_with("```");
        if line.starts_with('#') && !in_code {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| is_word(*c) || " -".contains(*c));
            anchors.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    anchors
}

pub fn words(code: &str) -> Vec<&str> {
    code.split(|c| !is_word(c))
        .filter(|word| !word.is_empty())
        .collect()
}

/// The names that code defines as public.
pub fn public_names(code: &str) -> Vec<String> {
    let words = words(code);
    let mut names = Vec::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "pub") {
        let mut behind = words[at + 1..]
            .iter()
            .skip_while(|word| ["async", "unsafe"].contains(word));
        let kinds = ["struct", "enum", "trait", "fn", "type", "mod", "const"];
        if behind.next().is_some_and(|kind| kinds.contains(kind)) {
            names.extend(behind.next().map(|name| (*name).to_owned()));
        }
    }
    names
}

/// The functions that are marked as tests, by an attribute that ends with `test`.
pub fn test_names(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in code.lines().map(str::trim) {
        if let Some(attribute) = line.strip_prefix("#[") {
            let name = attribute.split([']', '(']).next().unwrap_or_default();
            marked |= name.ends_with("test");
        }
        let function = line
            .split_once("fn ")
            .filter(|(before, _)| !before.ends_with(is_word));
        if let (true, Some((_, rest))) = (marked, function) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            names.push(rest[..end].to_owned());
            marked = false;
        }
    }
    names
}

/// The pages that a source file includes as documentation, from the root of the tree.
pub fn included_pages(text: &str) -> Vec<String> {
    let includes = text.split("include_str!(\"").skip(1);
    let paths = includes.filter_map(|rest| rest.split('"').next());
    paths
        .map(|path| path.trim_start_matches("../").to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_with_its_cells() {
        let page = "text | no row\n\n| item | command | type | example | test |\n\
            |---|---|---|---|---|\n| x | `lariat a --b` | `C`, `D` | [e](e.md#f) | planned |\n";
        let code = |text: &str| Entry::Code(text.to_owned());
        let row = Row {
            line: 5,
            item: "x".to_owned(),
            command: vec![code("lariat a --b")],
            kind: vec![code("C"), code("D")],
            example: vec![Entry::Page("docs/e.md".to_owned(), Some("f".to_owned()))],
            test: vec![Entry::Planned],
        };
        assert_eq!(rows(page), [row]);
    }

    #[test]
    fn a_row_that_is_too_short_is_not_passed_over() {
        let row = &rows("| item |\n|---|\n| x | planned |\n")[0];
        assert_eq!(row.test, [Entry::Unclear("no such column".to_owned())]);
    }

    #[test]
    fn headings_become_anchors() {
        let page = "# What `accept` hands over\n```\n# use a::b;\n```\n## In turn, in threads\n";
        assert_eq!(
            anchors(page),
            ["what-accept-hands-over", "in-turn-in-threads"]
        );
    }

    #[test]
    fn only_what_is_public_is_a_public_name() {
        let code = "pub struct A; pub(crate) enum B {} pub async fn c() {} fn d() {}";
        assert_eq!(public_names(code), ["A", "c"]);
    }

    #[test]
    fn only_what_is_marked_is_a_test() {
        let code = "#[test]\n#[cfg(unix)]\nfn a() {}\nfn b() {}\n#[tokio::test(flavor = x)]\nasync fn c() {";
        assert_eq!(test_names(code), ["a", "c"]);
    }
}
