//! What holds of any bytes that a server or a client sends, as functions of them.
//!
//! The tests and fuzz targets call them; nothing else has a use for them.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use crate::nntp::{
    ActiveGroup, Answering, BlockPiece, BlockWriter, Command, Conversation, Decoder, Description,
    Group, Headers, Inflater, Limits, Located, NewsUrl, Overview, OverviewFormat, Reader, Reply,
    Request, Valued, decode_encoded_words, split_article,
};
use crate::pieces::pieces;

/// Small enough for a fuzzer to come near them.
const LIMITS: Limits = Limits {
    line: 200,
    article: 1000,
    block: 2000,
    lines: 100,
};

/// Checks that replies read the same however they are cut, and are printed as what reads the same; that a whole
/// conversation is heard alike however it is cut; and that a line that is a command is printed as what reads the
/// same, on one line.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn replies(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    let heard = converse(bytes, bytes.len().max(1));
    for length in [1, 2, 7] {
        assert_eq!(whole, read(bytes, length), "{length} bytes at a time");
        assert_eq!(heard, converse(bytes, length), "{length} bytes at a time");
    }
    for reply in &whole.0 {
        let again = read(reply.to_string().as_bytes(), 5);
        assert_eq!(again, (vec![reply.clone()], true));
        // Whatever stands in them, reading them ends.
        let _ = (Group::of(reply.clone()), Located::of(reply), reply.shown());
    }
    let text = String::from_utf8_lossy(bytes);
    if let Ok(command) = Command::parse(&text) {
        let printed = command.to_string();
        assert!(!printed.contains(['\r', '\n', '\0']), "{printed:?}");
        assert_eq!(Command::parse(&printed), Ok(command));
    }
    if let Ok(url) = text.parse::<NewsUrl>() {
        assert_eq!(url.to_string().parse(), Ok(url));
    }
}

/// Checks that a block reads the same however it is cut, that any text without a NUL becomes a block that reads as its
/// lines, and that what is no compressed stream is refused without harm.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn block(bytes: &[u8]) {
    let whole = lines(bytes, bytes.len().max(1), LIMITS);
    for length in [1, 2, 7] {
        assert_eq!(
            whole,
            lines(bytes, length, LIMITS),
            "{length} bytes at a time"
        );
    }
    let written: Vec<Vec<u8>> = [1, 3, bytes.len().max(1)]
        .map(|length| written(bytes, length))
        .into();
    assert!(written.iter().all(|block| *block == written[0]));
    if !bytes.contains(&0) {
        let (lines, is_over) = lines(&written[0], 5, Limits::default());
        assert!(is_over, "{bytes:?} is no whole block");
        let text = lines.join(&b"\n"[..]);
        let plain = String::from_utf8_lossy(bytes)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        assert_eq!(
            String::from_utf8_lossy(&text),
            plain.strip_suffix('\n').unwrap_or(&plain)
        );
    }
    let (mut inflater, mut out, mut given) = (Inflater::default(), [0; 512], 0);
    inflater.receive(bytes);
    while let Ok(length @ 1..) = inflater.next_piece(&mut out) {
        given += length;
    }
    assert!(
        given <= 1100 * (bytes.len() + 1),
        "{given} bytes out of {}",
        bytes.len()
    );
}

/// Checks that header fields, overviews and lines of lists are read without harm, and lists printed as what reads the
/// same.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn headers(bytes: &[u8]) {
    let (head, body) = split_article(bytes);
    assert!(
        head.len() + body.len() <= bytes.len() && bytes.starts_with(head) && bytes.ends_with(body)
    );
    for (name, value) in Headers::parse(bytes).iter() {
        assert!(
            !name.is_empty() && !value.contains('\n'),
            "{name:?}: {value:?}"
        );
    }
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let format = Arc::new(OverviewFormat::of(parts.iter().copied()));
    let written: Vec<String> = format.lines().collect();
    assert_eq!(written.len(), format.names().len());
    for line in parts {
        if let Ok(overview) = Overview::parse(line, Arc::clone(&format)) {
            let _ = (
                overview.references().count(),
                overview.bytes(),
                overview.lines(),
                overview.get("xref"),
            );
            assert_eq!(overview.fields().count(), format.names().len());
        }
        if let Ok(group) = ActiveGroup::parse(line) {
            assert_eq!(
                ActiveGroup::parse(group.print().as_bytes()).ok(),
                Some(group)
            );
        }
        let _ = (
            Description::parse(line).is_ok(),
            Valued::parse(line).is_ok(),
        );
    }
}

