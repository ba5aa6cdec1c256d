//! The command server's client: a line asks, an answer comes.

use std::time::Duration;

use lariat_protocol::command::{Answer, AnswerReader, Heard, MAXIMUM_LINE, Outcome};
use lariat_protocol::{Address, Endpoint};
use tokio::io::AsyncWriteExt;

use crate::asking::{AskOptions, Asked, Error, Moved};

/// How long an answer may take, unless it is said otherwise: longer than servers give a program.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest answer, in bytes: more than servers send unless they are told to.
pub const MAXIMUM_ANSWER: usize = 16 * 1024 * 1024;

/// A conversation with a command server, over any endpoint of streams.
///
/// ```no_run
/// use lariat_client::command::Client;
///
/// # async fn f() -> Result<(), lariat_client::asking::Error> {
/// let endpoint = "tcp://localhost:21576".parse().expect("a URL");
/// let mut client = Client::connect(&endpoint, Default::default()).await?;
/// let answer = client.ask("date").await?;
/// print!("{}", String::from_utf8_lossy(&answer.text));
/// client.close().await?;
/// # Ok(()) }
/// ```
pub struct Client {
    asked: Asked,
    reader: AnswerReader,
    /// What came and was not read.
    came: Vec<u8>,
}

impl Client {
    /// Connects. An answer may take [`ANSWER_TIMEOUT`] unless the options say otherwise.
    ///
    /// # Errors
    ///
    /// As [`lariat_net::connect`].
    pub async fn connect(endpoint: &Endpoint, options: AskOptions) -> Result<Self, Error> {
        let timeout = options.timeout.or(Some(ANSWER_TIMEOUT));
        let options = AskOptions { timeout, ..options };
        Ok(Client {
            asked: Asked::connect(endpoint, options).await?,
            reader: AnswerReader::new(MAXIMUM_ANSWER),
            came: Vec::new(),
        })
    }

    /// The server.
    pub fn peer(&self) -> &Address {
        self.asked.peer()
    }

    /// Sends a line and waits for its answer, which may say that something is wrong.
    ///
    /// # Errors
    ///
    /// When the line cannot be one, or no answer comes: the connection broke, or the server ended it,
    /// or it is no command server.
    pub async fn ask(&mut self, line: &str) -> Result<Answer, Error> {
        self.check(line)?;
        let line = [line.as_bytes(), b"\n"].concat();
        self.asked.send_all(&line).await?;
        loop {
            if let Some(heard) = self.read()? {
                return self.answer(heard);
            }
            if !self.receive().await? {
                return Err(self.ended());
            }
        }
    }

    /// Waits until the server ends the connection, which it may do at any time between answers, and
    /// says why. May be dropped and called again.
    pub async fn closed(&mut self) -> Error {
        loop {
            let heard = match self.read() {
                Ok(Some(heard)) => self.answer(heard).map(drop),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = heard {
                return error;
            }
            match self.receive().await {
                Ok(true) | Err(Error::TimedOut { .. }) => {}
                Ok(false) => return self.ended(),
                Err(error) => return error,
            }
        }
    }

    /// What the server calls its commands: the first words of what `help` answers.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask).
    pub async fn names(&mut self) -> Result<Vec<String>, Error> {
        let help = self.ask("help").await?;
        if !matches!(help.outcome, Outcome::Ok) {
            return Ok(Vec::new());
        }
        let text = String::from_utf8_lossy(&help.text).into_owned();
        let first = |line: &str| line.split_whitespace().next().map(str::to_string);
        Ok(text.lines().filter_map(first).collect())
    }

    /// Ends the conversation in order.
    ///
    /// # Errors
    ///
    /// When the connection breaks before.
    pub async fn close(mut self) -> Result<(), Error> {
        let closed = self.asked.connection.shutdown().await;
        closed.map_err(|error| self.asked.broken(error))
    }

    fn check(&self, line: &str) -> Result<(), Error> {
        let wrong = match line {
            _ if line.len() > MAXIMUM_LINE => format!(
                "a command has at most {MAXIMUM_LINE} bytes, and this one {}",
                line.len()
            ),
            _ if line.contains(['\n', '\r']) => "a command is one line".into(),
            _ => return Ok(()),
        };
        Err(self.asked.broken(lariat_protocol::Error::misuse(wrong)))
    }

    fn read(&mut self) -> Result<Option<Heard>, Error> {
        let read = self.reader.read(&self.came);
        let (heard, used) = read.map_err(|error| self.asked.broken(error))?;
        self.came.drain(..used);
        Ok(heard)
    }

    /// Takes what comes next. False at the end.
    async fn receive(&mut self) -> Result<bool, Error> {
        loop {
            if let Moved::Received(length) = self.asked.move_bytes(&[]).await? {
                self.came.extend_from_slice(self.asked.received(length));
                return Ok(length > 0);
            }
        }
    }

    fn answer(&self, heard: Heard) -> Result<Answer, Error> {
        match heard {
            Heard::Answer(answer) => Ok(answer),
            Heard::Closing(why) => Err(self.unexpected(format!("the server closed: {why}"))),
        }
    }

    fn ended(&self) -> Error {
        match self.reader.end() {
            Ok(()) => self.unexpected("the server closed the connection".into()),
            Err(error) => self.asked.broken(error),
        }
    }

    fn unexpected(&self, words: String) -> Error {
        self.asked.broken(lariat_protocol::Error::unexpected(words))
    }
}
