//! Routes of a line protocol: what is said however it is cut, which route answers, and what peers may do.
#![allow(clippy::unwrap_used)]

use std::error::Error as _;
use std::net::UdpSocket;
use std::time::Duration;

use lariat_net::Reactor;
use lariat_protocol::framing::Line;
use lariat_protocol::{Factory, Protocol, Transport};
use lariat_re::Limits;
use lariat_service::routes::{Builder, LONGEST_LINE, Reply, Routes, RoutesError};
use lariat_testkit::{Driven, Hostile, Transcript};
use proptest::prelude::*;

/// A pattern that gives up on many `x`: each way to part them leaves other groups to ask for.
const EXPLODES: &str = r"(x+)(x+)(x+)\1\2\3[a-w]";

const CONVERSATION: &str = "\
C: add 2 -3\\r\\n
S: -1\\r\\n
C: add 9223372036854775807 1\\n
S: error out of range\\r\\n
C: add 99999999999999999999 1\\n
S: error number too large to fit in target type\\r\\n
C: list\\nhush\\nword caf\\xc3\\xa9\\n
S: a\\r\\nb\\r\\n4 caf\u{e9}\\r\\n
C: add 2\\n\\n
S: error unknown; say one of: add A B, list, hush, word (?P<it>\\\\w+)( loud)?, quit\\r\\n
S: error unknown; say one of: add A B, list, hush, word (?P<it>\\\\w+)( loud)?, quit\\r\\n
C: \\xff\\n
S: error the line is not UTF-8\\r\\n
C: word a loud\\n
S: 1 a loud\\r\\n
C: quit\\n
S: bye\\r\\n
S: <end>
";

fn builder() -> Builder {
    Routes::builder()
        .route(r"add (?P<a>-?\d+) (?P<b>-?\d+)", |line| {
            let number = |group: &str| line[group].parse::<i64>().map_err(|e| e.to_string());
            let sum = number("a")?.checked_add(number("b")?);
            sum.map(|sum| sum.to_string())
                .ok_or("out of range".to_owned())
        })
        .usage("add A B")
        .route("list", |_| Reply::lines(["a", "b"]))
        .route("hush", |_| Reply::default())
        .route(r"word (?P<it>\w+)( loud)?", |line| {
            assert_eq!(line.group(2).is_some(), line.text().ends_with(" loud"));
            format!("{} {}{}", line["it"].chars().count(), &line[1], &line[2])
        })
        .route("quit", |_| Reply::line("bye").and_end())
}

fn server() -> Box<dyn Protocol> {
    let routes = builder().build().unwrap();
    routes.build(Transport::unconnected().info()).unwrap()
}

fn said(driven: &mut Driven<Box<dyn Protocol>>, input: &[u8]) -> String {
    driven.receive(input);
    String::from_utf8(driven.take_written()).unwrap()
}

#[test]
fn the_conversation_of_routes_holds_however_it_is_cut() {
    let transcript = Transcript::parse(CONVERSATION).unwrap();
    transcript.replay(1616, server);
}

#[test]
fn hostile_peers_of_routes_find_nothing() {
    let transcript = Transcript::parse(CONVERSATION).unwrap();
    Hostile::new(builder().build().unwrap(), transcript)
        .longest(LONGEST_LINE + 2 + 64 * 1024)
        .idle(1000)
        .run();
}

#[test]
fn the_first_route_that_is_the_whole_line_answers() {
    let routes = Routes::builder()
        .route("a|ab", |line| format!("first {}", line.text()))
        .route("a.*", |_| "second")
        .route("ab+", |_| "never")
        .otherwise(|line| format!("what is {line}?"))
        .build()
        .unwrap();
    for (line, reply) in [
        ("a", "first a"),
        ("ab", "first ab"),
        ("abb", "second"),
        ("b", "what is b?"),
        ("", "what is ?"),
    ] {
        assert_eq!(routes.answer(line.as_bytes()), Reply::line(reply), "{line}");
    }
    let nothing = Routes::builder().build().unwrap();
    assert_eq!(nothing.answer(b"a"), Reply::error("unknown"));
}

#[test]
fn a_line_that_is_too_long_is_told_and_ends_the_connection() {
    let routes = builder().longest_line(10).build().unwrap();
    let protocol = routes.build(Transport::unconnected().info()).unwrap();
    let mut driven = Driven::new(protocol);
    assert_eq!(said(&mut driven, b"word xxxxx\r\n"), "5 xxxxx\r\n");
    let reply = said(&mut driven, b"word xxxxxx\nlist\n");
    assert_eq!(
        reply,
        "error over the limit: a line is longer than 10 bytes\r\n"
    );
    assert!(driven.error().is_some());
}

#[test]
fn half_a_line_at_the_end_is_not_carried_out() {
    let mut driven = Driven::new(server());
    assert_eq!(said(&mut driven, b"list"), "");
    driven.receive_end();
    let reply = String::from_utf8(driven.take_written()).unwrap();
    assert_eq!(
        reply,
        "error unexpected: the connection ended in the middle of a line\r\n"
    );
}