/// Checks that a header field's value is decoded without harm, whatever stands in it, and not to much more than it is; and that
/// a text that is written in encoded words reads as it was, wherever its characters are cut.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn words(bytes: &[u8]) {
    let value = String::from_utf8_lossy(bytes);
    let as_latin: Decoder = |bytes| bytes.iter().copied().map(char::from).collect();
    let decode = |value: &str| {
        let known = |charset: &str| charset.starts_with("iso").then_some(as_latin);
        decode_encoded_words(value, known)
    };
    let text = decode(&value);
    // Three letters of an encoded word are a byte, in whose place three may stand.
    assert!(text.len() <= 3 * value.len(), "{text:?} of {value:?}");
    if !value.contains("=?") {
        assert_eq!(text, value);
    }
    for (length, gap) in [(1, " "), (7, "\r\n "), (45, " \t ")] {
        let words = value.as_bytes().chunks(length).enumerate();
        let words: Vec<String> = words.map(|(at, part)| encoded_word(at, part)).collect();
        assert_eq!(decode(&words.join(gap)), value, "by {length}");
    }
}

/// A piece of a text as an encoded word, in one way or the other.
fn encoded_word(at: usize, part: &[u8]) -> String {
    match at % 3 {
        0 => format!("=?UTF-8?B?{}?=", STANDARD.encode(part)),
        1 => format!("=?utf-8?b?{}?=", STANDARD_NO_PAD.encode(part)),
        _ => {
            let hex: String = part.iter().map(|byte| format!("={byte:02X}")).collect();
            format!("=?utf-8*en?Q?{hex}?=")
        }
    }
}

/// Checks that a server reads the same commands however they are cut, that each of them is printed as what reads the same, and
/// that a conversation goes the same way, in which each line is answered once and an article is read to its end.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn commands(bytes: &[u8]) {
    let whole = read_commands(bytes, &[]);
    let served = serve(bytes, &[]);
    for length in [1, 2, 7] {
        assert_eq!(
            whole,
            read_commands(bytes, &[length]),
            "{length} bytes at a time"
        );
        assert_eq!(served, serve(bytes, &[length]), "{length} bytes at a time");
    }
    for command in whole.iter().flatten() {
        // Longer than it came, it may be too long: what was ISO 8859-1 is sent in UTF-8.
        if let Ok(sent) = command.to_bytes() {
            assert_eq!(read_commands(&sent, &[3]), [Ok(command.clone())]);
        }
    }
}

/// The commands of a wire, or what is answered to a line that is none.
fn read_commands(bytes: &[u8], lengths: &[usize]) -> Vec<Result<Command, Reply>> {
    let mut reader = Reader::default();
    let mut commands = Vec::new();
    for piece in pieces(bytes, lengths) {
        reader.receive(piece);
        while let Some(command) = reader.next_command() {
            commands.push(command.map_err(|error| error.reply()));
        }
    }
    commands
}

/// What is said on both sides to a client that waits for answers at the end of each line, by a server that agrees to everything.
fn serve(bytes: &[u8], lengths: &[usize]) -> Vec<String> {
    let say = |code| Reply::new(code, "a").expect("a reply");
    let mut server = Answering::new(LIMITS);
    let mut said = Vec::new();
    server.reply(&say(200)).expect("a welcome");
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
                let code = match &request {
                    Request::Line(_) => continue,
                    Request::End => 403,
                    Request::Wrong(_) => 500,
                    Request::Response(_) => 281,
                    // A dialogue of SASL, where there may be one.
                    Request::Command(Command::AuthinfoSasl(_, None)) => 383,
                    Request::Command(command) => command.expected()[0],
                };
                let mut out = server.reply(&say(code)).expect("an answer");
                match code {
                    382 => server.start_tls().expect("nothing stands behind a line"),
                    206 => server
                        .start_compression()
                        .expect("nothing stands behind a line"),
                    _ if server.is_in_block() => server.finish_block(&mut out).expect("a block"),
                    _ => {}
                }
            }
        }
    }
    said
}

/// The replies, and whether there was nothing but replies.
fn read(bytes: &[u8], length: usize) -> (Vec<Reply>, bool) {
    let mut reader = Reader::default();
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

/// What a client hears that asks for something whenever it may, of a server that waits for it at the end of each line.
fn converse(bytes: &[u8], length: usize) -> Vec<String> {
    let asked = [
        "CAPABILITIES",
        "GROUP a",
        "OVER 1-",
        "ARTICLE 1",
        "POST",
        "STAT 1",
    ];
    let mut asked = asked
        .iter()
        .cycle()
        .map(|line| Command::parse(line).expect("a command"));
    let (mut conversation, mut heard) = (Conversation::new(LIMITS), Vec::new());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        for piece in line.chunks(length) {
            conversation.receive(piece);
            loop {
                match conversation.next_event() {
                    Ok(Some(event)) => heard.push(format!("{event:?}")),
                    Ok(None) => break,
                    Err(_) => return heard,
                }
                if conversation.is_in_article() {
                    conversation.article_sent().expect("it waits for one");
                }
            }
        }
        if conversation.is_idle() && conversation.send(&asked.next().expect("no end")).is_err() {
            return heard;
        }
    }
    heard
}

