//! The command server, asked by nc, socat and Python.

use serde_json::Value;

use crate::lariat::Server;
use crate::peer::{program, python};

fn ours() -> (Server, tempfile::TempDir, String, String) {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::write(root.path().join(".hidden"), "").expect("a file");
    let endpoint = format!("command=tcp://127.0.0.1:0?root={}", root.path().display());
    let server = Server::with(&[&endpoint]);
    let address = server.address("tcp");
    let address = address.split('?').next().expect("an address");
    let (host, port) = address.rsplit_once(':').expect("it has a port");
    let (host, port) = (host.to_string(), port.to_string());
    (server, root, host, port)
}

#[test]
fn nc_and_socat_are_answered_to_the_end_of_what_they_ask() {
    let (_server, _root, host, port) = ours();
    let expected = ["ok", "..hidden", ".", "error no command"];
    for (name, arguments) in [
        ("nc", vec!["-N".to_string(), host.clone(), port.clone()]),
        ("socat", vec!["-".to_string(), format!("TCP:{host}:{port}")]),
    ] {
        let mut peer = program(name, arguments);
        peer.say("ls\nlist\n");
        peer.end_input();
        let said = peer.succeed();
        assert_eq!(said.len(), expected.len(), "{name}: {said:?}");
        assert!(
            said.iter()
                .zip(expected)
                .all(|(line, start)| line.starts_with(start)),
            "{said:?}"
        );
    }
}

#[test]
fn python_reads_the_answers_to_what_it_asked_at_once() {
    let (_server, _root, host, port) = ours();
    let said = python(
        "command_client.py",
        [&host, &port, "os", "ls", "ls ..", "date", "quit"],
    )
    .succeed();
    let answers: Vec<Value> = said
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let outcomes: Vec<&str> = answers
        .iter()
        .filter_map(|answer| answer["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["ok", "ok", "error", "ok", "ok"]);
    assert!(
        answers[0]["text"]
            .as_str()
            .expect("text")
            .starts_with("posix\n")
    );
    assert_eq!(answers[1]["text"], ".hidden\n");
}
