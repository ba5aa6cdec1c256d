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
mod tests;
