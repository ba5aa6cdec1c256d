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
    patience: Patience,
}

/// How long a write may wait for its client, and what the socket was told of it.
struct Patience {
    idle: Option<Duration>,
    /// When the whole request is to be over.
    whole: Option<Whole>,
    /// What the socket's writes wait at the most: nothing was said as long as none had to.
    armed: Option<Duration>,
}

struct Whole {
    length: Duration,
    until: Instant,
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
        let whole = deadlines.request.and_then(|length| {
            Some(Whole {
                length,
                until: began.checked_add(length)?,
                farewell: FAREWELL,
            })
        });
        Writer {
            wire,
            buffer: Vec::new(),
            size,
            patience: Patience {
                idle: deadlines.idle,
                whole,
                armed: None,
            },
        }
    }

    fn write_buffered(&mut self) -> io::Result<()> {
        let mut written = 0;
        let mut result = Ok(());
        while written < self.buffer.len() && result.is_ok() {
            match self.patience.send(&*self.wire, &self.buffer[written..]) {
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
            return self.patience.send(&*self.wire, data);
        }
        if self.buffer.len() + data.len() > self.size {
            self.write_buffered()?;
        }
        if data.len() >= self.size {
            return self.patience.send(&*self.wire, data);
        }
        self.buffer.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_buffered()?;
        self.wire.send_kept()
    }
}

impl Patience {
    /// Sends some of the data, within the deadlines.
    fn send(&mut self, wire: &dyn Wire, data: &[u8]) -> io::Result<usize> {
        let within = self.within(data.len())?;
        if self.armed.is_none() {
            match wire.send_at_once(data) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return sent,
            }
        }
        if let Some(within) = within
            && self.armed.is_none_or(|armed| within < armed)
        {
            wire.set_timeouts(None, Some(within))?;
            self.armed = Some(within);
        }
        wire.send(data).map_err(|error| {
            if is_late(&error) {
                // Nobody waits as long once more, for what was gathered or for the end of TLS.
                self.idle = Some(BRIEFLY);
            }
            self.told(error)
        })
    }

    /// The error of a write in words.
    fn told(&self, error: io::Error) -> io::Error {
        match &self.whole {
            _ if !is_late(&error) => error,
            Some(whole) if whole.left().is_zero() => request_is_late(whole.length),
            _ => io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing"),
        }
    }

    /// How long a write of so many bytes may wait.
    fn within(&mut self, length: usize) -> io::Result<Option<Duration>> {
        let Some(whole) = &mut self.whole else {
            return Ok(self.idle);
        };
        let mut left = whole.left();
        if left.is_zero() {
            let rest = whole.farewell.checked_sub(length);
            whole.farewell = rest.ok_or_else(|| request_is_late(whole.length))?;
            left = BRIEFLY;
        }
        Ok(Some(self.idle.map_or(left, |idle| left.min(idle))))
    }
}

impl Whole {
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
