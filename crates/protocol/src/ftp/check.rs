//! What holds of any bytes that a server or a client sends, as functions of them.
//!
//! The tests and fuzz targets call them; nothing else has a use for them.

use crate::ftp::{
    Command, CommandReader, ControlServer, Encoding, Features, MAXIMUM_COMMAND, Moment, Reply,
    ReplyReader, Request, parse_extended_passive, parse_facts, parse_listed, parse_passive,
    parse_quoted, print_facts,
};
use crate::pieces::pieces;

/// Checks that replies read the same however they are cut, and are printed as what reads the same.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn replies(bytes: &[u8]) {
    let whole = read(bytes, &[]);
    for length in [1, 2, 7] {
        assert_eq!(whole, read(bytes, &[length]), "{length} bytes at a time");
    }
    for reply in &whole.0 {
        let again = read(reply.to_string().as_bytes(), &[5]);
        assert!(
            again.1 && again.0.len() == 1,
            "{reply:?} is printed as {again:?}"
        );
        assert_eq!(again.0[0].code(), reply.code());
        assert_eq!(again.0[0].lines().len(), reply.lines().len());
        let (text, _) = (reply.text(), reply.shown());
        // Whatever stands in them, reading them ends.
        let _ = (
            parse_passive(&text),
            parse_extended_passive(&text),
            parse_quoted(&text),
        );
        let _ = Features::of(reply);
    }
}

/// Checks that a line of a listing is read without harm, and one of facts is written as what reads
/// the same.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn listing(bytes: &[u8]) {
    let now = Moment::from_seconds(1_150_565_241);
    for line in String::from_utf8_lossy(bytes).lines() {
        if let Some(entry) = parse_listed(line, now) {
            assert!(
                !entry.name.is_empty() && line.contains(&entry.name),
                "{line:?}: {entry:?}"
            );
        }
        if let Ok(entry) = parse_facts(line) {
            assert!(line.ends_with(&entry.name));
            let printed = print_facts(&entry);
            let again = parse_facts(&printed).expect("it was printed");
            assert_eq!(print_facts(&again), printed);
        }
    }
}

/// Checks that a line that is a command is printed as what reads the same, on one line.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn command(bytes: &[u8]) {
    let Ok(command) = Command::parse(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    let printed = command.to_string();
    assert!(!printed.contains(['\r', '\n', '\0']), "{printed:?}");
    assert_eq!(Command::parse(&printed), Ok(command));
}

/// Checks that a server reads the same commands however they are cut, that each of them is printed as what reads the same, that
/// nothing of a line without end is kept, and that a conversation goes the same way, in which each line is answered once.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn commands(bytes: &[u8]) {
    for encoding in [Encoding::Utf8, Encoding::Latin1] {
        let whole = read_commands(bytes, encoding, &[]);
        for length in [1, 2, 7] {
            let cut = read_commands(bytes, encoding, &[length]);
            assert_eq!(whole, cut, "{length} bytes at a time");
        }
        for command in whole.iter().flatten() {
            let sent = command
                .to_bytes(encoding)
                .expect("it came in this encoding");
            assert_eq!(read_commands(&sent, encoding, &[3]), [Ok(command.clone())]);
        }
    }
    let whole = serve(bytes, &[]);
    for length in [1, 2, 7] {
        assert_eq!(whole, serve(bytes, &[length]), "{length} bytes at a time");
    }
}

/// The commands of a wire, or what is answered to a line that is none.
fn read_commands(
    bytes: &[u8],
    encoding: Encoding,
    lengths: &[usize],
) -> Vec<Result<Command, Reply>> {
    let mut reader = CommandReader::new(encoding);
    let mut commands = Vec::new();
    for piece in pieces(bytes, lengths) {
        reader.receive(piece);
        while let Some(command) = reader.next_command() {
            commands.push(command.map_err(|error| error.reply()));
        }
        assert!(reader.waiting() <= MAXIMUM_COMMAND);
    }
    commands
}

/// What is said on both sides to a client that waits for answers at the end of each line, by a server that lets everybody in and
/// ends no transfer before it has to.
fn serve(bytes: &[u8], lengths: &[usize]) -> Vec<String> {
    let say = |code| Reply::new(code, ["a", "2b", "c"]).expect("a reply");
    let mut server = ControlServer::default();
    let mut said = Vec::new();
    server.reply(&say(220)).expect("a welcome");
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        for piece in pieces(line, lengths) {
            server.receive(piece);
            loop {
                let request = match server.next_event() {
                    Ok(Some(request)) => request,
                    Ok(None) => break,
                    Err(_) => return said,
                };
                said.push(format!("{request:?}"));
                for code in answers(&request, server.is_in_transfer()) {
                    server.reply(&say(*code)).expect("an answer");
                }
                let is_auth = matches!(request, Request::Command(Command::Auth(_)));
                if is_auth && server.start_tls().is_err() {
                    assert!(server.is_closed(), "it came before TLS: {said:?}");
                }
            }
            assert!(server.is_idle() || server.is_in_transfer() || server.is_closed());
        }
    }
    said
}

