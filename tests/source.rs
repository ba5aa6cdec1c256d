//! Rust source as the tree's own tests read it: with comments and literals blanked out.
//!
//! It does not parse Rust. What is left after the blanking is enough to find paths,
//! functions and modules by their tokens; what a macro would expand to is not seen.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file of the tree.
pub struct Source {
    /// Its path from the root of the tree, with `/` between the parts.
    pub path: String,
    /// What stands in it.
    pub text: String,
    /// The same, byte for byte as long, with comments as spaces and literals as quotes.
    pub code: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
            code: blank(text),
        }
    }

    /// Each line as it is written and as code, with its number from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str, &str)> {
        let lines = self.text.lines().zip(self.code.lines());
        (1..)
            .zip(lines)
            .map(|(number, (text, code))| (number, text, code))
    }

    /// The number of the line in which a byte of the code stands.
    pub fn line_of(&self, offset: usize) -> usize {
        1 + self.code[..offset]
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
    }

    /// The code without what is compiled for tests only.
    pub fn code_without_tests(&self) -> String {
        let mut code = self.code.clone().into_bytes();
        for range in test_items(&self.code) {
            blank_range(&mut code[range], b' ');
        }
        into_text(code)
    }

    /// The code that is compiled for tests only.
    pub fn test_code(&self) -> String {
        let items = test_items(&self.code).into_iter();
        items.map(|range| &self.code[range]).collect()
    }

    /// The parts of the path: folders, then the file's name without `.rs`.
    pub fn path_parts(&self) -> impl Iterator<Item = &str> {
        self.path.trim_end_matches(".rs").split('/')
    }
}

/// The folder that holds the workspace.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests lie in the workspace")
        .to_owned()
}

/// Every Rust file of the tree, in the order of their paths.
pub fn tree() -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in ["crates", "tests", "benches", "fuzz"] {
        collect(&root(), folder, &mut sources);
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(
        sources.len() > 50,
        "the tree was not found: {} files",
        sources.len()
    );
    sources
}

fn collect(root: &Path, folder: &str, sources: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(root, &path, sources);
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(entry.path()).expect("a source file is UTF-8");
            sources.push(Source::new(&path, &text));
        }
    }
}

/// A path in code, as `std::net::TcpStream`, and the line in which it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct CodePath {
    pub line: usize,
    pub path: String,
}

/// Every path in code; a `use` with braces gives one for each name in it.
pub fn paths(code: &str) -> Vec<CodePath> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at] {
            (Token::Word("use"), _) => {
                at += 1;
                use_tree(&tokens, &mut at, "", &mut found);
            }
            (Token::Word(word), line) => {
                let mut path = word.to_owned();
                at += 1;
                while let Some([(Token::Colons, _), (Token::Word(word), _)]) =
                    tokens.get(at..at + 2)
                {
                    path = format!("{path}::{word}");
                    at += 2;
                }
                found.push(CodePath { line, path });
            }
            _ => at += 1,
        }
    }
    found
}

