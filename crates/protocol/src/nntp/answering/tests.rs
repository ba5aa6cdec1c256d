//! Tests of the server's side of a connection.

use proptest::prelude::*;

use super::*;
use crate::nntp::MAXIMUM_COMMAND;
use crate::pieces::{any_lengths, pieces};

/// Transcripts, and what the server is asked in them, or answers by itself. Those of the client are its, too.
const TRANSCRIPTS: &[(&str, &str)] = &[
    (
        include_str!("../transcripts/serve_access.txt"),
        "482,GROUP,STARTTLS,AUTHINFO USER,STARTTLS,502,503,AUTHINFO USER,AUTHINFO PASS,482,AUTHINFO SASL,=AGEAYg==,\
         AUTHINFO SASL,481,AUTHINFO SASL,504,AUTHINFO SASL,==,502,502,MODE READER,COMPRESS,502,502,502,QUIT",
    ),
    (
        include_str!("../transcripts/serve_read.txt"),
        "MODE READER,CAPABILITIES,GROUP,500,501,500,GROUP,LISTGROUP,ARTICLE,NEXT,HDR,DATE",
    ),
    (
        include_str!("../transcripts/serve_post.txt"),
        "POST,IHAVE,IHAVE,[Path: a],[Subject: b\n.\nc],[],[.],[..d],[],.,POST,.,POST,[QUIT],.,QUIT",
    ),
    (
        include_str!("../transcripts/read.txt"),
        "CAPABILITIES,GROUP,OVER,ARTICLE,HEAD,GROUP,STAT,NEXT,LAST,LISTGROUP,DATE,QUIT",
    ),
    (
        include_str!("../transcripts/post.txt"),
        "POST,[sent],.,POST,[sent],.,IHAVE,[sent],.,IHAVE,POST",
    ),
];

/// Articles that are too long in each of the ways in which they can be, with limits at which they are.
const EXCESS: (&str, &str) = (
    include_str!("../transcripts/serve_excess.txt"),
    "POST,[Subject: a],[],441,DATE,IHAVE,437,POST,[.],441,POST,[Subject: b],[],[.],.,POST,[0123456789],[0123456789],\
     [0123456789],441,POST,441,POST,[a],[b],[c],[d],[e],[f],441,QUIT",
);

/// The limits for them.
const SMALL: Limits = Limits {
    line: 20,
    article: 40,
    block: 1000,
    lines: 6,
};

/// Takes what the server is asked by now; what cannot be carried out is answered at once.
fn take(server: &mut Answering, asked: &mut Vec<String>) {
    loop {
        let refusal = match server.next_event().expect("not too much") {
            None => return,
            Some(Request::Wrong(reply)) => reply,
            Some(request) => {
                asked.push(match request {
                    Request::Command(command) => command.verb().to_owned(),
                    Request::Response(response) => format!("={response}"),
                    Request::Line(line) => format!("[{}]", String::from_utf8_lossy(line)),
                    _ => ".".into(),
                });
                continue;
            }
        };
        let sent = server.reply(&refusal).expect("it is the answer");
        assert_eq!(sent, refusal.to_string().as_bytes());
        asked.push(refusal.code().to_string());
    }
}

/// Says what a transcript has the server say, and takes what it is asked behind each answer.
fn say(server: &mut Answering, bytes: &[u8], asked: &mut Vec<String>) {
    let mut said = Reader::default();
    said.receive(bytes);
    while let Some(reply) = said.next_reply().expect("a reply") {
        let mut sent = server.reply(&reply).expect("it can be said");
        let mut expected = reply.to_string().into_bytes();
        if server.is_in_block() {
            while let Some(BlockPiece::Line(line)) = said.next_piece().expect("a block") {
                server.write_block(line, &mut sent).expect("a block");
                server.write_block(b"\n", &mut sent).expect("a block");
                let point: &[u8] = if line.starts_with(b".") { b"." } else { b"" };
                expected.extend_from_slice(&[point, line, b"\r\n"].concat());
            }
            server.finish_block(&mut sent).expect("a block");
            expected.extend_from_slice(b".\r\n");
        }
        assert_eq!(sent, expected);
        take(server, asked);
    }
}

