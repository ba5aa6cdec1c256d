//! Replies, commands, and the lines of blocks, out of the bytes of a connection.

use std::ops::Range;

use crate::contract::Error;
use crate::nntp::text::{decode, shown};
use crate::nntp::{Command, CommandError, Limits, MAXIMUM_COMMAND, MAXIMUM_REPLY, Reply};

/// How many times as long as it may be a block is at most whose end is waited for all the same.
const PATIENCE: usize = 4;

/// What stands next in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockPiece<'a> {
    /// A line without its end, and without the point that was put in front of a point.
    Line(&'a [u8]),
    /// The block is over.
    End,
}

/// Puts lines together, wherever their bytes are cut, and knows how long each may be.
///
/// Replies and commands may end with a LF alone. The lines of a block end with CR LF only: a LF alone in an article
/// is part of its line, or whoever wrote the article could end the block with one and have what stands behind
/// taken for the server's answers.
#[derive(Clone, Debug)]
pub struct Reader {
    limits: Limits,
    /// What came and was not read.
    incoming: Vec<u8>,
    /// How much of it has been used up, and how much looked at.
    used: usize,
    searched: usize,
    /// The line is too long, and what came of it is gone.
    is_dropping: bool,
    /// How much of the block has come, and how much may.
    block: usize,
    lines: usize,
    allowed: usize,
    /// How many bytes the block took on the wire, also of what was refused.
    passed: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Reader::new(Limits::default())
    }
}

impl Reader {
    /// One with these limits.
    pub fn new(limits: Limits) -> Self {
        Reader {
            limits,
            incoming: Vec::new(),
            used: 0,
            searched: 0,
            is_dropping: false,
            block: 0,
            lines: 0,
            allowed: limits.block,
            passed: 0,
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
    /// [`Error::Invalid`] for what is no reply, [`Error::Limit`] for one that is longer than [`MAXIMUM_REPLY`]. What
    /// is behind it cannot be read then.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, Error> {
        match self.next_line(MAXIMUM_REPLY, "a reply")? {
            Some(line) => read_reply(line).map(Some),
            None => Ok(None),
        }
    }

    /// The next command, if all of it has come, or why the line is none: what a server answers then is its own to
    /// say, and the next one can be read. Of one that is longer than [`MAXIMUM_COMMAND`] nothing is kept.
    pub fn next_command(&mut self) -> Option<Result<Command, CommandError>> {
        let line = self.next_bounded_line(MAXIMUM_COMMAND)?;
        Some(line.and_then(|line| Command::parse(&decode(line))))
    }

    /// What a client says in a dialogue of SASL, which may be longer than a command (RFC 4643, 2.4).
    pub(super) fn next_response(&mut self) -> Option<Result<String, CommandError>> {
        let line = self.next_bounded_line(MAXIMUM_REPLY)?;
        Some(line.map(decode))
    }

    /// A block begins, which may be so long: [`Limits::article`] or [`Limits::block`].
    pub fn begin_block(&mut self, is_article: bool) {
        self.block = 0;
        self.lines = 0;
        self.passed = 0;
        self.allowed = match is_article {
            true => self.limits.article,
            false => self.limits.block,
        };
    }

    /// The next line of a block, if all of it has come, or its end.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] for a line or a block that is too long, when it has become so. What is behind it cannot be read
    /// then, but by [`skip_block`](Self::skip_block).
    pub fn next_piece(&mut self) -> Result<Option<BlockPiece<'_>>, Error> {
        let found = self.find_piece()?;
        Ok(found.map(|place| self.piece(place)))
    }

