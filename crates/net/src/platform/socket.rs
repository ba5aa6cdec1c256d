//! What sockets need of the system beyond socket2: descriptors by number, and bytes waiting.

#[cfg(unix)]
pub use unix::{bytes_waiting, from_fd};

/// The error number of a family that the system lacks.
#[cfg(unix)]
pub(crate) const FAMILY_NOT_SUPPORTED: i32 = nix::libc::EAFNOSUPPORT;
#[cfg(windows)]
pub(crate) const FAMILY_NOT_SUPPORTED: i32 = 10047;

/// Acknowledges what has come on a TCP connection now, and not up to 40 ms later.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn acknowledge<S: std::os::fd::AsFd>(stream: &S) {
    // It only makes the peer faster, so a failure is nobody's concern; a connection that is
    // broken says so at its next read.
    let _ = socket2::SockRef::from(stream).set_tcp_quickack(true);
}

/// Acknowledges what has come; this system leaves no say in it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn acknowledge<S>(_: &S) {}

/// How many bytes were sent on a TCP connection that the peer's system has not acknowledged.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn unacknowledged<S: std::os::fd::AsRawFd>(stream: &S) -> usize {
    nix::ioctl_read_bad!(outgoing, nix::libc::TIOCOUTQ, nix::libc::c_int);
    let mut count = 0;
    // SAFETY: the descriptor is the stream's, which is borrowed, and this request (tcp(7):
    // SIOCOUTQ) writes one int and nothing else.
    #[allow(unsafe_code)]
    let asked = unsafe { outgoing(stream.as_raw_fd(), &raw mut count) };
    match asked {
        Ok(_) => usize::try_from(count).unwrap_or(0),
        Err(_) => 0,
    }
}

/// How many bytes the peer's system has not acknowledged; this one does not tell.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn unacknowledged<S>(_: &S) -> usize {
    0
}

/// Asks the system directly, without the ways to cancel a thread that the C library puts
/// round its calls.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn system_receive<S: std::os::fd::AsFd>(stream: &S, buffer: &mut [u8]) -> std::io::Result<usize> {
    use rustix::net::{RecvFlags, recv};

    let (_, length) = recv(stream, buffer, RecvFlags::empty())?;
    Ok(length)
}

/// Asks the system directly.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn system_send<S: std::os::fd::AsFd>(stream: &S, data: &[u8]) -> std::io::Result<usize> {
    use rustix::net::{SendFlags, send};

    Ok(send(stream, data, SendFlags::NOSIGNAL)?)
}

/// Reads what has come on a TCP connection that a herd watches.
#[inline]
pub(crate) fn receive(stream: &mio::net::TcpStream, buffer: &mut [u8]) -> std::io::Result<usize> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return system_receive(stream, buffer);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    std::io::Read::read(&mut &*stream, buffer)
}

/// Writes what a TCP connection takes at once that a herd watches.
#[inline]
pub(crate) fn send(stream: &mio::net::TcpStream, data: &[u8]) -> std::io::Result<usize> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return system_send(stream, data);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    std::io::Write::write(&mut &*stream, data)
}

/// Reads what has come on a TCP connection; `WouldBlock` as long as nothing has.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(crate) fn try_receive(
    stream: &tokio::net::TcpStream,
    buffer: &mut [u8],
) -> std::io::Result<usize> {
    let mut received = None;
    let tried = stream.try_io(tokio::io::Interest::READABLE, || {
        let length = system_receive(stream, buffer)?;
        received = Some(length);
        match length {
            // A read that left room has emptied the socket, and with epoll whatever comes
            // next is announced anew: said here, it saves asking the system.
            1.. if length < buffer.len() => Err(std::io::ErrorKind::WouldBlock.into()),
            _ => Ok(length),
        }
    });
    received.map_or(tried, Ok)
}

/// Reads what has come on a TCP connection; `WouldBlock` as long as nothing has.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn try_receive(
    stream: &tokio::net::TcpStream,
    buffer: &mut [u8],
) -> std::io::Result<usize> {
    stream.try_read(buffer)
}

