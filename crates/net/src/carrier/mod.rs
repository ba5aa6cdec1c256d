//! What carries bytes: one type for every stream and every connected message carrier.
//!
//! A carrier knows how bytes leave and arrive and nothing else; layers (TLS, WebSocket)
//! are carriers over carriers. Opening them is in [`open`](crate::open).

mod connected;
pub(crate) mod datagram;
mod frames;
mod herded;
pub(crate) mod memory;
mod stdio;
pub(crate) mod websocket;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use lariat_tls::TlsStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

use crate::platform::socket;

pub(crate) use connected::ConnectedUdp;
pub(crate) use herded::Herded;
pub(crate) use stdio::Stdio;
pub(crate) use websocket::WebSocketCarrier;

/// What came from a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Bytes of a stream, or the first ones of a message longer than the buffer.
    Bytes(usize),
    /// The last bytes of a message: in a buffer that is large enough, all of them.
    Message(usize),
    /// Nothing more will come.
    End,
}

/// An open carrier. What clients alone have is boxed: every connection of a server pays for
/// the largest.
pub(crate) enum Carrier {
    /// A server's, driven by its thread's herd.
    Herded(Herded),
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
    Tls(Box<TlsStream<Carrier>>),
    WebSocket(Box<WebSocketCarrier>),
    Memory(DuplexStream),
    Stdio(Box<Stdio>),
    /// A connected UDP socket: the client's side. Servers have sessions instead.
    Udp(Box<ConnectedUdp>),
    #[cfg(unix)]
    UnixGram(Box<crate::platform::UnixGram>),
    /// Nothing: the carrier is being changed for another, or is closed.
    Gone,
}

impl Carrier {
    /// Whether each write is one message and each message comes whole.
    pub(crate) fn is_message_oriented(&self) -> bool {
        match self {
            Carrier::WebSocket(_) | Carrier::Udp(_) => true,
            #[cfg(unix)]
            Carrier::UnixGram(_) => true,
            _ => false,
        }
    }

    /// Whether it is a carrier over another, which may hold back what it was given.
    pub(crate) fn is_layered(&self) -> bool {
        matches!(self, Carrier::Tls(_) | Carrier::WebSocket(_))
    }

    /// Whether our side can end while the peer's goes on.
    pub(crate) fn can_half_close(&self) -> bool {
        match self {
            Carrier::Herded(_) | Carrier::Tcp(_) | Carrier::Memory(_) | Carrier::Stdio(_) => true,
            #[cfg(unix)]
            Carrier::Unix(_) => true,
            _ => false,
        }
    }

    /// Whether a close that does not wait for the peer could cost it our last bytes.
    pub(crate) fn lingers(&self) -> bool {
        match self {
            Carrier::Herded(_) | Carrier::Tcp(_) | Carrier::Tls(_) | Carrier::WebSocket(_) => true,
            #[cfg(unix)]
            Carrier::Unix(_) => true,
            _ => false,
        }
    }

