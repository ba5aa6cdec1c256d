//! The server's side of a control connection: what may be carried out now, and what has to be answered before more is.

use crate::contract::Error;
use crate::ftp::sequence::{Asked, Sequence};
use crate::ftp::{Command, CommandReader, Encoding, Reply};

/// How many bytes of commands may wait for their turn: those behind a transfer, and those behind a command that is not
/// answered. A client that asks every second during a transfer whether the server is there may do so for three hours.
pub const MAXIMUM_PIPELINED: usize = 64 * 1024;

/// What a control connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The welcome.
    Greeting,
    /// A command.
    Idle,
    /// The answer to a command.
    Answer(Asked),
    /// The end of a transfer that has begun, and before that maybe the answer to `STAT`.
    Transfer { is_asked: bool },
    /// TLS, before which nothing is read.
    Tls,
    /// Nothing, ever again.
    Closed,
}

/// What the client said. Each is answered by [`ControlServer::reply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A command that may be carried out now.
    Command(Command),
    /// A line that is no command, or one that may not be said now, and what is answered to it: 500 to 504, 530, 534, 536.
    Wrong(Reply),
}

/// The server's half of the conversation on a control connection.
///
/// It says in which order things are said, and nothing else: who may log in and what is done with files is its caller's to
/// say, by replies.
///
/// - One line is answered before the next is given out; what waits is bounded ([`MAXIMUM_PIPELINED`]).
/// - A transfer is answered by 1xx and then by another reply, or by a failure alone (RFC 959, 5.4). While it is on, `ABOR` is
///   given out before what came earlier, once; `STAT` if nothing waits (4.1.3), and is answered before the transfer
///   goes on being told. All others wait, also `QUIT` (4.1.1). `ABOR` is answered behind the transfer, so there are two replies
///   then.
/// - A password comes behind `USER` and 331, an account behind 332 or a login (4.1.1); before that only what asks about the
///   server is carried out. `RNTO` comes at once behind `RNFR` and 350 (4.1.3). What `REST` says is for the next
///   transfer (RFC 3659, 5).
/// - `AUTH` is for TLS and once, and takes back the login; behind 234 nothing is read until TLS has begun (RFC 2228, 3; RFC 4217,
///   4). `PROT` needs `PBSZ`, which needs TLS. There is no `CCC`, nor `REIN` under TLS. Behind `EPSV ALL` no other command for data
///   connections is carried out (RFC 2428, 4).
/// - Options of telnet are refused before the next reply (RFC 1123, 4.1.2.12).
/// - 421 can be said whenever nothing else can (RFC 959, 5.4), and ends the connection, as 221 does behind `QUIT`.
#[derive(Clone, Debug)]
pub struct ControlServer {
    encoding: Encoding,
    reader: CommandReader,
    state: State,
    sequence: Sequence,
    /// The transfer that is on is to be broken off; that is answered behind its end.
    is_aborted: bool,
}

impl Default for ControlServer {
    fn default() -> Self {
        ControlServer::new(Encoding::default())
    }
}

