//! What is said to whom, and what is not.

use std::time::Duration;

use lariat::service::chat::{Chat, DEADLINES, Limits};
use lariat_testkit::{Driven, Transcript};

use super::{Person, chat, clock, speaker};

#[test]
fn the_transcript_holds_however_it_is_cut() {
    let transcript = Transcript::parse(include_str!("transcripts/chat.txt"));
    transcript
        .expect("a transcript")
        .replay(1978, || speaker(&chat()));
}

#[test]
fn two_rooms_are_two_conversations() {
    let chat = chat();
    let mut ann = Person::named(&chat, "ann");
    let mut bob = Person::named(&chat, "bob");
    let mut cid = Person::named(&chat, "cid #rust lobby");
    assert_eq!(ann.hears(), "[lobby] + bob joined\n[lobby] + cid joined\n");
    bob.hears();
    assert_eq!(ann.says("hello"), "");
    assert_eq!(bob.hears(), "[lobby] <ann> hello\n");
    assert_eq!(cid.hears(), "[lobby] <ann> hello\n");
    assert_eq!(cid.says("/say rust anybody?"), "");
    assert_eq!((ann.hears(), bob.hears()), (String::new(), String::new()));
    assert_eq!(
        bob.says("/join Rust"),
        "[rust] = you joined; 2 are here\n[rust] : cid bob\n\
         [rust 2006-06-17T17:27:21Z] <cid> anybody?\n"
    );
    bob.says("/me is here");
    assert_eq!(cid.hears(), "[rust] + bob joined\n[rust] * bob is here\n");
    assert_eq!(ann.hears(), "");
    assert_eq!(bob.says("/say lobby bye"), "");
    assert_eq!(ann.hears(), "[lobby] <bob> bye\n");
    assert_eq!(
        bob.says("/leave"),
        "[rust] = you left\n* What you type goes to lobby now.\n"
    );
    assert_eq!(ann.says("/rooms"), "# lobby 3\n# rust 1\n");
    assert_eq!(ann.says("/who rust"), "[rust] : cid\n");
    assert_eq!(cid.hears(), "[lobby] <bob> bye\n[rust] - bob left\n");
    assert_eq!(cid.says("/msg ANN psst"), "");
    assert_eq!(ann.hears(), "[to you] <cid> psst\n");
    assert_eq!(bob.says("/nick rob"), "= you are rob\n");
    assert_eq!(bob.says("/quit see you"), ". Goodbye.\n");
    assert!(bob.0.ended().is_some());
    assert_eq!(
        ann.hears(),
        "[lobby] = bob is now rob\n[lobby] - rob left: see you\n"
    );
    cid.0.reset();
    assert_eq!(ann.hears(), "[lobby] - cid left: the connection was lost\n");
    assert_eq!(ann.says("/rooms"), "# lobby 1\n");
}

#[test]
fn a_name_is_asked_for_until_there_is_one() {
    let chat = chat();
    let _lana = Person::named(&chat, "lana");
    let mut other = Person::stranger(&chat);
    for (line, words) in [
        ("LANA", "! lana is here already"),
        ("Iana", "! Iana looks like lana, who is here"),
        ("/me waves", "! first say your name"),
        ("<b>", "! '<' is not for names"),
        ("/join lobby", "! first say your name"),
        ("/frob", "! there is no /frob"),
        ("\t", ""),
        ("bob -x", "! '-' is not for names"),
    ] {
        let heard = other.says(line);
        assert!(heard.starts_with(words), "{line}: {heard}");
        assert!(heard.ends_with("? What is your name?\n"), "{line}: {heard}");
        other.0.advance(Duration::from_secs(1));
    }
    assert!(other.says("/help").contains("* /join ROOM "));
    assert_eq!(
        other.says("/nick bob"),
        "= you are bob\n[lobby] = you joined; 2 are here\n[lobby] : lana bob\n"
    );
    // A minute is for the name, and not for the conversation.
    other.0.advance(Duration::from_secs(3600));
    assert!(other.0.ended().is_none());
    let mut silent = Person::stranger(&chat);
    for _ in 0..59 {
        silent.0.advance(Duration::from_secs(1));
        silent.says("!");
    }
    silent.0.advance(Duration::from_secs(1));
    assert_eq!(silent.hears(), ". No name came within 60 s.\n");
    assert!(silent.0.ended().is_some());
}

#[test]
fn what_cannot_be_done_is_told_and_the_conversation_goes_on() {
    let chat = chat().with_rate(0);
    let mut ann = Person::named(&chat, "ann");
    let long = "x".repeat(1025);
    for (line, words) in [
        ("/join", "! write /join ROOM"),
        ("/jion rust", "! there is no /jion (did you mean /join?)"),
        ("/leave rust", "! you are not in rust"),
        (
            "/say rust hi",
            "! you are not in rust; /join rust enters it",
        ),
        ("/who rust", "! there is no room rust"),
        ("/msg bob hi", "! nobody here is called bob"),
        ("/join L0bby", "! L0bby looks like lobby"),
        (&long, "! that line has 1025 bytes, and at most 1024"),
        ("a\x1b[2Jb", "! that line has the control character \\u{1b}"),
    ] {
        let heard = ann.says(line);
        assert!(
            heard.starts_with(words) && heard.lines().count() == 1,
            "{line}: {heard}"
        );
    }
    ann.0.receive(b"\xff\xfb\x1f\r\n");
    assert!(ann.hears().starts_with("! that line is not UTF-8"));
    assert_eq!(ann.says("/leave"), "[lobby] = you left\n");
    for line in ["hello?", "/me waves", "/leave", "/who"] {
        assert!(ann.says(line).starts_with("! you are in no room"), "{line}");
    }
    ann.0.receive(&[b'x'; 5000]);
    assert_eq!(
        ann.hears(),
        ". A line longer than 4096 bytes cannot be read.\n"
    );
    assert!(ann.0.error().is_some());
}

