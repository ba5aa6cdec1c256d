//! Unix datagram sockets, where nobody can forge a sender.

use std::os::unix::net::UnixDatagram;

use lariat::service::timestamp::Timestamp;

use crate::common::{PATIENCE, reactor};

#[test]
fn the_manners_of_udp_are_not_for_unix_sockets() {
    let reactor = reactor();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("time.sock");
    let url = format!("unixgram://{}", path.display());
    let listening = reactor.listen(url.as_str(), Timestamp::default());
    let listening = listening.expect("listening");
    let peer = UnixDatagram::bind(folder.path().join("peer.sock")).expect("bound");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    peer.connect(&path).expect("connected");
    let question = b"[Sat Jun 17 17:27:21 2006] hi";
    let mut answer = [0; 100];
    for _ in 0..3 {
        peer.send(question).expect("sent");
        let length = peer.recv(&mut answer).expect("answered");
        assert_eq!(length, 27 + question.len());
    }
    assert_eq!(listening.stats().datagrams_dropped, 0);
}
