//! Reads a response from the bytes of a connection.

use crate::contract::Error;
use crate::http_raw::Header;
use crate::http_raw::body::Body;

/// The longest header, in bytes; those of interim answers before it count too.
pub const MAXIMUM_HEADER: usize = 64 * 1024;

/// Reads the answer to one `GET`.
///
/// ```
/// use lariat_protocol::http_raw::ResponseReader;
///
/// # fn main() -> Result<(), lariat_protocol::Error> {
/// let mut reader = ResponseReader::default();
/// let mut content: Vec<u8> = Vec::new();
/// reader.read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", |piece| content.extend(piece))?;
/// assert_eq!(reader.header().map(|header| header.status), Some(200));
/// assert!(reader.is_complete() && content == b"hi");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ResponseReader {
    /// The header that has begun.
    begun: Vec<u8>,
    /// How much of `begun` was looked at for its end.
    searched: usize,
    /// How long the headers before it were.
    before: usize,
    header: Option<Header>,
    body: Option<Body>,
}

impl ResponseReader {
    /// Takes what came, and hands on what is content. What comes behind the end is not looked at.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if this is no answer of HTTP/1.1 or has no body that can be read, and
    /// [`Error::Limit`] if its header is longer than [`MAXIMUM_HEADER`].
    pub fn read(&mut self, input: &[u8], mut content: impl FnMut(&[u8])) -> Result<(), Error> {
        let mut rest = input;
        while !rest.is_empty() && !self.is_complete() {
            let used = match &mut self.body {
                Some(body) => body.read(rest, &mut content)?,
                None => self.read_header(rest)?,
            };
            rest = &rest[used..];
        }
        Ok(())
    }

    /// Takes the end of the connection.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] if the answer is not whole.
    pub fn end(&mut self) -> Result<(), Error> {
        match &mut self.body {
            Some(body) => body.end(),
            None if self.begun.is_empty() => {
                Err(Error::unexpected("the server closed without an answer"))
            }
            None => Err(Error::unexpected("the connection ended within the header")),
        }
    }

    /// The header, once it is whole.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Whether the answer is whole.
    pub fn is_complete(&self) -> bool {
        matches!(self.body, Some(Body::Complete))
    }

    fn read_header(&mut self, input: &[u8]) -> Result<usize, Error> {
        let held = self.begun.len();
        self.begun.extend_from_slice(input);
        let Some((length, end)) = self.find_end() else {
            self.check(self.begun.len())?;
            return Ok(input.len());
        };
        self.check(end)?;
        let header = Header::parse(&self.begun[..length])?;
        self.begun = Vec::new();
        self.searched = 0;
        match header.is_interim() {
            // The next one is the answer.
            true => self.before += end,
            false => {
                self.body = Some(Body::new(header.length()?));
                self.header = Some(header);
            }
        }
        Ok(end - held)
    }

    /// How long the header is, without and with its empty line.
    fn find_end(&mut self) -> Option<(usize, usize)> {
        for at in memchr::memchr_iter(b'\n', &self.begun[self.searched..]) {
            let behind = self.searched + at + 1;
            match self.begun[behind..] {
                [b'\n', ..] => return Some((behind, behind + 1)),
                [b'\r', b'\n', ..] => return Some((behind, behind + 2)),
                _ => {}
            }
        }
        // A line's end that may be followed by another is looked at again.
        self.searched = self.begun.len().saturating_sub(2);
        None
    }

    fn check(&self, length: usize) -> Result<(), Error> {
        match self.before + length > MAXIMUM_HEADER {
            true => Err(Error::limit(format!(
                "the header has more than {MAXIMUM_HEADER} bytes"
            ))),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Result<(u16, Vec<u8>), String> {
        let whole = pieces(input, input.len().max(1));
        assert_eq!(pieces(input, 1), whole, "byte by byte");
        whole
    }

    fn pieces(input: &[u8], length: usize) -> Result<(u16, Vec<u8>), String> {
        let mut reader = ResponseReader::default();
        let mut content = Vec::new();
        for piece in input.chunks(length) {
            let read = reader.read(piece, |more| content.extend_from_slice(more));
            read.map_err(|error| error.to_string())?;
        }
        reader.end().map_err(|error| error.to_string())?;
        Ok((reader.header().expect("a header").status, content))
    }

    #[test]
    fn a_body_ends_where_the_header_says() {
        let ok = |body: &str| Ok((200, body.as_bytes().to_vec()));
        assert_eq!(read(b"HTTP/1.1 200 OK\r\n\r\nto the end"), ok("to the end"));
        assert_eq!(
            read(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"),
            ok("abc")
        );
        assert_eq!(read(b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"), ok(""));
        assert_eq!(
            read(b"HTTP/1.1 204 No Content\r\n\r\n"),
            Ok((204, Vec::new()))
        );
        let chunks =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        assert_eq!(read(chunks), ok("abc"));
        let interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
        assert_eq!(read(interim), ok("a"));
    }

    #[test]
    fn what_is_not_whole_or_no_answer_is_told() {
        for (input, words) in [
            (&b""[..], "closed without an answer"),
            (b"HTTP/1.1 200 OK\r\n", "within the header"),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                "after 3 of 10 bytes",
            ),
            (b"SSH-2.0-x\r\n\r\n", "does not begin with \"SSH-2.0-x\""),
        ] {
            let error = read(input).expect_err("wrong");
            assert!(error.contains(words), "{error}");
        }
        let long = [b"HTTP/1.1 200 OK\r\nA: ", &vec![b'x'; MAXIMUM_HEADER][..]].concat();
        assert!(read(&long).expect_err("too long").contains("65536"));
        let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
        assert!(read(&interim).expect_err("too many").contains("65536"));
    }
}
