//! The text of header fields, in which what is not ASCII stands in encoded words (RFC 2047).
//!
//! Which field it is makes no difference here, and other ways to encode are left as they are. Which sets of characters there are
//! the caller knows.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::nntp::text::decode;

/// What makes text of bytes in a set of characters; what is none becomes `U+FFFD`.
pub type Decoder = fn(&[u8]) -> String;

/// Longer than the name of any set of characters.
const MAXIMUM_CHARSET: usize = 64;

/// Base64 without what fills it up, which some programs leave out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// The text of a header field's value, in which other characters than ASCII may stand encoded (RFC 2047). What is
/// wrongly encoded stays as it is.
///
/// White space between two encoded words is none of the text; all other stays. Encoded words may touch what is beside them,
/// and a character may be cut between two of them, as some programs write it. UTF-8 is known here, and all other sets of characters
/// to `decoder`, by their names in whichever case; those of a set that it does not know are taken for UTF-8, or for ISO 8859-1
/// where they cannot be that.
///
/// ```
/// use lariat_protocol::nntp::decode_encoded_words;
///
/// let nothing_else = |_: &str| None;
/// let text = decode_encoded_words("=?utf-8?q?Gr=C3=BC=C3=9Fe?= to all", nothing_else);
/// assert_eq!(text, "Grüße to all");
/// ```
pub fn decode_encoded_words(value: &str, decoder: impl Fn(&str) -> Option<Decoder>) -> String {
    let in_charset = |charset: &str, bytes: &[u8]| in_charset(charset, bytes, &decoder);
    if !value.contains("=?") {
        return value.to_owned();
    }
    let line = unfolded(value);
    let mut text = String::with_capacity(line.len());
    // Words beside each other whose characters are of one set.
    let mut run: Option<(&str, Vec<u8>)> = None;
    let words = Words {
        line: &line,
        at: 0,
        end: 0,
    };
    let mut at = 0;
    for word in words {
        let between = &line[at..word.begin];
        at = word.end;
        let is_behind_another = run.is_some() && between.trim_matches([' ', '\t']).is_empty();
        match &mut run {
            Some((charset, bytes))
                if is_behind_another && charset.eq_ignore_ascii_case(word.charset) =>
            {
                bytes.extend_from_slice(&word.bytes);
                continue;
            }
            _ => {}
        }
        if let Some((charset, bytes)) = run.replace((word.charset, word.bytes)) {
            text.push_str(&in_charset(charset, &bytes));
        }
        if !is_behind_another {
            text.push_str(between);
        }
    }
    if let Some((charset, bytes)) = run {
        text.push_str(&in_charset(charset, &bytes));
    }
    text.push_str(&line[at..]);
    text
}

/// An encoded word, and what it says.
struct Word<'a> {
    begin: usize,
    end: usize,
    charset: &'a str,
    bytes: Vec<u8>,
}

/// The encoded words of a line. Each letter is looked at a few times only, whatever stands there.
struct Words<'a> {
    line: &'a str,
    /// Where to look on.
    at: usize,
    /// Where the first `?=` stood behind the last place from which one was looked for.
    end: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        loop {
            let begin = self.at + self.line[self.at..].find("=?")?;
            self.at = begin + 2;
            let Some((charset, encoding, length)) = opening(&self.line[self.at..]) else {
                continue;
            };
            let from = self.at + length;
            if self.end < from {
                // Where none ends, none that begins later does.
                self.end = from + self.line[from..].find("?=")?;
            }
            if let Some(bytes) = decoded(encoding, &self.line[from..self.end]) {
                self.at = self.end + 2;
                return Some(Word {
                    begin,
                    end: self.at,
                    charset,
                    bytes,
                });
            }
        }
    }
}

/// The set of characters and the encoding that an encoded word begins with behind its `=?`, and how long they are.
fn opening(text: &str) -> Option<(&str, u8, usize)> {
    let mut names = text.bytes().take(MAXIMUM_CHARSET + 1);
    let length = names.position(|byte| byte == b'?')?;
    let charset = text.get(..length)?;
    if charset.is_empty() || !charset.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    // Which language it is may stand behind a star (RFC 2231, 5).
    let charset = charset.split('*').next()?;
    match text.as_bytes().get(length + 1..length + 3)? {
        [encoding, b'?'] => Some((charset, encoding.to_ascii_lowercase(), length + 3)),
        _ => None,
    }
}

/// The bytes of an encoded word's text; nothing if it is encoded wrongly.
fn decoded(encoding: u8, text: &str) -> Option<Vec<u8>> {
    // Another one that begins here is not right in either encoding, and would be read again and again.
    if text.contains("=?") {
        return None;
    }
    match encoding {
        b'b' => BASE64.decode(text.trim_end_matches('=')).ok(),
        b'q' => quoted(text.as_bytes()),
        _ => None,
    }
}

/// The encoding Q (RFC 2047, 4.2). Spaces in it are not allowed, and written all the same.
fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match first {
            b'_' => b' ',
            b'=' => {
                let [high, low, behind @ ..] = rest else {
                    return None;
                };
                rest = behind;
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?
            }
            byte if byte.is_ascii() => *byte,
            _ => return None,
        });
    }
    Some(bytes)
}

