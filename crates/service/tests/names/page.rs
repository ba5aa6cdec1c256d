//! `docs/names.md` says what is so: its conversation is held, and its codes, requests and options
//! are all there are.

use lariat_protocol::names::Request;
use lariat_service::names::Terms;
use lariat_store::names::MemoryNames;
use lariat_testkit::Driven;

use crate::{Hand, serve};

const PAGE: &str = include_str!("../../../../docs/names.md");

/// A line without what is never the same: tokens, what is left of a time, and what a probe found.
fn lasting(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.split_once('=') {
        Some((key @ ("token" | "ttl" | "state"), _)) => key,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_conversation_of_the_page_is_what_is_said() {
    let (_, behind) = PAGE.split_once("    $ nc localhost 21579\n").unwrap();
    let shown = behind.lines().map_while(|line| line.strip_prefix("    "));
    let directory = Hand::default().directory(MemoryNames::default());
    let nobody = lariat_protocol::Transport::unconnected();
    let mut driven = Driven::new(serve(&directory, nobody.info()));
    let mut said: Vec<String> = Vec::new();
    let mut requests = 0;
    for line in shown {
        match line.parse::<Request>() {
            Ok(_) => {
                assert!(said.is_empty(), "{said:?} is not shown");
                driven.receive(format!("{line}\n").as_bytes());
                driven.deliver_messages();
                let answer = String::from_utf8(driven.take_written()).unwrap();
                said = answer.lines().map(lasting).collect();
                requests += 1;
            }
            Err(_) => {
                assert!(!said.is_empty(), "{line} is not said");
                assert_eq!(lasting(line), said.remove(0));
            }
        }
    }
    assert_eq!((requests, said.len()), (3, 0));
}

#[test]
fn the_page_has_every_request_and_the_limits_as_they_are() {
    for usage in Request::help() {
        let verb = usage.split(' ').next().unwrap();
        assert!(PAGE.contains(&format!("`{verb}")), "{verb}");
    }
    let Terms {
        total, per_address, ..
    } = Terms::default();
    let thousands = |number: usize| format!("| {},{:03} |", number / 1000, number % 1000);
    for (number, option) in [(total, "total"), (per_address, "per_address")] {
        let row = format!("{} `?{option}=N` |", thousands(number));
        assert!(PAGE.contains(&row), "{row}");
    }
}
