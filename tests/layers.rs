//! The tree keeps its own order: what imports what, what stays pure, how long things are.
//!
//! It looks at text, not at types: each check is a function from text to findings, with a
//! test beside it that shows it failing. What clippy can see (a clock that is read through
//! another name) is the business of `crates/protocol/clippy.toml`.

mod imports;
mod length;
mod names;
mod purity;

use crate::source::{Source, tree};

/// Fails with every finding of a check, a line each.
fn assert_none(findings: Vec<String>, rule: &str) {
    assert!(findings.is_empty(), "{rule}:\n{}\n", findings.join("\n"));
}

fn check_each(check: impl Fn(&Source) -> Vec<String>, rule: &str) {
    assert_none(tree().iter().flat_map(check).collect(), rule);
}

#[test]
fn imports_go_down() {
    let rule = "a crate imports only what stands beside it in the table of tests/layers/imports.rs";
    assert_none(imports::unknown_folders(&imports::folders()), rule);
    for folder in imports::folders() {
        let manifest = imports::manifest(&folder);
        assert_none(imports::wrong_dependencies(&folder, &manifest), rule);
    }
    check_each(imports::wrong_paths, rule);
}

#[test]
fn protocols_open_nothing_and_read_no_clock() {
    let rule = "crates/protocol/src has no socket, clock, file, process or thread";
    check_each(purity::impure_paths, rule);
}

#[test]
fn what_only_unix_has_stays_in_platform() {
    let rule = "std::os::unix, nix and libc stand in a folder or file called platform";
    check_each(purity::unix_outside_platform, rule);
}

#[test]
fn files_and_functions_are_short_or_say_why_not() {
    let rule = "600 lines of code for a file and 80 for a function, or `// layers: long because`";
    check_each(length::long_files, rule);
    check_each(length::long_functions, rule);
}

#[test]
fn modules_are_named_for_what_they_hold() {
    check_each(
        names::empty_names,
        "no module is called utils, misc, helpers or manager",
    );
}

#[test]
fn files_open_with_what_they_are() {
    check_each(
        names::no_opening,
        "a source file opens with a `//!` sentence on what it is",
    );
}
