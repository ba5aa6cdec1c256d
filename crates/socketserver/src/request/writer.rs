//! `wfile`: what a stream's handler writes to.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use crate::request::Wire;

/// What goes to a client (`wfile`): each write at once, or gathered if
/// [`wbufsize`](crate::Options::wbufsize) says so.
pub struct Writer {
    wire: Arc<dyn Wire>,
    buffer: Vec<u8>,
    size: usize,
}

impl Writer {
    pub(super) fn new(wire: Arc<dyn Wire>, size: usize) -> Self {
        Writer {
            wire,
            buffer: Vec::new(),
            size,
        }
    }

    fn write_buffered(&mut self) -> io::Result<()> {
        let mut written = 0;
        let mut result = Ok(());
        while written < self.buffer.len() && result.is_ok() {
            match self.wire.send(&self.buffer[written..]) {
                Ok(0) => result = Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => result = Err(late(error)),
            }
        }
        self.buffer.drain(..written);
        result
    }
}

impl Write for Writer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.size == 0 {
            return self.wire.send(data).map_err(late);
        }
        if self.buffer.len() + data.len() > self.size {
            self.write_buffered()?;
        }
        if data.len() >= self.size {
            return self.wire.send(data).map_err(late);
        }
        self.buffer.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_buffered()?;
        self.wire.send_kept()
    }
}

/// A socket whose time has passed says that it would block.
fn late(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => {
            io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing")
        }
        _ => error,
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("waiting", &self.buffer.len())
            .finish_non_exhaustive()
    }
}
