//! Look-ups: what is remembered of them, and very many of them at once.

use lariat_protocol::names::Query;
use lariat_protocol::{Protocol, Transport};
use lariat_service::names::{Directory, Terms, Who};
use lariat_store::names::MemoryNames;
use lariat_testkit::Driven;

use crate::{Hand, registration, serve};

fn add(directory: &Directory, line: &str) {
    let line = format!("register {line} token=0123456789abcdef probe=none");
    let added = directory.register(registration(&line), Who::Local, Terms::default());
    added.unwrap();
}

/// The places that are found, without order.
fn places(directory: &Directory, query: &Query) -> Vec<String> {
    let found = directory.find(query, true, Who::Local).unwrap_or_default();
    let mut places: Vec<String> = found
        .iter()
        .map(|entry| entry.place.as_str().to_owned())
        .collect();
    places.sort_unstable();
    places
}

#[test]
fn what_is_remembered_of_a_look_up_is_forgotten_when_a_registration_changes() {
    let directory = Hand::default().directory(MemoryNames::default());
    let by_tag = Query {
        tag: Some("laser".parse().unwrap()),
        ..Query::default()
    };
    let by_prefix = Query {
        prefix: Some("pr".parse().unwrap()),
        ..Query::default()
    };
    let (one, two) = ("tcp://one:9100", "tcp://two:9100");
    add(&directory, "print one:9100 tags=laser");
    add(&directory, "print two:9100 tags=ink");
    // Asked for twice, so that the second answer is the one that is remembered.
    for _ in 0..2 {
        assert_eq!(places(&directory, &by_tag), [one]);
        assert_eq!(places(&directory, &by_prefix), [one, two]);
    }
    add(&directory, "print one:9100 tags=ink");
    add(&directory, "print two:9100 tags=ink,laser");
    for _ in 0..2 {
        assert_eq!(places(&directory, &by_tag), [two]);
        assert_eq!(places(&directory, &by_prefix), [one, two]);
    }
    add(&directory, "proof three:1 tags=laser");
    assert_eq!(places(&directory, &by_tag), ["tcp://three:1", two]);
    assert_eq!(places(&directory, &by_prefix).len(), 3);
}

/// What is sent as one piece, as a client does that does not wait for answers.
const BATCH: usize = 1_000;

/// How many different names are asked for: more than the log tells apart in one batch.
const NAMES: usize = 3_000;

#[test]
fn a_hundred_thousand_look_ups_at_once_are_answered_and_take_a_thousand_rows_of_the_log() {
    let directory = Hand::default().directory(MemoryNames::default());
    add(&directory, "n0 there:1");
    let nobody = Transport::unconnected();
    let mut driven: Driven<Box<dyn Protocol>> = Driven::new(serve(&directory, nobody.info()));
    let mut found = 0;
    let mut refused = 0;
    for batch in 0..100 {
        let name = |one: usize| (batch * BATCH + one) % NAMES;
        let asked: String = (0..BATCH)
            .map(|one| format!("find n{}\n", name(one)))
            .collect();
        driven.receive(asked.as_bytes());
        let said = String::from_utf8(driven.take_written()).unwrap();
        let mut lines = said.lines();
        for one in (0..BATCH).map(name) {
            let line = lines.next().unwrap();
            if one == 0 {
                assert_eq!(line, "ok 1");
                assert!(lines.next().unwrap().starts_with("n0 tcp://there:1 "));
                found += 1;
            } else {
                assert_eq!(line, format!("error unknown nobody offers n{one}"));
                refused += 1;
            }
        }
        assert_eq!(lines.next(), None);
    }
    assert_eq!((found, refused), (34, 99_966));
    directory.flush();
    let counts = logged(&mut driven);
    // As many questions as are told apart, all others together, and the registration.
    assert_eq!(counts.len(), 1_002);
    assert_eq!(counts.iter().sum::<u64>(), 100_001);
}

/// The counts of all rows of the log.
fn logged(driven: &mut Driven<Box<dyn Protocol>>) -> Vec<u64> {
    let mut counts = Vec::new();
    let mut before = String::new();
    loop {
        driven.receive(format!("log limit=1000{before}\n").as_bytes());
        driven.deliver_messages();
        let said = String::from_utf8(driven.take_written()).unwrap();
        let (head, rows) = said.split_once('\n').unwrap();
        counts.extend(rows.lines().map(|row| -> u64 {
            let (_, count) = row.rsplit_once("count=").unwrap();
            count.parse().unwrap()
        }));
        match head.split_once("more=") {
            Some((_, row)) => before = format!(" before={row}"),
            None => return counts,
        }
    }
}
