//! JSON laid out for a person: each value on a line of its own, in the order and with the digits in which it came.
//!
//! It is not read into values and written again, which would lose the order of names, names that come twice, and
//! the digits of long numbers: only what stands between its words is written anew.

use serde::de::IgnoredAny;

use crate::output::escape_json;

/// What comes in front of each thing that is coloured, and behind it.
const NAME: &str = "\x1b[36m";
const TEXT: &str = "\x1b[32m";
const WORD: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// How deep what is laid out may be nested, and how long it may become: each line begins with a blank for its depth, so
/// that a small text could become a huge one.
const DEEPEST: usize = 128;
const LONGEST: usize = 64 * 1024 * 1024;

/// Lays out a text that is JSON; nothing if it is none, or nested more deeply than anybody reads. What could steer a terminal is escaped.
pub fn readable(text: &str, is_coloured: bool) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut page = Page {
        text: String::with_capacity(text.len() * 2),
        depth: 0,
        is_coloured,
    };
    let mut rest = text.trim_ascii();
    while let Some(first) = rest.bytes().next() {
        if page.depth > DEEPEST || page.text.len() > LONGEST {
            return None;
        }
        let length = match first {
            b'"' => string_length(rest),
            b'{' | b'[' | b'}' | b']' | b',' | b':' => 1,
            _ => word_length(rest),
        };
        let (word, behind) = rest.split_at(length);
        rest = behind.trim_ascii_start();
        match first {
            b'{' | b'[' if rest.starts_with(['}', ']']) => {
                page.text.push_str(word);
                page.text.push_str(&rest[..1]);
                rest = rest[1..].trim_ascii_start();
            }
            b'{' | b'[' => page.begin(word),
            b'}' | b']' => page.end(word),
            b',' => page.next(),
            b':' => page.text.push_str(": "),
            b'"' if rest.starts_with(':') => page.write(word, NAME),
            b'"' => page.write(word, TEXT),
            _ => page.write(word, WORD),
        }
    }
    page.text.push('\n');
    Some(page.text)
}

/// How long the string is that the text begins with. It ends, since the text is JSON.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// How long the number, or `true`, `false` or `null`, is.
fn word_length(text: &str) -> usize {
    let is_end = |byte: u8| byte.is_ascii_whitespace() || b",:{}[]\"".contains(&byte);
    text.bytes().position(is_end).unwrap_or(text.len())
}

struct Page {
    text: String,
    depth: usize,
    is_coloured: bool,
}

impl Page {
    fn begin(&mut self, bracket: &str) {
        self.text.push_str(bracket);
        self.depth += 1;
        self.line();
    }

    fn end(&mut self, bracket: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line();
        self.text.push_str(bracket);
    }

    fn next(&mut self) {
        self.text.push(',');
        self.line();
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn write(&mut self, word: &str, colour: &str) {
        let word = escape_json(word);
        match self.is_coloured {
            true => self.text.extend([colour, &word, PLAIN]),
            false => self.text.push_str(&word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_laid_out_with_its_order_and_its_digits() {
        let text = r#" {"b":1.50,"a":[],"c":{ } , "b":[true,null,"x\"y, z\\"],"n":12345678901234567890123} "#;
        let page = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {},\n  \"b\": [\n    true,\n    null,\n    \
            \"x\\\"y, z\\\\\"\n  ],\n  \"n\": 12345678901234567890123\n}\n";
        assert_eq!(readable(text, false).as_deref(), Some(page));
        assert_eq!(readable("5", false).as_deref(), Some("5\n"));
        assert_eq!(readable("[]", false).as_deref(), Some("[]\n"));
        assert_eq!(
            readable("[[1],[]]", false).as_deref(),
            Some("[\n  [\n    1\n  ],\n  []\n]\n")
        );
    }

    #[test]
    fn it_stays_the_same_json() {
        let text = r#"{"a":[1,{"b":["",{}]},[[]]],"\"":"\\\\\"","ü":"😀 \u0041"}"#;
        let page = readable(text, false).expect("JSON");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&page), read(text));
    }

    #[test]
    fn colours_say_what_is_what_and_nothing_else_steers_the_terminal() {
        let page = readable("{\"a\":\"x\u{9b}2J\",\"b\":1}", true).expect("JSON");
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(
            lines[1],
            "  \x1b[36m\"a\"\x1b[0m: \x1b[32m\"x\\u009b2J\"\x1b[0m,"
        );
        assert_eq!(lines[2], "  \x1b[36m\"b\"\x1b[0m: \x1b[33m1\x1b[0m");
    }

    #[test]
    fn what_would_become_huge_is_left_as_it_is() {
        let nested = |depth: usize, inner: &str| "[".repeat(depth) + inner + &"]".repeat(depth);
        assert!(readable(&nested(DEEPEST, "1"), false).is_some());
        assert_eq!(readable(&nested(50_000, "1"), false), None);
        let wide = "1,".repeat(400_000) + "1";
        assert_eq!(readable(&nested(DEEPEST, &wide), false), None);
    }

    #[test]
    fn what_is_no_json_is_left_as_it_is() {
        for text in ["", "{", "{'a':1}", "hello", "[1] [2]", &"[".repeat(100_000)] {
            assert_eq!(readable(text, false), None);
        }
    }
}
