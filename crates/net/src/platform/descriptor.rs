//! Sockets that this process was given: `fd://N`.

use std::io;

#[cfg(unix)]
use lariat_protocol::{Address, ConnectionInfo};
#[cfg(unix)]
use socket2::{Domain, Socket, Type};

#[cfg(unix)]
use crate::carrier::Carrier;
use crate::reactor::bind::Bound;

/// How many descriptors this process may have open at once; unknown where the system counts
/// them otherwise.
#[cfg(unix)]
pub(crate) fn limit() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit};

    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some(soft)
}

#[cfg(not(unix))]
pub(crate) fn limit() -> Option<u64> {
    None
}

#[cfg(unix)]
fn adopt(number: u32) -> io::Result<Socket> {
    let number = i32::try_from(number).map_err(|_| io::ErrorKind::InvalidInput)?;
    let socket = crate::socket::from_fd(number)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The open connection that descriptor `number` is.
#[cfg(unix)]
pub(crate) fn connected_descriptor(number: u32) -> io::Result<(Carrier, ConnectionInfo)> {
    stream(adopt(number)?)
}

#[cfg(unix)]
fn stream(socket: Socket) -> io::Result<(Carrier, ConnectionInfo)> {
    if socket.r#type()? != Type::STREAM {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a stream",
        ));
    }
    if socket.domain()? == Domain::UNIX {
        let stream = tokio::net::UnixStream::from_std(socket.into())?;
        let info = ConnectionInfo::stream(Address::Unix(None), Address::Unix(None));
        return Ok((Carrier::Unix(stream), info));
    }
    let stream = tokio::net::TcpStream::from_std(socket.into())?;
    let info = ConnectionInfo::stream(stream.peer_addr()?, stream.local_addr()?);
    Ok((Carrier::Tcp(stream), info))
}

/// What descriptor `number` is to a server: a listening socket, a datagram socket, or one
/// connection, as inetd and systemd give them.
#[cfg(unix)]
pub(crate) fn listening_descriptor(number: u32) -> io::Result<Bound> {
    let socket = adopt(number)?;
    let unix = socket.domain()? == Domain::UNIX;
    if socket.r#type()? == Type::DGRAM {
        return Ok(match unix {
            true => Bound::UnixGram(socket.into(), None),
            false => Bound::Udp(socket.into()),
        });
    }
    if socket.is_listener()? {
        return Ok(match unix {
            true => Bound::Unix(socket.into(), None),
            false => Bound::Tcp(socket.into()),
        });
    }
    Ok(Bound::Descriptor(socket))
}

/// The connection of [`Bound::Descriptor`], within the runtime that will drive it.
#[cfg(unix)]
pub(crate) fn adopted_stream(socket: Socket) -> io::Result<(Carrier, ConnectionInfo)> {
    stream(socket)
}

#[cfg(not(unix))]
fn unsupported<T>() -> io::Result<T> {
    let platform = std::env::consts::OS;
    let problem = format!("descriptors cannot be adopted on {platform}");
    Err(io::Error::new(io::ErrorKind::Unsupported, problem))
}

#[cfg(not(unix))]
pub(crate) fn connected_descriptor(
    _: u32,
) -> io::Result<(crate::carrier::Carrier, lariat_protocol::ConnectionInfo)> {
    unsupported()
}

#[cfg(not(unix))]
pub(crate) fn listening_descriptor(_: u32) -> io::Result<Bound> {
    unsupported()
}
