//! How long a file and a function may be.
//!
//! Lines of code are counted: not those that are blank or hold nothing but a comment.

use crate::source::{Source, is_word, item_end};

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 80;

/// What lets a file (above its first code) or a function (right above it) be longer.
const REASON: &str = "// layers: long because ";

pub fn long_files(source: &Source) -> Vec<String> {
    let lines = code_lines(&source.code);
    let mut opening = source
        .lines()
        .take_while(|(_, _, code)| code.trim().is_empty());
    if lines <= FILE_LINES || opening.any(|(_, text, _)| gives_reason(text)) {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines of code", source.path)]
}

pub fn long_functions(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (offset, name) in functions(&source.code) {
        let Some(end) = item_end(&source.code, offset) else {
            continue;
        };
        let lines = code_lines(&source.code[offset..end]);
        let line = source.line_of(offset);
        if lines > FUNCTION_LINES && !has_reason_above(source, line) {
            findings.push(format!("{}:{line}: {name} has {lines} lines", source.path));
        }
    }
    findings
}

fn code_lines(code: &str) -> usize {
    code.lines().filter(|line| !line.trim().is_empty()).count()
}

/// Where each function with a name begins, and its name.
fn functions(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (offset, _) in code.match_indices("fn ") {
        let name = code[offset + 3..].trim_start();
        let end = name.find(|c| !is_word(c)).unwrap_or(name.len());
        if end > 0 && !code[..offset].ends_with(is_word) {
            found.push((offset, &name[..end]));
        }
    }
    found
}

/// Whether the comments and attributes right above a line give the reason.
fn has_reason_above(source: &Source, line: usize) -> bool {
    let above: Vec<_> = source.lines().take(line - 1).collect();
    let mut near = above.iter().rev().take_while(|(_, text, code)| {
        let comment = code.trim().is_empty() && !text.trim().is_empty();
        comment || code.trim_start().starts_with("#[")
    });
    near.any(|(_, text, _)| gives_reason(text))
}

fn gives_reason(line: &str) -> bool {
    let reason = line.trim().strip_prefix(REASON);
    reason.is_some_and(|reason| reason.contains(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: usize, opening: &str) -> Source {
        let body = "const A: u8 = 1;\n\n// A comment.\n".repeat(lines);
        Source::new("a.rs", &format!("//! A.\n{opening}\n{body}"))
    }

    fn function(lines: usize, above: &str) -> Source {
        let body = "    let brace = '}'; // {\n\n".repeat(lines - 2);
        let text = format!("{above}pub async fn long(a: [u8; 2]) {{\n{body}}}\nfn short() {{}}\n");
        Source::new("a.rs", &text)
    }

    #[test]
    fn a_file_over_its_lines_is_found() {
        assert!(long_files(&file(FILE_LINES, "")).is_empty());
        assert_eq!(long_files(&file(FILE_LINES + 1, "")).len(), 1);
        let reason = "// layers: long because it is one table";
        assert!(long_files(&file(FILE_LINES + 1, reason)).is_empty());
        // Not a reason: nothing said, or said below the first code.
        assert_eq!(
            long_files(&file(FILE_LINES + 1, "// layers: long because ")).len(),
            1
        );
        let below = format!("use a::b;\n{reason}");
        assert_eq!(long_files(&file(FILE_LINES + 1, &below)).len(), 1);
    }

    #[test]
    fn a_function_over_its_lines_is_found() {
        assert!(long_functions(&function(FUNCTION_LINES, "")).is_empty());
        let found = long_functions(&function(FUNCTION_LINES + 1, "\n"));
        assert_eq!(found, ["a.rs:2: long has 81 lines"]);
    }

    #[test]
    fn a_reason_counts_right_above_only() {
        let above = "// layers: long because it is one table\n#[inline]\n/// Long.\n";
        assert!(long_functions(&function(FUNCTION_LINES + 1, above)).is_empty());
        let apart = "// layers: long because it is one table\n\n";
        assert_eq!(
            long_functions(&function(FUNCTION_LINES + 1, apart)).len(),
            1
        );
    }
}