/// Writes what a TCP connection takes at once.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(crate) fn try_send(stream: &tokio::net::TcpStream, data: &[u8]) -> std::io::Result<usize> {
    stream.try_io(tokio::io::Interest::WRITABLE, || system_send(stream, data))
}

/// Writes what a TCP connection takes at once.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn try_send(stream: &tokio::net::TcpStream, data: &[u8]) -> std::io::Result<usize> {
    stream.try_write(data)
}

/// Lets the system part a datagram that is longer than the path takes.
///
/// An answer stands alone: nothing repeats it in smaller pieces, so the choice is between
/// fragments and no answer.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn allow_fragments(socket: &std::net::UdpSocket, is_ipv6: bool) -> std::io::Result<()> {
    use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};

    // A socket of IPv6 has this too, for its peers of IPv4.
    sockopt::set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DONT)?;
    if is_ipv6 {
        sockopt::set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::DONT)?;
        nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::Ipv6DontFrag, &false)?;
    }
    Ok(())
}

/// Lets the system part a datagram that is longer than the path takes.
#[cfg(target_vendor = "apple")]
pub(crate) fn allow_fragments(socket: &std::net::UdpSocket, is_ipv6: bool) -> std::io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt};

    match is_ipv6 {
        true => setsockopt(socket, sockopt::Ipv6DontFrag, &false)?,
        false => setsockopt(socket, sockopt::IpDontFrag, &false)?,
    }
    Ok(())
}

