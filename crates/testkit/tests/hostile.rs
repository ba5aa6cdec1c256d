//! The hostile harness, held to protocols that are bad on purpose: each attack must find its own.
#![allow(clippy::unwrap_used)]

#[path = "hostile/bad.rs"]
mod bad;
#[path = "hostile/clients.rs"]
mod clients;

use std::panic::{AssertUnwindSafe, catch_unwind};

use lariat_protocol::framing::{Framed, Lines};
use lariat_protocol::{Factory, Protocol};
use lariat_testkit::{Attack, Hostile, Link, Transcript};

use bad::Fault;
use clients::{AskAgain, AskOnce, Pipelining};

const TRANSCRIPT: &str = "C: one\\n\nS: one\\n\nC: two\\r\\nthree\\n\nS: two\\nthree\\n\n";

fn transcript() -> Transcript {
    Transcript::parse(TRANSCRIPT).unwrap()
}

/// A protocol of lines that is right but for this.
fn lines(fault: Fault) -> impl Fn() -> Framed<Lines, bad::Lined> {
    let maximum = match fault {
        Fault::LinesWithoutEnd => usize::MAX,
        _ => 64 * 1024,
    };
    move || Framed::new(Lines::new(maximum), bad::Lined(fault))
}

fn hostile(factory: impl Factory) -> Hostile {
    Hostile::new(factory, transcript()).idle(20).seed(1)
}

/// Only this attack, and words that are in each thing that it finds.
fn finds(harness: Hostile, attack: Attack, words: &str) {
    let failures = harness.only(&[attack]).try_run().unwrap_err();
    assert!((1..=3).contains(&failures.len()), "{failures:?}");
    for failure in failures {
        assert_eq!((failure.attack, failure.seed), (attack, 1));
        assert!(failure.problem.contains(words), "{failure}");
    }
}

#[test]
fn a_good_protocol_passes_everything() {
    let client = || Framed::new(Lines::new(100), Pipelining);
    let harness = hostile(lines(Fault::None)).idle(5000).client(client);
    harness.datagram_client(|| AskAgain(0)).run();
}

#[test]
fn every_attack_has_a_protocol_that_fails_it() {
    for (attack, fault, words) in [
        (Attack::Whole, Fault::SaysTwice, "expected"),
        (Attack::Stall, Fault::HangsUp, "within a second"),
        (Attack::Stall, Fault::HangsUpLate, "before its deadline"),
        (Attack::Stall, Fault::KeepsAwake, "not ended a second past"),
        (Attack::Stall, Fault::NeverReadsOn, "stopped reading"),
        (Attack::Idle, Fault::KeepsMuch, "holds 1000 bytes"),
        (Attack::Idle, Fault::KeepsAwake, "not ended a second past"),
        (Attack::Reset, Fault::PanicsWhenLost, "panicked: lost"),
        (Attack::HalfClose, Fault::IgnoresEnd, "until a deadline"),
        (Attack::HalfClose, Fault::AbortsAtEnd, "answers only 0 came"),
        (Attack::Drain, Fault::IgnoresDrain, "after it was told to"),
        (Attack::Drain, Fault::AbortsAtEnd, "answers only 0 came"),
        (Attack::Drain, Fault::LosesWork, "answers only"),
        (Attack::Endless, Fault::LinesWithoutEnd, "are allowed"),
        (Attack::Endless, Fault::ClosesWithoutError, "neither Limit"),
        (Attack::NeverReads, Fault::WritesOn, "are allowed"),
        (Attack::NeverReads, Fault::WritesMuch, "wrote on to a peer"),
        (Attack::Garbage, Fault::PanicsAtHighBytes, "panicked: high"),
    ] {
        finds(hostile(lines(fault)), attack, words);
        assert!(
            hostile(lines(Fault::None))
                .only(&[attack])
                .try_run()
                .is_ok(),
            "{attack:?} finds something in what is right"
        );
    }
}

#[test]
fn what_depends_on_the_cutting_is_found() {
    for attack in [Attack::Split, Attack::ByteByByte, Attack::Cuts] {
        finds(hostile(|| bad::PieceIsLine), attack, "expected");
    }
    let split = hostile(|| bad::PieceIsLine).only(&[Attack::Split]);
    let failures = split.try_run().unwrap_err();
    let first = failures[0].to_string();
    assert!(
        first.starts_with("split behind byte 1 of 15: step 1"),
        "{first}"
    );
    assert!(
        first.ends_with("(again by LARIAT_ATTACK=split LARIAT_SEED=1)"),
        "{first}"
    );
}

#[test]
fn a_line_that_is_gathered_unseen_is_found() {
    finds(
        hostile(|| bad::Gathers(Vec::new())),
        Attack::Endless,
        "goes on",
    );
}

#[test]
fn a_message_that_lives_on_drops_is_found() {
    finds(hostile(|| bad::MarksEachPiece), Attack::Drip, "counted as");
}

#[test]
fn answers_that_a_bad_link_changes_are_found() {
    let harness = hostile(|| bad::PieceIsLine).client(|| Framed::new(Lines::new(100), Pipelining));
    finds(harness, Attack::BadLink, "the server");
    let impatient = hostile(lines(Fault::None)).datagram_client(|| AskOnce);
    finds(impatient, Attack::LostDatagrams, "not come to its end");
    // And it is the link that does it.
    let fair = hostile(lines(Fault::None)).datagram_client(|| AskOnce);
    fair.link(Link::PERFECT).run();
}

#[test]
fn a_failure_is_replayed_by_its_seed() {
    let failures = |seed| {
        let harness = hostile(lines(Fault::PanicsAtHighBytes)).seed(seed);
        harness.only(&[Attack::Garbage]).try_run().unwrap_err()
    };
    assert_eq!(failures(7), failures(7));
}

#[test]
fn run_panics_with_all_that_was_found() {
    let harness = hostile(lines(Fault::IgnoresEnd)).only(&[Attack::HalfClose, Attack::Whole]);
    let panic = catch_unwind(AssertUnwindSafe(|| harness.run())).unwrap_err();
    let words = panic.downcast_ref::<String>().unwrap();
    assert!(words.starts_with("the protocol does not hold:\nhalf-close behind byte 0 of 15"));
    assert_eq!(words.lines().count(), 4, "{words}");
}

#[test]
fn a_factory_that_builds_nothing_is_found() {
    struct Nothing;
    impl Factory for Nothing {
        fn build(&self, _: &lariat_protocol::ConnectionInfo) -> Option<Box<dyn Protocol>> {
            None
        }
    }
    finds(hostile(Nothing), Attack::Whole, "builds nothing");
}