    /// Where the next line of a block stands, or its end, as [`piece`](Self::piece) takes it until more is received.
    pub(super) fn find_piece(&mut self) -> Result<Option<Range<usize>>, Error> {
        let Some(end) = self.find_block_line() else {
            let part = &self.incoming[self.used..];
            // The CR may be the first half of the line's end.
            let part = part.strip_suffix(b"\r").unwrap_or(part);
            self.check_block(without_point(part).len(), 0)?;
            return Ok(None);
        };
        let begin = std::mem::replace(&mut self.used, end + 2);
        self.searched = self.used;
        let line = &self.incoming[begin..end];
        if line == b"." {
            return Ok(Some(begin..end));
        }
        let length = without_point(line).len();
        self.passed = self.passed.saturating_add(self.used - begin);
        self.check_block(length, 2)?;
        if self.lines == self.limits.lines {
            return Err(Error::limit(format!(
                "what came behind the reply has more than {} lines",
                self.lines
            )));
        }
        self.lines += 1;
        self.block += length + 2;
        Ok(Some(begin..end))
    }

    /// What stands at a place that was [found](Self::find_piece).
    pub(super) fn piece(&self, place: Range<usize>) -> BlockPiece<'_> {
        match &self.incoming[place] {
            b"." => BlockPiece::End,
            line => BlockPiece::Line(without_point(line)),
        }
    }

    /// Reads on to the end of a block that was refused, of which nothing is kept, and says whether that has come.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] for a block that is several times as long as it may be.
    pub fn skip_block(&mut self) -> Result<bool, Error> {
        loop {
            let most = self.allowed.saturating_mul(PATIENCE);
            if self.passed > most {
                return Err(Error::limit(format!(
                    "what was refused goes on for more than {most} bytes"
                )));
            }
            let begin = self.used;
            let Some(end) = self.find_block_line() else {
                let part = &self.incoming[begin..];
                // The CR may be the first half of the line's end, and a point alone the block's.
                let part = part.strip_suffix(b"\r").unwrap_or(part).len();
                if part <= 1 {
                    return Ok(false);
                }
                self.is_dropping = true;
                self.used += part;
                self.passed = self.passed.saturating_add(part);
                continue;
            };
            self.used = end + 2;
            self.searched = self.used;
            let is_rest = std::mem::take(&mut self.is_dropping);
            if !is_rest && self.incoming[begin..end] == *b"." {
                return Ok(true);
            }
            self.passed = self.passed.saturating_add(self.used - begin);
        }
    }

    /// Whether nothing came that was not given out.
    pub fn is_empty(&self) -> bool {
        self.waiting() == 0 && !self.is_dropping
    }

    /// How many bytes came that were not given out.
    pub fn waiting(&self) -> usize {
        self.incoming.len() - self.used
    }

    /// As [`next_line`](Self::next_line), but one that is too long is dropped to its end, and the next one can be read.
    fn next_bounded_line(&mut self, maximum: usize) -> Option<Result<&[u8], CommandError>> {
        let Some(at) = memchr::memchr(b'\n', &self.incoming[self.searched..]) else {
            // With an end it would be longer.
            self.is_dropping |= self.waiting() >= maximum;
            self.searched = self.incoming.len();
            if self.is_dropping {
                self.used = self.searched;
            }
            return None;
        };
        let (begin, end) = (self.used, self.searched + at);
        self.used = end + 1;
        self.searched = self.used;
        if std::mem::take(&mut self.is_dropping) || self.used - begin > maximum {
            return Some(Err(CommandError::TooLong));
        }
        let line = &self.incoming[begin..end];
        Some(Ok(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// A line that may end with a LF alone, without its end.
    fn next_line(&mut self, maximum: usize, what: &str) -> Result<Option<&[u8]>, Error> {
        let found = memchr::memchr(b'\n', &self.incoming[self.searched..]);
        let end = found.map(|at| self.searched + at);
        let length = end.map_or(self.incoming.len(), |end| end + 1) - self.used;
        if length > maximum {
            return Err(Error::limit(format!(
                "{what} is longer than {maximum} bytes"
            )));
        }
        let Some(end) = end else {
            self.searched = self.incoming.len();
            return Ok(None);
        };
        let begin = self.used;
        self.used = end + 1;
        self.searched = self.used;
        let line = &self.incoming[begin..end];
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// Where the CR of the CR LF is that ends the line.
    fn find_block_line(&mut self) -> Option<usize> {
        while let Some(at) = memchr::memchr(b'\n', &self.incoming[self.searched..]) {
            let end = self.searched + at;
            self.searched = end + 1;
            if end > self.used && self.incoming[end - 1] == b'\r' {
                return Some(end - 1);
            }
        }
        self.searched = self.incoming.len();
        None
    }

    /// Whether there may be a line of so many bytes, or the part of one, and its end. Where the line is cut changes
    /// nothing: what is too much in part is too much when it is whole.
    fn check_block(&self, line: usize, line_end: usize) -> Result<(), Error> {
        let longest = self.limits.line;
        if line > longest {
            return Err(Error::limit(format!(
                "a line is longer than {longest} bytes"
            )));
        }
        if self.block + line + line_end > self.allowed {
            return Err(Error::limit(format!(
                "what came behind the reply is longer than {} bytes",
                self.allowed
            )));
        }
        Ok(())
    }
}

/// A line without the point that was put in front of a point.
fn without_point(line: &[u8]) -> &[u8] {
    line.strip_prefix(b".").unwrap_or(line)
}

/// Reads a line as a reply.
fn read_reply(line: &[u8]) -> Result<Reply, Error> {
    if line.contains(&0) {
        return Err(Error::invalid("a NUL stands in a reply"));
    }
    let code = match line {
        [
            first @ b'1'..=b'5',
            second @ b'0'..=b'9',
            third @ b'0'..=b'9',
            rest @ ..,
        ] if matches!(rest.first(), None | Some(b' ')) => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            digit(first) * 100 + digit(second) * 10 + digit(third)
        }
        _ => {
            return Err(Error::invalid(format!(
                "{} is no reply of NNTP",
                shown(line)
            )));
        }
    };
    let text = decode(line.get(4..).unwrap_or_default());
    Ok(Reply::read(code, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies(bytes: &[u8]) -> Result<Vec<String>, String> {
        let mut reader = Reader::default();
        reader.receive(bytes);
        let mut replies = Vec::new();
        while let Some(reply) = reader.next_reply().map_err(|error| error.to_string())? {
            replies.push(reply.shown());
        }
        Ok(replies)
    }

    /// The lines of a block, cut into pieces of this length.
    fn block(bytes: &[u8], length: usize) -> Result<(Vec<Vec<u8>>, bool), String> {
        let limits = Limits {
            line: 20,
            article: 60,
            lines: 9,
            ..Limits::default()
        };
        let mut reader = Reader::new(limits);
        reader.begin_block(true);
        let mut lines = Vec::new();
        for piece in bytes.chunks(length) {
            reader.receive(piece);
            while let Some(piece) = reader.next_piece().map_err(|error| error.to_string())? {
                match piece {
                    BlockPiece::Line(line) => lines.push(line.to_vec()),
                    BlockPiece::End => return Ok((lines, reader.is_empty())),
                }
            }
        }
        Err("no end".into())
    }

    #[test]
    fn replies_are_lines() {
        let read = replies(b"200 Hello\r\n205\r\n411 \n501 a\tb\r\n203 half").expect("replies");
        assert_eq!(read, ["200 Hello", "205", "411", "501 a\tb"]);
        for wrong in [
            &b"SSH-2.0-x\r\n"[..],
            b"\r\n",
            b"20 x\r\n",
            b"620 x\r\n",
            b"2000 x\r\n",
            b"200-x\r\n",
            b"200\tx\r\n",
            b"200 a\0b\r\n",
            b"<html>\n",
        ] {
            let error = replies(wrong).expect_err("no reply");
            assert!(error.contains("invalid input"), "{error}");
        }
        let endless = [b"200 ", &vec![b'x'; MAXIMUM_REPLY][..]].concat();
        assert!(
            replies(&endless)
                .expect_err("too long")
                .contains("8192 bytes")
        );
    }

    #[test]
    fn blocks_are_alike_however_they_are_cut() {
        let bytes = b"a\r\n..\r\n\r\n...b\r\n.c\r\nd\n.\ne\rf\r\n\0\n\r\n.\r\n";
        for length in 1..=bytes.len() {
            let (lines, is_all) = block(bytes, length).expect("a block");
            let expected: [&[u8]; 7] = [b"a", b".", b"", b"..b", b"c", b"d\n.\ne\rf", b"\0\n"];
            assert_eq!(lines, expected, "{length}");
            assert!(is_all);
        }
    }

    #[test]
    fn what_is_too_long_is_refused_when_it_has_become_so() {
        for (bytes, words) in [
            (b"x".repeat(23), "longer than 20 bytes"),
            (b"x\n".repeat(23), "longer than 20 bytes"),
            (
                [b"x".repeat(23), b"\r\n.\r\n".to_vec()].concat(),
                "longer than 20 bytes",
            ),
            (b"123456789012345678\r\n".repeat(4), "longer than 60 bytes"),
            (b"\r\n".repeat(10), "more than 9 lines"),
        ] {
            for length in [1, 7, 1000] {
                let error = block(&bytes, length).expect_err("too long");
                assert!(error.contains(words), "{length}: {error}");
            }
        }
        assert!(block(b"12345678901234567890\r\n.\r\n", 1).is_ok());
        assert!(block(b".12345678901234567890\r\n.\r\n", 1).is_ok());
    }

    #[test]
    fn a_line_is_as_long_however_it_is_cut() {
        for (bytes, is_short) in [
            (b"12345678901234567890\r\n.\r\n".to_vec(), true),
            (b".2345678901234567890.\r\n.\r\n".to_vec(), true),
            (b"123456789012345678901\r\n.\r\n".to_vec(), false),
            (b"1234567890123456789012\r\n.\r\n".to_vec(), false),
            (b"12345678901234567890\r\r\n.\r\n".to_vec(), false),
            (b"..23456789012345678901\r\n.\r\n".to_vec(), false),
            (
                [b"123456789012345678\r\n".repeat(3), b".\r\n".to_vec()].concat(),
                true,
            ),
            (
                [b"123456789012345678\r\n".repeat(3), b"\r\n.\r\n".to_vec()].concat(),
                false,
            ),
        ] {
            for length in 1..=bytes.len() {
                let read = block(&bytes, length);
                let shown = String::from_utf8_lossy(&bytes);
                assert_eq!(read.is_ok(), is_short, "{shown:?} by {length}: {read:?}");
            }
        }
    }

    #[test]
    fn commands_are_read_one_by_one() {
        let mut reader = Reader::default();
        reader.receive(b"group a.b\r\nnonsense\r\nQUIT\n");
        let group = reader.next_command().expect("whole");
        assert_eq!(group.expect("a command").to_string(), "GROUP a.b");
        assert!(reader.next_command().expect("whole").is_err());
        assert_eq!(reader.next_command(), Some(Ok(Command::Quit)));
    }

    #[test]
    fn a_command_without_end_is_dropped_and_told_once() {
        for length in [MAXIMUM_COMMAND - 2, MAXIMUM_COMMAND - 1, 100_000] {
            let bytes = [&b"x".repeat(length)[..], b"\r\nDATE\r\n"].concat();
            for cut in [1, 7, 511, 512, 513, bytes.len()] {
                let (mut reader, mut read) = (Reader::default(), Vec::new());
                for piece in bytes.chunks(cut) {
                    reader.receive(piece);
                    read.extend(std::iter::from_fn(|| reader.next_command()));
                    assert!(reader.waiting() < MAXIMUM_COMMAND);
                }
                let is_long = read[0] == Err(CommandError::TooLong);
                assert_eq!(is_long, length > MAXIMUM_COMMAND - 2, "{length} by {cut}");
                assert_eq!(read[1..], [Ok(Command::Date)]);
            }
        }
        let mut reader = Reader::default();
        reader.receive(&b"x".repeat(MAXIMUM_COMMAND));
        assert!(reader.next_command().is_none() && !reader.is_empty());
    }
}