/// Bytes as characters of a set; `U+FFFD` stands for what is none.
fn in_charset(charset: &str, bytes: &[u8], decoder: &impl Fn(&str) -> Option<Decoder>) -> String {
    if ["utf-8", "utf8"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name))
    {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    match decoder(charset) {
        Some(decoder) => decoder(bytes),
        None => decode(bytes),
    }
}

/// A value on one line: a line's end before a space is none of the text (RFC 5322, 2.2.3).
fn unfolded(value: &str) -> String {
    let value = value.replace("\r\n", "\n");
    let value = value.replace("\n ", " ").replace("\n\t", "\t");
    value.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one set of characters more, in which every byte is one.
    fn decode_header(value: &str) -> String {
        decode_encoded_words(value, |charset| {
            let is_known = charset.eq_ignore_ascii_case("iso-8859-15");
            is_known.then_some(|bytes| bytes.iter().copied().map(char::from).collect())
        })
    }

    #[test]
    fn encoded_words_are_decoded_where_they_stand() {
        for (value, text) in [
            ("=?ISO-8859-15?Q?Andr=E9?= <a@b>", "André <a@b>"),
            ("=?iso-8859-15?Q?=C3=A4?=", "\u{c3}\u{a4}"),
            ("=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=", "äö"),
            ("o@b (=?utf-8?Q?Otto_M=C3=BCller?=)", "o@b (Otto Müller)"),
            ("=?utf-8?q?a?=, b", "a, b"),
            ("[=?utf-8?q?x?=] y", "[x] y"),
            ("a=?utf-8?q?b?=c", "abc"),
            ("=?utf-8?q?a?=  b \t =?utf-8?q?c?=", "a  b \t c"),
            ("=?utf-8?q?a?= \t =?utf-8?q?_b?=", "a b"),
            ("=?utf-8?q?a?= (=?utf-8?q?b?= =?utf-8?q?c?=)", "a (bc)"),
            ("=?utf-8*de?q?a?=", "a"),
            ("=?utf-8?q?a b?= c", "a b c"),
            ("=?utf-8?q?a??= c", "a? c"),
            ("=?utf-8?q??=a", "a"),
            // A character that was cut, and bytes of two sets.
            ("=?utf-8?Q?=C3?= =?UTF-8?Q?=A4?=", "ä"),
            ("=?utf-8?Q?=C3?= =?utf-8?B?pA==?=", "ä"),
            ("=?utf-8?Q?=C3=A4?= =?iso-8859-15?Q?=E4?=", "ää"),
            ("a\r\n b\r\n\t=?us-ascii?q?c?=", "a b\tc"),
            ("a\r\nb =?us-ascii?q?c?=", "a b c"),
            ("Ü", "Ü"),
            ("Ü =?utf-8?q?=C3=BC?=", "Ü ü"),
        ] {
            assert_eq!(decode_header(value), text, "{value}");
        }
    }

    #[test]
    fn what_is_wrongly_encoded_stays_as_it_is() {
        for value in [
            "=?utf-8?x?a?=",
            "=?utf-8?q?a",
            "=?utf-8?q?a?= =?utf-8?q?=C3=",
            "=?utf-8?q?=ZZ?=",
            "=?utf-8?q?=C?=",
            "=?utf-8?q?ä?=",
            "=?utf-8?b?w6Q?w?=",
            "=?utf-8?b?w?=",
            "=?u t?q?a?=",
            "=??q?a?=",
            "=?utf-8?q?",
            "=?",
            "=?=?=?=",
        ] {
            let text = decode_header(value);
            assert_eq!(text, value.replace("=?utf-8?q?a?= ", "a "), "{value}");
        }
        // What stands behind is not lost.
        assert_eq!(
            decode_header("=?utf-8?q?=Z =?utf-8?q?a?="),
            "=?utf-8?q?=Z a"
        );
    }

    #[test]
    fn base64_needs_nothing_that_fills_it_up() {
        for text in ["w6Q=", "w6Q", "w6Q=="] {
            let value = format!("x =?utf-8?B?{text}?= y");
            assert_eq!(decode_header(&value), "x ä y");
        }
    }

    #[test]
    fn characters_of_sets_that_are_unknown_or_wrong_are_guessed() {
        for (value, text) in [
            ("=?x-unknown?Q?Gr=C3=BC?=", "Grü"),
            ("=?x-unknown?Q?Gr=FC?=", "Grü"),
            ("=?us-ascii?Q?Gr=C3=BC?=", "Grü"),
            ("=?utf-8?Q?Gr=C3?=", "Gr\u{fffd}"),
        ] {
            assert_eq!(decode_header(value), text, "{value}");
        }
    }

    /// Of what could be read again and again, if each beginning were looked at by itself.
    #[test]
    fn a_long_line_of_beginnings_is_quick() {
        for beginning in ["=?", "=?a?q?", "=?a?b?", "=?a?q?x", "=?aaaaaaaaaaaaaaaaaa"] {
            let line = beginning.repeat(300_000);
            assert_eq!(decode_header(&line), line);
            assert!(decode_header(&(line + "?=")).len() > 300_000);
        }
    }
}
