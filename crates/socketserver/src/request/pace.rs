//! How long the next read may wait.

use std::io;
use std::time::{Duration, Instant};

use crate::options::Deadlines;
use crate::request::Wire;
use crate::request::writer::BRIEFLY;

/// The deadlines of one request, and what the socket was told of them.
///
/// What a handler does between two reads is not its client's time, so silence is counted from
/// the beginning of a read. The clock is asked only while a moment matters, and the socket's own
/// time-out is set only when it has to be shorter than it is, which for most requests is once: a
/// read that it ends too early is begun again, with what it has waited.
pub(super) struct Pace {
    deadlines: Deadlines,
    began: Instant,
    /// Whether the first byte has come.
    is_heard: bool,
    /// Whether the client has said that nothing more comes.
    has_ended: bool,
    /// What the socket's reads wait at the most.
    armed: Option<Duration>,
}

impl Pace {
    pub(super) fn new(deadlines: Deadlines, began: Instant) -> Self {
        Pace {
            deadlines,
            began,
            is_heard: false,
            has_ended: false,
            armed: None,
        }
    }

    /// Reads what has come, within the deadlines.
    pub(super) fn read(&mut self, wire: &dyn Wire, buffer: &mut [u8]) -> io::Result<usize> {
        let mut waited = Duration::ZERO;
        loop {
            self.arm(wire, waited)?;
            match (wire.receive(buffer), self.armed) {
                (Ok(length), _) => {
                    self.is_heard = true;
                    self.has_ended = length == 0 && !buffer.is_empty();
                    return Ok(length);
                }
                (Err(error), _) if error.kind() == io::ErrorKind::Interrupted => {}
                (Err(error), Some(armed)) if is_late(&error) => {
                    waited += armed;
                    // It may have been an older deadline's, and so too short; or there is none any more.
                    if self.left(waited).is_some() {
                        self.armed = None;
                    }
                }
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// Whether the client has said that nothing more comes.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Sees to it that a read that has waited so long waits no longer than it may.
    fn arm(&mut self, wire: &dyn Wire, waited: Duration) -> io::Result<()> {
        let Some((mut left, late)) = self.left(waited) else {
            return Ok(());
        };
        if left.is_zero() {
            // A first byte may have been there before its handler came to look.
            if !matches!(late, Late::FirstByte(_)) || !waited.is_zero() {
                return Err(late.error());
            }
            left = BRIEFLY;
        }
        if self.armed.is_none_or(|armed| left < armed) {
            wire.set_timeouts(Some(left), None)?;
            self.armed = Some(left);
        }
        Ok(())
    }

    /// How long is left until the deadline that passes first, and which that is.
    fn left(&self, waited: Duration) -> Option<(Duration, Late)> {
        let Deadlines {
            first_byte,
            idle,
            request,
        } = self.deadlines;
        let waiting = match self.is_heard {
            true => idle.map(|length| (length.saturating_sub(waited), Late::Idle(length))),
            false => first_byte.map(|length| (self.left_of(length), Late::FirstByte(length))),
        };
        let whole = request.map(|length| (self.left_of(length), Late::Request(length)));
        match (waiting, whole) {
            (Some(waiting), Some(whole)) if whole.0 < waiting.0 => Some(whole),
            (waiting, whole) => waiting.or(whole),
        }
    }

    /// What is left of a time that runs from the beginning of the request.
    fn left_of(&self, length: Duration) -> Duration {
        length.saturating_sub(self.began.elapsed())
    }
}

/// Whether a socket says by it that its time-out has passed.
pub(super) fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// The whole request has taken longer than it may.
pub(super) fn request_is_late(length: Duration) -> io::Error {
    Late::Request(length).error()
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::request::Cut;

    /// Has a byte, is silent for as long as three time-outs, and has another.
    #[derive(Default)]
    struct Hesitant(AtomicUsize);

    impl Cut for Hesitant {
        fn cut(&self) {}
    }

    impl Wire for Hesitant {
        fn receive(&self, _: &mut [u8]) -> io::Result<usize> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                1..=3 => Err(io::ErrorKind::WouldBlock.into()),
                _ => Ok(1),
            }
        }

        fn send(&self, data: &[u8]) -> io::Result<usize> {
            Ok(data.len())
        }

        fn set_timeouts(&self, _: Option<Duration>, _: Option<Duration>) -> io::Result<()> {
            Ok(())
        }

        fn end(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_has_spoken_in_time_may_be_silent_where_nothing_is_said_of_that() {
        let first_byte = Deadlines {
            first_byte: Some(Duration::from_secs(3600)),
            ..Deadlines::NONE
        };
        let mut pace = Pace::new(first_byte, Instant::now());
        let wire = Hesitant::default();
        for _ in 0..2 {
            assert_eq!(pace.read(&wire, &mut [0]).expect("a byte"), 1);
        }
        assert_eq!(wire.0.load(Ordering::Relaxed), 5);
    }
}
