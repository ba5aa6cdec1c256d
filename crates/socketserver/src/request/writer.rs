//! `wfile`: what a stream's handler writes to.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::options::Deadlines;
use crate::request::Wire;
use crate::request::pace::{is_late, request_is_late};

/// How long is waited where nothing should be waited for.
pub(super) const BRIEFLY: Duration = Duration::from_millis(1);

/// How much may be written when the request's time is over: that it is, say.
const FAREWELL: usize = 512;

/// What goes to a client (`wfile`): each write at once, or gathered if
/// [`wbufsize`](crate::Options::wbufsize) says so.
///
/// Writing ends with [`TimedOut`](io::ErrorKind::TimedOut) when the client takes nothing for
/// [`idle`](Deadlines::idle), or when the [whole request](Deadlines::request) is late; then 512
/// bytes more may be written, as far as they can be without waiting.
pub struct Writer {
    wire: Arc<dyn Wire>,
    buffer: Vec<u8>,
    size: usize,
    limit: Option<Limit>,
}

/// When the whole request is to be over, and what the socket was told of it.
struct Limit {
    length: Duration,
    until: Instant,
    /// What the socket's writes wait at the most.
    armed: Option<Duration>,
    /// How much may be written after that.
    farewell: usize,
}

impl Writer {
    pub(super) fn new(
        wire: Arc<dyn Wire>,
        size: usize,
        deadlines: Deadlines,
        began: Instant,
    ) -> Self {
        let limit = deadlines.request.and_then(|length| {
            Some(Limit {
                length,
                until: began.checked_add(length)?,
                armed: deadlines.idle,
                farewell: FAREWELL,
            })
        });
        Writer {
            wire,
            buffer: Vec::new(),
            size,
            limit,
        }
    }

    fn write_buffered(&mut self) -> io::Result<()> {
        let mut written = 0;
        let mut result = Ok(());
        while written < self.buffer.len() && result.is_ok() {
            match send(&*self.wire, &mut self.limit, &self.buffer[written..]) {
                Ok(0) => result = Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => result = Err(error),
            }
        }
        self.buffer.drain(..written);
        result
    }
}

impl Write for Writer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.size == 0 {
            return send(&*self.wire, &mut self.limit, data);
        }
        if self.buffer.len() + data.len() > self.size {
            self.write_buffered()?;
        }
        if data.len() >= self.size {
            return send(&*self.wire, &mut self.limit, data);
        }
        self.buffer.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_buffered()?;
        self.wire.send_kept()
    }
}

/// Sends some of the data, within the deadlines.
fn send(wire: &dyn Wire, limit: &mut Option<Limit>, data: &[u8]) -> io::Result<usize> {
    if let Some(limit) = limit {
        limit.arm(wire, data.len())?;
    }
    wire.send(data).map_err(|error| match limit {
        _ if !is_late(&error) => error,
        Some(limit) if limit.left().is_zero() => request_is_late(limit.length),
        _ => io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing"),
    })
}

impl Limit {
    /// Sees to it that a write waits no longer than it may.
    fn arm(&mut self, wire: &dyn Wire, length: usize) -> io::Result<()> {
        let mut left = self.left();
        if left.is_zero() {
            let rest = self.farewell.checked_sub(length);
            self.farewell = rest.ok_or_else(|| request_is_late(self.length))?;
            left = BRIEFLY;
        }
        if self.armed.is_none_or(|armed| left < armed) {
            wire.set_timeouts(None, Some(left))?;
            self.armed = Some(left);
        }
        Ok(())
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("waiting", &self.buffer.len())
            .finish_non_exhaustive()
    }
}
