//! A bound datagram socket with many peers, UDP or Unix: who sent, which of our addresses
//! they asked, and answers that leave from there.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lariat_protocol::Address;
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::Sleep;

use crate::driver::scratch::READ_BUFFER;
use crate::platform;

/// How many datagrams one system call takes, where the system can.
const BATCH: usize = 8;

/// How long receiving pauses when the system is out of something that we cannot free.
const PAUSE: Duration = Duration::from_millis(100);

/// A datagram that came.
pub(crate) struct Datagram<'a> {
    pub(crate) peer: Address,
    /// Which of our addresses it came to, if the system says.
    pub(crate) asked: Option<IpAddr>,
    pub(crate) data: &'a [u8],
}

/// A bound datagram socket.
pub(crate) enum DatagramSocket {
    Udp {
        socket: UdpSocket,
        state: UdpSocketState,
        local: SocketAddr,
    },
    #[cfg(unix)]
    Unix(tokio::net::UnixDatagram, Address),
}

impl DatagramSocket {
    /// Takes a bound, non-blocking socket, within the runtime that will drive it.
    pub(crate) fn udp(socket: std::net::UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let local = socket.local_addr()?;
        // Forbidden by quinn-udp, which is made for a protocol that finds out the path's MTU.
        platform::socket::allow_fragments(&socket, local.is_ipv6())?;
        let socket = UdpSocket::from_std(socket)?;
        Ok(DatagramSocket::Udp {
            socket,
            state,
            local,
        })
    }

    #[cfg(unix)]
    pub(crate) fn unix(socket: crate::platform::UnixDatagram) -> io::Result<Self> {
        let local = socket.local_addr()?;
        let local = Address::Unix(local.as_pathname().map(std::sync::Arc::from));
        let socket = tokio::net::UnixDatagram::from_std(socket)?;
        Ok(DatagramSocket::Unix(socket, local))
    }

    /// Our end, as a peer that asked `asked` sees it.
    pub(crate) fn local(&self, asked: Option<IpAddr>) -> Address {
        match self {
            DatagramSocket::Udp { local, .. } => {
                let asked = asked.map(|ip| SocketAddr::new(ip, local.port()));
                Address::from(asked.unwrap_or(*local))
            }
            #[cfg(unix)]
            DatagramSocket::Unix(_, local) => local.clone(),
        }
    }

