//! Tests of the server's side of a control connection.

use proptest::prelude::*;

use super::*;
use crate::ftp::{MAXIMUM_COMMAND, ReplyReader};
use crate::pieces::{any_lengths, pieces};

/// Transcripts, and what the server is asked in them, or answers by itself. Those of the client are its, too.
const TRANSCRIPTS: &[(&str, &str)] = &[
    (
        include_str!("../transcripts/serve_login.txt"),
        "503,530,SYST,USER,NOOP,PASS,503,USER,PASS,ACCT,503,USER,530,ACCT,ACCT,500,504,502,534,503,503,RNFR,RNTO,503,RNFR,\
         NOOP,503,RNFR,500,503,EPSV,503,EPSV,USER,530,USER,REIN,530,QUIT",
    ),
    (
        include_str!("../transcripts/serve_transfer.txt"),
        "USER,RETR,REST,RETR,ABOR,NOOP,STAT,ABOR,PWD,STOR,STAT,STAT,STAT,QUIT",
    ),
    (
        include_str!("../transcripts/serve_tls.txt"),
        "503,503,504,USER,AUTH,PWD,AUTH,530,USER,503,PBSZ,536,PROT,503,502,534,PWD",
    ),
    (
        include_str!("../transcripts/fetch.txt"),
        "USER,PASS,FEAT,CWD,TYPE,EPSV,RETR,QUIT",
    ),
    (
        include_str!("../transcripts/tls.txt"),
        "AUTH,USER,PASS,PBSZ,PROT,EPSV,STOR",
    ),
    (
        include_str!("../transcripts/abort.txt"),
        "USER,EPSV,RETR,ABOR,RETR,ABOR,PWD",
    ),
];

/// Takes what the server is asked by now; what cannot be carried out is answered at once.
fn take(server: &mut ControlServer, asked: &mut Vec<String>) {
    while let Some(request) = server.next_event().expect("not too much") {
        match request {
            Request::Command(command) => asked.push(command.verb().to_owned()),
            Request::Wrong(reply) => {
                let sent = server.reply(&reply).expect("it is the answer");
                assert_eq!(sent, reply.to_string().as_bytes());
                asked.push(reply.code().to_string());
            }
        }
    }
}

/// Plays a transcript, with what the client says cut into pieces of these lengths, and gives what the server was asked.
fn play(text: &str, lengths: &[usize]) -> Vec<String> {
    let mut server = ControlServer::default();
    let mut asked = Vec::new();
    for line in text.lines() {
        let (who, what) = line.split_once(": ").expect("a transcript");
        let mut bytes = what.replace("\\r", "\r").replace("\\n", "\n");
        match who {
            "C" => {
                if !bytes.ends_with('\n') {
                    bytes.push_str("\r\n");
                }
                for piece in pieces(bytes.as_bytes(), lengths) {
                    server.receive(piece);
                    take(&mut server, &mut asked);
                }
            }
            "T" => server.start_tls().expect("TLS"),
            _ => {
                let mut replies = ReplyReader::default();
                replies.receive(bytes.as_bytes());
                while let Some(reply) = replies.next_reply().expect("a reply") {
                    let sent = server.reply(&reply).expect(what);
                    assert_eq!(sent, reply.to_string().as_bytes());
                    take(&mut server, &mut asked);
                }
            }
        }
    }
    assert!(server.end().is_ok(), "{text}");
    asked
}

