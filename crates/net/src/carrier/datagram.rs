//! A bound datagram socket with many peers, UDP or Unix: who sent, which of our addresses
//! they asked, and answers that leave from there.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lariat_protocol::Address;
use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::Sleep;

use crate::driver::scratch::READ_BUFFER;
use crate::platform;
use crate::platform::datagrams::Parcel;

/// How many datagrams one system call takes, where the system can.
pub(crate) const BATCH: usize = 32;

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
        platform::datagrams::tell_less(&socket, &local);
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

    /// Takes what has come in one system call. What goes wrong is logged and tried again after a
    /// pause: the socket's other peers still count on it.
    pub(crate) fn poll_receive<'a>(
        &self,
        context: &mut Context<'_>,
        receiving: &'a mut Receiving,
    ) -> Poll<Received<'a>> {
        loop {
            if let Some(pause) = &mut receiving.pause {
                ready!(pause.as_mut().poll(context));
                receiving.pause = None;
            }
            match ready!(self.poll_batch(context, receiving)) {
                Ok(()) => return Poll::Ready(receiving.received()),
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
        receiving: &mut Receiving,
    ) -> Poll<io::Result<()>> {
        receiving.came.clear();
        match self {
            DatagramSocket::Udp {
                socket,
                state,
                local,
            } => loop {
                ready!(socket.poll_recv_ready(context))?;
                let mut slices = slices(&mut receiving.buffers);
                let mut metas = [RecvMeta::default(); BATCH];
                let mut count = 0;
                let received = socket.try_io(Interest::READABLE, || {
                    count = state.recv(UdpSockRef::from(socket), &mut slices, &mut metas)?;
                    match TELLS_OF_EACH && count < BATCH {
                        // That was all, and with epoll whatever comes next is announced anew:
                        // said here, it saves asking the system.
                        true => Err(io::ErrorKind::WouldBlock.into()),
                        false => Ok(()),
                    }
                });
                let own = Some(local.ip()).filter(|ip| !ip.is_unspecified());
                let came = metas[..count].iter().map(|meta| Came {
                    peer: Address::from(meta.addr),
                    asked: meta.dst_ip.or(own).map(|ip| ip.to_canonical()),
                    length: meta.len,
                    stride: meta.stride.max(1),
                });
                receiving.came.extend(came);
                match received {
                    _ if count > 0 => return Poll::Ready(Ok(())),
                    Ok(()) => return Poll::Ready(Ok(())),
                    // Not ready after all: asks to be woken.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    // An earlier datagram of ours met nobody: that peer's concern only.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            },
            #[cfg(unix)]
            DatagramSocket::Unix(socket, _) => {
                let mut buffer = tokio::io::ReadBuf::new(&mut receiving.buffers[..READ_BUFFER]);
                let peer = ready!(socket.poll_recv_from(context, &mut buffer))?;
                receiving.came.push(Came {
                    peer: Address::Unix(peer.as_pathname().map(std::sync::Arc::from)),
                    asked: None,
                    length: buffer.filled().len(),
                    stride: READ_BUFFER,
                });
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Sends the first datagrams of some, as many as the system takes at once. Returns how many
    /// are done with; an error is that of the first, which is done with too.
    pub(crate) fn poll_send<'a, I>(
        &self,
        context: &mut Context<'_>,
        datagrams: I,
    ) -> Poll<io::Result<usize>>
    where
        I: Iterator<Item = Outgoing<'a>> + Clone,
    {
        match self {
            DatagramSocket::Udp {
                socket,
                state,
                local,
            } => {
                let parcels: Vec<_> = datagrams.map_while(|one| parcel(&one, local)).collect();
                if parcels.is_empty() {
                    return Poll::Ready(Err(nowhere()));
                }
                loop {
                    ready!(socket.poll_send_ready(context))?;
                    let sent = socket.try_io(Interest::WRITABLE, || {
                        platform::datagrams::send(socket, state, &parcels)
                    });
                    match sent {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        sent => return Poll::Ready(sent),
                    }
                }
            }
            #[cfg(unix)]
            DatagramSocket::Unix(socket, _) => {
                let mut datagrams = datagrams;
                let first = datagrams.next().map(|one| send_to_path(socket, &one));
                Poll::Ready(first.unwrap_or(Ok(())).map(|()| 1))
            }
        }
    }
}

/// Whether a socket that was emptied wakes whoever waits for it at the next datagram, though
/// nothing has found it empty.
const TELLS_OF_EACH: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A datagram to be sent, and from which of our addresses.
pub(crate) struct Outgoing<'a> {
    pub(crate) to: &'a Address,
    pub(crate) from: Option<IpAddr>,
    pub(crate) data: &'a [u8],
}

fn nowhere() -> io::Error {
    let problem = "the peer's socket has no address to answer to";
    io::Error::new(io::ErrorKind::AddrNotAvailable, problem)
}

fn parcel<'a>(datagram: &Outgoing<'a>, local: &SocketAddr) -> Option<Parcel<'a>> {
    let from = datagram
        .from
        .map(|ip| as_family(SocketAddr::new(ip, 0), local).ip());
    Some(Parcel {
        to: as_family(datagram.to.inet()?, local),
        // A socket of one address sends from there unasked.
        from: from.filter(|ip| *ip != local.ip()),
        data: datagram.data,
    })
}

#[cfg(unix)]
fn send_to_path(socket: &tokio::net::UnixDatagram, datagram: &Outgoing<'_>) -> io::Result<()> {
    let Address::Unix(Some(path)) = datagram.to else {
        return Err(nowhere());
    };
    // Not by way of tokio, which would wait: what is full is mostly that peer's queue, our
    // socket is not writable to anybody until the wait is over, and it is over only when a peer
    // reads that may never do so. (One that is connected to us has no limit of its own on Linux,
    // and can fill our buffer for everybody.)
    let peer = socket2::SockAddr::unix(path)?;
    match socket2::SockRef::from(socket).send_to(datagram.data, &peer) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            let length = datagram.data.len();
            tracing::debug!(peer = %datagram.to, length, "dropped: {error}");
            Ok(())
        }
        sent => sent.map(drop),
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
    /// What is in the buffers, in their order.
    came: Vec<Came>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// What is in one buffer: the system may have put several datagrams of one peer together.
struct Came {
    peer: Address,
    asked: Option<IpAddr>,
    length: usize,
    /// How long each datagram in it is; the last may be shorter.
    stride: usize,
}

impl Receiving {
    pub(crate) fn new() -> Self {
        Receiving {
            buffers: vec![0; BATCH * READ_BUFFER],
            came: Vec::with_capacity(BATCH),
            pause: None,
        }
    }

    fn received(&mut self) -> Received<'_> {
        Received {
            buffers: self.buffers.chunks(READ_BUFFER),
            came: self.came.drain(..),
            current: None,
        }
    }
}

/// The datagrams of one batch, one after the other.
pub(crate) struct Received<'a> {
    buffers: std::slice::Chunks<'a, u8>,
    came: std::vec::Drain<'a, Came>,
    /// A buffer that has more than one, from the next on.
    current: Option<(Came, &'a [u8])>,
}

impl<'a> Iterator for Received<'a> {
    type Item = Datagram<'a>;

    #[inline]
    fn next(&mut self) -> Option<Datagram<'a>> {
        let (came, data) = match self.current.take() {
            Some(current) => current,
            None => {
                let came = self.came.next()?;
                let buffer = self.buffers.next()?;
                let length = came.length;
                (came, &buffer[..length])
            }
        };
        let (asked, stride) = (came.asked, came.stride);
        if data.len() <= stride {
            let peer = came.peer;
            return Some(Datagram { peer, asked, data });
        }
        let (data, rest) = data.split_at(stride);
        let peer = came.peer.clone();
        self.current = Some((came, rest));
        Some(Datagram { peer, asked, data })
    }
}

fn slices(buffers: &mut [u8]) -> [IoSliceMut<'_>; BATCH] {
    let mut parts = buffers.chunks_mut(READ_BUFFER);
    std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()))
}
