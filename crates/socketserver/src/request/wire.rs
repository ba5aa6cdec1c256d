//! What carries the bytes of a stream, whichever it is, for reading and writing at once.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lariat_tls::Session;

use crate::platform::{self, AsFd, BorrowedFd, UnixStream};

/// What carries the bytes of one connection. It is shared: by `rfile`, by `wfile`, and by whoever
/// may cut it off. TCP's and Unix's sockets are such; a [`Transport`](crate::Transport) whose
/// connections are something else implements it for them, and hands them to
/// [`StreamRequest::new`](crate::StreamRequest::new).
pub trait Wire: Cut {
    /// Takes what has come, as soon as there is something; 0 bytes are the end.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut) when a
    /// time-out has passed, else the system's.
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Sends some of the bytes. Returns how many.
    ///
    /// # Errors
    ///
    /// Those of [`receive`](Self::receive).
    fn send(&self, data: &[u8]) -> io::Result<usize>;

    /// Sends some of the bytes, if that is possible without a wait. Only who has to wait needs a
    /// time-out, and to set one is a system call for each request.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where it is not, or is not known, else the system's.
    fn send_at_once(&self, data: &[u8]) -> io::Result<usize> {
        let _ = data;
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Sends what [`send`](Self::send) has kept back.
    ///
    /// # Errors
    ///
    /// Those of [`receive`](Self::receive).
    fn send_kept(&self) -> io::Result<()> {
        Ok(())
    }

    /// How long a read, and a write, may wait; what is `None` stays as it is. The deadlines of a
    /// request are kept by it.
    ///
    /// # Errors
    ///
    /// The system's.
    fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) -> io::Result<()>;

    /// From now on nothing waits: its client is refused where others are waited for.
    ///
    /// # Errors
    ///
    /// The system's.
    fn dont_wait(&self) -> io::Result<()> {
        self.set_timeouts(
            Some(Duration::from_millis(1)),
            Some(Duration::from_millis(1)),
        )
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    ///
    /// The system's.
    fn end(&self) -> io::Result<()>;

    /// The same to a client that has said so already: the next step is to close, which says it too where
    /// there is nothing but a socket.
    ///
    /// # Errors
    ///
    /// The system's.
    fn end_last(&self) -> io::Result<()> {
        self.end()
    }

    /// Takes what has come and nobody wants, beneath whatever it means.
    ///
    /// # Errors
    ///
    /// Those of [`receive`](Self::receive).
    fn discard(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(buffer)
    }

    /// What `poll` says of that something has come to be [discarded](Self::discard). Without it the
    /// client's end is not waited for.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// What a handshake has agreed on, where there was one.
    fn session(&self) -> Option<Session> {
        None
    }
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

            fn send_at_once(&self, data: &[u8]) -> io::Result<usize> {
                platform::send_at_once(self, data)
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

            fn dont_wait(&self) -> io::Result<()> {
                self.set_nonblocking(true)
            }

            fn end(&self) -> io::Result<()> {
                match self.shutdown(Shutdown::Write) {
                    // Its client has ended it already, which may be by a reset behind the answer.
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
                    ended => ended,
                }
            }

            fn end_last(&self) -> io::Result<()> {
                Ok(())
            }

            fn descriptor(&self) -> Option<BorrowedFd<'_>> {
                Some(self.as_fd())
            }
        }
    };
}

socket_wire!(TcpStream);
socket_wire!(UnixStream);

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
