//! A line as words: `plain`, `key=value`, and values in quotes with escapes.
//!
//! Which words a line may have is [`Request`](super::Request)'s and its answers' to say.

use std::borrow::Cow;
use std::fmt::Write;

use crate::names::FieldError;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// What stands before a `=`: small letters only, so that no URL is taken for one.
    pub key: Option<&'a str>,
    /// The value without its quotes and escapes.
    pub value: Cow<'a, [u8]>,
}

impl<'a> Word<'a> {
    /// The value as text.
    pub fn text(&self) -> Result<Cow<'_, str>, FieldError> {
        match &self.value {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
            Cow::Owned(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
        }
        .map_err(|_| FieldError::new(self.key.unwrap_or("word"), "it is no UTF-8"))
    }
}

/// Cuts a line into words.
///
/// # Errors
///
/// A quote that is not closed, an escape that is none.
pub(super) fn split(line: &str) -> Result<Vec<Word<'_>>, FieldError> {
    let mut words = Vec::new();
    let mut rest = line.trim_start_matches(is_space);
    while !rest.is_empty() {
        let key = key(rest);
        let value = &rest[key.map_or(0, |key| key.len() + 1)..];
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = value.find(is_space).unwrap_or(value.len());
                (Cow::Borrowed(&value.as_bytes()[..end]), &value[end..])
            }
        };
        words.push(Word { key, value });
        rest = behind.trim_start_matches(is_space);
    }
    Ok(words)
}

/// Writes ` key=value`, in quotes where it needs them.
pub(super) fn write_pair(out: &mut String, key: &str, value: &[u8]) {
    out.push(' ');
    out.push_str(key);
    out.push('=');
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    if !value.is_empty() && value.iter().all(is_plain) {
        // Only ASCII, so it is text.
        out.extend(value.iter().map(|byte| char::from(*byte)));
        return;
    }
    out.push('"');
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\r' => out.push_str("\\r"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                other if other.is_ascii_control() => escape_byte(out, other as u8),
                other => out.push(other),
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| escape_byte(out, *byte));
    }
    out.push('"');
}

fn escape_byte(out: &mut String, byte: u8) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{byte:02x}");
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn key(text: &str) -> Option<&str> {
    let (key, _) = text.split_once('=')?;
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase());
    is_key.then_some(key)
}

/// What stands up to the closing quote, and what follows it.
fn unquote(text: &str) -> Result<(Cow<'_, [u8]>, &str), FieldError> {
    let wrong = |reason: String| FieldError::new("line", reason);
    let bytes = text.as_bytes();
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let behind = &text[at..];
                if !(behind.is_empty() || behind.starts_with(is_space)) {
                    return Err(wrong("a space must follow a closing quote".into()));
                }
                return Ok((Cow::Owned(value), behind));
            }
            b'\\' => {
                let (escaped, length) = escape(&bytes[at..]).ok_or_else(|| {
                    wrong("an escape is one of \\\" \\\\ \\r \\n \\t and \\xNN".into())
                })?;
                value.push(escaped);
                at += length;
            }
            byte => value.push(*byte),
        }
    }
    Err(wrong("a quote is not closed".into()))
}

/// The byte that an escape stands for, and how long it is behind its backslash.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    match bytes.first()? {
        b'"' => Some((b'"', 1)),
        b'\\' => Some((b'\\', 1)),
        b'r' => Some((b'\r', 1)),
        b'n' => Some((b'\n', 1)),
        b't' => Some((b'\t', 1)),
        // Two digits of four bits each.
        b'x' => Some(((digit(1)? * 16 + digit(2)?) as u8, 3)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Owned = (Option<String>, Vec<u8>);

    fn words(line: &str) -> Result<Vec<Owned>, String> {
        let words = split(line).map_err(|error| error.to_string())?;
        let owned = words
            .into_iter()
            .map(|word| (word.key.map(String::from), word.value.into_owned()));
        Ok(owned.collect())
    }

    #[test]
    fn words_stand_between_spaces_and_in_quotes() {
        let plain = |text: &str| (None, text.as_bytes().to_vec());
        let pair = |key: &str, value: &[u8]| (Some(key.to_string()), value.to_vec());
        assert_eq!(words("  a\tb  "), Ok(vec![plain("a"), plain("b")]));
        assert_eq!(
            words("ws://h:1/?a=b k= send=\"P \\\"\\\\\\r\\n\\xFf\""),
            Ok(vec![
                plain("ws://h:1/?a=b"),
                pair("k", b""),
                pair("send", b"P \"\\\r\n\xff")
            ])
        );
        assert_eq!(words("\"two words\""), Ok(vec![plain("two words")]));
        for wrong in [
            "a=\"b",
            "\"a\"b",
            "\"\\q\"",
            "\"\\x1\"",
            "\"\\xg1\"",
            "\"\\",
        ] {
            assert!(words(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for value in [
            &b""[..],
            b"plain",
            b"two words",
            b"\"\\\r\n\t\0\x7f",
            b"\xff\xfe",
            "gr\u{fc}\u{df}e".as_bytes(),
            "\u{85}".as_bytes(),
        ] {
            let mut line = String::new();
            write_pair(&mut line, "key", value);
            assert!(!line.contains(['\r', '\n']));
            assert_eq!(words(&line), Ok(vec![(Some("key".into()), value.to_vec())]));
        }
    }
}
