//! What a server can do, in its own words (RFC 3977, 5.2).

use crate::nntp::decode;

/// The lines behind `CAPABILITIES`: a label each, and maybe words behind it.
///
/// ```
/// use lariat_protocol::nntp::Capabilities;
///
/// let mut known = Capabilities::default();
/// known.add(b"VERSION 2");
/// known.add(b"LIST ACTIVE OVERVIEW.FMT");
/// assert!(known.has("list") && known.has_word("LIST", "overview.fmt"));
/// assert!(!known.has("POST"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    lines: Vec<Vec<String>>,
}

/// How many capabilities are kept: a server has about twenty.
const MAXIMUM_LINES: usize = 200;

impl Capabilities {
    /// Takes a line. Beyond the two hundredth, and without a word, none is kept.
    pub fn add(&mut self, line: &[u8]) {
        let text = decode(line);
        let words: Vec<String> = text
            .split_ascii_whitespace()
            .map(str::to_ascii_uppercase)
            .collect();
        if !words.is_empty() && self.lines.len() < MAXIMUM_LINES {
            self.lines.push(words);
        }
    }

    /// Whether the server has this. In capitals or not.
    pub fn has(&self, label: &str) -> bool {
        self.words(label).is_some()
    }

    /// Whether the server has this with this word behind it, as `LIST` with `ACTIVE`.
    pub fn has_word(&self, label: &str, word: &str) -> bool {
        let is_it = |known: &String| known.eq_ignore_ascii_case(word);
        self.words(label)
            .is_some_and(|words| words.iter().any(is_it))
    }

    /// The words behind a label, in capitals.
    pub fn words(&self, label: &str) -> Option<&[String]> {
        let line = self
            .lines
            .iter()
            .find(|line| line[0].eq_ignore_ascii_case(label))?;
        Some(&line[1..])
    }

    /// All lines, in capitals.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.lines.iter().map(|words| words.join(" "))
    }

    /// Whether the server has said nothing about itself: it is older than RFC 3977.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_in_any_case_and_there_is_an_end_of_them() {
        let mut known = Capabilities::default();
        for line in [&b"VERSION 2"[..], b"  reader ", b"", b"SASL plain external"] {
            known.add(line);
        }
        assert!(known.has("Reader") && !known.has("plain"));
        assert_eq!(known.words("sasl").expect("known"), ["PLAIN", "EXTERNAL"]);
        assert_eq!(known.lines().collect::<Vec<_>>()[1], "READER");
        for number in 0..1000 {
            known.add(format!("X{number}").as_bytes());
        }
        assert_eq!(known.lines().count(), MAXIMUM_LINES);
    }
}
