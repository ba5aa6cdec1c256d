//! Text in the encoding that a server speaks; on our side of it everything is UTF-8.

use std::borrow::Cow;

use crate::failure::Failure;

/// An encoding that text can be both read and written in.
#[derive(Clone, Copy, Debug)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding of this name, by any of the names that web pages use for it.
    ///
    /// # Errors
    ///
    /// Wrong usage: the name is not known, or the encoding is one for reading only.
    pub fn named(name: &str) -> Result<Self, Failure> {
        let known = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        let known = known.ok_or_else(|| {
            Failure::usage(format!(
                "unknown encoding {name:?}; known are, for example, \
                 utf-8, gbk, big5, shift_jis, euc-kr, iso-8859-15, windows-1252 and koi8-r"
            ))
        })?;
        // UTF-16 has NUL and LF bytes within its characters, which line protocols would cut.
        if known.output_encoding() != known {
            return Err(Failure::usage(format!(
                "encoding {} cannot be spoken over a protocol of lines; use utf-8 or another",
                known.name()
            )));
        }
        Ok(Encoding(known))
    }

    /// The text as the server wants it. UTF-8 passes as it is, and so does what is not text.
    ///
    /// # Errors
    ///
    /// The text is not UTF-8, or a character is not in the encoding.
    pub fn encode(self, text: &[u8]) -> Result<Cow<'_, [u8]>, Failure> {
        if self.0 == encoding_rs::UTF_8 {
            return Ok(Cow::Borrowed(text));
        }
        let text = std::str::from_utf8(text).map_err(|error| {
            Failure::new(format!(
                "a message is not UTF-8 (byte {}), so it cannot be written in {}",
                error.valid_up_to(),
                self.0.name()
            ))
        })?;
        let (bytes, _, replaced) = self.0.encode(text);
        if !replaced {
            return Ok(bytes);
        }
        let missing = text
            .chars()
            .find(|character| self.0.encode(character.encode_utf8(&mut [0; 4])).2);
        Err(Failure::new(format!(
            "{:?} is not in {}; choose another --encoding",
            missing.unwrap_or(char::REPLACEMENT_CHARACTER),
            self.0.name()
        )))
    }

    /// What the server sent, as UTF-8; what is not of the encoding becomes U+FFFD. UTF-8
    /// passes as it is, whatever it is.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        if self.0 == encoding_rs::UTF_8 {
            return Cow::Borrowed(bytes);
        }
        match self.0.decode_without_bom_handling(bytes).0 {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_out_and_comes_back() {
        let gbk = Encoding::named("GBK").expect("known");
        let sent = gbk.encode("你好".as_bytes()).expect("in it");
        assert_eq!(*sent, [0xc4, 0xe3, 0xba, 0xc3]);
        assert_eq!(*gbk.decode(&sent), *"你好".as_bytes());
        assert_eq!(*gbk.decode(b"\xff"), *"\u{fffd}".as_bytes());
        let utf8 = Encoding::named("utf8").expect("known");
        assert_eq!(*utf8.encode(b"\xff\0").expect("any bytes"), *b"\xff\0");
        assert_eq!(*utf8.decode(b"\xff\0"), *b"\xff\0");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let told = |failure: Failure| failure.message().unwrap_or_default().to_string();
        assert!(told(Encoding::named("klingon").expect_err("unknown")).contains("\"klingon\""));
        assert!(told(Encoding::named("utf-16le").expect_err("no lines")).contains("UTF-16LE"));
        let latin = Encoding::named("iso-8859-15").expect("known");
        let missing = latin.encode("a你".as_bytes()).expect_err("not in it");
        assert_eq!(
            told(missing),
            "'你' is not in ISO-8859-15; choose another --encoding"
        );
        let not_text = latin.encode(b"ab\xff").expect_err("not UTF-8");
        assert!(told(not_text).contains("byte 2"));
    }
}
