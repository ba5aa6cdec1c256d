//! The client and the server joined in memory: what one says is what the other hears.

use proptest::prelude::*;

use crate::ftp::{
    Command, CommandReader, ControlClient, ControlServer, Encoding, Event, Moment, Reply,
    ReplyReader, Request, Text,
};
use crate::pieces::{any_lengths, pieces};

/// An argument that every encoding has.
fn text() -> impl Strategy<Value = Text> {
    let printable = "[ -~\u{a0}-\u{ff}\t]{1,24}";
    printable.prop_map(|text| Text::new(text).expect("an argument"))
}

fn command() -> impl Strategy<Value = Command> {
    let plain = proptest::sample::select(vec![
        "ABOR",
        "ALLO 7",
        "AUTH TLS",
        "CDUP",
        "EPRT |2|::1|5282|",
        "EPSV",
        "EPSV ALL",
        "FEAT",
        "LIST",
        "MODE S",
        "NOOP",
        "PASV",
        "PBSZ 0",
        "PORT 127,0,0,1,195,149",
        "PROT P",
        "PWD",
        "REIN",
        "REST 7",
        "STAT",
        "STOU",
        "SYST",
        "TYPE I",
        "CCC",
        "QUIT",
    ]);
    let named = proptest::sample::select(vec![
        Command::Acct as fn(Text) -> Command,
        Command::Appe,
        Command::Cwd,
        Command::Dele,
        Command::Pass,
        Command::Retr,
        Command::Rnfr,
        Command::Rnto,
        Command::Site,
        Command::Stor,
        Command::User,
        |text| Command::Mlsd(Some(text)),
        |text| Command::Mfmt(Moment::from_seconds(1_150_565_241), text),
    ]);
    prop_oneof![
        plain.prop_map(|line| Command::parse(line).expect("a command")),
        (named, text()).prop_map(|(make, text)| make(text)),
    ]
}

fn encoding() -> impl Strategy<Value = Encoding> {
    proptest::sample::select(vec![Encoding::Utf8, Encoding::Latin1])
}

/// What somebody who agrees, or does not, answers to this.
fn answers(request: &Request, agrees: bool, lines: &[String]) -> Vec<Reply> {
    let codes: &[u16] = match request {
        Request::Wrong(reply) => return vec![reply.clone()],
        Request::Command(_) if !agrees => &[550],
        Request::Command(Command::User(_)) if lines.len() > 2 => &[331],
        Request::Command(Command::Rnfr(_) | Command::Rest(_)) => &[350],
        Request::Command(Command::Auth(_)) => &[234],
        Request::Command(Command::Quit) => &[221],
        Request::Command(command) if command.is_transfer() => &[150, 226],
        Request::Command(_) => &[230],
    };
    let reply = |code: &u16| Reply::new(*code, lines.to_vec()).expect("a reply");
    codes.iter().map(reply).collect()
}

/// The lines as they are read: one in the middle that looks like a reply has been set apart by a space.
fn as_read(reply: &Reply) -> Vec<String> {
    let last = reply.lines().len() - 1;
    let line = |(number, line): (usize, &String)| {
        let is_inner = number > 0 && number < last;
        match is_inner && line.starts_with(|first: char| first.is_ascii_digit()) {
            true => format!(" {line}"),
            false => line.clone(),
        }
    };
    reply.lines().iter().enumerate().map(line).collect()
}

proptest! {
    #[test]
    fn commands_are_read_as_they_were_sent(
        commands in proptest::collection::vec(command(), 0..12),
        encoding in encoding(),
        lengths in any_lengths(),
    ) {
        let sent = |command: &Command| command.to_bytes(encoding).expect("it can be sent");
        let bytes = commands.iter().map(sent).collect::<Vec<_>>().concat();
        let mut reader = CommandReader::new(encoding);
        let mut read = Vec::new();
        for piece in pieces(&bytes, &lengths) {
            reader.receive(piece);
            while let Some(command) = reader.next_command() {
                read.push(command.expect("it was sent as a command"));
            }
        }
        prop_assert_eq!(read, commands);
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn both_sides_understand_each_other(
        commands in proptest::collection::vec((command(), any::<bool>(), any::<bool>()), 0..24),
        lines in proptest::collection::vec("[ -~\u{a0}-\u{ff}]{0,20}", 1..5),
        encoding in encoding(),
        lengths in any_lengths(),
    ) {
        let (mut client, mut server) = (ControlClient::new(encoding), ControlServer::new(encoding));
        let said = |server: &mut ControlServer, client: &mut ControlClient, reply: &Reply| {
            let bytes = server.reply(reply).expect("it can be said");
            let mut heard = Vec::new();
            for piece in pieces(&bytes, &lengths) {
                client.receive(piece);
                heard.extend(client.next_event().expect("a reply"));
            }
            let [Event::Reply(heard) | Event::Preliminary(heard)] = &heard[..] else {
                panic!("{heard:?}");
            };
            assert_eq!((heard.code(), heard.lines()), (reply.code(), &as_read(reply)[..]));
        };
        said(&mut server, &mut client, &Reply::new(220, lines.clone()).expect("a welcome"));
        let user = Command::parse("USER a").expect("a command");
        for (command, agrees, aborts) in std::iter::once((user, true, false)).chain(commands) {
            let bytes = client.send(&command).expect("it may be sent");
            for piece in pieces(&bytes, &lengths) {
                prop_assert!(server.next_event().expect("not too much").is_none());
                server.receive(piece);
            }
            let request = server.next_event().expect("not too much").expect("it has come");
            if let Request::Command(read) = &request {
                prop_assert_eq!(read, &command);
            }
            let mut replies = answers(&request, agrees, &lines);
            let first = replies.remove(0);
            said(&mut server, &mut client, &first);
            if aborts && client.is_in_transfer() {
                server.receive(&client.send(&Command::Abor).expect("it may be sent"));
                let abort = server.next_event().expect("not too much");
                prop_assert_eq!(abort, Some(Request::Command(Command::Abor)));
                replies.push(Reply::new(226, ["As you wish."]).expect("a reply"));
            }
            for reply in &replies {
                said(&mut server, &mut client, reply);
            }
            if first.code() == 234 {
                client.start_tls().expect("both agreed");
                server.start_tls().expect("both agreed");
            }
            prop_assert_eq!((client.is_idle(), server.is_closed()), (true, first.code() == 221));
            if server.is_closed() {
                break;
            }
            prop_assert!(server.is_idle());
        }
    }

    #[test]
    fn replies_are_read_as_they_were_said(
        code in 100_u16..600,
        lines in proptest::collection::vec("[^\r\n\0]{0,20}", 1..5),
        lengths in any_lengths(),
    ) {
        let reply = Reply::new(code, lines).expect("a reply");
        let mut reader = ReplyReader::default();
        let mut read = Vec::new();
        for piece in pieces(reply.to_string().as_bytes(), &lengths) {
            reader.receive(piece);
            read.extend(reader.next_reply().expect("a reply"));
        }
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!((read[0].code(), read[0].lines()), (code, &as_read(&reply)[..]));
        prop_assert!(reader.is_empty());
    }
}
