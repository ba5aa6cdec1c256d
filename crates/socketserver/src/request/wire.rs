//! What carries the bytes of a stream, whichever it is, for reading and writing at once.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lariat_tls::{BlockingTlsStream, ServerTls};

use crate::options::Deadlines;
use crate::platform::UnixStream;
use crate::request::pace::Pace;

/// What carries bytes. It is shared: by `rfile`, by `wfile`, and by whoever may cut it off.
pub trait Wire: Cut + Send + Sync {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn send(&self, data: &[u8]) -> io::Result<usize>;
    fn send_kept(&self) -> io::Result<()>;
    /// How long a read, and a write, may wait; where that can be said.
    fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) -> io::Result<()>;
    /// Says something to who is refused, as far as that can be done without waiting.
    fn say_at_once(&self, _words: &[u8]) {}
    /// Says that nothing more will be written.
    fn end(&self) -> io::Result<()>;
}

/// What can be ended from another thread, as a request that a server no longer waits for.
pub trait Cut: Send + Sync {
    /// Ends it in both directions: who reads or writes is told at once.
    fn cut(&self);
}

macro_rules! socket_wire {
    ($socket:ty) => {
        impl Cut for $socket {
            fn cut(&self) {
                // One that has ended already needs no cutting.
                let _ = self.shutdown(Shutdown::Both);
            }
        }

        impl Wire for $socket {
            fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
                let mut socket = self;
                socket.read(buffer)
            }

            fn send(&self, data: &[u8]) -> io::Result<usize> {
                let mut socket = self;
                socket.write(data)
            }

            fn send_kept(&self) -> io::Result<()> {
                Ok(())
            }

            fn set_timeouts(
                &self,
                read: Option<Duration>,
                write: Option<Duration>,
            ) -> io::Result<()> {
                if read.is_some() {
                    self.set_read_timeout(read)?;
                }
                if write.is_some() {
                    self.set_write_timeout(write)?;
                }
                Ok(())
            }

            fn say_at_once(&self, words: &[u8]) {
                // A new connection takes a few words at once; who cannot be told is just refused.
                let _ = self.set_nonblocking(true).and_then(|()| self.send(words));
            }

            fn end(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }
    };
}

socket_wire!(TcpStream);
socket_wire!(UnixStream);

/// A socket under TLS, which is shared with whoever may cut it off.
pub(crate) struct Below {
    wire: Arc<dyn Wire>,
    /// What bounds the handshake, while it lasts.
    pace: Option<Pace>,
    /// When the whole request is to be over. A read of TLS is as many of the socket as make a
    /// record, which may drip in, and so each of them looks.
    until: Option<Instant>,
}

impl Read for Below {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.pace {
            Some(pace) => pace.read(&*self.wire, buffer),
            None if self.until.is_some_and(|until| until <= Instant::now()) => {
                Err(io::ErrorKind::TimedOut.into())
            }
            None => self.wire.receive(buffer),
        }
    }
}

impl Write for Below {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.wire.send(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wire.send_kept()
    }
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
        self.with(|stream| stream.read(buffer))
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.with(|stream| stream.write(data))
    }

    fn send_kept(&self) -> io::Result<()> {
        self.with(BlockingTlsStream::flush)
    }

    fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) -> io::Result<()> {
        self.wire.set_timeouts(read, write)
    }

    fn end(&self) -> io::Result<()> {
        self.with(BlockingTlsStream::close)?;
        self.wire.end()
    }
}

/// Any other pair of bytes in and bytes out, whose owner bounds the time it takes.
pub(crate) struct Bytes<S>(pub(crate) Mutex<S>);

impl<S: Read + Write + Send> Cut for Bytes<S> {
    fn cut(&self) {}
}

impl<S: Read + Write + Send> Wire for Bytes<S> {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.read(buffer)
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write(data)
    }

    fn send_kept(&self) -> io::Result<()> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.flush()
    }

    fn set_timeouts(&self, _: Option<Duration>, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn end(&self) -> io::Result<()> {
        self.send_kept()
    }
}
