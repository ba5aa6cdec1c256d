//! How long the next read may wait.

use std::io;
use std::time::{Duration, Instant};

use crate::options::Deadlines;
use crate::request::Wire;

/// The deadlines of one request, and what the socket was told of them.
///
/// They are moments, so bytes that drip in gain nothing. The socket's own time-out is set only
/// when it has to be shorter than it is, which for most requests is once: a read that it ends
/// too early is begun again.
pub(super) struct Pace {
    deadlines: Deadlines,
    began: Instant,
    /// When the last byte came, once one has.
    heard: Option<Instant>,
    /// What the socket's reads wait at the most.
    armed: Option<Duration>,
}

impl Pace {
    pub(super) fn new(deadlines: Deadlines, began: Instant) -> Self {
        Pace {
            deadlines,
            began,
            heard: None,
            armed: None,
        }
    }

    /// Reads what has come, within the deadlines.
    pub(super) fn read(&mut self, wire: &dyn Wire, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.arm(wire, Instant::now())?;
            match wire.receive(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // How a socket says that its time-out has passed.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) && self.armed.is_some() =>
                {
                    self.check(Instant::now())?;
                }
                Ok(length) => {
                    if self.deadlines.idle.is_some() {
                        self.heard = Some(Instant::now());
                    }
                    return Ok(length);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sees to it that the next read waits no longer than it may.
    fn arm(&mut self, wire: &dyn Wire, now: Instant) -> io::Result<()> {
        let Some((deadline, late)) = self.next() else {
            return Ok(());
        };
        let left = deadline.saturating_duration_since(now);
        if left.is_zero() {
            return Err(late.error());
        }
        if self.armed.is_none_or(|armed| left < armed) {
            wire.set_timeouts(Some(left), None)?;
            self.armed = Some(left);
        }
        Ok(())
    }

    /// A read was ended: by its deadline, or because the socket's time-out is an older one's.
    fn check(&mut self, now: Instant) -> io::Result<()> {
        match self.next() {
            Some((deadline, late)) if deadline <= now => Err(late.error()),
            _ => {
                self.armed = None;
                Ok(())
            }
        }
    }

    /// Which deadline passes first, and when.
    fn next(&self) -> Option<(Instant, Late)> {
        let after = |from: Instant, length: Option<Duration>, which: fn(Duration) -> Late| {
            let length = length?;
            Some((from.checked_add(length)?, which(length)))
        };
        let waiting = match self.heard {
            Some(heard) => after(heard, self.deadlines.idle, Late::Idle),
            None => after(self.began, self.deadlines.first_byte, Late::FirstByte),
        };
        let whole = after(self.began, self.deadlines.request, Late::Request);
        match (waiting, whole) {
            (Some(waiting), Some(whole)) if whole.0 < waiting.0 => Some(whole),
            (waiting, whole) => waiting.or(whole),
        }
    }
}

/// Which deadline has passed.
#[derive(Clone, Copy)]
enum Late {
    FirstByte(Duration),
    Idle(Duration),
    Request(Duration),
}

impl Late {
    fn error(self) -> io::Error {
        let words = match self {
            Late::FirstByte(length) => format!("nothing came within {} s", length.as_secs_f64()),
            Late::Idle(length) => format!("nothing came for {} s", length.as_secs_f64()),
            Late::Request(length) => {
                format!("the request took longer than {} s", length.as_secs_f64())
            }
        };
        io::Error::new(io::ErrorKind::TimedOut, words)
    }
}
