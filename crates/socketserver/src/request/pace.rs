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
/// time-out is set only when it has to be shorter than it is, which for most requests is never, since
/// TCP's sockets have it from their listener: a read that it ends too early is begun again, with what it
/// has waited.
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

/// What part of its time a first byte may be late, so that a time-out that was set before the request began
/// is short enough.
const SLACK: u32 = 64;

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
                // It may have been an older deadline's, and so too short.
                (Err(error), Some(armed)) if is_late(&error) => waited += armed,
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// The socket's reads wait so long at the most already.
    pub(super) fn is_armed(&mut self, within: Option<Duration>) {
        self.armed = within;
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
        let latest = match late {
            Late::FirstByte(length) => left.saturating_add(length / SLACK),
            Late::Idle(_) | Late::Request(_) => left,
        };
        let begins = waited.is_zero();
        let fits = |armed| armed <= latest && (begins || armed >= left);
        if !self.armed.is_some_and(fits) {
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
    use std::sync::Mutex;

    use crate::request::Cut;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A socket whose reads come to what they are told, and which keeps the time-outs that were set.
    struct Told {
        reads: Mutex<Vec<io::Result<usize>>>,
        set: Mutex<Vec<Duration>>,
    }

    impl Told {
        fn new(reads: impl IntoIterator<Item = io::Result<usize>>) -> Self {
            let mut reads: Vec<_> = reads.into_iter().collect();
            reads.reverse();
            Told {
                reads: Mutex::new(reads),
                set: Mutex::default(),
            }
        }

        fn set(&self) -> Vec<Duration> {
            std::mem::take(&mut self.set.lock().expect("no panic"))
        }
    }

    impl Cut for Told {
        fn cut(&self) {}
    }

    impl Wire for Told {
        fn receive(&self, _: &mut [u8]) -> io::Result<usize> {
            let next = self.reads.lock().expect("no panic").pop();
            next.expect("no further read")
        }

        fn send(&self, _: &[u8]) -> io::Result<usize> {
            unreachable!("nothing is sent")
        }

        fn set_timeouts(&self, read: Option<Duration>, _: Option<Duration>) -> io::Result<()> {
            self.set.lock().expect("no panic").extend(read);
            Ok(())
        }

        fn end(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn late() -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn deadlines(first_byte: u64, idle: Option<u64>) -> Deadlines {
        Deadlines {
            first_byte: Some(Duration::from_secs(first_byte)),
            idle: idle.map(Duration::from_secs),
            request: None,
        }
    }

    #[test]
    fn a_time_out_that_the_socket_has_is_not_set_again() {
        let mut pace = Pace::new(deadlines(3_000, Some(30_000)), Instant::now());
        pace.is_armed(Some(3_000 * SECOND));
        let wire = Told::new([Ok(1), Ok(1), late(), Ok(1), Ok(0)]);
        pace.read(&wire, &mut [0]).expect("a byte");
        pace.read(&wire, &mut [0]).expect("a byte");
        assert!(wire.set().is_empty());
        // What waited as long as the first byte may has not waited as long as it may itself.
        pace.read(&wire, &mut [0]).expect("a byte");
        assert_eq!(wire.set(), [27_000 * SECOND]);
        pace.read(&wire, &mut [0]).expect("the end");
        assert!(wire.set().is_empty());
        assert!(pace.has_ended());
    }

    #[test]
    fn a_time_out_that_is_too_long_is_set_anew() {
        let began = Instant::now().checked_sub(100 * SECOND);
        let mut pace = Pace::new(deadlines(3_000, None), began.expect("a moment"));
        pace.is_armed(Some(3_000 * SECOND));
        let wire = Told::new([Ok(1)]);
        pace.read(&wire, &mut [0]).expect("a byte");
        let set = wire.set();
        assert!(
            matches!(set[..], [within] if within <= 2_900 * SECOND),
            "{set:?}"
        );
    }

    #[test]
    fn who_is_heard_and_has_no_deadline_is_waited_for_however_often_the_socket_ends_the_wait() {
        let mut pace = Pace::new(deadlines(30, None), Instant::now());
        let wire = Told::new([Ok(1), late(), late(), late(), Ok(1)]);
        pace.read(&wire, &mut [0]).expect("a byte");
        pace.read(&wire, &mut [0]).expect("a byte");
    }

    #[test]
    fn a_deadline_may_be_as_long_as_it_likes() {
        let for_ever = Deadlines {
            first_byte: Some(Duration::MAX),
            ..Deadlines::NONE
        };
        let mut pace = Pace::new(for_ever, Instant::now());
        pace.read(&Told::new([Ok(1)]), &mut [0]).expect("a byte");
    }

    #[test]
    fn who_is_silent_is_told_so() {
        let mut pace = Pace::new(deadlines(30, Some(2)), Instant::now());
        let wire = Told::new([Ok(1), late()]);
        pace.read(&wire, &mut [0]).expect("a byte");
        let told = pace
            .read(&wire, &mut [0])
            .map_err(|error| error.to_string());
        assert_eq!(told, Err("nothing came for 2 s".into()));
    }
}
