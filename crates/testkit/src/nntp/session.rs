//! One connection of the small news server.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use lariat_protocol::nntp::{
    Article, BlockPiece, BlockWriter, Command, CommandError, Deflater, Inflater, List,
    OverviewFormat, Reader, Wildmat, split_article,
};

use super::shelf::Stored;
use super::{NntpFault, Shared};

/// How long a session waits for its client: longer than any test.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Session {
    stream: TcpStream,
    reader: Reader,
    compression: Option<(Deflater, Inflater)>,
    shared: Arc<Shared>,
    /// The group and the number of the article that are selected.
    here: Option<(String, u64)>,
    user: Option<String>,
    is_in: bool,
}

/// What is said: a line, and a block behind it if there is one.
struct Answer {
    line: String,
    block: Option<Vec<u8>>,
}

impl Answer {
    fn line(line: impl Into<String>) -> Self {
        Answer {
            line: line.into(),
            block: None,
        }
    }

    fn block(line: impl Into<String>, text: Vec<u8>) -> Self {
        Answer {
            line: line.into(),
            block: Some(text),
        }
    }

    fn lines(line: &str, lines: impl IntoIterator<Item = String>) -> Self {
        let text: String = lines.into_iter().map(|line| line + "\n").collect();
        Answer::block(line, text.into_bytes())
    }

