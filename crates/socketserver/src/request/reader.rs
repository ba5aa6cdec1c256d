//! `rfile`: what a stream's handler reads from.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memchr;

use crate::options::Deadlines;
use crate::request::Wire;
use crate::request::pace::Pace;

/// What a client sends, buffered (`rfile`). Reading from it ends with
/// [`TimedOut`](io::ErrorKind::TimedOut) when the client is late.
pub struct Reader {
    wire: Arc<dyn Wire>,
    pace: Pace,
    /// What was read and not taken yet is at `start..end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// How much is read at once at the most.
    size: usize,
    /// How much is read at once so far: twice as much once that was not enough. A server of
    /// threads has a thousand of these, and lines fill none.
    portion: usize,
}

/// What is read at once in the beginning.
const FIRST: usize = 1024;

impl Reader {
    pub(super) fn new(
        wire: Arc<dyn Wire>,
        size: usize,
        deadlines: Deadlines,
        began: Instant,
    ) -> Self {
        Reader {
            wire,
            pace: Pace::new(deadlines, began),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            size,
            portion: size.min(FIRST),
        }
    }

    /// The next line, with its end; none at the end of input. What the input ends with is a
    /// line too.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](io::ErrorKind::InvalidData) when no line end comes within `maximum` bytes,
    /// itself included: no more than that is ever kept. Else what reading fails with.
    pub fn read_line(&mut self, maximum: usize) -> io::Result<Option<&[u8]>> {
        let mut looked = 0;
        loop {
            let waiting = &self.buffer[self.start..self.end];
            let found = memchr(b'\n', &waiting[looked..]);
            let length = found.map(|at| looked + at + 1);
            if length.unwrap_or(waiting.len()) > maximum {
                let words = format!("a line is longer than {maximum} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, words));
            }
            if let Some(length) = length {
                return Ok(Some(self.take(length)));
            }
            looked = waiting.len();
            // One byte past the longest line tells that it is too long.
            let room = maximum.saturating_add(1) - looked;
            if self.fill_more(room)? == 0 {
                return Ok(match looked {
                    0 => None,
                    length => Some(self.take(length)),
                });
            }
        }
    }

    /// The socket's reads wait so long at the most already.
    pub(super) fn is_armed(&mut self, within: Option<Duration>) {
        self.pace.is_armed(within);
    }

    /// Whether the client has said that nothing more comes.
    pub(super) fn has_ended(&self) -> bool {
        self.pace.has_ended()
    }

    /// Takes bytes that were read.
    fn take(&mut self, length: usize) -> &[u8] {
        let begin = self.start;
        self.start += length;
        &self.buffer[begin..begin + length]
    }

    /// Reads more behind what waits, at the most `most`. Returns how much came.
    fn fill_more(&mut self, most: usize) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let wanted = self.end + self.portion.clamp(1, most.max(1));
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let came = self
            .pace
            .read(&*self.wire, &mut self.buffer[self.end..wanted])?;
        self.end += came;
        if came == self.portion {
            self.portion = (2 * came).min(self.size);
        }
        Ok(came)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && buffer.len() >= self.portion {
            return self.pace.read(&*self.wire, buffer);
        }
        let waiting = self.fill_buf()?;
        let length = waiting.len().min(buffer.len());
        buffer[..length].copy_from_slice(&waiting[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.fill_more(usize::MAX)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.start = (self.start + amount).min(self.end);
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("waiting", &(self.end - self.start))
            .finish_non_exhaustive()
    }
}