#[test]
fn a_flood_is_slowed_and_loses_nothing() {
    let chat = chat().with_rate(4);
    let mut ann = Person::named(&chat, "ann");
    let mut bob = Person::named(&chat, "bob");
    // The line with its name has been forgotten by then.
    ann.0.advance(Duration::from_secs(10));
    let lines: String = (0..30).map(|at| format!("line {at}\n")).collect();
    ann.0.receive(lines.as_bytes());
    assert_eq!(bob.hears().lines().count(), 10);
    let told = ann.hears();
    assert!(
        told.contains("* That is fast: of your lines, 4 a second"),
        "{told}"
    );
    for second in 1..=5 {
        ann.0.advance(Duration::from_secs(1));
        assert_eq!(bob.hears().lines().count(), 4, "second {second}");
    }
    ann.0.advance(Duration::from_secs(60));
    assert_eq!((bob.hears(), ann.hears()), (String::new(), String::new()));
    // And the bucket is full again.
    ann.0.receive(lines.as_bytes());
    let heard = bob.hears();
    assert!(heard.ends_with("[lobby] <ann> line 9\n"), "{heard}");
}

#[test]
fn who_does_not_read_is_out_and_the_others_do_not_notice_until_then() {
    let limits = Limits {
        waiting_bytes: 20_000,
        ..Limits::DEFAULT
    };
    let chat = Chat::with_clock(limits, clock).with_rate(0);
    let mut ann = Person::named(&chat, "ann");
    let mut bob = Person::named(&chat, "bob");
    let mut slow = Person::named(&chat, "slow");
    ann.hears();
    bob.hears();
    slow.0.stop_reading();
    let line = "x".repeat(1000);
    for at in 0.. {
        ann.says(&line);
        slow.0.deliver_messages();
        // The high-water mark and one line beyond it; the rest waits in the outbox.
        assert!(slow.0.held() <= 66 * 1024);
        let heard = bob.hears();
        assert!(heard.starts_with("[lobby] <ann> xxx"), "{heard}");
        if slow.0.ended().is_some() {
            assert!((75..95).contains(&at), "{at}");
            assert!(heard.ends_with("[lobby] - slow left: did not keep up with what was said\n"));
            return;
        }
        assert!(at < 200, "kept for ever");
    }
}

#[test]
fn who_reads_late_but_in_time_misses_nothing() {
    let chat = chat().with_rate(0);
    let mut ann = Person::named(&chat, "ann");
    let mut late = Person::named(&chat, "late");
    late.0.stop_reading();
    for at in 0..300 {
        ann.says(&format!("{at} {}", "x".repeat(900)));
        late.0.deliver_messages();
    }
    let mut heard = Vec::new();
    for _ in 0..300 {
        late.0.read(1000);
        heard.extend(late.0.take_written());
    }
    late.0.read_all();
    heard.extend(late.0.take_written());
    let heard = String::from_utf8(heard).expect("text");
    let numbers: Vec<usize> = heard
        .lines()
        .map(|line| {
            line.split(' ')
                .nth(2)
                .expect("a number")
                .parse()
                .expect("a number")
        })
        .collect();
    assert_eq!(numbers, (0..300).collect::<Vec<_>>());
}

#[test]
fn a_restart_tells_everybody_and_none_of_the_others() {
    let chat = chat();
    let mut people: Vec<Person> = (0..5)
        .map(|at| Person::named(&chat, &format!("p{at}")))
        .collect();
    for person in &mut people {
        person.hears();
    }
    for person in &mut people {
        person.0.drain();
    }
    for person in &mut people {
        assert_eq!(person.hears(), ". The server is going down.\n");
        assert!(person.0.ended().is_some());
    }
    assert_eq!(chat.rooms().people(), 0);
}

#[test]
fn the_last_line_needs_no_end() {
    let chat = chat();
    let mut ann = Person::named(&chat, "ann");
    let mut bob = Person::named(&chat, "bob");
    ann.hears();
    bob.0.receive(b"that is all");
    bob.0.receive_end();
    assert_eq!(
        ann.hears(),
        "[lobby] <bob> that is all\n[lobby] - bob left\n"
    );
}

#[test]
fn who_came_and_says_nothing_is_no_idler() {
    let chat = chat();
    let mut ann = Driven::new(speaker(&chat)).deadlines(DEADLINES);
    ann.receive(b"ann\n");
    ann.advance(Duration::from_secs(7 * 24 * 3600));
    assert!(ann.ended().is_none());
}