/// Leaves it to the system whether a long datagram is parted: no safe call changes it here.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) fn allow_fragments(_: &std::net::UdpSocket, _: bool) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::io::{self, IoSlice, IoSliceMut};
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
    use std::os::unix::net::UnixDatagram;

    use nix::errno::Errno;
    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
    use socket2::Socket;

    use crate::socket::SocketError;

    /// Adopts a socket by the number of its descriptor: `fromfd`.
    ///
    /// The socket that comes out is a duplicate: closing either leaves the other open. They share
    /// what belongs to the connection, such as being non-blocking. The number is one that this
    /// process was given, by systemd, inetd or the program that started it; a socket that another
    /// part of this program owns is better duplicated there, by `try_clone`.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::fd::AsRawFd;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (one, mut other) = UnixStream::pair()?;
    /// let mut adopted = lariat_net::socket::from_fd(one.as_raw_fd())?;
    /// drop(one);
    /// adopted.write_all(b"still open")?;
    /// drop(adopted);
    /// let mut got = String::new();
    /// other.read_to_string(&mut got)?;
    /// assert_eq!(got, "still open");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SocketError::Misuse`] for a number that is not an open descriptor, or not that of a socket.
    pub fn from_fd(number: RawFd) -> Result<Socket, SocketError> {
        let socket = Socket::from(duplicate(number)?);
        match socket.r#type() {
            Ok(_) => {
                // Where the kernel cannot do it on arrival.
                socket.set_cloexec(true)?;
                Ok(socket)
            }
            Err(error) if error.raw_os_error() == Some(Errno::ENOTSOCK as i32) => Err(
                SocketError::Misuse(format!("descriptor {number} is not a socket")),
            ),
            Err(error) => Err(error.into()),
        }
    }

    /// How many bytes can be read from a descriptor at once without waiting: `ioctl` `FIONREAD`.
    ///
    /// For a datagram socket Linux counts the next datagram only.
    ///
    /// # Errors
    ///
    /// What the system says, such as that the descriptor is of a kind that does not count.
    pub fn bytes_waiting(descriptor: impl AsFd) -> io::Result<u64> {
        Ok(rustix::io::ioctl_fionread(descriptor)?)
    }

    /// Duplicates a descriptor known by its number only.
    ///
    /// `dup` by number is unsafe code in every library; a descriptor sent through a socket to
    /// oneself arrives as a duplicate too, and by safe means alone.
    fn duplicate(number: RawFd) -> Result<OwnedFd, SocketError> {
        let (sender, receiver) = UnixDatagram::pair()?;
        let one_byte = [IoSlice::new(&[0])];
        let descriptors = [number];
        let message = [ControlMessage::ScmRights(&descriptors)];
        let no_address: Option<&()> = None;
        match sendmsg(
            sender.as_raw_fd(),
            &one_byte,
            &message,
            MsgFlags::empty(),
            no_address,
        ) {
            Ok(_) => {}
            Err(Errno::EBADF) => {
                return Err(SocketError::Misuse(format!(
                    "descriptor {number} is not open in this process"
                )));
            }
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let mut byte = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        rustix::net::recvmsg(
            &receiver,
            &mut [IoSliceMut::new(&mut byte)],
            &mut control,
            CLOSE_ON_EXEC,
        )
        .map_err(io::Error::from)?;
        let arrived = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        // A process that has no descriptor left gets the message without what it carried.
        arrived.ok_or_else(|| io::Error::from(Errno::EMFILE).into())
    }

    #[cfg(not(target_vendor = "apple"))]
    const CLOSE_ON_EXEC: RecvFlags = RecvFlags::CMSG_CLOEXEC;
    #[cfg(target_vendor = "apple")]
    const CLOSE_ON_EXEC: RecvFlags = RecvFlags::empty();

    #[cfg(test)]
    mod tests {
        #![allow(clippy::unwrap_used)]

        use std::io::{Read, Write};
        use std::os::unix::net::UnixStream;

        use super::*;

        #[test]
        fn closing_either_duplicate_leaves_the_other_open() {
            let (one, mut peer) = UnixStream::pair().unwrap();
            let adopted = from_fd(one.as_raw_fd()).unwrap();
            assert_ne!(adopted.as_raw_fd(), one.as_raw_fd());
            drop(adopted);
            (&one).write_all(b"first").unwrap();
            let mut adopted = from_fd(one.as_raw_fd()).unwrap();
            drop(one);
            adopted.write_all(b" second").unwrap();
            drop(adopted);
            let mut got = String::new();
            peer.read_to_string(&mut got).unwrap();
            assert_eq!(got, "first second");
        }

        #[test]
        fn an_adopted_descriptor_is_closed_in_programs_that_are_started() {
            let (one, _peer) = UnixStream::pair().unwrap();
            let adopted = from_fd(one.as_raw_fd()).unwrap();
            let flags = rustix::io::fcntl_getfd(&adopted).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        }

        #[test]
        fn what_is_not_an_open_socket_is_refused() {
            for number in [-1, 1_000_000] {
                let error = from_fd(number).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("descriptor {number} is not open in this process")
                );
            }
            let file = std::fs::File::open("/dev/null").unwrap();
            let number = file.as_raw_fd();
            let error = from_fd(number).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("descriptor {number} is not a socket")
            );
        }

        #[test]
        fn bytes_waiting_are_counted() {
            let (mut one, other) = UnixStream::pair().unwrap();
            assert_eq!(bytes_waiting(&other).unwrap(), 0);
            one.write_all(b"seven!!").unwrap();
            assert_eq!(bytes_waiting(&other).unwrap(), 7);
        }
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};

    use crate::carrier::datagram::DatagramSocket;

    #[tokio::test]
    async fn long_datagrams_may_be_parted_on_their_way() {
        for local in ["127.0.0.1:0", "[::1]:0"] {
            let bound = std::net::UdpSocket::bind(local);
            if bound.is_err() && local.starts_with('[') {
                eprintln!("left out: no loopback of IPv6");
                continue;
            }
            let socket = bound.expect("bound");
            socket.set_nonblocking(true).expect("set");
            let same = socket.try_clone().expect("cloned");
            let _taken = DatagramSocket::udp(socket).expect("taken");
            let discovery = sockopt::ip_mtu_discover(&same).expect("told");
            assert_eq!(discovery, Ipv4PathMtuDiscovery::DONT);
            if local.starts_with('[') {
                let discovery = sockopt::ipv6_mtu_discover(&same).expect("told");
                assert_eq!(discovery, Ipv6PathMtuDiscovery::DONT);
                let whole = nix::sys::socket::sockopt::Ipv6DontFrag;
                assert_eq!(nix::sys::socket::getsockopt(&same, whole), Ok(false));
            }
        }
    }
}
