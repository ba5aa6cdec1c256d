//! What only systems with Unix sockets can show of the reactor.

use std::net::IpAddr;
use std::os::unix::net::UnixDatagram;

use lariat::{Address, DatagramProtocol, DatagramTransport, Service};

use super::{OnData, echo};
use crate::common::{PATIENCE, reactor};

/// Sends back whatever comes from anybody.
struct EchoAll;

impl DatagramProtocol for EchoAll {
    fn datagram_received(
        &mut self,
        transport: &mut DatagramTransport,
        data: &[u8],
        peer: &Address,
        asked: Option<IpAddr>,
    ) {
        transport.send_from(asked, peer, data.to_vec());
    }
}

#[test]
fn a_unix_peer_that_does_not_read_silences_nobody_else() {
    // A peer whose queue is longer than our own buffer fills that instead, which is then
    // full for everybody, whatever we do.
    let longest = std::fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen");
    let longest: usize = longest.map_or(10, |text| text.trim().parse().expect("a number"));
    if longest > 100 {
        eprintln!("left out: {longest} datagrams may wait, more than our own buffer holds");
        return;
    }
    let reactor = reactor();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["sessions", "all"] {
        let server = folder.path().join(name);
        let endpoint = format!("unixgram://{}", server.display());
        let listening = match name {
            "all" => reactor.listen(&endpoint[..], Service::datagrams(EchoAll)),
            _ => reactor.listen(&endpoint[..], || OnData(echo)),
        };
        listening.expect("listening");
        let peer = |suffix: &str| {
            let path = folder.path().join(format!("{name}-{suffix}"));
            let socket = UnixDatagram::bind(path).expect("bound");
            socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
            socket
        };
        // Neither is connected: Linux has no limit but the sender's for a queue that is.
        let (silent, other) = (peer("silent"), peer("other"));
        for _ in 0..3 * longest {
            silent.send_to(b"never read", &server).expect("sent");
        }
        for _ in 0..3 {
            other.send_to(b"hi", &server).expect("sent");
            assert_eq!(other.recv(&mut [0; 10]).expect("echoed"), 2, "{name}");
        }
    }
}
