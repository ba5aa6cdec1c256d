//! Requests of one connection while the disk takes its time.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use lariat_protocol::{Factory, Protocol};
use lariat_service::names::{Directory, Settings, Terms, Who};
use lariat_store::StoreError;
use lariat_store::names::{Kept, MemoryNames, Names, NumberedRow, Write};
use lariat_testkit::Driven;

use crate::{registration, serve};

/// A store that writes nothing while the other end of its channel is there.
struct Slow {
    names: MemoryNames,
    held_up: Mutex<Receiver<()>>,
}

impl Slow {
    fn new() -> (Self, Sender<()>) {
        let (holding_up, held_up) = channel();
        let slow = Slow {
            names: MemoryNames::default(),
            held_up: Mutex::new(held_up),
        };
        (slow, holding_up)
    }
}

impl Names for Slow {
    fn load(&self) -> Result<Kept, StoreError> {
        self.names.load()
    }

    fn write(&self, writes: &[Write]) -> Result<(), StoreError> {
        // Nothing is ever sent: this waits for the end.
        let _ = self.held_up.lock().unwrap().recv();
        self.names.write(writes)
    }

    fn log(
        &self,
        name: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<NumberedRow>, StoreError> {
        self.names.log(name, before, limit)
    }
}

fn connected(directory: &Directory) -> Driven<Box<dyn Protocol>> {
    let nobody = lariat_protocol::Transport::unconnected();
    Driven::new(serve(directory, nobody.info()))
}

/// What is answered, as soon as it has so many lines.
fn lines(driven: &mut Driven<Box<dyn Protocol>>, count: usize) -> Vec<String> {
    let begun = Instant::now();
    let mut said = Vec::new();
    loop {
        driven.deliver_messages();
        said.extend(driven.take_written());
        let text = String::from_utf8(said.clone()).unwrap();
        if text.lines().count() >= count {
            return text.lines().map(str::to_owned).collect();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "only {text}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

const ASKED: &str = "register a h:1 token=0123456789abcdef\n\
                     register b h:2 token=0123456789abcdef\n\
                     nothing\n\
                     find a\n\
                     list\n\
                     ping\n\
                     log limit=2\n\
                     remove a token=0123456789abcdef\n\
                     find a\n";

/// How its answers begin.
const ANSWERED: [&str; 12] = [
    "ok 0 token=0123456789abcdef ttl=60",
    "ok 0 token=0123456789abcdef ttl=60",
    "error invalid ",
    "ok 1",
    "a tcp://h:1 ",
    "ok 2",
    "a tcp://h:1 ",
    "b tcp://h:2 ",
    "ok 0",
    "ok 2 more=",
    "ok 0",
    "error unknown nobody offers a",
];

fn check(answers: Vec<String>) {
    // What the log's rows are is nothing to this.
    let answers: Vec<String> = answers
        .into_iter()
        .filter(|line| !line.contains(" what="))
        .collect();
    assert_eq!(answers.len(), ANSWERED.len(), "{answers:?}");
    for (answer, begins) in answers.iter().zip(ANSWERED) {
        assert!(answer.starts_with(begins), "{answer:?} is not {begins:?}");
    }
}

#[test]
fn what_is_asked_behind_a_change_finds_what_it_has_made() {
    let (store, holding_up) = Slow::new();
    let directory = Directory::open(store, Settings::default()).unwrap();
    let mut driven = connected(&directory);
    driven.receive(ASKED.as_bytes());
    driven.deliver_messages();
    assert_eq!(driven.take_written(), b"");
    assert!(!driven.is_open_to_input(), "it reads on");
    // Others are not held up.
    let mut other = connected(&directory);
    other.receive(b"find a\n");
    assert_eq!(other.take_written(), b"error unknown nobody offers a\n");
    drop(holding_up);
    check(lines(&mut driven, 14));
    assert!(driven.is_open_to_input());
    driven.receive(b"find b\n");
    assert_eq!(lines(&mut driven, 2)[0], "ok 1");
}

#[test]
fn all_is_answered_before_the_end_too() {
    let (store, holding_up) = Slow::new();
    let directory = Directory::open(store, Settings::default()).unwrap();
    let mut driven = connected(&directory);
    driven.receive(ASKED.as_bytes());
    driven.receive_end();
    drop(holding_up);
    check(lines(&mut driven, 14));
    assert!(driven.ended().is_some());
    // And before a goodbye, as far as it was begun.
    let (store, holding_up) = Slow::new();
    let directory = Directory::open(store, Settings::default()).unwrap();
    let mut driven = connected(&directory);
    driven.receive(b"register a h:1\nfind a\n");
    driven.drain();
    assert!(driven.ended().is_none());
    drop(holding_up);
    let said = lines(&mut driven, 4);
    assert_eq!(
        (&said[1][..], &said[3][..]),
        ("ok 1", "error stopping the name server is going down")
    );
}

#[test]
fn a_line_that_is_too_long_is_answered_in_its_turn_too() {
    let (store, holding_up) = Slow::new();
    let directory = Directory::open(store, Settings::default()).unwrap();
    let mut driven = connected(&directory);
    let long = "x".repeat(5_000);
    driven.receive(format!("register a h:1\nping\n{long}\nremove a\n").as_bytes());
    driven.deliver_messages();
    assert_eq!(driven.take_written(), b"");
    drop(holding_up);
    let said = lines(&mut driven, 3);
    assert!(said[0].starts_with("ok 0 token="), "{said:?}");
    let refused = "error invalid over the limit: a line is longer than 4096 bytes";
    assert_eq!(said[1..], ["ok 0", refused]);
    assert!(driven.error().is_some(), "{:?}", driven.ended());
    // What came behind it is not looked at.
    let mut other = connected(&directory);
    other.receive(b"find a\n");
    assert!(other.take_written().starts_with(b"ok 1\n"));
}

/// Who changes what he has takes no more room, also where both are written together.
#[test]
fn a_change_beside_a_new_place_takes_none() {
    let (store, holding_up) = Slow::new();
    let names = store.names.clone();
    let before = Directory::without_threads(names, Settings::default()).unwrap();
    let three = Terms {
        per_address: 3,
        ..Terms::default()
    };
    for line in ["register a h:1", "register b h:2"] {
        let line = format!("{line} token=0123456789abcdef");
        let registered = before.register(registration(&line), Who::Local, three.clone());
        registered.unwrap();
    }
    let directory = Directory::open(store, Settings::default()).unwrap();
    let nobody = lariat_protocol::Transport::unconnected();
    let service = lariat_service::names::Names::new(directory, three);
    let mut driven = Driven::new(service.build(nobody.info()).unwrap());
    let lines_of = ["b h:2 weight=1", "a h:1 weight=1", "c h:3", "d h:4"];
    for line in lines_of {
        driven.receive(format!("register {line} token=0123456789abcdef\n").as_bytes());
    }
    drop(holding_up);
    let said = lines(&mut driven, 4);
    let refused = said.iter().map(|line| line.starts_with("error limit "));
    assert_eq!(
        refused.collect::<Vec<_>>(),
        [false, false, false, true],
        "{said:?}"
    );
}
