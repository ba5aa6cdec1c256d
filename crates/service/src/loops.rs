//! Servers that answer whatever they are sent, and how one knows another of its kind.

use lariat_protocol::ConnectionInfo;

/// Whether a datagram's sender has the same port number as we have that it was sent to. Clients
/// have ports of their own, so it is a server of the same service, named by a forged source, and
/// the two would answer each other for ever.
///
/// The engine hears nobody at a port below 1024 for the same reason; this is for services that
/// are served elsewhere and whose answers look like anything.
pub(crate) fn is_alike(connection: &ConnectionInfo) -> bool {
    let ends = (connection.peer.inet(), connection.local.inet());
    let same = matches!(ends, (Some(peer), Some(local)) if peer.port() == local.port());
    connection.message_oriented && same
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn only_a_datagram_from_the_port_that_it_was_sent_to_is_one() {
        let end = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let (ours, theirs) = (end("192.0.2.1:7007"), end("192.0.2.2:7007"));
        assert!(is_alike(&ConnectionInfo::messages(theirs, ours)));
        assert!(!is_alike(&ConnectionInfo::stream(theirs, ours)));
        let client = end("192.0.2.2:7008");
        assert!(!is_alike(&ConnectionInfo::messages(client, ours)));
    }
}