#[test]
fn transcripts_are_served_alike_however_they_are_cut() {
    for (text, expected) in TRANSCRIPTS {
        for length in [usize::MAX, 1, 2, 3, 7] {
            assert_eq!(
                play(text, &[length]).join(","),
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
            prop_assert_eq!(play(text, &lengths).join(","), *expected, "{}", text);
        }
    }
}

fn reply(code: u16) -> Reply {
    Reply::new(code, ["a"]).expect("a reply")
}

/// A server that has said its welcome and let somebody in.
fn logged_in() -> ControlServer {
    let mut server = ControlServer::default();
    server.reply(&reply(220)).expect("a welcome");
    answered(&mut server, "USER a", &[230]);
    server
}

/// Lets the client say this and the server answer.
fn answered(server: &mut ControlServer, line: &str, codes: &[u16]) {
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
        ("PWD", &[][..], &[150, 350][..]),
        ("PWD", &[257], &[257, 150, 550]),
        ("RETR a", &[], &[226, 350]),
        ("RETR a", &[150], &[150, 350]),
        ("RETR a", &[150, 226], &[226]),
        ("RETR a", &[550], &[226]),
        ("USER a", &[], &[150, 350]),
        ("RNFR a", &[], &[250, 331]),
        ("REST 7", &[], &[200, 331]),
        ("AUTH TLS", &[], &[200, 334]),
        ("AUTH TLS", &[234], &[200, 530]),
        ("QUIT", &[221], &[221, 421]),
        ("NOOP", &[421], &[200, 421]),
    ] {
        let mut server = logged_in();
        answered(&mut server, line, said);
        let before = format!("{server:?}");
        for code in wrong {
            let refused = server.reply(&reply(*code));
            assert!(matches!(refused, Err(Error::Misuse(_))), "{line}: {code}");
            assert_eq!(format!("{server:?}"), before);
        }
    }
    let mut server = ControlServer::new(Encoding::Latin1);
    let strange = Reply::new(220, ["ж"]).expect("a reply");
    assert!(matches!(server.reply(&strange), Err(Error::Misuse(_))));
    assert!(server.reply(&reply(331)).is_err());
    assert_eq!(
        server
            .reply(&Reply::new(220, ["ÿ"]).expect("a reply"))
            .expect("a welcome"),
        b"220 \xff\xff\r\n"
    );
}

#[test]
fn a_place_to_restart_is_for_the_next_transfer() {
    let mut server = logged_in();
    answered(&mut server, "REST 7", &[350]);
    answered(&mut server, "TYPE I", &[200]);
    answered(&mut server, "RETR a", &[150]);
    assert_eq!(server.restart(), 7);
    server.reply(&reply(226)).expect("its end");
    assert_eq!(server.restart(), 0);
    answered(&mut server, "REST 7", &[350]);
    answered(&mut server, "LIST", &[425]);
    assert_eq!(server.restart(), 0);
    answered(&mut server, "REST 7", &[501]);
    assert_eq!(server.restart(), 0);
    answered(&mut server, "REST 7", &[350]);
    answered(&mut server, "REIN", &[220]);
    assert_eq!((server.restart(), server.is_logged_in()), (0, false));
}

#[test]
fn bytes_before_tls_are_not_taken_for_the_clients() {
    for injected in [&b"PWD\r\n"[..], b"P", b"\x16", b"\xff\xfd\x01", b"\xff"] {
        let mut server = logged_in();
        server.receive(b"AUTH TLS\r\n");
        assert!(matches!(
            server.next_event(),
            Ok(Some(Request::Command(Command::Auth(_))))
        ));
        server.reply(&reply(234)).expect("it agrees");
        server.receive(injected);
        assert_eq!(server.next_event().expect("nothing"), None);
        let error = server.start_tls().expect_err("injected").to_string();
        assert!(error.contains("behind AUTH"), "{error}");
        assert!(server.is_closed() && server.next_event().expect("nothing").is_none());
    }
    let mut server = logged_in();
    assert!(server.start_tls().is_err());
    answered(&mut server, "AUTH TLS", &[502]);
    assert!(server.start_tls().is_err() && server.is_logged_in());

    let mut implicit = ControlServer::default();
    implicit.start_tls().expect("before the welcome");
    assert!(implicit.start_tls().is_err() && implicit.is_private());
    implicit.reply(&reply(220)).expect("a welcome");
    answered(&mut implicit, "PBSZ 0", &[200]);
    answered(&mut implicit, "PROT P", &[200]);
}

