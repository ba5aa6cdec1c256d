//! A server that goes down while clients are there, as Python's clients see it.

use serde_json::Value;

use crate::lariat::{Server, assert_stamped};
use crate::peer::python;

#[test]
fn a_websocket_is_told_that_the_server_goes_away() {
    let server = Server::with(&["timestamp=ws://127.0.0.1:0"]);
    let url = format!("ws://{}", server.address("ws"));
    let mut client = python("websocket_farewell.py", [url]);
    assert_stamped(&[client.line()], &["hi"]);
    server.signal("TERM");
    assert_eq!(client.succeed(), ["1001"]);
    assert!(server.wait().status.success());
}

/// Four connections that send lines ahead of their answers while the server goes down, ten
/// times over: each gets an answer to every line up to one, whole and in order, and then the
/// end of the stream, which is neither a reset nor, over TLS, one that may be anybody's.
#[test]
fn pipelined_answers_are_whole_when_the_server_goes_down() {
    for round in 0..10 {
        let scheme = ["tcp", "tls"][round % 2];
        let server = Server::with(&[&format!("timestamp={scheme}://127.0.0.1:0?quiet_ms=0")]);
        let authority = match scheme {
            "tls" => server.authority(),
            _ => String::new(),
        };
        let address = server.address(scheme);
        let mut client = python("pipelining_client.py", ["4", &address, &authority]);
        assert_eq!(client.ready(), "4");
        server.signal("TERM");
        assert_eq!(client.succeed().len(), 4);
        let ended = server.wait();
        assert!(ended.status.success(), "{}", ended.errors);
        let stopped: Value = serde_json::from_str(&ended.lines.concat()).expect("it says how");
        assert_eq!(stopped["forced"], 0, "{stopped}");
    }
}
