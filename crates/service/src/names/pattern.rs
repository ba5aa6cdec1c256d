//! Patterns that a probe's answer must have in it.
//!
//! The one place that knows which engine reads them.

use lariat_protocol::names::{ErrorCode, Refused};
use regex::bytes::{Regex, RegexBuilder};

/// The most memory that a compiled pattern may take, in bytes: registrants choose them.
const MAXIMUM_COMPILED: usize = 64 * 1024;

/// A regular expression over bytes, found anywhere in them. It takes time in proportion to
/// what it reads, whoever wrote it.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// When it is none, or would take too much memory.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let compiled = RegexBuilder::new(text)
            .unicode(false)
            .size_limit(MAXIMUM_COMPILED)
            .dfa_size_limit(MAXIMUM_COMPILED)
            .build();
        compiled.map(Pattern).map_err(|error| {
            // The engine draws an arrow below the place; its last line says it in words.
            let said = error.to_string();
            let words = said.lines().next_back().unwrap_or("it is none").trim();
            let words = words.trim_start_matches("error: ");
            Refused::new(ErrorCode::Invalid, format!("expect: {words}"))
        })
    }

    /// Whether it is somewhere in these bytes.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_bytes_and_bounded() {
        let pattern = Pattern::new(r"^SSH-2\.0-\w+").expect("a pattern");
        assert!(pattern.is_in(b"SSH-2.0-OpenSSH_9\r\n\xff") && !pattern.is_in(b"220 SSH-2.0-x"));
        let refused = |text: &str| Pattern::new(text).expect_err(text).sentence;
        assert_eq!(refused("(a"), "expect: unclosed group");
        let huge = refused("(((a{99}){99}){99}){99}");
        assert!(
            huge.starts_with("expect: ") && !huge.contains('\n'),
            "{huge}"
        );
    }
}