/// Plays a transcript, with what the client says cut into pieces of these lengths, and gives what the server was asked.
fn play(text: &str, limits: Limits, lengths: &[usize]) -> Vec<String> {
    let mut server = Answering::new(limits);
    let mut asked = Vec::new();
    for line in text.lines() {
        let (who, what) = line.split_once(": ").expect("a transcript");
        let mut bytes = what.replace("\\r", "\r").replace("\\n", "\n");
        match who {
            "C" | "A" => {
                if !bytes.ends_with('\n') {
                    bytes.push_str("\r\n");
                }
                if who == "A" {
                    bytes.push_str(".\r\n");
                }
                for piece in pieces(bytes.as_bytes(), lengths) {
                    server.receive(piece);
                    take(&mut server, &mut asked);
                }
            }
            "T" if what == "TLS" => server.start_tls().expect("TLS"),
            "T" => server.start_compression().expect("compression"),
            _ => say(&mut server, bytes.as_bytes(), &mut asked),
        }
    }
    assert!(server.is_closed() && server.end().is_ok(), "{text}");
    asked
}

#[test]
fn transcripts_are_served_alike_however_they_are_cut() {
    for (text, expected) in TRANSCRIPTS {
        for length in [usize::MAX, 1, 2, 3, 7, 16] {
            assert_eq!(
                play(text, Limits::default(), &[length]).join(","),
                *expected,
                "{length}\n{text}"
            );
        }
    }
}

proptest! {
    #[test]
    fn transcripts_are_served_alike_at_random_cuts(lengths in any_lengths()) {
        for (text, expected) in TRANSCRIPTS {
            prop_assert_eq!(play(text, Limits::default(), &lengths).join(","), *expected, "{}", text);
        }
        prop_assert_eq!(play(EXCESS.0, SMALL, &lengths).join(","), EXCESS.1);
    }
}

#[test]
fn an_article_that_is_too_long_is_refused_at_its_end_however_it_is_cut() {
    let (text, expected) = EXCESS;
    for first in 1..=160 {
        for then in [usize::MAX, 1, 2, 3, first] {
            let asked = play(text, SMALL, &[first, then]);
            assert_eq!(asked.join(","), expected, "{first}, {then}");
        }
    }
}

fn reply(code: u16) -> Reply {
    Reply::new(code, "a").expect("a reply")
}

fn welcomed(limits: Limits) -> Answering {
    let mut server = Answering::new(limits);
    server.reply(&reply(200)).expect("a welcome");
    server
}

/// Lets the client say this and the server answer.
fn answered(server: &mut Answering, line: &str, codes: &[u16]) {
    server.receive(format!("{line}\r\n").as_bytes());
    let request = server.next_event().expect("not too much");
    assert!(matches!(request, Some(Request::Command(_))), "{request:?}");
    for code in codes {
        server.reply(&reply(*code)).expect("an answer");
    }
}

#[test]
fn replies_that_cannot_be_said_now_are_misuse() {
    for (line, said, wrong) in [
        ("DATE", &[][..], &[200, 211, 381][..]),
        ("DATE", &[111], &[111, 503]),
        ("GROUP a", &[], &[220, 340]),
        ("ARTICLE", &[], &[222, 223]),
        ("ARTICLE", &[220], &[220, 400, 503]),
        ("POST", &[], &[240, 335]),
        ("POST", &[340], &[240, 441]),
        ("STARTTLS", &[], &[206, 205]),
        ("STARTTLS", &[382], &[200, 400]),
        ("COMPRESS DEFLATE", &[206], &[200, 503]),
        ("AUTHINFO SASL PLAIN", &[383], &[281, 481]),
        ("QUIT", &[205], &[205, 400]),
        ("QUIT", &[400], &[205, 400]),
    ] {
        let mut server = welcomed(Limits::default());
        answered(&mut server, line, said);
        let before = format!("{server:?}");
        for code in wrong {
            let refused = server.reply(&reply(*code));
            assert!(matches!(refused, Err(Error::Misuse(_))), "{line}: {code}");
            assert_eq!(format!("{server:?}"), before);
        }
        if !server.is_in_block() {
            assert!(server.write_block(b"a", &mut Vec::new()).is_err());
            assert!(server.finish_block(&mut Vec::new()).is_err());
        }
    }
    let mut server = Answering::new(Limits::default());
    assert!(server.reply(&reply(205)).is_err());
    server.reply(&reply(502)).expect("nobody is let in");
    assert!(server.is_closed());
    for (line, taken, wrong) in [("POST", 340, 235), ("IHAVE <a@b>", 335, 240)] {
        let mut server = welcomed(Limits::default());
        answered(&mut server, line, &[taken]);
        server.receive(b".\r\n");
        assert_eq!(server.next_event().expect("an article"), Some(Request::End));
        assert!(server.reply(&reply(wrong)).is_err());
    }
}

