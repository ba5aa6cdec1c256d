//! Patterns that a probe's answer must have in it.
//!
//! The one place that knows which engine reads them.

use lariat_protocol::names::{ErrorCode, Refused};
use lariat_re::{Limits, Pattern as Compiled};

/// What one look may take: registrants choose the patterns, and those whom they register the answers. A
/// look that a person meant takes a few hundred steps, and one that is given up about a millisecond;
/// an answer that comes byte by byte is looked at as often. With so little memory no automaton is
/// made, which could be larger than all else that is kept of a place.
const LIMITS: Limits = Limits {
    steps: 10_000,
    steps_per_byte: 25,
    memory: 1 << 20,
};

/// A regular expression over bytes as Python reads them, found anywhere in them.
#[derive(Clone, Debug)]
pub struct Pattern(Compiled<[u8]>);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// When it is none, or too large.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let compiled = Compiled::new(text.as_bytes());
        let limited = compiled.map(|pattern| Pattern(pattern.limited(LIMITS)));
        limited.map_err(|error| Refused::new(ErrorCode::Invalid, format!("expect: {error}")))
    }

    /// Whether it is somewhere in these bytes. What takes too long to find is not there.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        matches!(self.0.search(bytes), Ok(Some(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_bytes_and_read_as_python_does() {
        let pattern = Pattern::new(r"^SSH-2\.0-\w+(?!.*bad)").expect("a pattern");
        assert!(pattern.is_in(b"SSH-2.0-OpenSSH_9\r\n\xff") && !pattern.is_in(b"220 SSH-2.0-x"));
        let late = Pattern::new(r"(?i)\d+ ready").expect("a pattern");
        let mut answer = b"1 word 22 words ".repeat(250);
        assert!(!late.is_in(&answer));
        answer.extend_from_slice(b"220 Ready");
        assert!(late.is_in(&answer));
        let refused = |text: &str| Pattern::new(text).expect_err(text).sentence;
        assert_eq!(
            refused("(a"),
            "expect: missing ), unterminated subpattern at position 0"
        );
    }

    #[test]
    fn a_look_ends_whoever_chose_the_pattern_and_the_answer() {
        let answer = b"a".repeat(4096);
        for text in [
            r"(a+)(a+)(a+)\1\2\3[bc]",
            "(?:a.*?[bc]|a[^z]*[bc]|(?:a|aa)+[bc])(?=.)",
            "(((a{99}){99}){99}){99}",
            "(?:(?:a?){99}){99}b",
        ] {
            let pattern = Pattern::new(text).expect("a pattern");
            assert!(!pattern.is_in(&answer), "{text}");
        }
    }
}
