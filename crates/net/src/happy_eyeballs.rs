//! One TCP connection to whichever of a host's addresses answers first (RFC 8305).

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long an address is tried alone before the next one is tried too (section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Tries the addresses in turn, each a little after the one before or as soon as that has
/// failed; the first connection wins and the other attempts are dropped.
///
/// # Errors
///
/// Every address with its error, when all have failed.
pub async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Vec<(SocketAddr, io::Error)>> {
    let mut waiting = interleave(addresses);
    let mut attempts = JoinSet::new();
    let mut failed = Vec::new();
    loop {
        if let Some(address) = waiting.pop_front() {
            attempts.spawn(async move {
                let connected = TcpStream::connect(address).await;
                connected.map_err(|error| (address, error))
            });
        }
        let delay = async {
            if waiting.is_empty() {
                std::future::pending().await
            } else {
                tokio::time::sleep(ATTEMPT_DELAY).await;
            }
        };
        tokio::select! {
            done = attempts.join_next() => match done {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(attempt))) => failed.push(attempt),
                Some(Err(_)) => {}
                None if waiting.is_empty() => return Err(failed),
                None => {}
            },
            () = delay => {}
        }
    }
}

/// The addresses with their families taking turns (section 4), the first one's first, so
/// that a family which is broken as a whole costs one delay and not one for each address.
fn interleave(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut one, mut other): (VecDeque<SocketAddr>, VecDeque<SocketAddr>) = addresses
        .iter()
        .copied()
        .partition(|address| address.is_ipv6() == first);
    let mut mixed = VecDeque::new();
    while !one.is_empty() || !other.is_empty() {
        mixed.extend(one.pop_front());
        mixed.extend(other.pop_front());
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// An address that refuses for as long as the socket is there: bound, and not listening.
    fn refusing() -> (socket2::Socket, SocketAddr) {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.expect("a socket");
        socket.bind(&address("127.0.0.1:0").into()).expect("bound");
        let bound = socket.local_addr().expect("an address").as_socket();
        (socket, bound.expect("of the internet"))
    }

    #[test]
    fn families_take_turns() {
        let all = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"].map(address);
        let expected = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"].map(address);
        assert_eq!(interleave(&all), expected);
        assert_eq!(interleave(&[]), []);
    }

    #[tokio::test]
    async fn a_refused_address_does_not_cost_the_delay() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let open = listener.local_addr().expect("bound");
        let (_held, closed) = refusing();
        // With the delay of each they would take twenty seconds, and it is none even on a busy machine.
        let mut all = vec![closed; 80];
        all.push(open);
        let stream = tokio::time::timeout(Duration::from_secs(10), connect(&all)).await;
        let stream = stream.expect("no delay").expect("the last answers");
        assert_eq!(stream.peer_addr().expect("connected"), open);
    }

    #[tokio::test]
    async fn all_failures_are_told() {
        let (_held, closed) = refusing();
        let failed = connect(&[closed]).await.expect_err("nobody listens");
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].1.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect(&[]).await.expect_err("nothing to try").is_empty());
    }
}