    /// Takes what has come in one system call, and hands on each datagram. What goes wrong is
    /// logged and tried again after a pause: the socket's other peers still count on it.
    pub(crate) fn poll_receive(
        &self,
        context: &mut Context<'_>,
        receiving: &mut Receiving,
        mut each: impl FnMut(Datagram<'_>),
    ) -> Poll<()> {
        loop {
            if let Some(pause) = &mut receiving.pause {
                ready!(pause.as_mut().poll(context));
                receiving.pause = None;
            }
            match ready!(self.poll_batch(context, &mut receiving.buffers, &mut each)) {
                Ok(()) => return Poll::Ready(()),
                Err(error) => {
                    tracing::warn!(local = %self.local(None), %error, "cannot receive");
                    receiving.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
                }
            }
        }
    }

    fn poll_batch(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [u8],
        each: &mut impl FnMut(Datagram<'_>),
    ) -> Poll<io::Result<()>> {
        match self {
            DatagramSocket::Udp { socket, state, .. } => loop {
                ready!(socket.poll_recv_ready(context))?;
                let mut slices = slices(buffers);
                let mut metas = [RecvMeta::default(); BATCH];
                let received = socket.try_io(Interest::READABLE, || {
                    state.recv(UdpSockRef::from(socket), &mut slices, &mut metas)
                });
                match received {
                    Ok(count) => {
                        for (slice, meta) in slices.iter().zip(&metas[..count]) {
                            hand_on(slice, meta, each);
                        }
                        return Poll::Ready(Ok(()));
                    }
                    // Not ready after all: asks to be woken.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    // An earlier datagram of ours met nobody: that peer's concern only.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            },
            #[cfg(unix)]
            DatagramSocket::Unix(socket, _) => {
                let mut buffer = tokio::io::ReadBuf::new(&mut buffers[..READ_BUFFER]);
                let peer = ready!(socket.poll_recv_from(context, &mut buffer))?;
                each(Datagram {
                    peer: Address::Unix(peer.as_pathname().map(std::sync::Arc::from)),
                    asked: None,
                    data: buffer.filled(),
                });
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Sends one datagram from one of our addresses.
    pub(crate) fn poll_send(
        &self,
        context: &mut Context<'_>,
        to: &Address,
        from: Option<IpAddr>,
        data: &[u8],
    ) -> Poll<io::Result<()>> {
        match (self, to) {
            (
                DatagramSocket::Udp {
                    socket,
                    state,
                    local,
                },
                Address::Inet(to),
            ) => loop {
                ready!(socket.poll_send_ready(context))?;
                let transmit = Transmit {
                    destination: as_family(*to, local),
                    ecn: None,
                    contents: data,
                    segment_size: None,
                    src_ip: from.map(|ip| as_family(SocketAddr::new(ip, 0), local).ip()),
                };
                let sent = socket.try_io(Interest::WRITABLE, || {
                    state.try_send(UdpSockRef::from(socket), &transmit)
                });
                match sent {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    sent => return Poll::Ready(sent),
                }
            },
            #[cfg(unix)]
            (DatagramSocket::Unix(socket, _), Address::Unix(Some(path))) => {
                // Not by way of tokio, which would wait: what is full is mostly that peer's
                // queue, our socket is not writable to anybody until the wait is over, and it
                // is over only when a peer reads that may never do so. (One that is connected to
                // us has no limit of its own on Linux, and can fill our buffer for everybody.)
                let peer = socket2::SockAddr::unix(path)?;
                match socket2::SockRef::from(socket).send_to(data, &peer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        tracing::debug!(peer = %to, length = data.len(), "dropped: {error}");
                        Poll::Ready(Ok(()))
                    }
                    sent => Poll::Ready(sent.map(drop)),
                }
            }
            _ => {
                let problem = "the peer's socket has no address to answer to";
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::AddrNotAvailable,
                    problem,
                )))
            }
        }
    }
}

/// The kernel may have put several datagrams of one peer together.
fn hand_on(slice: &[u8], meta: &RecvMeta, each: &mut impl FnMut(Datagram<'_>)) {
    let mut datagram = |data| {
        each(Datagram {
            peer: Address::from(meta.addr),
            asked: meta.dst_ip.map(|ip| ip.to_canonical()),
            data,
        });
    };
    if meta.len == 0 {
        return datagram(&[]);
    }
    for data in slice[..meta.len].chunks(meta.stride.max(1)) {
        datagram(data);
    }
}

/// The address as a socket of this family names it: a dual-stack socket knows IPv4
/// addresses only as `::ffff:a.b.c.d`.
fn as_family(address: SocketAddr, local: &SocketAddr) -> SocketAddr {
    match (address, local) {
        (SocketAddr::V4(v4), SocketAddr::V6(_)) => {
            SocketAddr::new(IpAddr::V6(v4.ip().to_ipv6_mapped()), v4.port())
        }
        _ => address,
    }
}

/// What receiving takes: room for one batch of datagrams, whose pages are the system's until
/// they are used, and a pause after something went wrong.
pub(crate) struct Receiving {
    buffers: Vec<u8>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Receiving {
    pub(crate) fn new() -> Self {
        Receiving {
            buffers: vec![0; BATCH * READ_BUFFER],
            pause: None,
        }
    }
}

fn slices(buffers: &mut [u8]) -> [IoSliceMut<'_>; BATCH] {
    let mut parts = buffers.chunks_mut(READ_BUFFER);
    std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()))
}
