//! Blocks of lines as they are sent (RFC 3977, 3.1.1), and the two halves of an article.

use crate::contract::Error;

/// Makes a block of a text, whose bytes come in whatever pieces.
///
/// Lines end with CR LF there, whatever they ended with here (LF, CR LF, CR), one that begins with a point gets
/// another one in front, and a point alone is the end.
///
/// ```
/// use lariat_protocol::nntp::BlockWriter;
///
/// let mut block = Vec::new();
/// let mut writer = BlockWriter::default();
/// writer.write(b"one\n.tw", &mut block)?;
/// writer.write(b"o", &mut block)?;
/// writer.finish(&mut block);
/// assert_eq!(block, b"one\r\n..two\r\n.\r\n");
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct BlockWriter {
    /// A line has begun and not ended.
    in_line: bool,
    /// The last byte was a CR, whose line is ended already: a LF behind it ends nothing.
    after_return: bool,
}

impl BlockWriter {
    /// Takes more of the text, and puts what is to be sent behind what stands in `out`.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a NUL, which no block has.
    pub fn write(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if memchr::memchr(0, text).is_some() {
            return Err(Error::misuse(
                "a NUL cannot be sent in an article; encode what is no text, for example by base64",
            ));
        }
        let mut rest = text;
        if self.after_return
            && let Some((first, behind)) = rest.split_first()
        {
            self.after_return = false;
            if *first == b'\n' {
                rest = behind;
            }
        }
        while !rest.is_empty() {
            if !self.in_line && rest[0] == b'.' {
                out.push(b'.');
            }
            let Some(end) = memchr::memchr2(b'\r', b'\n', rest) else {
                out.extend_from_slice(rest);
                self.in_line = true;
                return Ok(());
            };
            out.extend_from_slice(&rest[..end]);
            out.extend_from_slice(b"\r\n");
            self.in_line = false;
            rest = match &rest[end..] {
                [b'\r', b'\n', behind @ ..] => behind,
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                line_end => &line_end[1..],
            };
        }
        Ok(())
    }

    /// Ends the line that has begun, and the block.
    pub fn finish(self, out: &mut Vec<u8>) {
        if self.in_line {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}

/// An article's head and body: what stands before and behind its first empty line. The head has the end of its last
/// line; an article without an empty line is a head alone.
///
/// ```
/// use lariat_protocol::nntp::split_article;
///
/// let article = b"Subject: a\r\n\r\nHello.\r\n";
/// assert_eq!(split_article(article), (&b"Subject: a\r\n"[..], &b"Hello.\r\n"[..]));
/// ```
pub fn split_article(article: &[u8]) -> (&[u8], &[u8]) {
    let mut begin = 0;
    while let Some(at) = memchr::memchr(b'\n', &article[begin..]) {
        let end = begin + at + 1;
        if matches!(&article[begin..end], b"\n" | b"\r\n") {
            return (&article[..begin], &article[end..]);
        }
        begin = end;
    }
    (article, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &[u8], length: usize) -> Vec<u8> {
        let (mut writer, mut out) = (BlockWriter::default(), Vec::new());
        for piece in text.chunks(length) {
            writer.write(piece, &mut out).expect("text");
        }
        writer.finish(&mut out);
        out
    }

    #[test]
    fn blocks_are_alike_however_their_text_is_cut() {
        for (text, expected) in [
            (&b""[..], &b".\r\n"[..]),
            (b"a", b"a\r\n.\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b"\n.\n..\n", b"\r\n..\r\n...\r\n.\r\n"),
            (
                b"a\r\nb\nc\rd\r\r\ne",
                b"a\r\nb\r\nc\r\nd\r\n\r\ne\r\n.\r\n",
            ),
            (b"a\r\n.\r\n", b"a\r\n..\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"\n\r.", b"\r\n\r\n..\r\n.\r\n"),
        ] {
            for length in 1..=text.len().max(1) {
                let shown = String::from_utf8_lossy(text);
                assert_eq!(block(text, length), expected, "{shown:?} by {length}");
            }
        }
        let mut out = Vec::new();
        assert!(BlockWriter::default().write(b"a\0", &mut out).is_err());
    }

    #[test]
    fn an_article_has_a_head_and_a_body() {
        for (article, head, body) in [
            (&b"A: b\n\nc\n"[..], &b"A: b\n"[..], &b"c\n"[..]),
            (b"A: b\r\n\r\n", b"A: b\r\n", b""),
            (b"A: b\r\n", b"A: b\r\n", b""),
            (b"\r\nc", b"", b"c"),
            (b"", b"", b""),
            (b"A: b\r\n \r\n\r\n\r\nc", b"A: b\r\n \r\n", b"\r\nc"),
        ] {
            assert_eq!(split_article(article), (head, body));
        }
    }
}
