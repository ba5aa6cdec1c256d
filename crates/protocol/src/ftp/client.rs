//! The client's side of a control connection: which reply ends which command.

use crate::contract::Error;
use crate::ftp::{Command, Encoding, Reply, ReplyReader};

/// What a control connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The server's welcome, before which it may ask for patience.
    Greeting,
    /// Nothing: a command may be sent.
    Idle,
    /// The answer to a command.
    Answer { is_transfer: bool, is_auth: bool },
    /// The end of a transfer that has begun.
    Transfer,
    /// So many answers, the first of which is that of the transfer that is broken off.
    Aborting(u8),
    /// Nothing, ever again.
    Closed,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The transfer begins (1xx); its end is to come. Before the welcome: wait.
    Preliminary(Reply),
    /// The answer to the command, or the end of the transfer.
    Reply(Reply),
    /// The server gives the connection up (421): it was idle for too long, or goes down.
    Closing(Reply),
}

/// The client's half of the conversation on a control connection.
///
/// One command is answered before the next is sent, but for two that are sent while a transfer
/// runs: `NOOP`, which keeps the connection alive where somebody on the way forgets silent ones and
/// whose answer is never seen, and `ABOR`, which ends the transfer and is answered behind it. When
/// the data connection ends, and when its end is told here, are independent of each other.
///
/// A reply that nothing was asked for is an error: whoever is on the way could otherwise answer before
/// TLS what is asked behind it.
#[derive(Clone, Debug)]
pub struct ControlClient {
    encoding: Encoding,
    reader: ReplyReader,
    state: State,
    /// How many `NOOP` have been sent during transfers and are not answered.
    unheard: u32,
    /// The answer to `AUTH` was that TLS may begin, and nothing has come or been sent since.
    may_start_tls: bool,
}

impl Default for ControlClient {
    fn default() -> Self {
        ControlClient::new(Encoding::default())
    }
}

impl ControlClient {
    /// One that awaits the server's welcome.
    pub fn new(encoding: Encoding) -> Self {
        ControlClient {
            encoding,
            reader: ReplyReader::new(encoding),
            state: State::Greeting,
            unheard: 0,
            may_start_tls: false,
        }
    }

    /// The bytes of a command, whose answer is awaited from now on.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it cannot be sent now, or at all; [`Error::Unexpected`] if the server
    /// has said something before it was asked.
    pub fn send(&mut self, command: &Command) -> Result<Vec<u8>, Error> {
        let bytes = command.to_bytes(self.encoding)?;
        let next = match (self.state, command) {
            (State::Transfer, Command::Noop) => {
                self.unheard += 1;
                return Ok(bytes);
            }
            (State::Transfer, Command::Abor) => State::Aborting(2),
            (State::Idle, _) => State::Answer {
                is_transfer: command.is_transfer(),
                is_auth: command.verb().eq_ignore_ascii_case("AUTH"),
            },
            (State::Closed, _) => return Err(Error::misuse("the connection is closed")),
            _ => {
                return Err(Error::misuse(format!(
                    "{} cannot be sent before what was sent last is answered",
                    command.verb()
                )));
            }
        };
        if self.state == State::Idle && self.unheard == 0 && !self.reader.is_empty() {
            return Err(unasked());
        }
        self.may_start_tls = false;
        self.state = next;
        Ok(bytes)
    }

    /// Takes what came.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.reader.receive(bytes);
    }

    /// What the server has said next, if all of it has come.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] or [`Error::Limit`] for what is no reply, [`Error::Unexpected`] for one that
    /// nothing was asked for. The connection is of no use then.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        while let Some(reply) = self.reader.next_reply()? {
            if reply.code() == 421 {
                self.state = State::Closed;
                return Ok(Some(Event::Closing(reply)));
            }
            // A transfer does not end so: a server that does not know NOOP, or not now, says it to that.
            let is_refused = self.state == State::Transfer && (500..=504).contains(&reply.code());
            if self.unheard > 0 && (reply.code() == 200 || is_refused) {
                self.unheard -= 1;
                continue;
            }
            return self.heard(reply).map(Some);
        }
        Ok(None)
    }

    /// Whether a command may be sent.
    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Whether a transfer has begun whose end was not told.
    pub fn is_in_transfer(&self) -> bool {
        self.state == State::Transfer
    }

    /// Whether the server has given the connection up, or it has ended.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// TLS begins on this connection now.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the server has not just agreed to `AUTH`; [`Error::Unexpected`] if bytes
    /// came behind its answer, which somebody on the way may have put there to be taken for the
    /// server's under TLS.
    pub fn start_tls(&mut self) -> Result<(), Error> {
        if !self.may_start_tls {
            return Err(Error::misuse(
                "TLS begins when the server has agreed to AUTH",
            ));
        }
        if !self.reader.is_empty() {
            return Err(Error::unexpected(
                "plain bytes came behind the answer to AUTH, where TLS begins; somebody on the way may \
                 have put them there",
            ));
        }
        self.may_start_tls = false;
        Ok(())
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
            State::Transfer | State::Aborting(_) => {
                "the server closed the connection before it said how the transfer ended"
            }
            _ => "the server closed the connection where an answer was awaited",
        }))
    }

    /// A reply has come in the state that there is.
    fn heard(&mut self, reply: Reply) -> Result<Event, Error> {
        let is_preliminary = reply.is_preliminary();
        match self.state {
            State::Greeting if is_preliminary => return Ok(Event::Preliminary(reply)),
            State::Answer {
                is_transfer: true, ..
            } if is_preliminary => {
                self.state = State::Transfer;
                return Ok(Event::Preliminary(reply));
            }
            State::Idle | State::Closed => return Err(unasked()),
            _ if is_preliminary => {
                return Err(Error::unexpected(format!(
                    "{} says that more comes, where nothing can",
                    reply.shown()
                )));
            }
            State::Greeting => self.state = State::Idle,
            State::Answer { is_auth, .. } => {
                self.may_start_tls = is_auth && reply.code() == 234;
                self.state = State::Idle;
            }
            State::Transfer => self.state = State::Idle,
            State::Aborting(2..) => self.state = State::Aborting(1),
            State::Aborting(_) => self.state = State::Idle,
        }
        Ok(Event::Reply(reply))
    }
}

