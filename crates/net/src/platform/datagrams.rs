//! Many datagrams in one system call, where the system has such a call, and nothing told about
//! those that come which nobody here asks for.
//!
//! Who is sent what is decided elsewhere, and so is what becomes of what is not sent.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// A datagram to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Parcel<'a> {
    /// To whom, in the family of the socket.
    pub(crate) to: SocketAddr,
    /// Which of our addresses it leaves from, in the family of the socket, if the system does
    /// not choose the right one by itself.
    pub(crate) from: Option<IpAddr>,
    pub(crate) data: &'a [u8],
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::{send, tell_less};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::io::IoSlice;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    use nix::libc;
    use nix::sys::socket::{
        ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg, setsockopt, sockopt,
    };
    use quinn_udp::UdpSocketState;

    use super::{IpAddr, Parcel, SocketAddr, io};

    /// Has the system no longer tell with every datagram when it came and how it was marked;
    /// nor, on a socket of one address, which of ours it came to.
    pub(crate) fn tell_less(socket: &UdpSocket, local: &SocketAddr) {
        // What fails costs time only.
        let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &false);
        let _ = rustix::net::sockopt::set_ip_recvtos(socket, false);
        if local.is_ipv6() {
            let _ = rustix::net::sockopt::set_ipv6_recvtclass(socket, false);
        }
        if !local.ip().is_unspecified() {
            let _ = match local {
                SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4PacketInfo, &false),
                SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &false),
            };
        }
    }

    /// Sends as many of the first ones as the system takes at once. Returns how many those are.
    ///
    /// # Errors
    ///
    /// What was wrong with the first.
    pub(crate) fn send(
        socket: &tokio::net::UdpSocket,
        _: &UdpSocketState,
        parcels: &[Parcel<'_>],
    ) -> io::Result<usize> {
        let Some(first) = parcels.first() else {
            return Ok(0);
        };
        // One call has them all leave from the same address.
        let alike = parcels.iter().take_while(|next| next.from == first.from);
        let (peers, slices): (Vec<_>, Vec<_>) = alike
            .map(|parcel| {
                let peer = SockaddrStorage::from(parcel.to);
                (Some(peer), [IoSlice::new(parcel.data)])
            })
            .unzip();
        let number = socket.as_raw_fd();
        let call = |control: &[ControlMessage<'_>], space| {
            let mut headers = MultiHeaders::preallocate(peers.len(), space);
            let flags = MsgFlags::MSG_NOSIGNAL;
            let sent = sendmmsg(number, &mut headers, &slices, &peers, control, flags);
            Ok(sent.map_err(io::Error::from)?.count())
        };
        match first.from {
            None => call(&[], None),
            Some(IpAddr::V4(ip)) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr {
                        s_addr: u32::from_ne_bytes(ip.octets()),
                    },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                let space = nix::cmsg_space!(libc::in_pktinfo);
                call(&[ControlMessage::Ipv4PacketInfo(&info)], Some(space))
            }
            Some(IpAddr::V6(ip)) => {
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr {
                        s6_addr: ip.octets(),
                    },
                    ipi6_ifindex: 0,
                };
                let space = nix::cmsg_space!(libc::in6_pktinfo);
                call(&[ControlMessage::Ipv6PacketInfo(&info)], Some(space))
            }
        }
    }
}

/// Has the system tell less, where it tells more than is asked for.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn tell_less(_: &std::net::UdpSocket, _: &SocketAddr) {}

/// Sends the first one. Returns how many that are.
///
/// # Errors
///
/// What was wrong with it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn send(
    socket: &tokio::net::UdpSocket,
    state: &quinn_udp::UdpSocketState,
    parcels: &[Parcel<'_>],
) -> io::Result<usize> {
    let Some(first) = parcels.first() else {
        return Ok(0);
    };
    let transmit = quinn_udp::Transmit {
        destination: first.to,
        ecn: None,
        contents: first.data,
        segment_size: None,
        src_ip: first.from,
    };
    state.try_send(quinn_udp::UdpSockRef::from(socket), &transmit)?;
    Ok(1)
}
