//! The client's side of a connection: which answer ends which command, and what stands behind it.

use crate::contract::Error;
use crate::nntp::{BlockPiece, Command, Limits, Reader, Reply};

/// What is being waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The server's welcome.
    Greeting,
    /// Nothing: a command may be sent.
    Idle,
    /// The answer to a command.
    Answer(Box<Command>),
    /// The rest of the block that stands behind an answer.
    Block,
    /// The end of the article that this side sends.
    Article,
    /// What becomes of the article that was sent.
    Verdict,
    /// Nothing, ever again.
    Closed,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The answer to the command. If [`Conversation::is_in_block`] then, lines follow; if
    /// [`Conversation::is_in_article`], an article is to be sent.
    Reply(Reply),
    /// A line of the block, without its end.
    Line(&'a [u8]),
    /// The block is over.
    End,
    /// The server gives the connection up: it was idle for too long, goes down, or lets nobody in.
    Closing(Reply),
}

/// The client's half of a conversation.
///
/// One command is answered before the next is sent. An answer with a code that cannot be one to the command is an error,
/// and so is one that nothing was asked for: whoever is on the way could otherwise answer before TLS
/// what is asked behind it.
#[derive(Clone, Debug)]
pub struct Conversation {
    reader: Reader,
    state: State,
    /// What was agreed to by the last answer, if nothing has been sent since.
    agreed: Option<Layer>,
}

/// What can be put under the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Tls,
    Compression,
}

impl Conversation {
    /// One that awaits the server's welcome.
    pub fn new(limits: Limits) -> Self {
        Conversation {
            reader: Reader::new(limits),
            state: State::Greeting,
            agreed: None,
        }
    }

    /// The bytes of a command, whose answer is awaited from now on.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it cannot be sent now, or at all; [`Error::Unexpected`] if the server has said something
    /// before it was asked.
    pub fn send(&mut self, command: &Command) -> Result<Vec<u8>, Error> {
        let bytes = command.to_bytes()?;
        match self.state {
            State::Idle => {}
            State::Closed => return Err(Error::misuse("the connection is closed")),
            _ => {
                return Err(Error::misuse(format!(
                    "{} cannot be sent before what was sent last is answered",
                    command.verb()
                )));
            }
        }
        if !self.reader.is_empty() {
            return Err(unasked());
        }
        self.agreed = None;
        self.state = State::Answer(Box::new(command.clone()));
        Ok(bytes)
    }

    /// The article that the server waits for has been sent, to its end.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it waits for none.
    pub fn article_sent(&mut self) -> Result<(), Error> {
        match self.state {
            State::Article => {
                self.state = State::Verdict;
                Ok(())
            }
            _ => Err(Error::misuse(
                "an article is sent behind POST or IHAVE, when the server wants it",
            )),
        }
    }

