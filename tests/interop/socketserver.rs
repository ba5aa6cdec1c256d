//! The timestamp server of blocking code, asked by Python's plain sockets.

use std::process::Command;

use crate::classic::from_repr;
use crate::lariat::{assert_stamped, examples};
use crate::peer::{Peer, python};

const STRATEGIES: [&str; 4] = ["sequential", "threading", "pooled", "forking"];

/// The example over this kind of socket, and where it listens.
fn serve(kind: &str, strategy: &str, address: &str) -> (Peer, String) {
    let program = examples().join(format!("blocking_{kind}"));
    let mut server = Peer::start(Command::new(program).args([strategy, address]));
    let line = server.line();
    let address = line.strip_prefix("waiting at ");
    let address = address.unwrap_or_else(|| panic!("{line:?} names no address"));
    (server, address.to_string())
}

/// Both kinds of client: bare words over one connection, and a connection for each line.
fn is_asked(scheme: &str, address: &str) {
    let bare = ["hi", " ", "a third one"];
    let told = answers(scheme, address, "bare", &bare);
    assert_stamped(&told, &bare);
    for words in bare {
        let told = answers(scheme, address, "crlf", &[words]);
        assert_stamped(&told, &[&format!("{words}\r\n")]);
    }
}

fn answers(scheme: &str, address: &str, ending: &str, messages: &[&str]) -> Vec<String> {
    let arguments = [&[scheme, address, ending, ""], messages].concat();
    let lines = python("classic_client.py", arguments).succeed();
    lines.iter().map(|line| from_repr(line)).collect()
}

fn ends(mut server: Peer) {
    server.signal("TERM");
    server.end_input();
    let ended = server.finish();
    assert!(ended.status.success(), "{}: {}", ended.status, ended.errors);
}

#[test]
fn every_name_of_python_is_in_the_table() {
    // Which came with Python 3.12.
    let later = ["ForkingUnixDatagramServer", "ForkingUnixStreamServer"];
    let listed = include_str!("../../crates/socketserver/tests/python_names.txt");
    let mut names = python("socketserver_names.py", [""; 0]).succeed();
    names.extend(later.map(String::from));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, listed.lines().collect::<Vec<_>>());
}

#[test]
fn every_strategy_answers_python_over_tcp() {
    for strategy in STRATEGIES {
        let (server, address) = serve("tcp", strategy, "127.0.0.1:0");
        is_asked("tcp", &address);
        ends(server);
    }
}

#[test]
fn every_strategy_answers_python_over_udp() {
    for strategy in STRATEGIES {
        let (server, address) = serve("udp", strategy, "127.0.0.1:0");
        is_asked("udp", &address);
        ends(server);
    }
}

#[test]
fn every_strategy_answers_python_over_unix_sockets() {
    for strategy in STRATEGIES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket").display().to_string();
        let (server, address) = serve("unix", strategy, &path);
        is_asked("unix", &address);
        ends(server);
    }
}

/// The example over each kind of socket, handled so, and where it listens.
fn each_kind(strategy: &str, work: impl Fn(&str, &str)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket").display().to_string();
    for (kind, address) in [
        ("tcp", "127.0.0.1:0"),
        ("udp", "127.0.0.1:0"),
        ("unix", &path),
    ] {
        let (server, address) = serve(kind, strategy, address);
        work(kind, &address);
        ends(server);
    }
}

#[test]
fn many_at_once_of_both_kinds_are_answered_by_every_strategy() {
    for strategy in STRATEGIES {
        each_kind(strategy, |kind, address| {
            // Bare words of one client over one connection, and lines of a connection each. The
            // sequential one has them wait for each other, and answers all.
            let clients: Vec<Peer> = ["bare", "crlf", "bare", "crlf"]
                .map(|ending| {
                    let messages = match ending {
                        "bare" => &["one", "two"][..],
                        _ => &["one"],
                    };
                    let arguments = [&[kind, address, ending, ""], messages].concat();
                    python("classic_client.py", arguments)
                })
                .into_iter()
                .collect();
            for client in clients {
                let told = client.succeed();
                assert!(
                    told.iter()
                        .all(|line| line.contains("one") || line.contains("two"))
                );
                assert!(!told.is_empty(), "{kind} {strategy}");
            }
        });
    }
}

#[test]
fn one_that_holds_its_connection_holds_up_the_sequential_one_only() {
    for strategy in &STRATEGIES[1..] {
        let (server, address) = serve("tcp", strategy, "127.0.0.1:0");
        let (host, port) = address.rsplit_once(':').expect("a port");
        let mut held = Peer::start(Command::new("nc").args([host, port]));
        held.say("first\n");
        assert!(held.line().ends_with("] first"));
        for ending in ["bare", "crlf"] {
            let arguments = ["tcp", &address, ending, "", "one"];
            assert_eq!(python("classic_client.py", arguments).succeed().len(), 1);
        }
        held.say("still here\n");
        assert!(held.line().ends_with("] still here"));
        held.end_input();
        drop(held);
        ends(server);
    }
}