#[test]
fn a_line_that_takes_too_long_is_told_and_the_next_is_answered() {
    for routes in [
        Routes::builder()
            .route(EXPLODES, |_| "found")
            .route(".*", |_| "behind"),
        Routes::builder()
            .route(EXPLODES, |_| "found")
            .route(".*", |_| "behind")
            .limits(Limits {
                steps: 1000,
                steps_per_byte: 0,
                ..Limits::default()
            }),
    ] {
        let routes = routes.build().unwrap();
        let protocol = routes.build(Transport::unconnected().info()).unwrap();
        let mut driven = Driven::new(protocol);
        let reply = said(
            &mut driven,
            &[&[b'x'; 2000][..], b"\nxxxxxxa\n", b"y\n"].concat(),
        );
        let expected = "error the line takes too long to understand\r\nfound\r\nbehind\r\n";
        assert_eq!(reply, expected);
    }
}

#[test]
fn text_from_elsewhere_becomes_no_line_of_its_own() {
    let routes = Routes::builder()
        .route("(?s).*", |_| Reply::lines(["a\r\nb", "c\nd"]))
        .build()
        .unwrap();
    let mut transport = Transport::unconnected();
    routes.answer(b"x").write_to(&mut transport);
    assert_eq!(transport.take_written(), b"a  b\r\nc d\r\n");
}

#[test]
fn where_messages_have_boundaries_each_reply_is_one() {
    let mut driven = Driven::messages_of(server());
    driven.receive(b"list");
    driven.receive(b"hush\nadd 1 2\nadd 1");
    let unknown =
        "error unknown; say one of: add A B, list, hush, word (?P<it>\\w+)( loud)?, quit\r\n";
    let expected = [&b"a\r\nb\r\n"[..], b"3\r\n", unknown.as_bytes()];
    assert_eq!(driven.take_messages(), expected);
}

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_datagram_is_a_line_and_no_answer_is_answered() {
    let reactor = Reactor::builder().threads(1).build().unwrap();
    let routes = builder().build().unwrap();
    let listening = reactor.listen("udp://127.0.0.1:0", routes).unwrap();
    let port = listening.endpoint().port().unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.connect(("127.0.0.1", port)).unwrap();
    let hear = || {
        let mut answer = [0; 1000];
        let length = client.recv(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    for (said, answers) in [
        ("add 1 2", &["3\r\n"][..]),
        ("add 1 3\n", &["4\r\n"]),
        ("list\nadd 1 4", &["a\r\nb\r\n", "5\r\n"]),
    ] {
        client.send(said.as_bytes()).unwrap();
        for answer in answers {
            assert_eq!(hear(), *answer);
        }
    }
    // As another server would say them. What comes behind is answered first.
    for said in ["3\r\n", "a\r\nb\r\n", "error unknown\r\n", "add 1 5"] {
        client.send(said.as_bytes()).unwrap();
    }
    assert_eq!(hear(), "6\r\n");
}

#[test]
fn what_is_no_pattern_is_shown_with_a_caret() {
    let build = |pattern: &str| {
        Routes::builder()
            .route("fine", |_| "")
            .route(pattern, |_| "")
            .build()
    };
    let error = build("add (a").unwrap_err();
    assert_eq!(error.to_string(), "a route is no pattern:\nadd (a\n    ^");
    let why = error.source().unwrap().to_string();
    assert_eq!(why, "missing ), unterminated subpattern at position 4");
    // What is wrong as a whole has no place.
    let error = build("(?<=a|bc)x").unwrap_err();
    assert_eq!(error.to_string(), "a route is no pattern:\n(?<=a|bc)x");
    let error = Routes::builder()
        .usage("x")
        .route("x", |_| "")
        .build()
        .unwrap_err();
    assert_eq!(
        error,
        RoutesError::Usage {
            words: "x".to_owned()
        }
    );
}

#[test]
#[should_panic(expected = "no such group: 'b'")]
fn a_group_that_is_not_there_is_a_mistake_of_the_program() {
    let routes = Routes::builder().route("(?P<a>.)", |line| line["b"].to_owned());
    routes.build().unwrap().answer(b"x");
}

/// A line of the protocol, or any other; nothing that ends the connection or is answered by other
/// than one line.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let any = prop::collection::vec(prop_oneof![Just(b'\r'), any::<u8>()], 0..40);
    prop_oneof![
        "add -?[0-9]{1,20} -?[0-9]{1,3}\r?".prop_map(String::into_bytes),
        "word \\w{0,9}( loud)?".prop_map(String::into_bytes),
        any.prop_filter("a line has no line end in it", |line| !line
            .contains(&b'\n')),
    ]
}

proptest! {
    #[test]
    fn each_line_has_one_reply_however_lines_come(
        lines in prop::collection::vec(line(), 0..20),
        pieces in prop::collection::vec(1..60_usize, 1..10),
    ) {
        let routes = builder().build().unwrap();
        let mut expected = Transport::unconnected();
        for line in &lines {
            routes.answer(Line::new(&[&line[..], b"\n"].concat()).content()).write_to(&mut expected);
        }
        let mut input = lines.iter().flat_map(|line| [&line[..], b"\n"].concat());
        let mut driven = Driven::new(server());
        for length in pieces.iter().cycle() {
            let piece: Vec<u8> = input.by_ref().take(*length).collect();
            if piece.is_empty() {
                break;
            }
            driven.receive(&piece);
        }
        let said = driven.take_written();
        prop_assert_eq!(said.iter().filter(|byte| **byte == b'\n').count(), lines.len());
        prop_assert_eq!(said, expected.take_written());
    }
}
