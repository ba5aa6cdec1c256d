//! The server's side of a connection: what may be carried out now, and what follows which answer.

use std::fmt;

use crate::contract::Error;
use crate::nntp::access::Access;
use crate::nntp::command_error::plain;
use crate::nntp::{BlockPiece, BlockWriter, Command, Limits, Reader, Reply};

/// How many bytes may wait behind a command that is not answered (RFC 3977, 3.5): some thousands of commands.
pub const MAXIMUM_PIPELINED: usize = 64 * 1024;

/// What is being waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The welcome.
    Greeting,
    /// A command.
    Idle,
    /// The answer to a command, or to a line that was refused.
    Answer(Option<Box<Command>>),
    /// The rest of the block that stands behind an answer.
    Block,
    /// What the client says next in a dialogue of SASL, which this command began.
    Response(Box<Command>),
    /// The rest of an article, to which this may be answered if it is taken.
    Article(u16),
    /// The rest of one that is too long, to which this is answered then.
    Excess(u16),
    /// What becomes of the article, which is this if it is taken.
    Verdict(u16),
    /// TLS or compression, before which nothing is read.
    Layer(Layer),
    /// Nothing, ever again.
    Closed,
}

/// What can be put under the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Tls,
    Compression,
}

/// What the client said. All but a line of an article is answered by [`Answering::reply`]. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub enum Request<'a> {
    /// A command that may be carried out now.
    Command(Command),
    /// A line that is no command, or one that may not be said now, and what is answered to it; or the end of an article that is
    /// too long, of which some lines may have been given out.
    Wrong(Reply),
    /// What follows 383 in a dialogue of SASL: base64, or `=` for nothing.
    Response(String),
    /// A line of the article, without its end.
    Line(&'a [u8]),
    /// The article is over: what becomes of it is to be said.
    End,
}

/// The server's half of a conversation.
///
/// It says in which order things are said, and nothing else: who may read and post, and what there is, is its caller's
/// to say, by replies.
///
/// - One line is answered before the next is given out, so clients may say several at once (RFC 3977, 3.5); what waits is bounded
///   ([`MAXIMUM_PIPELINED`]), and what an article may be is said by [`Limits`].
/// - An answer has a code that its command can have ([`Command::expected`]), or is a failure. Behind some stands a block
///   ([`Command::has_block`]), which is written by [`write_block`](Self::write_block) before anything else is.
/// - Behind 340 and 335 comes an article, to which 240 or 235 or a failure is the answer (6.3). One that is too long is read to its
///   end, unless it is several times as long as it may be, and answered 441 or 437, so that the client can go on.
/// - `AUTHINFO PASS` comes behind `AUTHINFO USER` and 381, and else is 482; behind a login there is no other (RFC 4643, 2.2 and
///   2.3). Behind 383 comes a response, or `*`, which is answered 481 (2.4).
/// - `STARTTLS` comes once, before a login, and behind 382 nothing is read until TLS has begun (RFC 4642, 2.2). So it is with
///   `COMPRESS DEFLATE` and 206, behind which there are no login and no TLS any more (RFC 8054, 2.2.2).
/// - 205 behind `QUIT` ends the connection, and so does 400, which can be said whenever no block is begun (3.2.1).
#[derive(Clone, Debug)]
pub struct Answering {
    reader: Reader,
    state: State,
    access: Access,
    block: BlockWriter,
}

impl Answering {
    /// One whose welcome is to be said.
    pub fn new(limits: Limits) -> Self {
        Answering {
            reader: Reader::new(limits),
            state: State::Greeting,
            access: Access::default(),
            block: BlockWriter::default(),
        }
    }