    /// Takes what came.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.reader.receive(bytes);
    }

    /// What the server has said next, if all of it has come.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] or [`Error::Limit`] for what is no NNTP or too much, [`Error::Unexpected`] for an answer that
    /// cannot be one. The connection is of no use then.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        if self.state != State::Block {
            return match self.reader.next_reply()? {
                Some(reply) => self.heard(reply).map(Some),
                None => Ok(None),
            };
        }
        Ok(match self.reader.next_piece()? {
            Some(BlockPiece::Line(line)) => Some(Event::Line(line)),
            Some(BlockPiece::End) => {
                self.state = State::Idle;
                Some(Event::End)
            }
            None => None,
        })
    }

    /// Whether a command may be sent.
    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Whether the server has given the connection up, or it has ended.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether lines are to come.
    pub fn is_in_block(&self) -> bool {
        self.state == State::Block
    }

    /// Whether the server waits for an article.
    pub fn is_in_article(&self) -> bool {
        self.state == State::Article
    }

    /// TLS begins on this connection now.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the server has not just agreed to `STARTTLS`; [`Error::Unexpected`] if bytes came behind its
    /// answer, which somebody on the way may have put there to be taken for the server's under TLS.
    pub fn start_tls(&mut self) -> Result<(), Error> {
        self.begin(
            Layer::Tls,
            "TLS begins when the server has agreed to STARTTLS",
        )
    }

    /// What is sent and received is compressed from now on.
    ///
    /// # Errors
    ///
    /// As [`start_tls`](Self::start_tls), for `COMPRESS`.
    pub fn start_compression(&mut self) -> Result<(), Error> {
        let misuse = "compression begins when the server has agreed to COMPRESS";
        self.begin(Layer::Compression, misuse)
    }

    /// The connection has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] if something was still awaited.
    pub fn end(&mut self) -> Result<(), Error> {
        let state = std::mem::replace(&mut self.state, State::Closed);
        Err(Error::unexpected(match state {
            State::Closed | State::Idle if self.reader.is_empty() => return Ok(()),
            State::Greeting => "the server closed the connection before it said anything",
            State::Block => "the server closed the connection in the middle of an answer",
            State::Article | State::Verdict => {
                "the server closed the connection before it said what becomes of the article"
            }
            _ => "the server closed the connection where an answer was awaited",
        }))
    }

    fn begin(&mut self, layer: Layer, misuse: &'static str) -> Result<(), Error> {
        if self.agreed != Some(layer) {
            return Err(Error::misuse(misuse));
        }
        if !self.reader.is_empty() {
            return Err(Error::unexpected(
                "bytes came behind the answer where TLS or compression begins; somebody on the way may have put \
                 them there",
            ));
        }
        self.agreed = None;
        Ok(())
    }

    /// A reply has come in the state that there is.
    fn heard(&mut self, reply: Reply) -> Result<Event<'static>, Error> {
        let code = reply.code();
        let state = std::mem::replace(&mut self.state, State::Closed);
        // Whatever was asked, and also when nothing was.
        if code == 400 {
            return Ok(Event::Closing(reply));
        }
        // An article's limit is that of no list, which XHDR gives by the code of HEAD (RFC 2980, 2.6).
        let is_article = matches!(&state, State::Answer(command) if command.is_about_article());
        match state {
            State::Greeting if matches!(code, 200 | 201) => self.state = State::Idle,
            State::Greeting if reply.is_failure() => return Ok(Event::Closing(reply)),
            State::Greeting => return Err(wrong(&reply, "welcome")),
            State::Answer(command) => self.state = answered(&command, &reply)?,
            // What is still to be sent would be taken for commands.
            State::Article if reply.is_failure() => return Ok(Event::Closing(reply)),
            State::Article => return Err(wrong(&reply, "answer before the article was sent")),
            State::Verdict if reply.is_failure() || matches!(code, 235 | 240) => {
                self.state = State::Idle
            }
            State::Verdict => return Err(wrong(&reply, "answer to an article")),
            State::Idle | State::Block | State::Closed => return Err(unasked()),
        }
        match (&self.state, code) {
            (State::Idle, 382) => self.agreed = Some(Layer::Tls),
            (State::Idle, 206) => self.agreed = Some(Layer::Compression),
            (State::Block, _) => self.reader.begin_block(is_article),
            _ => {}
        }
        Ok(Event::Reply(reply))
    }
}

/// What is awaited behind the answer to a command.
fn answered(command: &Command, reply: &Reply) -> Result<State, Error> {
    let (code, expected) = (reply.code(), command.expected());
    if reply.is_failure() {
        return Ok(State::Idle);
    }
    if !expected.is_empty() && !expected.contains(&code) {
        return Err(wrong(reply, &format!("answer to {}", command.verb())));
    }
    Ok(match code {
        205 => State::Closed,
        335 | 340 => State::Article,
        // A dialogue of SASL, which nobody leads here.
        383 => return Err(wrong(reply, "answer to a login that has said everything")),
        code if command.has_block(code) => State::Block,
        _ => State::Idle,
    })
}

fn wrong(reply: &Reply, what: &str) -> Error {
    Error::unexpected(format!("{:?} is no {what}", reply.shown()))
}

fn unasked() -> Error {
    Error::unexpected("the server said something before it was asked")
}

#[cfg(test)]
mod tests {
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
                include_str!("transcripts/read.txt"),
                "200,101,[VERSION 2],[READER],.,211,224,[3000234\tI am just],[3000235\t.signature],.,220,[Path: a],\
                 [From: b],[],[.one],[],.,430,411,223,421,223,211,[3000234],[3000235],.,111,205",
            ),
            (
                include_str!("transcripts/post.txt"),
                "201,340,240,340,441,335,235,435,440,bye 400",
            ),
            (
                include_str!("transcripts/access.txt"),
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
}
