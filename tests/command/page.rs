//! The conversation by `nc` in `docs/command-server.md` is what is said.

use lariat::service::command::Command;
use lariat::{Factory, Transport};
use lariat_testkit::Driven;

const PAGE: &str = include_str!("../../docs/command-server.md");

/// A line without what each machine says of itself.
fn lasting(line: &str) -> &str {
    let own = ["system ", "release ", "machine "];
    let word = own.into_iter().find(|word| line.starts_with(word));
    match (word, line) {
        (Some(word), _) => word,
        (None, "nt") => "posix",
        (None, line) => line,
    }
}

#[test]
fn the_conversation_of_the_page_is_what_is_said() {
    let (_, behind) = PAGE.split_once("    $ nc localhost 21576\n").expect("it");
    let shown = behind.lines().map_while(|line| line.strip_prefix("    "));
    let nobody = Transport::unconnected();
    let server = Command::new().build(nobody.info()).expect("a server");
    let mut driven = Driven::new(server);
    let mut said: Vec<String> = Vec::new();
    let mut requests = 0;
    for line in shown {
        if said.is_empty() {
            // Everything is answered, so this is asked.
            driven.receive(format!("{line}\n").as_bytes());
            let answer = String::from_utf8(driven.take_written()).expect("text");
            assert!(!answer.is_empty(), "{line:?} is not answered");
            said = answer.lines().map(str::to_owned).collect();
            requests += 1;
        } else {
            assert_eq!(lasting(line), lasting(&said.remove(0)));
        }
    }
    assert_eq!((requests, said.len()), (3, 0));
    assert!(driven.ended().is_some());
}