    /// Why there is no article.
    fn missing(code: u16) -> Self {
        Answer::line(match code {
            412 => "412 No group selected",
            420 => "420 No current article",
            423 => "423 No article with that number",
            _ => "430 No article with that message-id",
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.line).into_bytes();
        if let Some(text) = &self.block {
            let mut writer = BlockWriter::default();
            // A test may have put a NUL into an article, which is sent as it is.
            for (at, part) in text.split(|byte| *byte == 0).enumerate() {
                if at > 0 {
                    bytes.push(0);
                }
                let _ = writer.write(part, &mut bytes);
            }
            writer.finish(&mut bytes);
        }
        bytes
    }
}

impl Session {
    pub(super) fn open(stream: TcpStream, shared: Arc<Shared>) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Session {
            stream,
            reader: Reader::default(),
            compression: None,
            shared,
            here: None,
            user: None,
            is_in: false,
        })
    }

    pub(super) fn run(mut self) -> io::Result<()> {
        self.answer("", Answer::line("200 A server for tests."))?;
        loop {
            let Some(command) = self.next_command()? else {
                return Ok(());
            };
            match command {
                Ok(command) => {
                    let heard = self.shared.heard.lock();
                    heard
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(command.to_string());
                    if !self.serve(&command)? {
                        return Ok(());
                    }
                }
                Err(CommandError::Unknown(_)) => {
                    self.answer("?", Answer::line("500 What?")).map(drop)?
                }
                Err(_) => self.answer("?", Answer::line("501 How?")).map(drop)?,
            }
        }
    }

    /// Answers a command; not, if it was the last.
    fn serve(&mut self, command: &Command) -> io::Result<bool> {
        let answer = self.carry_out(command);
        let code = answer.line.get(..3).map(str::to_owned);
        let is_said = self.answer(command.verb(), answer)?;
        match code.as_deref() {
            Some("205") => return Ok(false),
            Some("206") if is_said => self.compression = Some(Default::default()),
            Some("335" | "340") if is_said => self.take_article(command)?,
            _ => {}
        }
        Ok(true)
    }

    fn carry_out(&mut self, command: &Command) -> Answer {
        let is_open = self.is_in || !self.shared.wants_login.load(Ordering::Acquire);
        match command {
            Command::Capabilities(_) => self.capabilities(),
            Command::AuthinfoUser(user) => {
                self.user = Some(user.to_string());
                Answer::line("381 And the password?")
            }
            Command::AuthinfoPass(password) => {
                self.is_in =
                    self.user.as_deref() == Some("anna") && password.as_str() == "swordfish";
                Answer::line(if self.is_in {
                    "281 Come in"
                } else {
                    "481 Not you"
                })
            }
            Command::AuthinfoSasl(_, Some(initial)) => {
                // anna and swordfish, in base64.
                self.is_in = initial.as_str() == "AGFubmEAc3dvcmRmaXNo";
                Answer::line(if self.is_in {
                    "281 Come in"
                } else {
                    "481 Not you"
                })
            }
            Command::Quit => Answer::line("205 Bye"),
            Command::ModeReader => Answer::line("200 You may post"),
            _ if !is_open => Answer::line("480 Who are you?"),
            Command::Compress(_) => Answer::line("206 Compression begins"),
            Command::Date => Answer::line("111 20060617172721"),
            Command::Help => Answer::lines("100 Help", ["Ask somebody.".into()]),
            Command::Post => Answer::line("340 Send it"),
            Command::Ihave(id) if self.shared.shelf().by_id(id).is_some() => {
                Answer::line("435 I have it")
            }
            Command::Ihave(_) => Answer::line("335 Send it"),
            Command::Next => self.step(true),
            Command::Last => self.step(false),
            Command::Group(_) | Command::Listgroup(..) => self.select(command),
            Command::List(_) | Command::Newgroups(_) | Command::Newnews(..) => self.list(command),
            Command::Article(article)
            | Command::Body(article)
            | Command::Head(article)
            | Command::Stat(article) => self.give(command, article),
            Command::Over(_) | Command::Xover(_) | Command::Hdr(..) | Command::Xhdr(..) => {
                self.survey(command)
            }
            _ => Answer::line("500 What?"),
        }
    }

    fn capabilities(&self) -> Answer {
        let known = self.shared.capabilities.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner).clone();
        match known.is_empty() {
            true => Answer::line("500 What?"),
            false => Answer::lines("101 What I can", known.into_iter().map(str::to_owned)),
        }
    }

    fn select(&mut self, command: &Command) -> Answer {
        let (name, range) = match command {
            Command::Group(name) => (Some(name.to_string()), None),
            Command::Listgroup(Some(name), range) => (Some(name.to_string()), *range),
            _ => (self.here.as_ref().map(|(name, _)| name.clone()), None),
        };
        let Some(name) = name else {
            return Answer::missing(412);
        };
        let shelf = self.shared.shelf();
        let Some(group) = shelf.group(&name) else {
            return Answer::line("411 No such group");
        };
        let line = format!(
            "211 {} {} {} {name}",
            group.articles.len(),
            group.first(),
            group.last()
        );
        self.here = Some((name, group.first()));
        if matches!(command, Command::Group(_)) {
            return Answer::line(line);
        }
        let numbers = group
            .articles
            .keys()
            .filter(|number| range.is_none_or(|range| range.contains(**number)));
        Answer::lines(&line, numbers.map(u64::to_string))
    }

    fn step(&mut self, is_forward: bool) -> Answer {
        let Some((name, current)) = &mut self.here else {
            return Answer::missing(412);
        };
        let shelf = self.shared.shelf();
        let Some(group) = shelf.group(name) else {
            return Answer::missing(412);
        };
        let found = match is_forward {
            true => group.articles.range(*current + 1..).next(),
            false => group.articles.range(..*current).next_back(),
        };
        match (found, is_forward) {
            (Some((number, stored)), _) => {
                *current = *number;
                Answer::line(format!("223 {number} {}", stored.id))
            }
            (None, true) => Answer::line("421 No next article"),
            (None, false) => Answer::line("422 No previous article"),
        }
    }

    fn give(&mut self, command: &Command, article: &Article) -> Answer {
        let shelf = self.shared.shelf();
        let (number, stored) = match shelf.find(article, self.here.as_ref()) {
            Ok(found) => found,
            Err(code) => return Answer::missing(code),
        };
        if let (Article::Number(_), Some((_, current))) = (article, &mut self.here) {
            *current = number;
        }
        let (head, body) = split_article(&stored.content);
        let (code, text) = match command {
            Command::Article(_) => (220, Some(stored.content.as_slice())),
            Command::Head(_) => (221, Some(head)),
            Command::Body(_) => (222, Some(body)),
            _ => (223, None),
        };
        let line = format!("{code} {number} {}", stored.id);
        match text {
            Some(text) => Answer::block(line, text.to_vec()),
            None => Answer::line(line),
        }
    }

    fn survey(&self, command: &Command) -> Answer {
        let (line, field, articles) = match command {
            Command::Over(articles) | Command::Xover(articles) => ("224 Overview", None, articles),
            Command::Hdr(field, articles) => ("225 Values", Some(field.as_str()), articles),
            Command::Xhdr(field, articles) => ("221 Values", Some(field.as_str()), articles),
            _ => return Answer::line("500 What?"),
        };
        let shelf = self.shared.shelf();
        let found = match shelf.find_all(articles, self.here.as_ref()) {
            Ok(found) => found,
            Err(code) => return Answer::missing(code),
        };
        let format = OverviewFormat::default();
        let overview = |stored: &Stored| {
            let fields = format.names().iter().map(|name| stored.field(name));
            fields.collect::<Vec<_>>().join("\t") + "\tXref: test.example"
        };
        let lines = found.into_iter().map(|(number, stored)| match field {
            Some(field) => format!("{number} {}", stored.field(field)),
            None => format!("{number}\t{}", overview(stored)),
        });
        Answer::lines(line, lines)
    }

    fn list(&self, command: &Command) -> Answer {
        let shelf = self.shared.shelf();
        let fits = |pattern: &Option<Wildmat>, name: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(name))
        };
        let active = |pattern: &Option<Wildmat>| {
            let groups = shelf.groups().filter(|(name, _)| fits(pattern, name));
            groups
                .map(|(name, group)| format!("{name} {} {} y", group.last(), group.first()))
                .collect::<Vec<_>>()
        };
        match command {
            Command::List(List::Active(pattern)) => Answer::lines("215 Groups", active(pattern)),
            Command::List(List::Newsgroups(pattern)) => {
                let groups = shelf.groups().filter(|(name, _)| fits(pattern, name));
                Answer::lines(
                    "215 Groups",
                    groups.map(|(name, group)| format!("{name}\t{}", group.description)),
                )
            }
            Command::List(List::OverviewFmt) => {
                let extra = ["Xref:full".to_owned()];
                Answer::lines("215 Fields", OverviewFormat::default().lines().chain(extra))
            }
            Command::List(List::Headers(_)) => Answer::lines("215 Fields", [":".into()]),
            Command::List(_) => Answer::line("503 Not here"),
            // Everything came at the time at which its clock stands.
            Command::Newgroups(since) if since.seconds() <= 1_150_565_241 => {
                Answer::lines("231 Groups", active(&None))
            }
            Command::Newnews(pattern, since) if since.seconds() <= 1_150_565_241 => {
                let groups = shelf.groups().filter(|(name, _)| pattern.matches(name));
                let articles = groups.flat_map(|(_, group)| group.articles.values());
                Answer::lines("230 Articles", articles.map(|stored| stored.id.clone()))
            }
            Command::Newgroups(_) => Answer::lines("231 Groups", []),
            _ => Answer::lines("230 Articles", []),
        }
    }

    /// Takes the article that was asked for, and says what becomes of it.
    fn take_article(&mut self, command: &Command) -> io::Result<()> {
        self.reader.begin_block(true);
        let mut article = Vec::new();
        loop {
            match self.reader.next_piece().map_err(io::Error::other)? {
                Some(BlockPiece::Line(line)) => {
                    article.extend_from_slice(line);
                    article.push(b'\n');
                    continue;
                }
                Some(BlockPiece::End) => break,
                None => {}
            }
            if !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let taken = self.shared.shelf().post(&article);
        let answer = Answer::line(match (taken, command) {
            (Ok(()), Command::Post) => "240 It is there".to_owned(),
            (Ok(()), _) => "235 Thanks".to_owned(),
            (Err(line), _) => line,
        });
        self.answer("ARTICLE SENT", answer).map(drop)
    }

    /// Says something, unless something else was ordered, and tells which it was.
    fn answer(&mut self, verb: &str, answer: Answer) -> io::Result<bool> {
        let Some(fault) = self.shared.fault(verb) else {
            return self.say(&answer.bytes()).map(|()| true);
        };
        let said = match fault {
            NntpFault::Says(bytes) => self.say(&bytes),
            NntpFault::Plain(bytes) => self.stream.write_all(&bytes),
            NntpFault::Drips(pause) => {
                self.say(b"100 Help\r\n")?;
                loop {
                    self.say(b"x\r\n")?;
                    std::thread::sleep(pause);
                }
            }
            NntpFault::Silent => self.wait(),
            NntpFault::HangsUp => Err(io::ErrorKind::ConnectionAborted.into()),
            NntpFault::Cuts(length) => {
                let bytes = answer.bytes();
                self.say(&bytes[..length.min(bytes.len())])?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            NntpFault::Stalls(length) => {
                let bytes = answer.bytes();
                self.say(&bytes[..length.min(bytes.len())])?;
                self.wait()
            }
            NntpFault::Endless(first) => self.say_for_ever(first, b"x"),
            NntpFault::EndlessLines(first) => self.say_for_ever(first, b"a line\r\n"),
        };
        said.map(|()| false)
    }

    fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.compression {
            Some((deflater, _)) => self.stream.write_all(&deflater.compress(bytes)),
            None => self.stream.write_all(bytes),
        }
    }

    /// Until the client goes.
    fn say_for_ever(&mut self, first: &str, more: &[u8]) -> io::Result<()> {
        self.say(first.as_bytes())?;
        let more = more.repeat(8 * 1024);
        loop {
            self.say(&more)?;
        }
    }

    /// Until the client goes.
    fn wait(&mut self) -> io::Result<()> {
        let mut ignored = [0; 1024];
        while self.stream.read(&mut ignored)? > 0 {}
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    fn next_command(&mut self) -> io::Result<Option<Result<Command, CommandError>>> {
        loop {
            if let Some(command) = self.reader.next_command() {
                return Ok(Some(command));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Gets more of what the client says; not, if it has gone.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 16 * 1024];
        loop {
            if let Some((_, inflater)) = &mut self.compression {
                let given = inflater.next_piece(&mut piece).map_err(io::Error::other)?;
                if given > 0 {
                    self.reader.receive(&piece[..given]);
                    return Ok(true);
                }
            }
            let length = self.stream.read(&mut piece)?;
            if length == 0 {
                return Ok(false);
            }
            match &mut self.compression {
                Some((_, inflater)) => inflater.receive(&piece[..length]),
                None => {
                    self.reader.receive(&piece[..length]);
                    return Ok(true);
                }
            }
        }
    }
}