#[test]
fn what_waits_is_bounded() {
    for state in ["", "RETR a\r\n", "PWD\r\n"] {
        let mut server = logged_in();
        server.receive(state.as_bytes());
        let asked = server.next_event().expect("not too much");
        if state.is_empty() {
            server = ControlServer::default();
        } else {
            assert!(asked.is_some());
        }
        let mut came = 0;
        let error = loop {
            server.receive(b"NOOP\r\n");
            came += 6;
            match server.next_event() {
                Ok(event) => assert_eq!(event, None),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Limit(_)), "{error}");
        assert!(came > MAXIMUM_PIPELINED && came <= MAXIMUM_PIPELINED + 6);
    }
    // What can be answered at once does not wait, however much it is.
    let mut server = logged_in();
    server.receive(&b"NOOP\r\n".repeat(20_000));
    for _ in 0..20_000 {
        assert_eq!(
            server.next_event().expect("its turn"),
            Some(Request::Command(Command::Noop))
        );
        server.reply(&reply(200)).expect("an answer");
    }
}

#[test]
fn a_transfer_is_broken_off_past_what_waits() {
    let mut server = logged_in();
    answered(&mut server, "RETR a", &[]);
    server.receive(b"PWD\r\n\xff\xf4\xff\xf2ABOR\r\n");
    assert_eq!(
        server.next_event().expect("its turn"),
        Some(Request::Command(Command::Abor))
    );
    // It had not begun: nobody has connected.
    server.reply(&reply(425)).expect("its end");
    assert_eq!(server.next_event().expect("nothing"), None);
    server.reply(&reply(226)).expect("the answer to ABOR");
    assert_eq!(
        server.next_event().expect("its turn"),
        Some(Request::Command(Command::Pwd))
    );
}

#[test]
fn how_a_transfer_goes_is_asked_while_it_is_on_and_nothing_waits() {
    let status = Some(Request::Command(Command::Stat(None)));
    let mut server = logged_in();
    server.receive(b"RETR a\r\nSTAT\r\n");
    assert!(server.next_event().expect("its turn").is_some());
    assert_eq!(server.next_event().expect("it has not begun"), None);
    server.reply(&reply(150)).expect("it begins");
    assert_eq!(server.next_event().expect("its turn"), status);
    server.receive(b"ABOR\r\n");
    assert_eq!(server.next_event().expect("that is answered first"), None);
    server.reply(&reply(213)).expect("an answer");
    assert!(server.is_in_transfer() && server.next_event().expect("its turn").is_some());
    server.reply(&reply(426)).expect("its end");
    server.reply(&reply(226)).expect("the answer to ABOR");

    answered(&mut server, "RETR a", &[150]);
    server.receive(b"NOOP\r\nSTAT\r\n");
    assert_eq!(server.next_event().expect("both wait"), None);
    server.reply(&reply(226)).expect("its end");
    assert_eq!(
        server.next_event().expect("its turn"),
        Some(Request::Command(Command::Noop))
    );
    server.reply(&reply(200)).expect("an answer");
    assert_eq!(server.next_event().expect("its turn"), status);
}

#[test]
fn a_command_in_an_argument_is_none() {
    let mut server = logged_in();
    let long = "x".repeat(3 * MAXIMUM_COMMAND);
    server.receive(format!("RETR a\rDELE b\r\nCWD {long}\r\nMKD a\0\r\n").as_bytes());
    for code in [501, 500, 501] {
        let Some(Request::Wrong(refusal)) = server.next_event().expect("its turn") else {
            panic!("no refusal");
        };
        assert_eq!(refusal.code(), code);
        server.reply(&refusal).expect("the answer");
    }
    assert_eq!(server.next_event().expect("nothing"), None);
}

#[test]
fn options_of_telnet_are_refused_before_the_next_reply() {
    let mut server = logged_in();
    server.receive(b"\xff\xfd\x01NOOP\r\n");
    server.next_event().expect("its turn");
    assert_eq!(
        server.reply(&reply(200)).expect("an answer"),
        b"\xff\xfc\x01200 a\r\n"
    );
}

#[test]
fn an_end_says_what_it_cut_off() {
    let ended = |server: &ControlServer| {
        let ended = server.clone().end();
        ended
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let mut server = logged_in();
    assert_eq!(ended(&server), "");
    server.receive(b"RETR");
    assert!(ended(&server).contains("in the middle"));
    server.receive(b" a\r\n");
    server.next_event().expect("its turn");
    assert!(ended(&server).contains("before it was answered"));
    server.reply(&reply(150)).expect("it begins");
    assert!(ended(&server).contains("during a transfer"));
}
