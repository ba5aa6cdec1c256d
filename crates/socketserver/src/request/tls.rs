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

/// A socket under TLS, which is shared with whoever may cut it off.
struct Below {
    wire: Arc<dyn Wire>,
    /// What bounds the handshake, while it lasts.
    pace: Option<Pace>,
    /// How long one read of TLS may take. It is as many of the socket as make a record, which may
    /// drip in, and so each of them looks.
    read_within: Option<Duration>,
    /// When the read that is going on is to be over.
    read_until: Option<Instant>,
    /// When the whole request is to be over, for writing.
    until: Option<Instant>,
}

impl Read for Below {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.pace {
            Some(pace) => pace.read(&*self.wire, buffer),
            None if is_over(self.read_until) => Err(io::ErrorKind::WouldBlock.into()),
            None => self.wire.receive(buffer),
        }
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

/// TLS over a socket. Reading and writing take turns, as a handler's do.
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
            let below = stream.get_mut();
            below.read_until = below
                .read_within
                .and_then(|length| Instant::now().checked_add(length));
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
            self.with(|stream| stream.get_mut().read_within = read);
        }
        self.wire.set_timeouts(read, write)
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
