//! A wire whose bytes are TLS.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lariat_tls::{BlockingTlsStream, ServerTls, Session};

use crate::options::Deadlines;
use crate::platform::BorrowedFd;
use crate::request::pace::Pace;
use crate::request::writer::BRIEFLY;
use crate::request::{Cut, Wire};

/// The most that is written of a request whose time is over: a few last words, or the end of TLS.
const LAST_WORDS: usize = 1024;

/// By which part of what it may take a read of TLS may take longer, for which the socket is told nothing: so
/// it is told something so many times in that time at the most, however its records come.
const LEEWAY: u32 = 64;

/// A socket under TLS, which is shared with whoever may cut it off.
struct Below {
    wire: Arc<dyn Wire>,
    /// What bounds the handshake, while it lasts.
    pace: Option<Pace>,
    /// How long one read of TLS may take. It is as many of the socket as make a record, which may
    /// drip in, and so each of them has what the others have left.
    read_within: Option<Duration>,
    /// When the read that is going on is to be over.
    read_until: Option<Instant>,
    /// What the socket's reads wait at the most.
    armed: Option<Duration>,
    /// When the whole request is to be over, for writing.
    until: Option<Instant>,
}

impl Read for Below {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.pace {
            Some(pace) => pace.read(&*self.wire, buffer),
            None => {
                self.arm()?;
                self.wire.receive(buffer)
            }
        }
    }
}

impl Below {
    /// One read of TLS begins.
    fn begin_read(&mut self) {
        let length = self.read_within;
        self.read_until = length.and_then(|length| Instant::now().checked_add(length));
    }

    /// Sees to it that the socket waits no longer than what is left of the read that is going on.
    fn arm(&mut self) -> io::Result<()> {
        let (Some(until), Some(within)) = (self.read_until, self.read_within) else {
            return Ok(());
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let leeway = within / LEEWAY;
        let waits = self.armed.unwrap_or(Duration::MAX);
        if waits > left.saturating_add(leeway) || waits.saturating_add(leeway) < left {
            self.wire.set_timeouts(Some(left), None)?;
            self.armed = Some(left);
        }
        Ok(())
    }
}

impl Write for Below {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if is_over(self.until) {
            if data.len() > LAST_WORDS {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.wire.set_timeouts(None, Some(BRIEFLY))?;
        }
        self.wire.send(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wire.send_kept()
    }
}

fn is_over(until: Option<Instant>) -> bool {
    until.is_some_and(|until| until <= Instant::now())
}

/// TLS over a socket. Reading and writing take turns, as a handler's do: both need all of its state.
pub(crate) struct Tls {
    stream: Mutex<BlockingTlsStream<Below>>,
    wire: Arc<dyn Wire>,
}

impl Tls {
    /// Makes the handshake, which must be whole when a first byte would have to be there.
    pub(crate) fn accept(
        wire: Arc<dyn Wire>,
        tls: &ServerTls,
        deadlines: Deadlines,
        began: Instant,
    ) -> io::Result<Self> {
        let whole = Deadlines {
            request: deadlines.first_byte,
            ..Deadlines::NONE
        };
        let below = Below {
            wire: Arc::clone(&wire),
            pace: Some(Pace::new(whole, began)),
            read_within: None,
            read_until: None,
            armed: None,
            until: deadlines
                .request
                .and_then(|length| began.checked_add(length)),
        };
        let mut stream = tls.accept_blocking(below).map_err(io::Error::other)?;
        stream.get_mut().pace = None;
        Ok(Tls {
            stream: Mutex::new(stream),
            wire,
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut BlockingTlsStream<Below>) -> T) -> T {
        work(&mut self.stream.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Cut for Tls {
    fn cut(&self) {
        self.wire.cut();
    }
}

impl Wire for Tls {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|stream| {
            stream.get_mut().begin_read();
            stream.read(buffer)
        })
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.with(|stream| stream.write(data))
    }

    fn send_kept(&self) -> io::Result<()> {
        self.with(BlockingTlsStream::flush)
    }

    fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) -> io::Result<()> {
        if read.is_some() {
            // The socket is told by the reads.
            self.with(|stream| stream.get_mut().read_within = read);
        }
        self.wire.set_timeouts(None, write)
    }

    fn end(&self) -> io::Result<()> {
        self.with(BlockingTlsStream::close)?;
        self.wire.end()
    }

    fn discard(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wire.discard(buffer)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.wire.descriptor()
    }

    fn session(&self) -> Option<Session> {
        Some(self.with(|stream| stream.session()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wire that has nothing to say, and keeps what it is told.
    #[derive(Default)]
    struct Told(Mutex<Vec<Duration>>);

    impl Cut for Told {
        fn cut(&self) {}
    }

    impl Wire for Told {
        fn receive(&self, _: &mut [u8]) -> io::Result<usize> {
            Ok(1)
        }

        fn send(&self, data: &[u8]) -> io::Result<usize> {
            Ok(data.len())
        }

        fn set_timeouts(&self, read: Option<Duration>, _: Option<Duration>) -> io::Result<()> {
            self.0.lock().expect("no panic").extend(read);
            Ok(())
        }

        fn end(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Longer than a test takes between two lines, so that what it leaves out is next to nothing of it.
    const LONG: Duration = Duration::from_secs(640_000);

    #[test]
    fn reads_below_share_the_time_of_one() {
        let told = Arc::new(Told::default());
        let mut below = Below {
            wire: Arc::clone(&told) as Arc<dyn Wire>,
            pace: None,
            read_within: Some(LONG),
            read_until: None,
            armed: None,
            until: None,
        };
        let told = || told.0.lock().expect("no panic").clone();
        let about = |told: Duration, expected: Duration| {
            assert!(
                told <= expected && told + LONG / LEEWAY >= expected,
                "{told:?}"
            );
        };
        below.begin_read();
        for _ in 0..3 {
            below.read_exact(&mut [0]).expect("a byte");
        }
        assert_eq!(told().len(), 1);
        about(told()[0], LONG);
        // Half of its time has gone by.
        below.read_until = Some(Instant::now() + LONG / 2);
        for _ in 0..3 {
            below.read_exact(&mut [0]).expect("a byte");
        }
        assert_eq!(told().len(), 2);
        about(told()[1], LONG / 2);
        // All of it has.
        below.read_until = Some(Instant::now());
        let late = below.read(&mut [0]).expect_err("no time is left");
        assert_eq!(late.kind(), io::ErrorKind::WouldBlock);
        // The next has its own.
        below.begin_read();
        below.read_exact(&mut [0]).expect("a byte");
        assert_eq!(told().len(), 3);
        about(told()[2], LONG);
    }
}
