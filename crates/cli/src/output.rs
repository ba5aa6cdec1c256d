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
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_bidirectional(character) {
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

/// Text of any length, with what could steer a terminal escaped but the ends of its lines.
pub fn harmless(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace('\r', "");
    let lines: Vec<String> = text.split('\n').map(one_line).collect();
    lines.join("\n")
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
    }
}
