//! How the names on a control connection and in listings are written in bytes.

use crate::contract::Error;

/// The telnet command byte, which is sent twice where it stands for itself (RFC 854).
pub(super) const INTERPRET_AS_COMMAND: u8 = 0xff;

/// What bytes stand for which characters.
///
/// RFC 2640 wants UTF-8, which nearly all servers speak. One that does not is asked for files whose
/// names are not ASCII by [`Latin1`](Self::Latin1), where each byte is a character and so none is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes that are none of it are read as U+FFFD.
    #[default]
    Utf8,
    /// ISO 8859-1.
    Latin1,
}

impl Encoding {
    /// The text that a line's bytes stand for.
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Encoding::Latin1 => {
                let mut text = String::with_capacity(bytes.len());
                let mut bytes = bytes.iter().copied().peekable();
                while let Some(byte) = bytes.next() {
                    if byte == INTERPRET_AS_COMMAND && bytes.peek() == Some(&byte) {
                        bytes.next();
                    }
                    text.push(char::from(byte));
                }
                text
            }
        }
    }

    /// The bytes of a line of a control connection.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a character that there is no byte for.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, Error> {
        if self == Encoding::Utf8 {
            // The byte that telnet gives a meaning to never stands in UTF-8.
            return Ok(text.as_bytes().to_vec());
        }
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            let byte = u8::try_from(u32::from(character)).map_err(|_| {
                Error::misuse(format!("{character:?} is no character of ISO 8859-1"))
            })?;
            bytes.push(byte);
            if byte == INTERPRET_AS_COMMAND {
                bytes.push(byte);
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_character_of_latin_1_and_back() {
        let all: String = (1..=255).map(char::from).collect();
        let bytes = Encoding::Latin1.encode(&all).expect("all of them");
        assert_eq!(bytes.len(), 256);
        assert_eq!(Encoding::Latin1.decode(&bytes), all);
        assert!(Encoding::Latin1.encode("ж").is_err());
        assert_eq!(Encoding::Utf8.decode(b"a\xff"), "a\u{fffd}");
    }
}
