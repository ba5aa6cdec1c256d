//! What is written for a person: results on standard output, the rest on standard error.
//!
//! `println!` is not used, because it panics when the reader has gone away.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use tracing::Level;

use crate::failure::Failure;
use crate::log;

/// Writes text to standard output, at once.
///
/// # Errors
///
/// When it cannot be written; with nothing to say if only the reader went away.
pub fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_ref())?;
    Ok(output.flush()?)
}

/// Writes a line about what went wrong to standard error.
pub fn complain(message: &str) {
    say(Level::ERROR, message, &format!("lariat: {message}"));
}

/// Writes a line about what happens to standard error. Nobody has to be there to read it.
pub fn note(line: &str) {
    say(Level::INFO, line, line);
}

/// Says something to a person, or in a log that a program reads.
fn say(level: Level, message: &str, line: &str) {
    if !log::takes(level, message) {
        let line = one_line(line) + "\n";
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// The text with control characters escaped, since what a peer sent may be in it: it stays
/// one line and cannot steer the terminal.
pub fn one_line(text: &str) -> String {
    escaped(text, &[])
}

/// The text with control characters escaped but for these.
fn escaped(text: &str, harmless: &[char]) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        let steers = character.is_control() || is_bidirectional(character);
        if steers && !harmless.contains(&character) {
            // Writing into a string cannot fail.
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// What a peer sent, as it is written to standard output: unchanged, but on a terminal, where all
/// that could steer it is escaped and lines end as there.
pub fn shown(text: &[u8]) -> Cow<'_, [u8]> {
    match io::stdout().is_terminal() {
        true => Cow::Owned(harmless(text).into_bytes()),
        false => Cow::Borrowed(text),
    }
}

/// Text of any length, with what could steer a terminal escaped but the ends of its lines, and the tabulators that lead
/// to a column.
pub fn harmless(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace('\r', "");
    escaped(&text, &['\n', '\t'])
}

/// A text that comes in pieces, which are [`shown`]: a character that was cut in two is shown with its other half.
#[derive(Default)]
pub struct Pieces {
    /// The beginning of a character, of three bytes at most.
    cut: Vec<u8>,
}

impl Pieces {
    /// The next piece, as far as its characters are whole.
    pub fn shown(&mut self, piece: &[u8]) -> Vec<u8> {
        match io::stdout().is_terminal() {
            true => harmless(&self.whole(piece)).into_bytes(),
            false => piece.to_vec(),
        }
    }

    /// What is left when no more comes.
    pub fn end(self) -> Vec<u8> {
        harmless(&self.cut).into_bytes()
    }

    fn whole(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut text = std::mem::take(&mut self.cut);
        text.extend_from_slice(piece);
        let begins = |at: &usize| match std::str::from_utf8(&text[*at..]) {
            Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
            Ok(_) => false,
        };
        if let Some(at) = (text.len().saturating_sub(3)..text.len()).find(begins) {
            self.cut = text.split_off(at);
        }
        text
    }
}

/// JSON, with what could steer a terminal escaped: beyond what JSON itself demands, and still
/// the same JSON.
pub fn escape_json(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_control() || is_bidirectional(character) {
            // They are all below U+10000; writing into a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        } else {
            line.push(character);
        }
    }
    line
}

/// Characters that turn around what stands behind them.
fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(one_line("Grüße\tan\n\x1b[31m"), "Grüße\\tan\\n\\u{1b}[31m");
        assert_eq!(one_line("a\u{9b}\u{202e}b"), "a\\u{9b}\\u{202e}b");
    }

    #[test]
    fn what_a_terminal_is_shown_keeps_its_lines_and_steers_nothing() {
        assert_eq!(harmless(b"a\r\n\x1b[2J\n\xff"), "a\n\\u{1b}[2J\n\u{fffd}");
        assert_eq!(harmless(b"a\tb"), "a\tb");
    }

    #[test]
    fn a_character_that_is_cut_in_two_is_shown_whole() {
        let text = "aü€😀\u{fffd}";
        for length in 1..text.len() {
            let mut pieces = Pieces::default();
            let mut shown = Vec::new();
            for piece in text.as_bytes().chunks(length) {
                shown.extend(harmless(&pieces.whole(piece)).into_bytes());
            }
            shown.extend(pieces.end());
            assert_eq!(String::from_utf8_lossy(&shown), text, "{length}");
        }
        let mut broken = Pieces::default();
        assert_eq!(broken.whole(b"a\xf0\x9f"), b"a");
        assert_eq!(broken.whole(b"b"), b"\xf0\x9fb");
        assert_eq!(broken.whole(b"\xff"), b"\xff");
        assert_eq!(broken.whole(b"\xe2"), b"");
        assert_eq!(broken.end(), "\u{fffd}".as_bytes());
    }
}
