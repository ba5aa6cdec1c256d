//! The client and the server joined in memory: what one says is what the other hears.

use proptest::prelude::*;

use crate::nntp::{
    Answering, BlockWriter, Command, Conversation, Event, Limits, Reader, Reply, Request, Text,
};
use crate::pieces::{any_lengths, pieces};

fn command() -> impl Strategy<Value = Command> {
    let lines = proptest::sample::select(vec![
        "ARTICLE",
        "ARTICLE 7",
        "BODY <a@b>",
        "HEAD 7",
        "STAT",
        "AUTHINFO USER anna",
        "AUTHINFO SASL PLAIN AGEAYg==",
        "CAPABILITIES AUTOUPDATE",
        "COMPRESS DEFLATE",
        "COMPRESS LZ4",
        "DATE",
        "GROUP misc.test",
        "HDR :bytes 7-9",
        "XHDR Date <a@b>",
        "HELP",
        "IHAVE <a@b>",
        "LAST",
        "LIST ACTIVE comp.*,!comp.os.*",
        "LIST OVERVIEW.FMT",
        "LISTGROUP",
        "LISTGROUP misc.test 7-",
        "MODE READER",
        "NEWGROUPS 20060617 172721 GMT",
        "NEWNEWS comp.* 20060617 172721 GMT",
        "NEXT",
        "OVER 7-9",
        "XOVER 7-",
        "POST",
        "QUIT",
        "STARTTLS",
    ]);
    let text = "[!-~\u{a0}-\u{ff}][ -~\u{a0}-\u{ff}]{0,30}";
    let password =
        text.prop_map(|text| Command::AuthinfoPass(Text::new(text).expect("a password")));
    prop_oneof![
        6 => lines.prop_map(|line| Command::parse(line).expect("a command")),
        1 => password,
    ]
}

/// A text of lines, some of which look like the end of a block.
fn text() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[.]{0,3}[a \r\u{e9}]{0,9}[a.]?", 0..6)
}

/// The client and the server, and how what is between them is cut.
struct Both<'a> {
    client: Conversation,
    server: Answering,
    lengths: &'a [usize],
}

impl Both<'_> {
    /// Has the server say this, with a block if one stands behind it, and gives the code and the lines that the client hears.
    fn say(&mut self, reply: &Reply, lines: &[String]) {
        let mut bytes = self.server.reply(reply).expect("it can be said");
        let has_block = self.server.is_in_block();
        if has_block {
            for line in lines {
                let text = format!("{line}\n");
                self.server
                    .write_block(text.as_bytes(), &mut bytes)
                    .expect("a block");
            }
            self.server.finish_block(&mut bytes).expect("a block");
        }
        let (mut heard, mut came, mut is_over) = (None, Vec::new(), false);
        for piece in pieces(&bytes, self.lengths) {
            self.client.receive(piece);
            while let Some(event) = self.client.next_event().expect("an answer") {
                match event {
                    Event::Reply(reply) => heard = Some(reply),
                    Event::Line(line) => came.push(String::from_utf8_lossy(line).into_owned()),
                    Event::End => is_over = true,
                    Event::Closing(reply) => panic!("{reply:?}"),
                }
            }
        }
        assert_eq!(heard.as_ref(), Some(reply));
        assert_eq!(is_over, has_block);
        if has_block {
            assert_eq!(came, as_sent(lines));
        }
    }

    /// Has the client send an article, which the server reads.
    fn send_article(&mut self, lines: &[String]) {
        let (mut writer, mut bytes) = (BlockWriter::default(), Vec::new());
        for line in lines {
            writer
                .write(format!("{line}\n").as_bytes(), &mut bytes)
                .expect("text");
        }
        writer.finish(&mut bytes);
        self.client.article_sent().expect("it is wanted");
        let (mut came, mut is_over) = (Vec::new(), false);
        for piece in pieces(&bytes, self.lengths) {
            self.server.receive(piece);
            while let Some(request) = self.server.next_event().expect("an article") {
                match request {
                    Request::Line(line) => came.push(String::from_utf8_lossy(line).into_owned()),
                    request => is_over = request == Request::End,
                }
            }
        }
        assert!(is_over);
        assert_eq!(came, as_sent(lines));
    }
}

/// The lines as they are sent: a CR ends one, too.
fn as_sent(lines: &[String]) -> Vec<String> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.lines().map(str::to_owned).collect()
}

/// The code that somebody answers who agrees, or does not.
fn code(request: &Request<'_>, agrees: bool) -> u16 {
    match request {
        Request::Wrong(reply) => reply.code(),
        Request::Command(command) if agrees => command.expected()[0],
        _ => 503,
    }
}

proptest! {
    #[test]
    fn both_sides_understand_each_other(
        commands in proptest::collection::vec((command(), proptest::bool::weighted(0.8)), 0..24),
        lines in text(),
        said in "[ -~\u{a0}-\u{ff}]{0,20}",
        lengths in any_lengths(),
    ) {
        let mut both = Both {
            client: Conversation::new(Limits::default()),
            server: Answering::new(Limits::default()),
            lengths: &lengths,
        };
        both.say(&Reply::new(200, said.clone()).expect("a welcome"), &[]);
        for (command, agrees) in commands {
            let bytes = both.client.send(&command).expect("it may be sent");
            for piece in pieces(&bytes, &lengths) {
                prop_assert!(both.server.next_event().expect("nothing").is_none());
                both.server.receive(piece);
            }
            let request = both.server.next_event().expect("its turn").expect("it has come");
            if let Request::Command(read) = &request {
                prop_assert_eq!(read, &command);
            }
            let code = code(&request, agrees);
            both.say(&Reply::new(code, said.clone()).expect("a reply"), &lines);
            match code {
                335 | 340 => {
                    both.send_article(&lines);
                    both.say(&Reply::new(code - 100, said.clone()).expect("a reply"), &[]);
                }
                382 => {
                    both.client.start_tls().expect("both agreed");
                    both.server.start_tls().expect("both agreed");
                }
                206 => {
                    both.client.start_compression().expect("both agreed");
                    both.server.start_compression().expect("both agreed");
                }
                _ => {}
            }
            prop_assert_eq!(both.client.is_closed(), code == 205);
            prop_assert_eq!(both.server.is_closed(), code == 205);
            if code == 205 {
                break;
            }
            prop_assert!(both.client.is_idle() && both.server.is_idle());
        }
    }

    #[test]
    fn what_is_pipelined_is_read_as_it_was_sent(
        commands in proptest::collection::vec(command(), 0..12),
        lengths in any_lengths(),
    ) {
        let bytes: Vec<u8> = commands.iter().flat_map(|command| command.to_bytes().expect("a line")).collect();
        let (mut reader, mut read) = (Reader::default(), Vec::new());
        for piece in pieces(&bytes, &lengths) {
            reader.receive(piece);
            while let Some(command) = reader.next_command() {
                read.push(command.expect("it was sent as a command"));
            }
        }
        prop_assert_eq!(read, commands);
        prop_assert!(reader.is_empty());
    }
}
