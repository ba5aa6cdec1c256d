//! What modules are called, and that each says what it is.

use crate::source::{Source, paths};

/// Names that say nothing about what is inside.
const EMPTY: &[&str] = &[
    "helper", "helpers", "manager", "managers", "misc", "util", "utils",
];

/// Files, folders and inline modules with a name that says nothing.
pub fn empty_names(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    if source.path_parts().any(|part| EMPTY.contains(&part)) {
        findings.push(source.path.clone());
    }
    let words = paths(&source.code);
    for pair in words.windows(2) {
        if pair[0].path == "mod" && EMPTY.contains(&pair[1].path.as_str()) {
            findings.push(format!(
                "{}:{}: mod {}",
                source.path, pair[1].line, pair[1].path
            ));
        }
    }
    findings
}

/// A file of a library, a program or a test that does not open with a sentence. Fuzz
/// targets are too short to need one.
pub fn no_opening(source: &Source) -> Vec<String> {
    let opening = source
        .text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//!"));
    let says_something = opening.is_some_and(|words| !words.trim().is_empty());
    if says_something || source.path.starts_with("fuzz/") {
        return Vec::new();
    }
    vec![format!("{}:1: no `//!` sentence", source.path)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_nothing_is_found() {
        let found = |path: &str, text: &str| empty_names(&Source::new(path, text)).len();
        assert_eq!(found("crates/net/src/utils.rs", ""), 1);
        assert_eq!(found("crates/net/src/misc/mod.rs", ""), 1);
        assert_eq!(
            found("crates/net/src/lib.rs", "pub(crate) mod helpers { }"),
            1
        );
        assert_eq!(
            found(
                "crates/net/src/utility.rs",
                "use tokio_util::codec; // mod utils"
            ),
            0
        );
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_is_found() {
        let found = |text: &str| no_opening(&Source::new("crates/net/src/a.rs", text)).len();
        assert_eq!(found("//! What it is.\n"), 0);
        assert_eq!(found("//!\n//! What it is.\n"), 1);
        assert_eq!(found("use std::fmt;\n"), 1);
        assert_eq!(found("\n//! What it is.\n"), 1);
        assert_eq!(found(""), 1);
    }
}