fn unasked() -> Error {
    Error::unexpected("the server said something before it was asked")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pieces::{any_lengths, pieces};

    /// Transcripts, and what is heard in them.
    const TRANSCRIPTS: &[(&str, &str)] = &[
        (
            include_str!("transcripts/fetch.txt"),
            "... 120,220,331,230,211,250,200,229,... 150,226,221",
        ),
        (
            include_str!("transcripts/tls.txt"),
            "220,234,331,230,200,200,229,... 150,226,bye 421",
        ),
        (
            include_str!("transcripts/abort.txt"),
            "220,230,229,... 150,426,225,... 150,226,226,257",
        ),
        (
            include_str!("transcripts/keep_alive.txt"),
            "220,230,... 125,250,257,... 150,451,500,... 150,226,257",
        ),
    ];

    /// Plays a transcript, cut into pieces of these lengths, and gives what was heard.
    fn play(text: &str, lengths: &[usize]) -> Vec<String> {
        let mut control = ControlClient::default();
        let mut heard = Vec::new();
        for line in text.lines() {
            let (who, what) = line.split_once(": ").expect("a transcript");
            match who {
                "C" => {
                    let command = Command::parse(what).expect("a command");
                    let sent = control.send(&command).expect(what);
                    assert_eq!(sent, format!("{what}\r\n").as_bytes());
                }
                "T" => control.start_tls().expect("TLS"),
                _ => {
                    let bytes = what.replace("\\r", "\r").replace("\\n", "\n");
                    for piece in pieces(bytes.as_bytes(), lengths) {
                        control.receive(piece);
                        while let Some(event) = control.next_event().expect(what) {
                            heard.push(match event {
                                Event::Preliminary(reply) => format!("... {}", reply.code()),
                                Event::Reply(reply) => reply.code().to_string(),
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
        for (text, expected) in TRANSCRIPTS {
            for length in [usize::MAX, 1, 2, 3, 7] {
                assert_eq!(
                    play(text, &[length]).join(","),
                    *expected,
                    "{length}\n{text}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn transcripts_are_heard_alike_at_random_cuts(lengths in any_lengths()) {
            for (text, expected) in TRANSCRIPTS {
                prop_assert_eq!(play(text, &lengths).join(","), *expected, "{}", text);
            }
        }
    }

    #[test]
    fn what_nothing_was_asked_for_is_an_error() {
        let logged_in = || {
            let mut control = ControlClient::default();
            control.receive(b"220 a\r\n");
            control.next_event().expect("a welcome");
            control
        };
        let mut early = logged_in();
        early.receive(b"230 b\r\n");
        let error = early.send(&Command::Pwd).expect_err("answered before");
        assert!(error.to_string().contains("before it was asked"), "{error}");
        assert!(early.next_event().is_err());

        let mut control = logged_in();
        control.send(&Command::Pwd).expect("sent");
        assert!(control.send(&Command::Noop).is_err());
        control.receive(b"150 b\r\n");
        let error = control.next_event().expect_err("not for PWD");
        assert!(error.to_string().contains("where nothing can"), "{error}");
    }

    #[test]
    fn bytes_before_tls_are_not_taken_for_the_servers() {
        let mut control = ControlClient::default();
        control.receive(b"220 a\r\n");
        control.next_event().expect("a welcome");
        let auth = Command::parse("AUTH TLS").expect("a command");
        control.send(&auth).expect("sent");
        control.receive(b"234 b\r\n230 injected\r\n");
        control.next_event().expect("an answer");
        let error = control.start_tls().expect_err("injected").to_string();
        assert!(error.contains("behind the answer to AUTH"), "{error}");

        let mut refused = ControlClient::default();
        refused.receive(b"220 a\r\n");
        refused.next_event().expect("a welcome");
        refused.send(&auth).expect("sent");
        refused.receive(b"502 no\r\n");
        refused.next_event().expect("an answer");
        assert!(refused.start_tls().is_err());
    }

    #[test]
    fn an_end_says_what_it_cut_off() {
        let mut control = ControlClient::default();
        let ended = |control: &ControlClient| {
            let ended = control.clone().end();
            ended
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default()
        };
        assert!(ended(&control).contains("before it said anything"));
        control.receive(b"220 a\r\n");
        control.next_event().expect("a welcome");
        assert_eq!(ended(&control), "");
        control
            .send(&Command::parse("RETR a").expect("a command"))
            .expect("sent");
        assert!(ended(&control).contains("answer was awaited"));
        control.receive(b"150 b\r\n");
        control.next_event().expect("it begins");
        assert!(ended(&control).contains("how the transfer ended"));
    }
}
