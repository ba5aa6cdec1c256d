//! The name server's lines: what is read is written the same, and no bytes confuse the client.
#![allow(clippy::unwrap_used)]

use lariat_protocol::names::{Incoming, NamesClient, check};
use proptest::prelude::*;

/// Lines that are right, to be damaged.
const LINES: &str = "\
register print tcp://print:9100 ttl=60 tags=laser,colour description=\"second floor\"\n\
register a tls://h:1 token=0123456789abcdef probe=tls send=\"PING\\r\\n\" expect=\"PO.G\\x21\" interval=9\n\
renew a token=0123456789abcdef endpoint=h:1\nremove a token=0123456789abcdef\n\
find a all scheme=tcp\nfind tag=t all\nlist prefix=o. after=b limit=3\nwatch a\nlog a before=7\n\
ok 0 token=0123456789abcdef ttl=60\nok 1 more=b\na tcp://h:1 ttl=0 state=failing weight=0\n\
event dropped a wss://h:1/b ttl=0 state=failing weight=100 description=\"x\"\n\
9 time=1 what=asked who=::1 name=a about=\"find a\" count=3\nerror unknown nobody offers b\n";

#[test]
fn every_kind_of_line_reads_the_same_when_written() {
    check::names(LINES.as_bytes());
}

#[test]
fn a_client_does_not_keep_what_is_too_much() {
    let refused = |data: &[u8]| {
        NamesClient::default()
            .data_received(data)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(b"ok 2001\n").contains("at most 2000 are read"));
    assert!(refused(b"ok 18446744073709551616\n").contains("it has no number"));
    assert!(refused(&[b'x'; 5000]).contains("longer than 4096 bytes"));
    assert!(refused(b"220 welcome\r\n").contains("begins with none of ok, error and event"));
    assert!(refused(b"ok 0\xff\n").contains("no text"));
}

#[test]
fn events_come_between_answers() {
    let mut client = NamesClient::default();
    let event = "event removed a tcp://h:1 ttl=0 state=up weight=1\n";
    let text = format!("{event}ok 1\nevent looks like one\n{event}ok 0\n");
    client.data_received(text.as_bytes()).unwrap();
    assert!(matches!(client.next(), Some(Incoming::Event(_))));
    let Some(Incoming::Answer(Ok(reply))) = client.next() else {
        panic!("no answer");
    };
    assert_eq!(reply.lines, ["event looks like one"]);
    assert!(matches!(client.next(), Some(Incoming::Event(_))));
    assert!(matches!(client.next(), Some(Incoming::Answer(Ok(_)))));
    assert_eq!(client.next(), None);
}

proptest! {
    #[test]
    fn damaged_lines_are_refused_or_read_the_same(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..6),
    ) {
        let mut bytes = LINES.as_bytes().to_vec();
        for (at, byte, how) in damage {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        check::names(&bytes);
    }
}