    /// Takes what came.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.reader.receive(bytes);
    }

    /// What the client has said next, if it is its turn and all of it has come.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if more waits than may, or an article goes on for several times as long as it may be. 400 is all that can
    /// be said then.
    pub fn next_event(&mut self) -> Result<Option<Request<'_>>, Error> {
        match self.state {
            State::Idle => Ok(self.next_command()),
            State::Response(_) => Ok(self.next_response()),
            State::Article(taken) => self.next_of_article(taken),
            State::Excess(refused) => self.next_of_excess(refused),
            State::Closed => Ok(None),
            _ if self.reader.waiting() > MAXIMUM_PIPELINED => Err(Error::limit(format!(
                "more than {MAXIMUM_PIPELINED} bytes came before they could be read"
            ))),
            _ => Ok(None),
        }
    }

    /// The bytes of a reply: the welcome, or to what was given out last.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it cannot be said now. Nothing has changed then.
    pub fn reply(&mut self, reply: &Reply) -> Result<Vec<u8>, Error> {
        self.state = self.behind(reply)?;
        if self.is_in_article() {
            self.reader.begin_block(true);
        }
        Ok(reply.to_string().into_bytes())
    }

    /// Puts more of the text that stands behind the reply behind what stands in `out`, as [`BlockWriter::write`].
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if none stands behind it, and for a NUL.
    pub fn write_block(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.check_block()?;
        self.block.write(text, out)
    }

    /// Ends the block.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if there is none.
    pub fn finish_block(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.check_block()?;
        std::mem::take(&mut self.block).finish(out);
        self.state = State::Idle;
        Ok(())
    }

    /// TLS begins on this connection now: behind the 382 that answers `STARTTLS`, or before the welcome on a port of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] at any other time; [`Error::Unexpected`] if bytes came behind the command, which somebody on the way may
    /// have put there to be taken for the client's under TLS. The connection has to end then.
    pub fn start_tls(&mut self) -> Result<(), Error> {
        let next = match self.state {
            State::Layer(Layer::Tls) => State::Idle,
            State::Greeting if !self.is_private() => State::Greeting,
            _ => return Err(Error::misuse("TLS begins when STARTTLS was agreed to")),
        };
        self.begin(next)?;
        self.access.start_tls();
        Ok(())
    }

    /// What is sent and received is compressed from now on: behind the 206 that answers `COMPRESS`.
    ///
    /// # Errors
    ///
    /// As [`start_tls`](Self::start_tls).
    pub fn start_compression(&mut self) -> Result<(), Error> {
        if self.state != State::Layer(Layer::Compression) {
            return Err(Error::misuse(
                "compression begins when COMPRESS was agreed to",
            ));
        }
        self.begin(State::Idle)?;
        self.access.start_compression();
        Ok(())
    }

    /// Whether somebody has said who they are, and was let in.
    pub fn is_logged_in(&self) -> bool {
        self.access.is_logged_in()
    }

    /// Whether this is TLS.
    pub fn is_private(&self) -> bool {
        self.access.is_private()
    }

    /// Whether this is compressed.
    pub fn is_compressed(&self) -> bool {
        self.access.is_compressed()
    }

    /// Whether nothing has to be answered.
    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Whether a block is to be written.
    pub fn is_in_block(&self) -> bool {
        self.state == State::Block
    }

    /// Whether an article is to come.
    pub fn is_in_article(&self) -> bool {
        matches!(self.state, State::Article(_) | State::Excess(_))
    }

    /// Whether the last reply has been said.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// The connection has ended. A client that goes without `QUIT` does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] if something was still to be said, or read.
    pub fn end(&mut self) -> Result<(), Error> {
        let state = std::mem::replace(&mut self.state, State::Closed);
        Err(Error::unexpected(match state {
            State::Closed => return Ok(()),
            State::Greeting | State::Idle if self.reader.is_empty() => return Ok(()),
            State::Greeting | State::Idle => {
                "the client closed the connection in the middle of a command"
            }
            State::Article(_) | State::Excess(_) => {
                "the client closed the connection in the middle of an article"
            }
            State::Response(_) => "the client closed the connection in the middle of a login",
            _ => "the client closed the connection before it was answered",
        }))
    }

    /// The next command, where one may come.
    fn next_command(&mut self) -> Option<Request<'static>> {
        let command = match self.reader.next_command()? {
            Ok(command) => command,
            Err(error) => return Some(self.refuse(error.reply())),
        };
        if let Some(reply) = self.access.refusal(&command) {
            return Some(self.refuse(reply));
        }
        self.state = State::Answer(Some(Box::new(command.clone())));
        Some(Request::Command(command))
    }

    /// The next line of an article, or its end, which this may be answered to.
    fn next_of_article(&mut self, taken: u16) -> Result<Option<Request<'_>>, Error> {
        match self.reader.find_piece() {
            Ok(None) => Ok(None),
            Ok(Some(place)) => Ok(Some(match self.reader.piece(place) {
                BlockPiece::Line(line) => Request::Line(line),
                BlockPiece::End => {
                    self.state = State::Verdict(taken);
                    Request::End
                }
            })),
            Err(Error::Limit(_)) => {
                // What IHAVE brought nobody is to bring again.
                let refused = if taken == 235 { 437 } else { 441 };
                self.state = State::Excess(refused);
                self.next_of_excess(refused)
            }
            Err(error) => Err(error),
        }
    }

    /// The end of an article that is too long, and the answer to it.
    fn next_of_excess(&mut self, refused: u16) -> Result<Option<Request<'static>>, Error> {
        let has_ended = self.reader.skip_block()?;
        let reply = || plain(refused, "The article is too long.");
        Ok(has_ended.then(|| self.refuse(reply())))
    }

    /// The next response of SASL (RFC 4643, 2.4).
    fn next_response(&mut self) -> Option<Request<'static>> {
        let read = self.reader.next_response()?;
        let State::Response(command) = std::mem::replace(&mut self.state, State::Idle) else {
            return None;
        };
        Some(match read {
            Ok(cancelled) if cancelled == "*" => self.refuse(plain(481, "As you wish.")),
            Ok(response) if is_base64(&response) => {
                self.state = State::Answer(Some(command));
                Request::Response(response)
            }
            _ => self.refuse(plain(504, "That is no base64.")),
        })
    }

    fn refuse(&mut self, reply: Reply) -> Request<'static> {
        self.state = State::Answer(None);
        Request::Wrong(reply)
    }

    fn check_block(&self) -> Result<(), Error> {
        match self.is_in_block() {
            true => Ok(()),
            false => Err(Error::misuse("no block stands behind what was said last")),
        }
    }

    /// Goes on on top of something new, if nothing came that would have to be read below it.
    fn begin(&mut self, next: State) -> Result<(), Error> {
        if !self.reader.is_empty() {
            self.state = State::Closed;
            return Err(Error::unexpected(
                "bytes came behind the command where TLS or compression begins; somebody on the way may have put \
                 them there",
            ));
        }
        self.state = next;
        Ok(())
    }

    /// What is awaited behind a reply.
    fn behind(&mut self, reply: &Reply) -> Result<State, Error> {
        let code = reply.code();
        let misuse = |problem: &str| Err(Error::misuse(format!("{}: {problem}", reply.shown())));
        match &self.state {
            State::Closed => misuse("the connection is closed"),
            State::Block => misuse("the block before it has no end"),
            State::Layer(_) => misuse("TLS or compression begins before anything else is said"),
            _ if code == 400 => Ok(State::Closed),
            State::Greeting if matches!(code, 200 | 201) => Ok(State::Idle),
            State::Greeting if reply.is_failure() => Ok(State::Closed),
            State::Greeting => misuse("it is no welcome"),
            State::Idle => misuse("nothing was asked for"),
            State::Article(_) | State::Excess(_) => misuse("the article has no end yet"),
            State::Response(_) => misuse("the client is to go on"),
            State::Verdict(taken) if reply.is_failure() || code == *taken => Ok(State::Idle),
            State::Verdict(_) => misuse("it does not say what becomes of the article"),
            State::Answer(None) if reply.is_failure() => Ok(State::Idle),
            State::Answer(None) => misuse("the line was refused"),
            State::Answer(Some(command)) => {
                if !reply.is_failure() && !command.expected().contains(&code) {
                    return misuse(&format!("it is no answer to {}", command.verb()));
                }
                self.access.answered(command, code);
                Ok(follows(command, code))
            }
        }
    }
}

/// What is awaited behind an answer that its command can have.
fn follows(command: &Command, code: u16) -> State {
    match code {
        400.. => State::Idle,
        205 => State::Closed,
        206 => State::Layer(Layer::Compression),
        335 => State::Article(235),
        340 => State::Article(240),
        382 => State::Layer(Layer::Tls),
        383 => State::Response(Box::new(command.clone())),
        code if command.has_block(code) => State::Block,
        _ => State::Idle,
    }
}

fn is_base64(text: &str) -> bool {
    let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    !text.is_empty() && text.bytes().all(is_of_it)
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Command(command) => write!(out, "{command:?}"),
            Request::Wrong(reply) => write!(out, "Wrong({:?})", reply.shown()),
            Request::Response(_) => write!(out, "Response(****)"),
            Request::Line(line) => write!(out, "Line({:?})", String::from_utf8_lossy(line)),
            Request::End => write!(out, "End"),
        }
    }
}

#[cfg(test)]
mod tests;
