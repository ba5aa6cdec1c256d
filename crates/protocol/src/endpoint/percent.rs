//! Percent-encoding (RFC 3986, section 2.1), strict in reading.
//!
//! A `%` that is not followed by two hexadecimal digits is an error here, not a literal `%`: a
//! path that means something else than what was written is worse than one that is refused.

use super::error::{EndpointError, quoted};

/// Written encoded everywhere: `%` itself and what RFC 3986 allows nowhere in a URL.
const NEVER_PLAIN: &[u8] = b"%\"<>\\^`{|}";

/// The bytes that `text` stands for.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, EndpointError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            decoded.push(*first);
            rest = tail;
            continue;
        }
        match tail {
            [high, low, after @ ..] => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => return Err(bad_escape(text)),
            },
            _ => return Err(bad_escape(text)),
        }
    }
    Ok(decoded)
}

/// The characters that `text` stands for.
pub(crate) fn decode_text(text: &str) -> Result<String, EndpointError> {
    String::from_utf8(decode(text)?).map_err(|_| EndpointError::Escape {
        reason: format!("{} does not stand for UTF-8 text", quoted(text)),
    })
}

/// Writes `bytes` so that [`decode`] gives them back. `reserved` are the characters that would end
/// the part being written. Letters and digits of other scripts stay readable; what is invisible
/// or could pass for something else in a log does not.
pub(crate) fn encode(bytes: &[u8], reserved: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let plain = match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() => {
                    byte.is_ascii_graphic()
                        && !NEVER_PLAIN.contains(&byte)
                        && !reserved.contains(&byte)
                }
                _ => character.is_alphanumeric(),
            };
            if plain {
                encoded.push(character);
            } else {
                let mut buffer = [0; 4];
                escape(character.encode_utf8(&mut buffer).as_bytes(), &mut encoded);
            }
        }
        escape(chunk.invalid(), &mut encoded);
    }
    encoded
}

fn escape(bytes: &[u8], encoded: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        encoded.push('%');
        encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
        encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn bad_escape(text: &str) -> EndpointError {
    EndpointError::Escape {
        reason: format!(
            "in {} a \"%\" is not followed by two hexadecimal digits; the character itself is written %25",
            quoted(text)
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_both_cases_and_refuses_the_rest() {
        assert_eq!(decode("a%2fb%2F%00").unwrap(), b"a/b/\0");
        for bad in ["%", "a%2", "%zz", "%+1", "%2%41", "%é"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
        assert!(decode_text("%FF").is_err());
        assert_eq!(decode_text("%C3%A9").unwrap(), "é");
    }

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&bytes, b"&=?#")).unwrap(), bytes);
    }

    #[test]
    fn stays_readable_where_that_is_safe() {
        assert_eq!(
            encode("/home/jürgen/a b".as_bytes(), b"?"),
            "/home/jürgen/a%20b"
        );
        assert_eq!(
            encode("a?\u{202e}b\u{a0}".as_bytes(), b"?"),
            "a%3F%E2%80%AEb%C2%A0"
        );
    }
}