    /// Takes what has come.
    #[inline]
    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        match self {
            // The usual one first, without a way round.
            Carrier::Herded(stream) => stream.poll_receive(context, buffer).map_ok(received),
            carrier => carrier.poll_receive_otherwise(context, buffer),
        }
    }

    fn poll_receive_otherwise(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        match self {
            Carrier::Tcp(stream) => loop {
                match socket::try_receive(stream, buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        ready!(stream.poll_read_ready(context))?;
                    }
                    result => return Poll::Ready(result.map(received)),
                }
            },
            Carrier::WebSocket(socket) => return socket.poll_receive(context, buffer),
            Carrier::Udp(socket) => return socket.poll_receive(context, buffer),
            #[cfg(unix)]
            Carrier::UnixGram(socket) => return socket.poll_receive(context, buffer),
            _ => {}
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(self).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(received(buffer.filled().len())))
    }

    /// Asks to be woken when more may have come; ready at once where only receiving tells.
    /// Whoever receives again and again asks in between, which leaves the thread to others
    /// now and then.
    #[inline]
    pub(crate) fn poll_again(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Carrier::Tcp(stream) => stream.poll_read_ready(context),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Has the next receive ask the system itself, where nobody may have been told yet of what has come.
    pub(crate) fn look_again(&self) {
        match self {
            Carrier::Herded(stream) => stream.look_again(),
            Carrier::Tls(stream) => stream.get_ref().look_again(),
            Carrier::WebSocket(socket) => socket.below().look_again(),
            _ => {}
        }
    }

    /// Writes what a socket takes at once; `WouldBlock` where that cannot be told.
    #[inline]
    pub(crate) fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        match self {
            Carrier::Herded(stream) => stream.try_write(data),
            Carrier::Tcp(stream) => socket::try_send(stream, data),
            #[cfg(unix)]
            Carrier::Unix(stream) => stream.try_write(data),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Sends one whole message, on a carrier that has messages.
    pub(crate) fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        message: &Bytes,
    ) -> Poll<io::Result<()>> {
        match self {
            Carrier::WebSocket(socket) => socket.poll_send(context, message),
            Carrier::Udp(socket) => socket.poll_send(context, message),
            #[cfg(unix)]
            Carrier::UnixGram(socket) => socket.poll_send(context, message),
            _ => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    /// Whether a message has begun that is not handed over yet, as far as the carrier knows.
    pub(crate) fn is_in_message(&self) -> bool {
        match self {
            Carrier::WebSocket(socket) => socket.is_in_message(),
            _ => false,
        }
    }

    /// How many bytes of messages came since this was asked last, when so many were handed
    /// over.
    pub(crate) fn arrived(&mut self, handed_over: usize) -> u64 {
        match self {
            Carrier::WebSocket(socket) => socket.take_arrived(),
            _ => handed_over as u64,
        }
    }

    /// Lets the peer know now that its bytes have come, where the system can.
    pub(crate) fn acknowledge(&self) {
        match self {
            Carrier::Herded(stream) => socket::acknowledge(stream.socket()),
            Carrier::Tcp(stream) => socket::acknowledge(stream),
            Carrier::Tls(stream) => stream.get_ref().acknowledge(),
            _ => {}
        }
    }

    /// How much of what was sent the peer's system does not have yet, where ours can tell and a
    /// close over unread input would lose it.
    pub(crate) fn unacknowledged(&self) -> usize {
        match self {
            Carrier::Herded(stream) => socket::unacknowledged(stream.socket()),
            Carrier::Tcp(stream) => socket::unacknowledged(stream),
            Carrier::Tls(stream) => stream.get_ref().unacknowledged(),
            Carrier::WebSocket(socket) => socket.below().unacknowledged(),
            _ => 0,
        }
    }

    /// The server goes down: what says goodbye by itself says so.
    pub(crate) fn going_away(&mut self) {
        if let Carrier::WebSocket(socket) = self {
            socket.going_away();
        }
    }

    /// Ends the connection at once, without the orderly end that would be truncated anyway.
    pub(crate) fn abort(&mut self) {
        self.reset_when_closed();
        *self = Carrier::Gone;
    }

    /// Has the close tell the peer that it is no orderly end, and throw away what the system has not sent yet.
    pub(crate) fn reset_when_closed(&self) {
        let at_once = Some(std::time::Duration::ZERO);
        // A socket that cannot is closed as it is.
        let _ = match self {
            Carrier::Herded(stream) => SockRef::from(stream.socket()).set_linger(at_once),
            Carrier::Tcp(stream) => SockRef::from(stream).set_linger(at_once),
            Carrier::Tls(stream) => {
                stream.get_ref().reset_when_closed();
                Ok(())
            }
            _ => Ok(()),
        };
    }
}

/// What a read of a stream brought.
fn received(length: usize) -> Received {
    match length {
        0 => Received::End,
        length => Received::Bytes(length),
    }
}

/// Calls the same poll method on whichever byte stream the carrier is.
macro_rules! on_stream {
    ($carrier:expr, $stream:ident => $call:expr, $socket:ident => $other:expr) => {
        match $carrier {
            Carrier::Herded($stream) => $call,
            Carrier::Tcp($stream) => $call,
            #[cfg(unix)]
            Carrier::Unix($stream) => $call,
            Carrier::Tls($stream) => $call,
            Carrier::Memory($stream) => $call,
            Carrier::Stdio($stream) => $call,
            $socket => $other,
        }
    };
}

impl AsyncRead for Carrier {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_stream!(self.get_mut(), stream => Pin::new(stream).poll_read(context, buffer), carrier => {
            // Into no room a message would be lost.
            if matches!(carrier, Carrier::Gone) || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            loop {
                // An empty message would look like the end of the stream.
                match ready!(carrier.poll_receive(context, buffer.initialize_unfilled()))? {
                    Received::Message(0) => {}
                    Received::End => return Poll::Ready(Ok(())),
                    Received::Bytes(length) | Received::Message(length) => {
                        buffer.advance(length);
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        })
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self.get_mut(), stream => Pin::new(stream).poll_write(context, data), carrier => {
            if let Carrier::Gone = carrier {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            ready!(carrier.poll_send(context, &Bytes::copy_from_slice(data)))?;
            Poll::Ready(Ok(data.len()))
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(context, slices), carrier => {
            let first = slices.iter().find(|slice| !slice.is_empty());
            Pin::new(carrier).poll_write(context, first.map_or(&[], |slice| slice))
        })
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Carrier::Herded(_) | Carrier::Tcp(_) | Carrier::Tls(_) => true,
            #[cfg(unix)]
            Carrier::Unix(_) => true,
            _ => false,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self.get_mut(), stream => Pin::new(stream).poll_flush(context), carrier => {
            match carrier {
                Carrier::WebSocket(socket) => socket.poll_flush(context),
                _ => Poll::Ready(Ok(())),
            }
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(context), carrier => {
            match carrier {
                Carrier::WebSocket(socket) => socket.poll_shutdown(context),
                _ => Poll::Ready(Ok(())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::UdpSocket;

    use super::*;

    #[tokio::test]
    async fn a_read_into_no_room_leaves_the_datagram() {
        let [near, far] = [
            UdpSocket::bind("127.0.0.1:0").await.expect("bound"),
            UdpSocket::bind("127.0.0.1:0").await.expect("bound"),
        ];
        let near_address = near.local_addr().expect("an address");
        near.connect(far.local_addr().expect("an address"))
            .await
            .expect("connected");
        far.send_to(b"hi", near_address).await.expect("sent");
        near.readable().await.expect("arrived");
        let mut carrier = Carrier::Udp(Box::new(ConnectedUdp::new(near)));
        assert_eq!(carrier.read(&mut []).await.expect("nothing"), 0);
        let mut room = [0; 10];
        assert_eq!(carrier.read(&mut room).await.expect("heard"), 2);
    }
}
