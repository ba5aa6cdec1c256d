//! What holds of any bytes that a server or a client sends, as functions of them.
//!
//! The tests and fuzz targets call them; nothing else has a use for them.

use crate::ftp::{
    Command, Features, Moment, Reply, ReplyReader, parse_extended_passive, parse_facts,
    parse_listed, parse_passive, parse_quoted, print_facts,
};

/// Checks that replies read the same however they are cut, and are printed as what reads the same.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn replies(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    for length in [1, 2, 7] {
        assert_eq!(whole, read(bytes, length), "{length} bytes at a time");
    }
    for reply in &whole.0 {
        let again = read(reply.to_string().as_bytes(), 5);
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

/// The replies, and whether there was nothing but replies.
fn read(bytes: &[u8], length: usize) -> (Vec<Reply>, bool) {
    let mut reader = ReplyReader::default();
    let mut replies = Vec::new();
    for piece in bytes.chunks(length) {
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

    proptest! {
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
                "-rw-r--r--", "drwxr-xr-x", " ", " 1 a b", " 7", " Jan", " 12", " 14:05", " 2004", " a", " -> b",
                "01-12-06", " 02:05PM", " <DIR>", "type=file;", "size=7;", "modify=20060617172721;", "=", ";", "é",
                "type=OS.unix=slink:b;", "UNIX.mode=644;",
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
        }
    }
}
