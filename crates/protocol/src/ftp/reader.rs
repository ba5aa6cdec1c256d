//! Replies out of the bytes of a control connection.

use crate::contract::Error;
use crate::ftp::{Encoding, Reply};

/// The longest line of a reply, in bytes with its end: twice the longest path that a system has.
pub const MAXIMUM_LINE: usize = 8 * 1024;

/// The longest reply of several lines, in bytes: `STAT` lists a folder in one.
pub const MAXIMUM_REPLY: usize = 1024 * 1024;

/// Puts replies together, wherever their bytes are cut.
///
/// A line may end with a LF alone. A reply that is longer than [`MAXIMUM_REPLY`], or has a line longer
/// than [`MAXIMUM_LINE`], is refused when it has become so, and never kept.
#[derive(Clone, Debug, Default)]
pub struct ReplyReader {
    encoding: Encoding,
    /// What came and was not read.
    incoming: Vec<u8>,
    /// How much of it has been used up, and how much looked at.
    used: usize,
    searched: usize,
    /// A reply of several lines of which the last has not come, and how long it is so far.
    begun: Option<(u16, Vec<String>)>,
    length: usize,
}

impl ReplyReader {
    /// One for this encoding.
    pub fn new(encoding: Encoding) -> Self {
        ReplyReader {
            encoding,
            ..ReplyReader::default()
        }
    }

    /// Takes what came.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.used > 0 {
            self.incoming.drain(..self.used);
            self.searched -= self.used;
            self.used = 0;
        }
        self.incoming.extend_from_slice(bytes);
    }

    /// The next reply, if all of it has come.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is no reply, [`Error::Limit`] for one that is too long. What is behind
    /// it cannot be read then.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, Error> {
        while let Some(end) = memchr::memchr(b'\n', &self.incoming[self.searched..]) {
            let end = self.searched + end;
            self.check(end + 1 - self.used)?;
            let line = &self.incoming[self.used..end];
            self.length += line.len() + 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let read = read_line(self.encoding, &mut self.begun, line);
            self.used = end + 1;
            self.searched = end + 1;
            if let Some(reply) = read? {
                self.length = 0;
                return Ok(Some(reply));
            }
        }
        self.searched = self.incoming.len();
        self.check(self.incoming.len() - self.used)?;
        Ok(None)
    }

    /// Whether nothing came that is not part of a reply that was given out.
    pub fn is_empty(&self) -> bool {
        self.used == self.incoming.len() && self.begun.is_none()
    }

    fn check(&self, line: usize) -> Result<(), Error> {
        if line > MAXIMUM_LINE {
            return Err(Error::limit(format!(
                "a line of a reply is longer than {MAXIMUM_LINE} bytes"
            )));
        }
        if self.length + line > MAXIMUM_REPLY {
            return Err(Error::limit(format!(
                "a reply is longer than {MAXIMUM_REPLY} bytes"
            )));
        }
        Ok(())
    }
}

/// Reads a line, which may be the last of a reply.
fn read_line(
    encoding: Encoding,
    begun: &mut Option<(u16, Vec<String>)>,
    line: &[u8],
) -> Result<Option<Reply>, Error> {
    if line.contains(&0) {
        return Err(Error::invalid("a NUL stands in a reply"));
    }
    let start = code(line);
    let Some((expected, mut lines)) = begun.take() else {
        let Some((code, is_last)) = start else {
            let shown = encoding.decode(&line[..line.len().min(40)]);
            return Err(Error::invalid(format!("{shown:?} is no reply of FTP")));
        };
        let text = encoding.decode(line.get(4..).unwrap_or_default());
        if is_last {
            return Ok(Some(Reply::read(code, vec![text])));
        }
        *begun = Some((code, vec![text]));
        return Ok(None);
    };
    match start {
        Some((code, true)) if code == expected => {
            lines.push(encoding.decode(line.get(4..).unwrap_or_default()));
            return Ok(Some(Reply::read(code, lines)));
        }
        // Many servers begin each line so.
        Some((code, false)) if code == expected => lines.push(encoding.decode(&line[4..])),
        _ => lines.push(encoding.decode(line)),
    }
    *begun = Some((expected, lines));
    Ok(None)
}

/// The code at the front of a line, and whether the reply ends with it.
fn code(line: &[u8]) -> Option<(u16, bool)> {
    let (digits, behind) = (line.get(..3)?, line.get(3));
    let is_code = matches!(digits[0], b'1'..=b'5') && digits.iter().all(u8::is_ascii_digit);
    let is_last = match behind {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    let number = |digits: &[u8]| {
        let mut number = 0;
        for digit in digits {
            number = number * 10 + u16::from(digit - b'0');
        }
        number
    };
    is_code.then(|| (number(digits), is_last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Reply>, String> {
        let mut reader = ReplyReader::default();
        reader.receive(bytes);
        let mut replies = Vec::new();
        while let Some(reply) = reader.next_reply().map_err(|error| error.to_string())? {
            replies.push(reply);
        }
        Ok(replies)
    }

    #[test]
    fn replies_have_one_line_or_several() {
        let replies =
            read(b"220 a\r\n211-b\r\n 211 c\r\n123 d\r\n211-e\r\n211 f\r\n200\r\n331 g\n")
                .expect("replies");
        let shown: Vec<String> = replies.iter().map(Reply::shown).collect();
        assert_eq!(shown, ["220 a", "211 b 211 c 123 d e f", "200", "331 g"]);
        assert_eq!(replies[1].lines(), ["b", " 211 c", "123 d", "e", "f"]);
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for bytes in [
            &b"SSH-2.0-x\r\n"[..],
            b"\r\n",
            b"22 x\r\n",
            b"620 x\r\n",
            b"2200 x\r\n",
            b"220\tx\r\n",
            b"220 a\0b\r\n",
            b"<html>\n",
        ] {
            let error = read(bytes).expect_err("no reply");
            assert!(error.contains("invalid input"), "{error}");
        }
    }

    #[test]
    fn what_never_ends_is_refused_when_it_is_too_long() {
        let line = [b"220 ", &vec![b'x'; MAXIMUM_LINE][..]].concat();
        assert!(read(&line).expect_err("too long").contains("8192 bytes"));
        let mut reader = ReplyReader::default();
        reader.receive(b"211-a\r\n");
        let mut came = 0;
        let error = loop {
            reader.receive(b" a line of a reply that has no end\r\n");
            came += 1;
            match reader.next_reply() {
                Ok(reply) => assert_eq!(reply, None),
                Err(error) => break error.to_string(),
            }
        };
        assert!(error.contains("1048576 bytes"), "{error}");
        assert!(came < 30_000);
    }
}
