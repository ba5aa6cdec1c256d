//! Two TCP sockets connected to each other, for systems and uses that `UnixStream::pair` is not for.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// How many strangers may knock before the right connection comes.
const MOST_STRANGERS: usize = 16;

/// Two connected TCP sockets on the loopback address.
///
/// On Unix, `UnixStream::pair`, `UnixDatagram::pair` and `socket2::Socket::pair` are cheaper.
/// Another program that connects in between is turned away: the pair is always connected to itself.
///
/// ```
/// use std::io::{Read, Write};
///
/// let (mut one, mut other) = lariat_net::socket::tcp_pair()?;
/// one.write_all(b"hi")?;
/// let mut got = [0; 2];
/// other.read_exact(&mut got)?;
/// assert_eq!(&got, b"hi");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What the system says, such as that there are no descriptors left.
pub fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let one = TcpStream::connect(listener.local_addr()?)?;
    let own_address = one.local_addr()?;
    for _ in 0..=MOST_STRANGERS {
        let (other, peer) = listener.accept()?;
        if peer == own_address {
            return Ok((one, other));
        }
    }
    Err(io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "other programs kept connecting to the pair's own port",
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn the_two_ends_are_connected_to_each_other() {
        let (mut one, mut other) = tcp_pair().unwrap();
        assert_eq!(one.local_addr().unwrap(), other.peer_addr().unwrap());
        assert_eq!(other.local_addr().unwrap(), one.peer_addr().unwrap());
        other.write_all(b"down").unwrap();
        drop(other);
        let mut got = String::new();
        one.read_to_string(&mut got).unwrap();
        assert_eq!(got, "down");
    }
}