#[test]
fn bytes_before_tls_and_compression_are_not_read_behind() {
    for (line, code) in [("STARTTLS", 382), ("COMPRESS DEFLATE", 206)] {
        for injected in ["DATE\r\n", "D"] {
            let mut server = welcomed(Limits::default());
            server.receive(format!("{line}\r\n{injected}").as_bytes());
            assert!(server.next_event().expect("its turn").is_some());
            server.reply(&reply(code)).expect("it agrees");
            assert_eq!(server.next_event().expect("nothing"), None);
            let begun = match code {
                382 => server.start_tls(),
                _ => server.start_compression(),
            };
            let error = begun.expect_err("injected").to_string();
            assert!(error.contains("behind the command"), "{error}");
            assert!(server.is_closed() && server.next_event().expect("nothing").is_none());
        }
        let mut refused = welcomed(Limits::default());
        answered(&mut refused, line, &[502]);
        assert!(refused.start_tls().is_err() && refused.start_compression().is_err());
    }
    let mut implicit = Answering::new(Limits::default());
    implicit.start_tls().expect("before the welcome");
    assert!(implicit.start_tls().is_err() && implicit.is_private());
    let mut named = welcomed(Limits::default());
    answered(&mut named, "AUTHINFO USER a", &[381]);
    answered(&mut named, "STARTTLS", &[382]);
    named.start_tls().expect("both agreed");
    named.receive(b"AUTHINFO PASS b\r\n");
    let event = named.next_event().expect("its turn");
    assert!(matches!(event, Some(Request::Wrong(reply)) if reply.code() == 482));
}

#[test]
fn what_waits_and_what_is_posted_are_bounded() {
    for state in ["", "DATE", "LIST"] {
        let mut server = Answering::new(Limits::default());
        if !state.is_empty() {
            server = welcomed(Limits::default());
            answered(
                &mut server,
                state,
                if state == "LIST" { &[215] } else { &[] },
            );
        }
        let mut came = 0;
        let error = loop {
            server.receive(b"DATE\r\n");
            came += 6;
            match server.next_event() {
                Ok(event) => assert_eq!(event, None),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Limit(_)), "{error}");
        assert!(came > MAXIMUM_PIPELINED && came <= MAXIMUM_PIPELINED + 6);
    }
    for piece in [&b"xxxxxxxx"[..], b"xxxxxxxx\r\n", b"x\r\n\r\n"] {
        let mut server = welcomed(SMALL);
        answered(&mut server, "POST", &[340]);
        let mut came = 0;
        let error = loop {
            server.receive(piece);
            came += piece.len();
            let is_line = match server.next_event() {
                Ok(event) => event
                    .inspect(|it| assert!(matches!(it, Request::Line(_))))
                    .is_some(),
                Err(error) => break error,
            };
            assert!(is_line || came <= SMALL.article || server.reader.waiting() < 2);
        };
        assert!(matches!(error, Error::Limit(_)), "{error}");
        // As much as is waited for, and what is read at once.
        assert!(
            came > 4 * SMALL.article && came <= 4 * SMALL.article + 4 * piece.len(),
            "{came}"
        );
        server.reply(&reply(400)).expect("all that can be said");
    }
}

#[test]
fn a_line_without_end_is_answered_once() {
    let mut server = welcomed(Limits::default());
    for _ in 0..1000 {
        server.receive(&[b'x'; 1000]);
        assert_eq!(server.next_event().expect("nothing is kept"), None);
        assert!(server.reader.waiting() < MAXIMUM_COMMAND);
    }
    server.receive(b"\r\nGROUP a\0b\r\nGROUP a\rQUIT\r\nDATE\r\n");
    for _ in 0..3 {
        let Some(Request::Wrong(refusal)) = server.next_event().expect("its turn") else {
            panic!("no refusal");
        };
        assert_eq!(refusal.code(), 501);
        server.reply(&refusal).expect("the answer");
    }
    assert_eq!(
        server.next_event().expect("its turn"),
        Some(Request::Command(Command::Date))
    );
}

#[test]
fn a_password_is_not_shown() {
    let mut server = welcomed(Limits::default());
    answered(&mut server, "AUTHINFO SASL PLAIN", &[383]);
    server.receive(b"c3dvcmRmaXNo\r\n");
    let event = server.next_event().expect("its turn").expect("a response");
    assert_eq!(event, Request::Response("c3dvcmRmaXNo".into()));
    assert!(!format!("{event:?}").contains("c3dvcmRmaXNo"));
}

#[test]
fn an_end_says_what_it_cut_off() {
    let ended = |server: &Answering| {
        let ended = server.clone().end();
        ended
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let mut server = welcomed(Limits::default());
    assert_eq!(ended(&server), "");
    server.receive(b"PO");
    assert!(ended(&server).contains("middle of a command"));
    server.receive(b"ST\r\n");
    server.next_event().expect("its turn");
    assert!(ended(&server).contains("before it was answered"));
    server.reply(&reply(340)).expect("it is wanted");
    assert!(ended(&server).contains("middle of an article"));
}