impl ControlServer {
    /// One whose welcome is to be said.
    pub fn new(encoding: Encoding) -> Self {
        ControlServer {
            encoding,
            reader: CommandReader::new(encoding),
            state: State::Greeting,
            sequence: Sequence::default(),
            is_aborted: false,
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
    /// [`Error::Limit`] if more waits than may. 421 is all that can be said then.
    pub fn next_event(&mut self) -> Result<Option<Request>, Error> {
        let wanted = match self.state {
            State::Idle => return Ok(self.next_line()),
            State::Answer(Asked::Transfer) if !self.is_aborted => {
                self.reader.take_wanted(|command, _| is_abort(command))
            }
            State::Transfer { is_asked: false } if !self.is_aborted => self
                .reader
                .take_wanted(|command, is_next| is_abort(command) || is_next && is_status(command)),
            _ => None,
        };
        match &wanted {
            Some(command) if is_abort(command) => self.is_aborted = true,
            Some(_) => self.state = State::Transfer { is_asked: true },
            None if self.reader.waiting() > MAXIMUM_PIPELINED && self.state != State::Closed => {
                return Err(Error::limit(format!(
                    "more than {MAXIMUM_PIPELINED} bytes of commands came before they could be carried out"
                )));
            }
            None => {}
        }
        Ok(wanted.map(Request::Command))
    }

    /// The bytes of a reply: the welcome, or to what was given out last.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it cannot be said now, or has a character that the encoding has not. Nothing has changed then.
    pub fn reply(&mut self, reply: &Reply) -> Result<Vec<u8>, Error> {
        let text = self.encoding.encode(&reply.to_string())?;
        self.state = self.behind(reply)?;
        let mut bytes = self.reader.take_refusals();
        bytes.extend_from_slice(&text);
        Ok(bytes)
    }

    /// TLS begins on this connection now: behind the 234 that answers `AUTH`, or before the welcome on a port of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] at any other time; [`Error::Unexpected`] if bytes came behind `AUTH`, which somebody on the way may have
    /// put there to be taken for the client's under TLS. The connection has to end then.
    pub fn start_tls(&mut self) -> Result<(), Error> {
        let next = match self.state {
            State::Tls => State::Idle,
            State::Greeting if !self.is_private() => State::Greeting,
            _ => return Err(Error::misuse("TLS begins when AUTH was agreed to")),
        };
        if !self.reader.is_empty() {
            self.state = State::Closed;
            return Err(Error::unexpected(
                "plain bytes came behind AUTH, where TLS begins; somebody on the way may have put them there",
            ));
        }
        self.sequence.start_tls();
        self.state = next;
        Ok(())
    }

    /// Where the transfer that was asked for last is to begin, or the next one will (`REST`).
    pub fn restart(&self) -> u64 {
        self.sequence.restart()
    }

    /// Whether somebody has said who they are, and was let in.
    pub fn is_logged_in(&self) -> bool {
        self.sequence.is_logged_in()
    }

    /// Whether this is TLS.
    pub fn is_private(&self) -> bool {
        self.sequence.is_private()
    }

    /// Whether a transfer has begun whose end was not told.
    pub fn is_in_transfer(&self) -> bool {
        matches!(self.state, State::Transfer { .. })
    }

    /// Whether nothing has to be answered.
    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
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
            State::Transfer { .. } => "the client closed the connection during a transfer",
            State::Answer(_) | State::Tls => {
                "the client closed the connection before it was answered"
            }
        }))
    }

    /// The next line, where one may come.
    fn next_line(&mut self) -> Option<Request> {
        let asked = match self.reader.next_command()? {
            Ok(command) => self.sequence.ask(&command).map(|asked| (asked, command)),
            Err(error) => {
                self.sequence.interrupt();
                Err(error.reply())
            }
        };
        Some(match asked {
            Ok((asked, command)) => {
                self.state = State::Answer(asked);
                Request::Command(command)
            }
            Err(reply) => {
                self.state = State::Answer(Asked::Nothing);
                Request::Wrong(reply)
            }
        })
    }

    /// What is awaited behind a reply.
    fn behind(&mut self, reply: &Reply) -> Result<State, Error> {
        let is_preliminary = reply.is_preliminary();
        let misuse = |problem| Err(Error::misuse(format!("{}: {problem}", reply.shown())));
        match self.state {
            State::Closed => misuse("the connection is closed"),
            _ if reply.code() == 421 => Ok(State::Closed),
            State::Tls => misuse("TLS begins before anything else is said"),
            State::Idle => misuse("nothing was asked for"),
            State::Greeting if reply.is_intermediate() => misuse("it is no welcome"),
            State::Greeting if is_preliminary => Ok(State::Greeting),
            State::Greeting if reply.is_success() => Ok(State::Idle),
            State::Greeting => Ok(State::Closed),
            State::Answer(Asked::Transfer) if is_preliminary => {
                self.reader.look_again();
                Ok(State::Transfer { is_asked: false })
            }
            // There may be a wait before it (RFC 959, 5.4).
            State::Answer(Asked::Reinitialize) if is_preliminary => Ok(self.state),
            State::Transfer { .. } | State::Answer(_)
                if is_preliminary || self.is_in_transfer() && reply.is_intermediate() =>
            {
                misuse("it is not the end of what was begun")
            }
            State::Transfer { is_asked: true } => Ok(State::Transfer { is_asked: false }),
            State::Transfer { is_asked: false } => Ok(self.transfer_over()),
            State::Answer(asked) => {
                self.sequence.answered(asked, reply)?;
                Ok(match asked {
                    Asked::Transfer => self.transfer_over(),
                    Asked::Auth if reply.is_success() => State::Tls,
                    Asked::Quit if reply.is_success() => State::Closed,
                    _ => State::Idle,
                })
            }
        }
    }

    fn transfer_over(&mut self) -> State {
        self.sequence.transfer_over();
        match std::mem::take(&mut self.is_aborted) {
            true => State::Answer(Asked::Anything),
            false => State::Idle,
        }
    }
}

fn is_abort(command: &Command) -> bool {
    *command == Command::Abor
}

/// Whether it asks how the transfer goes, and not about a file.
fn is_status(command: &Command) -> bool {
    *command == Command::Stat(None)
}

#[cfg(test)]
mod tests;
