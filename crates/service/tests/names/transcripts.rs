//! What is said, however it is cut, and whatever peers do.

use lariat_protocol::{ConnectionInfo, Factory, Protocol};
use lariat_store::names::MemoryNames;
use lariat_testkit::{Driven, Hostile, Transcript};

use crate::{Hand, serve};

const ALL: &str = include_str!("conversation.txt");

/// A server with a directory of its own for each connection, so that each hears the same.
struct Fresh;

impl Factory for Fresh {
    fn build(&self, info: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let directory = Hand::default().directory(MemoryNames::default());
        Some(serve(&directory, info))
    }
}

fn fresh() -> Box<dyn Protocol> {
    let directory = Hand::default().directory(MemoryNames::default());
    let nobody = lariat_protocol::Transport::unconnected();
    serve(&directory, nobody.info())
}

#[test]
fn the_conversation_holds_however_it_is_cut() {
    Transcript::parse(ALL).unwrap().replay(1613, fresh);
}

#[test]
fn hostile_peers_find_nothing() {
    let transcript = Transcript::parse(ALL).unwrap();
    Hostile::new(Fresh, transcript)
        .longest(lariat_protocol::names::MAXIMUM_LINE + 2 + 64 * 1024)
        .deadlines(lariat_service::names::DEADLINES)
        .idle(1000)
        .run();
}

#[test]
fn where_messages_have_boundaries_each_holds_whole_answers() {
    let mut driven = Driven::messages_of(fresh());
    driven.receive(b"register a h:1 token=0123456789abcdef");
    driven.receive(b"find a\nfind b");
    driven.deliver_messages();
    let said = driven.take_messages().concat();
    let said = String::from_utf8(said).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "ok 0 token=0123456789abcdef ttl=60");
    assert_eq!(
        lines[1..],
        [
            "ok 1",
            "a tcp://h:1 ttl=60 state=unprobed weight=100",
            "error unknown nobody offers b"
        ]
    );
}
