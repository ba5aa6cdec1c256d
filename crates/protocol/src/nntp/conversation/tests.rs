//! The client's side of a conversation, in transcripts and out of order.

use super::*;
use crate::nntp::Text;

/// Plays a transcript, cut into pieces of this length at most, and gives what was heard.
fn play(text: &str, length: usize) -> Vec<String> {
    let mut conversation = Conversation::new(Limits::default());
    let mut heard = Vec::new();
    for line in text.lines() {
        let (who, what) = line.split_once(": ").expect("a transcript");
        match who {
            "C" => {
                let command = Command::parse(what).expect("a command");
                let sent = conversation.send(&command).expect(what);
                assert_eq!(sent, format!("{what}\r\n").as_bytes());
            }
            "A" => conversation.article_sent().expect("an article"),
            "T" if what == "TLS" => conversation.start_tls().expect("TLS"),
            "T" => conversation.start_compression().expect("compression"),
            _ => {
                let bytes = what.replace("\\r", "\r").replace("\\n", "\n");
                for piece in bytes.as_bytes().chunks(length) {
                    conversation.receive(piece);
                    while let Some(event) = conversation.next_event().expect(what) {
                        heard.push(match event {
                            Event::Reply(reply) => reply.code().to_string(),
                            Event::Line(line) => format!("[{}]", String::from_utf8_lossy(line)),
                            Event::End => ".".into(),
                            Event::Closing(reply) => format!("bye {}", reply.code()),
                        });
                    }
                }
            }
        }
    }
    heard
}

#[test]
fn transcripts_are_heard_alike_however_they_are_cut() {
    for (text, expected) in [
        (
            include_str!("../transcripts/read.txt"),
            "200,101,[VERSION 2],[READER],.,211,224,[3000234\tI am just],[3000235\t.signature],.,220,[Path: a],\
             [From: b],[],[.one],[],.,430,411,223,421,223,211,[3000234],[3000235],.,111,205",
        ),
        (
            include_str!("../transcripts/post.txt"),
            "201,340,240,340,441,335,235,435,440,bye 400",
        ),
        (
            include_str!("../transcripts/access.txt"),
            "200,480,382,101,[VERSION 2],.,381,281,206,215,.,483,502,205",
        ),
    ] {
        for length in [usize::MAX, 1, 2, 3, 7, 16] {
            assert_eq!(play(text, length).join(","), expected, "{length}\n{text}");
        }
    }
}

fn welcomed() -> Conversation {
    let mut conversation = Conversation::new(Limits::default());
    conversation.receive(b"200 a\r\n");
    conversation.next_event().expect("a welcome");
    conversation
}

/// What goes wrong when a server answers so.
fn fault(command: &str, answer: &[u8]) -> String {
    let mut conversation = welcomed();
    let command = Command::parse(command).expect("a command");
    conversation.send(&command).expect("sent");
    conversation.receive(answer);
    loop {
        match conversation.next_event() {
            Ok(Some(_)) => {}
            Ok(None) => return "nothing".into(),
            Err(error) => return error.to_string(),
        }
    }
}

#[test]
fn codes_that_are_no_answers_are_errors() {
    for (command, answer) in [
        ("GROUP a", &b"220 1 <a@b>\r\n"[..]),
        ("STAT 1", b"220 1 <a@b>\r\n"),
        ("ARTICLE 1", b"222 1 <a@b>\r\n"),
        ("POST", b"240 a\r\n"),
        ("QUIT", b"200 a\r\n"),
        ("STARTTLS", b"282 a\r\n"),
        ("DATE", b"381 a\r\n"),
    ] {
        let error = fault(command, answer);
        assert!(error.contains("is no answer to"), "{command}: {error}");
    }
    assert!(fault("AUTHINFO SASL PLAIN x", b"383 =\r\n").contains("said everything"));
    assert!(fault("DATE", b"111 20060617172721\r\n200 b\r\n").contains("before it was asked"));
    assert_eq!(fault("DATE", b"111 x\r\n"), "nothing");

    let mut early = welcomed();
    early.receive(b"211 1 1 1 a\r\n");
    let error = early.send(&Command::Date).expect_err("answered before");
    assert!(error.to_string().contains("before it was asked"), "{error}");
    let mut greeted = Conversation::new(Limits::default());
    greeted.receive(b"211 a\r\n");
    assert!(
        greeted
            .next_event()
            .expect_err("no welcome")
            .to_string()
            .contains("no welcome")
    );
}

