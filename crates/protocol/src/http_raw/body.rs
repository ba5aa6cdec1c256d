//! The body of a response, as its length has it.

use crate::contract::Error;
use crate::framing::Line;
use crate::http_raw::header::Length;

/// The longest line of a chunk's size with its extensions, and all trailers together, in bytes.
const MAXIMUM_LINES: usize = 16 * 1024;

/// What of the body is to come.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// So many bytes, of so many in all.
    Bytes { left: u64, all: u64 },
    /// What the connection has.
    ToTheEnd,
    /// The line of a chunk's size, which has begun so.
    Size(Vec<u8>),
    /// So many bytes of a chunk.
    Chunk(u64),
    /// The line's end behind a chunk, which has begun so.
    ChunkEnd(Vec<u8>),
    /// The fields behind the last chunk: the line that has begun, and how much there was.
    Trailer { line: Vec<u8>, before: usize },
    /// Nothing.
    Complete,
}

impl Body {
    pub(super) fn new(length: Length) -> Self {
        match length {
            Length::Bytes(0) => Body::Complete,
            Length::Bytes(all) => Body::Bytes { left: all, all },
            Length::Chunks => Body::Size(Vec::new()),
            Length::End => Body::ToTheEnd,
        }
    }

    /// Reads on, and hands on what is content. Says how much was used up.
    pub(super) fn read(
        &mut self,
        input: &[u8],
        content: &mut impl FnMut(&[u8]),
    ) -> Result<usize, Error> {
        let mut used = 0;
        while used < input.len() && !matches!(self, Body::Complete) {
            let rest = &input[used..];
            used += match self {
                Body::ToTheEnd => hand_on(rest, u64::MAX, content),
                Body::Bytes { left, .. } | Body::Chunk(left) => {
                    let length = hand_on(rest, *left, content);
                    *left -= length as u64;
                    self.piece_read();
                    length
                }
                Body::Size(line) | Body::ChunkEnd(line) | Body::Trailer { line, .. } => {
                    let end = memchr::memchr(b'\n', rest);
                    let length = end.map_or(rest.len(), |end| end + 1);
                    line.extend_from_slice(&rest[..length]);
                    let line_length = line.len();
                    self.check(line_length)?;
                    if end.is_some() {
                        self.line_read()?;
                    }
                    length
                }
                Body::Complete => 0,
            };
        }
        Ok(used)
    }

    fn piece_read(&mut self) {
        match self {
            Body::Bytes { left: 0, .. } => *self = Body::Complete,
            Body::Chunk(0) => *self = Body::ChunkEnd(Vec::new()),
            _ => {}
        }
    }

    fn check(&self, length: usize) -> Result<(), Error> {
        let before = match self {
            Body::Trailer { before, .. } => *before,
            _ => 0,
        };
        match before + length > MAXIMUM_LINES {
            true => Err(Error::limit(format!(
                "what stands between and behind chunks has more than {MAXIMUM_LINES} bytes"
            ))),
            false => Ok(()),
        }
    }

    fn line_read(&mut self) -> Result<(), Error> {
        *self = match std::mem::replace(self, Body::Complete) {
            Body::Size(line) => match chunk_size(Line::new(&line).content())? {
                0 => Body::Trailer {
                    line: Vec::new(),
                    before: 0,
                },
                size => Body::Chunk(size),
            },
            Body::ChunkEnd(line) if Line::new(&line).content().is_empty() => Body::Size(Vec::new()),
            Body::ChunkEnd(_) => return Err(Error::invalid("a chunk is longer than its size")),
            Body::Trailer { line, .. } if Line::new(&line).content().is_empty() => Body::Complete,
            Body::Trailer { line, before } => Body::Trailer {
                before: before + line.len(),
                line: Vec::new(),
            },
            other => other,
        };
        Ok(())
    }

    /// The connection has ended.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self {
            Body::Complete => Ok(()),
            Body::ToTheEnd => {
                *self = Body::Complete;
                Ok(())
            }
            Body::Bytes { left, all } => Err(Error::unexpected(format!(
                "the connection ended after {} of {all} bytes",
                *all - *left
            ))),
            _ => Err(Error::unexpected(
                "the connection ended before the last chunk",
            )),
        }
    }
}

/// Hands on content of at most this length.
fn hand_on(rest: &[u8], most: u64, content: &mut impl FnMut(&[u8])) -> usize {
    let length = usize::try_from(most).map_or(rest.len(), |most| most.min(rest.len()));
    content(&rest[..length]);
    length
}

/// The size at the front of a chunk (RFC 9112, 7.1); what is behind a semicolon says nothing to us.
fn chunk_size(line: &[u8]) -> Result<u64, Error> {
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let size = size.trim_ascii_end();
    let digits = (1..=16).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(size).ok().filter(|_| digits);
    let number = text.and_then(|text| u64::from_str_radix(text, 16).ok());
    number.ok_or_else(|| {
        let shown: Vec<u8> = line.iter().copied().take(40).collect();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        Error::invalid(format!("{shown:?} is no size of a chunk"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunked(input: &[u8]) -> Result<Vec<u8>, String> {
        let mut body = Body::new(Length::Chunks);
        let mut all = Vec::new();
        let read = body.read(input, &mut |content| all.extend_from_slice(content));
        read.and_then(|used| {
            assert!(used == input.len() || matches!(body, Body::Complete));
            body.end()
        })
        .map_err(|error| error.to_string())?;
        Ok(all)
    }

    #[test]
    fn chunks_are_put_together() {
        assert_eq!(
            chunked(b"3\r\nabc\r\n0A ;x=y\r\n0123456789\r\n0\r\n\r\n"),
            Ok(b"abc0123456789".to_vec())
        );
        assert_eq!(chunked(b"0\r\nA: b\r\nC: d\r\n\r\nmore"), Ok(Vec::new()));
        assert_eq!(chunked(b"1\na\n0\n\n"), Ok(b"a".to_vec()));
        for (input, words) in [
            (&b"x\r\n"[..], "no size of a chunk"),
            (b"\r\n", "no size of a chunk"),
            (b"-1\r\n", "no size of a chunk"),
            (b"12345678901234567\r\n", "no size of a chunk"),
            (b"1\r\nab\r\n", "longer than its size"),
            (b"5\r\nab", "before the last chunk"),
            (b"0\r\n", "before the last chunk"),
        ] {
            let error = chunked(input).expect_err("wrong");
            assert!(error.contains(words), "{error}");
        }
        let endless = [b"1;", &vec![b'x'; 20_000][..]].concat();
        assert!(chunked(&endless).expect_err("too long").contains("16384"));
        let trailers = [b"0\r\n", &b"a: b\r\n".repeat(5000)[..]].concat();
        assert!(chunked(&trailers).expect_err("too long").contains("16384"));
    }
}