/// Reads one tree of a `use`, from its first name to behind its last token.
fn use_tree(tokens: &[(Token, usize)], at: &mut usize, prefix: &str, found: &mut Vec<CodePath>) {
    let mut path = prefix.to_owned();
    while let Some((token, line)) = tokens.get(*at).copied() {
        match token {
            Token::Word("as") => *at += 2,
            Token::Word(word) => {
                if !path.is_empty() {
                    path.push_str("::");
                }
                path.push_str(word);
                *at += 1;
            }
            Token::Other('{') => {
                *at += 1;
                while !matches!(tokens.get(*at), None | Some((Token::Other('}'), _))) {
                    use_tree(tokens, at, &path, found);
                    if !matches!(tokens.get(*at), Some((Token::Other(','), _))) {
                        break;
                    }
                    *at += 1;
                }
                *at += 1;
                return;
            }
            Token::Other(',' | '}' | ';') => {
                found.push(CodePath { line, path });
                return;
            }
            Token::Colons | Token::Other(_) => *at += 1,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Token<'a> {
    Word(&'a str),
    Colons,
    Other(char),
}

fn tokens(code: &str) -> Vec<(Token<'_>, usize)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let length = if word > 0 {
            tokens.push((Token::Word(&rest[..word]), line));
            word
        } else if rest.starts_with("::") {
            tokens.push((Token::Colons, line));
            2
        } else {
            if first == '\n' {
                line += 1;
            }
            if !first.is_whitespace() {
                tokens.push((Token::Other(first), line));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The offset behind the item that begins here: behind its braces, or its semicolon.
pub fn item_end(code: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut braced = false;
    for (offset, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b';' if depth == 0 => return Some(offset + 1),
            b'(' | b'[' => depth += 1,
            b'{' => {
                braced |= depth == 0;
                depth += 1;
            }
            b')' | b']' => depth = depth.checked_sub(1)?,
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && braced {
                    return Some(offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the items marked `#[cfg(test)]` lie.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in code.match_indices("#[cfg(") {
        let is_of_tests = ["#[cfg(test)]", "#[cfg(all(test,"]
            .iter()
            .any(|mark| code[start..].starts_with(mark));
        if !is_of_tests || found.last().is_some_and(|last| last.contains(&start)) {
            continue;
        }
        let attribute = code[start..]
            .find(']')
            .map_or(code.len(), |at| start + at + 1);
        let end = item_end(code, attribute).unwrap_or(code.len());
        found.push(start..end);
    }
    found
}

/// Code with comments turned into spaces and literals into quotes; line ends stay.
fn blank(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let (end, filler) = blanked_until(text, at);
        if let Some(filler) = filler {
            blank_range(&mut code[at..end], filler);
        }
        at = end;
    }
    into_text(code)
}

/// Where the token that begins here ends, and what it is replaced by if it is blanked.
fn blanked_until(text: &str, at: usize) -> (usize, Option<u8>) {
    let rest = &text[at..];
    let end_of = |length: usize| at + length.min(rest.len());
    let Some(first) = rest.chars().next() else {
        return (text.len(), None);
    };
    if rest.starts_with("//") {
        return (end_of(rest.find('\n').unwrap_or(rest.len())), Some(b' '));
    }
    if rest.starts_with("/*") {
        return (end_of(block_comment(rest)), Some(b' '));
    }
    if let Some(length) = raw_string(rest) {
        return (end_of(length), Some(b'"'));
    }
    if first == '"' {
        return (end_of(1 + quoted(&rest[1..], b'"')), Some(b'"'));
    }
    if first == '\'' {
        let mut next = rest[1..].chars();
        return match (next.next(), next.next()) {
            (Some('\\'), _) => (end_of(1 + quoted(&rest[1..], b'\'')), Some(b'\'')),
            (Some(c), Some('\'')) => (end_of(2 + c.len_utf8()), Some(b'\'')),
            // A lifetime.
            _ => (at + 1, None),
        };
    }
    let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    (at + word.max(first.len_utf8()), None)
}

/// The length up to and with the closing quote.
fn quoted(rest: &str, quote: u8) -> usize {
    let mut escaped = false;
    for (offset, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return offset + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        let behind = rest.strip_prefix(prefix);
        behind.is_some_and(|behind| behind.trim_start_matches('#').starts_with('"'))
    })?;
    let behind = &rest[prefix.len()..];
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let close = format!("\"{}", "#".repeat(hashes));
    let open = prefix.len() + hashes + 1;
    let length = rest[open..]
        .find(&close)
        .map(|end| open + end + close.len());
    Some(length.unwrap_or(rest.len()))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let bytes = &rest.as_bytes()[at..];
        if bytes.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn blank_range(bytes: &mut [u8], filler: u8) {
    for byte in bytes {
        if !byte.is_ascii_whitespace() {
            *byte = filler;
        }
    }
}

fn into_text(code: Vec<u8>) -> String {
    String::from_utf8(code).expect("whole characters were blanked")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<String> {
        paths(code).into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = concat!(
            "let a = \"std::fs \\\" {\"; // std::fs\n",
            "let b = r#\"a \" {\"#; /* std::fs /* { */ } */ let c = '{';\n",
            "let d = '\\''; fn e<'a>(f: &'a str) {}\n",
            "let g = b\"}\\\\\"; let ü = \"ü\"; done",
        );
        let code = blank(text);
        assert_eq!(code.len(), text.len());
        assert_eq!(code.lines().count(), text.lines().count());
        assert!(!code.contains("std::fs"), "{code}");
        assert_eq!(code.matches(['{', '}']).collect::<String>(), "{}");
        assert!(code.contains("fn e<'a>(f: &'a str) {}"), "{code}");
        assert!(code.ends_with("done"), "{code}");
    }

    #[test]
    fn a_use_gives_each_of_its_names() {
        let code = "use std::{fs, net::{self, TcpStream as Stream}, io::*};\nuse a::b;";
        let expected = [
            "std::fs",
            "std::net::self",
            "std::net::TcpStream",
            "std::io",
            "a::b",
        ];
        assert_eq!(found(code), expected);
    }

    #[test]
    fn a_path_is_found_with_its_line() {
        let found = paths("let x =\n  std::time::Instant::now();\n f::<u8>()");
        let path = "std::time::Instant::now".to_owned();
        assert!(found.contains(&CodePath { line: 2, path }), "{found:?}");
    }

    #[test]
    fn what_is_for_tests_only_is_told_apart() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}";
        let source = Source::new("a.rs", text);
        assert_eq!(found(&source.code_without_tests()), ["fn", "a", "fn", "c"]);
        assert!(found(&source.test_code()).contains(&"b".to_owned()));
    }

    #[test]
    fn an_item_ends_at_its_braces_or_its_semicolon() {
        let code = "fn a(b: [u8; 3]) -> [u8; 3] { { b } } rest";
        assert_eq!(item_end(code, 0), Some(code.len() - " rest".len()));
        assert_eq!(item_end("mod a; mod b {}", 0), Some("mod a;".len()));
    }
}