#[test]
fn nothing_is_sent_where_something_is_awaited() {
    let mut conversation = welcomed();
    conversation.send(&Command::Post).expect("sent");
    assert!(conversation.send(&Command::Date).is_err());
    assert!(conversation.article_sent().is_err());
    conversation.receive(b"340 a\r\n");
    conversation.next_event().expect("an answer");
    assert!(conversation.is_in_article());
    assert!(conversation.send(&Command::Date).is_err());
    // The rest of the article would be taken for commands.
    conversation.receive(b"441 a\r\n");
    assert!(matches!(
        conversation.next_event(),
        Ok(Some(Event::Closing(_)))
    ));
    assert!(conversation.send(&Command::Date).is_err());
}

/// How many lines are taken where an article has 100 bytes and a list 1000.
fn taken(command: Command, code: u16) -> usize {
    let limits = Limits {
        article: 100,
        block: 1000,
        ..Limits::default()
    };
    let mut conversation = Conversation::new(limits);
    conversation.receive(b"200 a\r\n");
    conversation.next_event().expect("a welcome");
    conversation.send(&command).expect("sent");
    conversation.receive(format!("{code} 1 <a@b>\r\n").as_bytes());
    conversation.receive(&b"12345678\r\n".repeat(200));
    let mut lines = 0;
    while let Ok(Some(event)) = conversation.next_event() {
        lines += usize::from(matches!(event, Event::Line(_)));
    }
    lines
}

#[test]
fn how_much_is_taken_is_a_matter_of_what_was_asked() {
    let article = taken(Command::parse("HEAD 1").expect("a command"), 221);
    let list = taken(Command::parse("XOVER 1-").expect("a command"), 224);
    assert!(article < list, "{article} and {list}");
    for (line, code, expected) in [
        ("ARTICLE 1", 220, article),
        ("BODY 1", 222, article),
        ("XHDR Subject 1-", 221, list),
        ("HDR Subject 1-", 221, list),
        ("HDR Subject 1-", 225, list),
    ] {
        let command = Command::parse(line).expect("a command");
        assert_eq!(taken(command, code), expected, "{line}");
        let own = Command::Other(Text::new(line).expect("a line"));
        assert_eq!(taken(own, code), expected, "{line} of a caller's own");
    }
}

#[test]
fn bytes_before_tls_or_compression_are_not_taken_for_the_servers() {
    for (command, answer) in [
        ("STARTTLS", &b"382 a\r\n200 injected\r\n"[..]),
        ("STARTTLS", b"382 a\r\n2"),
        ("COMPRESS DEFLATE", b"206 a\r\nx"),
    ] {
        let mut conversation = welcomed();
        let parsed = Command::parse(command).expect("a command");
        conversation.send(&parsed).expect("sent");
        conversation.receive(answer);
        conversation.next_event().expect("an answer");
        let begun = match command {
            "STARTTLS" => conversation.start_tls(),
            _ => conversation.start_compression(),
        };
        let error = begun.expect_err("injected").to_string();
        assert!(error.contains("behind the answer"), "{error}");
    }
    let mut refused = welcomed();
    refused.send(&Command::Starttls).expect("sent");
    refused.receive(b"580 no\r\n");
    refused.next_event().expect("an answer");
    assert!(refused.start_tls().is_err() && refused.start_compression().is_err());
}

#[test]
fn an_end_says_what_it_cut_off() {
    let ended = |conversation: &Conversation| {
        let ended = conversation.clone().end();
        ended
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert!(ended(&Conversation::new(Limits::default())).contains("before it said anything"));
    let mut conversation = welcomed();
    assert_eq!(ended(&conversation), "");
    conversation.send(&Command::Help).expect("sent");
    assert!(ended(&conversation).contains("answer was awaited"));
    conversation.receive(b"100 a\r\nb\r\n");
    conversation.next_event().expect("an answer");
    assert!(ended(&conversation).contains("in the middle"));
    conversation.receive(b".\r\n");
    while conversation.next_event().expect("a block").is_some() {}
    conversation.send(&Command::Quit).expect("sent");
    conversation.receive(b"205 bye\r\n");
    conversation.next_event().expect("an answer");
    assert_eq!(ended(&conversation), "");
}
