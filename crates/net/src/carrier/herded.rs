//! A TCP socket whose connection is one of a herd: its readiness is a byte that the herd sets.
//!
//! tokio's sockets ask the runtime's table at each read and each write, which knows for every
//! socket whom to wake for what. A herd drives the whole connection whenever anything happens
//! to its socket, so there is nobody to choose, and nothing to look up.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use mio::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::driver::herd::Lane;
use crate::platform::socket;

/// How many reads that fill their buffer are made before the others have their turn.
const READS: u8 = 16;

pub(crate) struct Herded {
    stream: TcpStream,
    lane: Arc<Lane>,
    /// Whether the herd is told of what happens to the socket: from when there is something to
    /// wait for, since what is there already can be had by asking.
    watched: bool,
    /// How many reads have filled their buffer since the others had their turn.
    reads: u8,
}

impl Herded {
    pub(crate) fn new(stream: std::net::TcpStream, lane: Arc<Lane>) -> Self {
        Herded {
            stream: TcpStream::from_std(stream),
            lane,
            watched: false,
            reads: 0,
        }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Has the next receive ask the system: the herd wakes those whose timers have run out before it hears of sockets.
    pub(crate) fn look_again(&self) {
        self.lane.may_be_readable();
    }

    /// Takes what has come.
    #[inline]
    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        while self.lane.is_readable() {
            if self.reads == READS {
                self.reads = 0;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            match socket::receive(&self.stream, buffer) {
                Ok(length) => {
                    if length < buffer.len() {
                        // A read that left room has emptied the socket, and whatever comes
                        // next is announced anew.
                        self.lane.emptied();
                        self.reads = 0;
                    } else {
                        self.reads += 1;
                    }
                    return Poll::Ready(Ok(length));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.lane.not_readable();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.reads = 0;
        self.wait()
    }

    /// Writes what the socket takes at once.
    #[inline]
    pub(crate) fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        if !self.lane.is_writable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let written = socket::send(&self.stream, data);
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::WouldBlock
        {
            self.lane.not_writable();
        }
        written
    }

    /// Makes sure of being driven when something happens.
    #[inline]
    fn wait<T>(&mut self) -> Poll<io::Result<T>> {
        match self.watched {
            true => Poll::Pending,
            false => self.watch(),
        }
    }

    #[cold]
    fn watch<T>(&mut self) -> Poll<io::Result<T>> {
        self.lane.watch(&mut self.stream)?;
        self.watched = true;
        Poll::Pending
    }

    fn poll_write_with(
        &mut self,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        while self.lane.is_writable() {
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.lane.not_writable();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return Poll::Ready(written),
            }
        }
        self.wait()
    }
}

impl AsyncRead for Herded {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let received = self
            .get_mut()
            .poll_receive(context, buffer.initialize_unfilled());
        received.map_ok(|length| buffer.advance(length))
    }
}

impl AsyncWrite for Herded {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_write_with(|stream| socket::send(stream, data))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_write_with(|mut stream| io::Write::write_vectored(&mut stream, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shutdown(Shutdown::Write))
    }
}
