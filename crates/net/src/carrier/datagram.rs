//! A bound datagram socket with many peers, UDP or Unix: who sent, which of our addresses
//! they asked, and answers that leave from there.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll, ready};

use lariat_protocol::Address;
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::driver::scratch::READ_BUFFER;

/// How many datagrams one system call takes, where the system can.
const BATCH: usize = 8;

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
                let ip = asked.unwrap_or(local.ip());
                Address::from(SocketAddr::new(ip, local.port()))
            }
            #[cfg(unix)]
            DatagramSocket::Unix(_, local) => local.clone(),
        }
    }

    /// Takes what has come in one system call, and hands on each datagram.
    pub(crate) fn poll_receive(
        &self,
        context: &mut Context<'_>,
        buffers: &mut Buffers,
        mut each: impl FnMut(Datagram<'_>),
    ) -> Poll<io::Result<()>> {
        match self {
            DatagramSocket::Udp { socket, state, .. } => loop {
                ready!(socket.poll_recv_ready(context))?;
                let mut slices = buffers.slices();
                let mut metas = [RecvMeta::default(); BATCH];
                let received = socket.try_io(Interest::READABLE, || {
                    state.recv(UdpSockRef::from(socket), &mut slices, &mut metas)
                });
                match received {
                    Ok(count) => {
                        for (slice, meta) in slices.iter().zip(&metas[..count]) {
                            hand_on(slice, meta, &mut each);
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
                let mut buffer = tokio::io::ReadBuf::new(&mut buffers.0[..READ_BUFFER]);
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
                socket.poll_send_to(context, data, path).map_ok(drop)
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

/// Room for one batch of datagrams. Its pages are the system's until they are used.
pub(crate) struct Buffers(Vec<u8>);

impl Buffers {
    pub(crate) fn new() -> Self {
        Buffers(vec![0; BATCH * READ_BUFFER])
    }

    fn slices(&mut self) -> [IoSliceMut<'_>; BATCH] {
        let mut parts = self.0.chunks_mut(READ_BUFFER);
        std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()))
    }
}
