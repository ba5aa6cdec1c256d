//! Servers that answer whatever they are sent, and how one knows another of its kind.

use lariat_protocol::{ConnectionInfo, chargen, daytime, timestamp};

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

/// Whether a datagram is what a daytime, timestamp or chargen server says. A service that answers
/// whatever it is sent does not answer that either: two servers of different services, pointed at each
/// other by a forged source, would otherwise answer each other for ever as well as two of one.
///
/// What the time service says are four bytes, which a client may well send to others, and what qotd says
/// looks like anything. So of each two services one must know the other: time knows all of these, and
/// qotd them and the time.
///
/// Echo says back whatever it is sent, and asks this of nothing: a client may well send it the alphabet, of which
/// chargen's lines are made, and is to have that back. What it says back to a service is what that has
/// said, which each of them knows.
pub(crate) fn is_said_by_another(datagram: &[u8]) -> bool {
    daytime::is_answer(datagram) || timestamp::is_answer(datagram) || chargen::is_answer(datagram)
}

#[cfg(test)]
mod tests {
    use lariat_protocol::{Factory, qotd, time};

    use super::*;
    use crate::echo::Echo;
    use crate::timestamp::Timestamp;
    use crate::{chargen::Chargen, daytime::Daytime, qotd::Qotd, time::Time};
    use std::net::SocketAddr;

    #[test]
    fn of_each_two_services_one_does_not_answer_the_other() {
        let quotes = |text: &[u8]| Qotd::new(qotd::Quotes::parse(text).expect("a quote"));
        let stamped = b"[Sat Jun 17 17:27:21 2006] hi";
        let services: [(Box<dyn Factory>, &[u8]); 5] = [
            (Box::new(Daytime), b"Sat Jun 17 17:27:21 2006\r\n"),
            (Box::new(Time), &[0xc8, 0x3e, 0xb9, 0xf9]),
            (Box::new(quotes(b"one")), b"one\r\n"),
            (Box::new(Chargen::default()), b" !\"#$%&'()*+,-./0123456789"),
            (Box::new(Timestamp::default()), stamped),
        ];
        for (first, said_by_first) in &services {
            for (second, said_by_second) in &services {
                let ends = first.is_answer(said_by_second) || second.is_answer(said_by_first);
                assert!(ends, "{said_by_first:?} and {said_by_second:?}");
            }
            // So what echo brings back is known, and echo need not know it.
            assert!(first.is_answer(said_by_first), "{said_by_first:?}");
            assert!(!Echo.is_answer(said_by_first), "{said_by_first:?}");
            assert!(!first.is_answer(b"hi\n"), "{said_by_first:?}");
        }
        assert!(time::is_answer(b"4444"));
    }

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