/// How a server answers that agrees to everything.
fn answers(request: &Request, is_in_transfer: bool) -> &'static [u16] {
    match request {
        Request::Wrong(_) => &[500],
        Request::Command(command) => match command {
            Command::User(_) => &[331],
            Command::Rnfr(_) | Command::Rest(_) => &[350],
            Command::Auth(_) => &[234],
            Command::Abor if is_in_transfer => &[426, 226],
            transfer if transfer.is_transfer() => &[150],
            _ => &[211],
        },
    }
}

/// The replies, and whether there was nothing but replies.
fn read(bytes: &[u8], lengths: &[usize]) -> (Vec<Reply>, bool) {
    let mut reader = ReplyReader::default();
    let mut replies = Vec::new();
    for piece in pieces(bytes, lengths) {
        reader.receive(piece);
        loop {
            match reader.next_reply() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(_) => return (replies, false),
            }
        }
    }
    (replies, true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pieces::any_lengths;

    proptest! {
        #[test]
        fn replies_are_alike_at_random_cuts(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "220 a\r\n", "211-b\r\n", " 211 c\r\n", "211 d\n", "331-\r\n\r\n331 \r\n", "550", "é\r\n", "\0",
                ]), 0..16,
            ),
            lengths in any_lengths(),
        ) {
            let bytes = parts.concat();
            prop_assert_eq!(read(bytes.as_bytes(), &[]), read(bytes.as_bytes(), &lengths));
        }

        #[test]
        fn what_resembles_a_client_is_served_alike_at_random_cuts(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                &b"USER a\r\n"[..], b"PASS b\r\n", b"USER a\r\nPASS b\r\n", b"RETR a\r\n", b"REST 7\n", b"ABOR\r\n", b"STAT\r\n",
                b"AUTH TLS\r\n", b"PBSZ 0\r\nPROT P\r\n", b"RNFR a\r\n", b"RNTO b\r\n", b"REIN\r\n", b"QUIT\r\n", b"NOOP\r\n",
                b"EPSV ALL\r\n", b"PASV\r\n", b"\xff\xf4\xff\xf2", b"\xff\xf4\xff", b"\xf2", b"\xff\xfd\x01", b"\xff\xfa",
                b"\xff\xf0", b"\xff\xff", b"\r", b"\n", b"\0", b"CWD ", b"\xe9", b" ",
            ]), 0..24),
            lengths in any_lengths(),
        ) {
            let bytes = parts.concat();
            commands(&bytes);
            prop_assert_eq!(serve(&bytes, &[]), serve(&bytes, &lengths));
            for encoding in [Encoding::Utf8, Encoding::Latin1] {
                let whole = read_commands(&bytes, encoding, &[]);
                prop_assert_eq!(whole, read_commands(&bytes, encoding, &lengths));
            }
        }

        #[test]
        fn what_resembles_replies_holds(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "220", "211", "550", "-", " ", "\r\n", "\n", "\r", "a", "(|||7|)", "(1,2,3,4,5,6)", "\"", "\0",
                "é", " MDTM", "211 ", "211-",
            ]), 0..16,
        )) {
            replies(parts.concat().as_bytes());
        }

        #[test]
        fn what_resembles_listings_holds(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "-rw-r--r--", "drwxr-xr-x", " ", " 1 a b", " 7", " Jan", " 12", " 14:05", " 2004", " 2004-01-12", " a", " -> b",
                "01-12-06", " 02:05PM", " <DIR>", "type=file;", "size=7;", "modify=20060617172721;", "=", ";", "é",
                "type=OS.unix=slink:b;", "UNIX.mode=644;", "unique=7;",
            ]), 0..12,
        )) {
            listing(parts.concat().as_bytes());
        }

        #[test]
        fn what_resembles_commands_holds(
            verb in "(?i)(retr|pass|rest|port|eprt|epsv|type|mfmt|opts|list|allo|x)",
            rest in "( [-a|0-9,.:I ]{0,16})?",
        ) {
            command((verb + &rest).as_bytes());
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            replies(&bytes);
            listing(&bytes);
            command(&bytes);
            commands(&bytes);
        }
    }
}