/// The lines of a block, and whether it came to its end.
fn lines(bytes: &[u8], length: usize, limits: Limits) -> (Vec<Vec<u8>>, bool) {
    let mut reader = Reader::new(limits);
    reader.begin_block(true);
    let mut lines = Vec::new();
    for piece in bytes.chunks(length) {
        reader.receive(piece);
        loop {
            match reader.next_piece() {
                Ok(Some(BlockPiece::Line(line))) => lines.push(line.to_vec()),
                Ok(Some(BlockPiece::End)) => return (lines, true),
                Ok(None) => break,
                Err(_) => return (lines, false),
            }
        }
    }
    (lines, false)
}

fn written(bytes: &[u8], length: usize) -> Vec<u8> {
    let (mut writer, mut out) = (BlockWriter::default(), Vec::new());
    for piece in bytes.chunks(length) {
        if writer.write(piece, &mut out).is_err() {
            return Vec::new();
        }
    }
    writer.finish(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pieces::any_lengths;

    proptest! {
        #[test]
        fn what_resembles_a_client_is_served_alike_at_random_cuts(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                &b"AUTHINFO USER a\r\n"[..], b"AUTHINFO PASS b\r\n", b"AUTHINFO SASL PLAIN\r\n", b"AGEAYg==\r\n", b"*\r\n",
                b"STARTTLS\r\n", b"COMPRESS DEFLATE\r\n", b"MODE READER\r\n", b"GROUP a\r\n", b"LISTGROUP a\n", b"OVER 1-\r\n",
                b"POST\r\n", b"IHAVE <a@b>\r\n", b"a\r\n..b\r\n", b".\r\n", b"QUIT\r\n", b"\r", b"\n", b"\0", b"\xe9", b" ",
                &[b'x'; 300],
            ]), 0..24),
            lengths in any_lengths(),
        ) {
            let bytes = parts.concat();
            commands(&bytes);
            prop_assert_eq!(serve(&bytes, &[]), serve(&bytes, &lengths));
            prop_assert_eq!(read_commands(&bytes, &[]), read_commands(&bytes, &lengths));
        }

        #[test]
        fn what_resembles_conversations_holds(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "200", "101", "211", "224", "220", "340", "240", "223", "400", "430", " ", "1", " <a@b>", "\r\n", "\n",
                "\r", ".", "..", "\0", "é", "\r\n.\r\n", " 3 1 3 misc.test\r\n", "VERSION 2\r\n",
            ]), 0..24,
        )) {
            replies(parts.concat().as_bytes());
        }

        #[test]
        fn what_resembles_blocks_holds(parts in proptest::collection::vec(
            proptest::sample::select(vec!["a", ".", "\r", "\n", "\r\n", "\r\n.\r\n", "é", "a long line", "\0"]), 0..24,
        )) {
            block(parts.concat().as_bytes());
        }

        #[test]
        fn what_resembles_heads_and_lists_holds(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "Subject", ":", " ", "\t", "\n", "\r\n", "Xref:full", "7", "misc.test", " 9 1 y", "<a@b>", "é", "*",
            ]), 0..24,
        )) {
            headers(parts.concat().as_bytes());
        }

        #[test]
        fn what_resembles_encoded_words_holds(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "=?", "?=", "?", "utf-8", "iso-8859-1", "*en", "?q?", "?B?", "=C3", "=BC", "w6Q", "==", "_", " ", "\r\n ", "\t",
                "ä", "a", "=",
            ]), 0..24,
        )) {
            words(parts.concat().as_bytes());
        }

        #[test]
        fn what_resembles_commands_holds(
            verb in "(?i)(article|group|list( active| newsgroups| headers)?|over|hdr|newnews|newgroups|authinfo (user|pass|sasl)|listgroup|x)",
            rest in "( [-a<@>|0-9,.:*! ]{0,16})?",
        ) {
            replies((verb + &rest).as_bytes());
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            replies(&bytes);
            block(&bytes);
            headers(&bytes);
            words(&bytes);
            commands(&bytes);
        }
    }
}
