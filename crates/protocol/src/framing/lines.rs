//! Lines, ended by LF or CRLF, of a length that the protocol must name.

use crate::contract::{Error, Transport};
use crate::framing::{End, FrameTransport, Framing, WriteFrame};

/// Which line end is written. Both are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`.
    Lf,
    /// `\r\n`, as the internet's line protocols have it.
    #[default]
    CrLf,
}

impl LineEnd {
    /// Its bytes.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            LineEnd::Lf => b"\n",
            LineEnd::CrLf => b"\r\n",
        }
    }
}

/// A line as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    whole: &'a [u8],
    content_length: usize,
}

impl<'a> Line<'a> {
    /// A line from its bytes with the line end, if it has one.
    pub fn new(whole: &'a [u8]) -> Self {
        let content = match whole {
            [content @ .., b'\r', b'\n'] | [content @ .., b'\n'] => content,
            content => content,
        };
        Line {
            whole,
            content_length: content.len(),
        }
    }

    /// The line without its end.
    pub fn content(&self) -> &'a [u8] {
        &self.whole[..self.content_length]
    }

    /// Its end: `\n`, `\r\n`, or nothing where a message or the stream ended it.
    pub fn ending(&self) -> &'a [u8] {
        &self.whole[self.content_length..]
    }

    /// The line with its end.
    pub fn whole(&self) -> &'a [u8] {
        self.whole
    }
}

/// Cuts a stream into lines.
///
/// The end of a message ends a line too. At the end of a stream a line without its end is
/// an error, since it may be half of one (`DELETE 1` of `DELETE 17`), unless
/// [`unterminated`](Lines::unterminated) says that the protocol takes it for whole.
#[derive(Clone, Debug)]
pub struct Lines {
    maximum: usize,
    end: LineEnd,
    unterminated: bool,
    /// How many bytes of the incomplete line hold no line end, so that a line which comes
    /// byte by byte is not searched from its start each time.
    searched: usize,
}

impl Lines {
    /// Lines of at most `maximum` bytes, the line end not counted; written with CRLF.
    pub fn new(maximum: usize) -> Self {
        Lines {
            maximum,
            end: LineEnd::CrLf,
            unterminated: false,
            searched: 0,
        }
    }

    /// Writes lines with this end.
    pub fn ending_with(mut self, end: LineEnd) -> Self {
        self.end = end;
        self
    }

    /// Takes what came before the end of the stream for a line, though no line end came.
    pub fn unterminated(mut self) -> Self {
        self.unterminated = true;
        self
    }

    fn check_length(&self, length: usize) -> Result<(), Error> {
        if length > self.maximum {
            let maximum = self.maximum;
            return Err(Error::limit(format!(
                "a line is longer than {maximum} bytes"
            )));
        }
        Ok(())
    }
}

impl Framing for Lines {
    type Frame<'a> = Line<'a>;

    fn decode<'a>(&mut self, input: &'a [u8]) -> Result<(Option<Line<'a>>, usize), Error> {
        let Some(offset) = memchr::memchr(b'\n', &input[self.searched..]) else {
            // The last byte may be the CR of a line end, which does not count.
            self.check_length(input.len() - usize::from(input.ends_with(b"\r")))?;
            self.searched = input.len();
            return Ok((None, 0));
        };
        let length = self.searched + offset + 1;
        self.searched = 0;
        let line = Line::new(&input[..length]);
        self.check_length(line.content().len())?;
        Ok((Some(line), length))
    }

    fn decode_end<'a>(&mut self, input: &'a [u8], end: End) -> Result<Option<Line<'a>>, Error> {
        if input.is_empty() {
            return Ok(None);
        }
        if end == End::Stream && !self.unterminated {
            return Err(Error::unexpected(
                "the connection ended in the middle of a line",
            ));
        }
        Ok(Some(Line::new(input)))
    }

    fn reset(&mut self) {
        self.searched = 0;
    }
}

impl WriteFrame for Lines {
    fn encode(&self, transport: &mut Transport, line: &[u8]) -> Result<(), Error> {
        if memchr::memchr2(b'\n', b'\r', line).is_some() {
            return Err(Error::misuse("a line to be written has a line end in it"));
        }
        transport.write_parts(&[line, self.end.as_bytes()]);
        Ok(())
    }
}

impl FrameTransport<'_, Lines> {
    /// Writes a line and its end. A line end within is replaced by a space, so that text
    /// from elsewhere cannot become a line of its own.
    pub fn write_line(&mut self, line: &[u8]) {
        if self.write_frame(line).is_err() {
            let flat: Vec<u8> = line
                .iter()
                .map(|byte| {
                    if matches!(byte, b'\r' | b'\n') {
                        b' '
                    } else {
                        *byte
                    }
                })
                .collect();
            let end = self.framing().end;
            self.write_parts(&[&flat, end.as_bytes()]);
        }
    }

    /// Lines come next, even if counted bytes were outstanding.
    pub fn expect_line(&mut self) {
        self.expect_frames();
    }
}
