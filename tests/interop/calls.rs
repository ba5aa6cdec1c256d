//! Remote calls, judged by Python's packages for JSON-RPC: jsonrpcclient at our server, and our
//! client at jsonrpcserver.

use crate::lariat::{Server, lariat};
use crate::peer::{program, python};

const PAGE: &str = include_str!("../../docs/remote-calls.md");

#[test]
fn jsonrpcclient_calls_ours() {
    let server = Server::with(&["sleep=tcp://127.0.0.1:0"]);
    let said = python("jsonrpc_client.py", [server.address("tcp")]).succeed();
    assert_eq!(said[..4], ["0.0", "0.1", "0.2", "0.3"]);
    // What is refused at once comes in the order in which it was said.
    assert_eq!(
        said[4..],
        ["a text -32800", "7 1", "8 -32601", "None -32700"]
    );
}

/// The client of the page, with nothing but Python's standard library.
#[test]
fn the_client_of_the_page_calls_ours() {
    let (_, behind) = PAGE.split_once("```python\n").expect("a program");
    let (client, _) = behind.split_once("```").expect("its end");
    let server = Server::with(&["sleep=tcp://127.0.0.1:0"]);
    let address = server.address("tcp");
    let (host, port) = address.rsplit_once(':').expect("a port");
    let there = format!("(\"{host}\", {port})");
    let client = client.replace("(\"localhost\", 21577)", &there);
    assert!(client.contains(&there), "{client}");
    let said = program("python3", ["-c", &client]).succeed();
    let answers: Vec<serde_json::Value> = said
        .iter()
        .map(|line| serde_json::from_str(&line.replace('\'', "\"")).expect("an answer"))
        .collect();
    let order: Vec<u64> = answers
        .iter()
        .map(|answer| answer["id"].as_u64().expect("a number"))
        .collect();
    assert_eq!(order, [1, 2, 0]);
    assert!(
        answers
            .iter()
            .all(|answer| answer["result"]["seconds"].is_number())
    );
}

#[test]
fn ours_calls_jsonrpcserver() {
    let mut server = python("jsonrpc_server.py", [""; 0]);
    let endpoint = format!("tcp://127.0.0.1:{}", server.line());
    let slept = lariat(["sleep", &endpoint, "0.2", "0", "0.1"]).succeed();
    let slept: Vec<&str> = slept
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(slept, ["0", "0.1", "0.2"]);
    for _ in 0..3 {
        assert_eq!(server.line(), "sleep");
    }
    let refused = lariat(["sleep", &endpoint, "61"]).finish();
    assert!(
        refused
            .errors
            .contains("61 s cannot be slept; from 0 to 60 can"),
        "{}",
        refused.errors
    );
}
