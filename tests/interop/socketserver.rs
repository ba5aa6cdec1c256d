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

#[test]
fn many_at_once_are_answered_by_all_but_the_sequential_one() {
    for strategy in &STRATEGIES[1..] {
        let (server, address) = serve("tcp", strategy, "127.0.0.1:0");
        let arguments = ["tcp", &address, "bare", "", "one", "two"];
        // Clients that hold their connection open while others come and go.
        let mut held = Peer::start(
            Command::new("nc").args(
                address
                    .rsplit_once(':')
                    .map_or(["", ""], |(host, port)| [host, port]),
            ),
        );
        held.say("first\n");
        assert!(held.line().ends_with("] first"));
        let clients: Vec<Peer> = (0..8)
            .map(|_| python("classic_client.py", arguments))
            .collect();
        for client in clients {
            assert_eq!(client.succeed().len(), 2);
        }
        held.say("still here\n");
        assert!(held.line().ends_with("] still here"));
        held.end_input();
        drop(held);
        ends(server);
    }
}
