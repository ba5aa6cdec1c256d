//! The timestamp client: a message out, its answer back, over any endpoint.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use lariat_net::{ConnectOptions, Connection};
use lariat_protocol::framing::Line;
use lariat_protocol::timestamp::{Answer, Ending, TimestampClient};
use lariat_protocol::{Address, Endpoint};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout_at};

pub use crate::asking::Error;

/// How long a server is quiet before what it sent without a line end is taken for an answer.
pub const QUIET: Duration = Duration::from_millis(50);

/// How long an answer may take: a datagram may be lost, and a server may be stuck.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Larger than any message that carriers take, so that none is cut: an answer is longer than
/// the longest question by its stamp.
const BUFFER: usize = 64 * 1024 + 1024;

/// A conversation with a timestamp server.
///
/// ```no_run
/// use lariat_client::timestamp::Client;
///
/// # async fn f() -> Result<(), lariat_client::timestamp::Error> {
/// let mut client = Client::connect(&"tcp://localhost:21567".parse().expect("a URL")).await?;
/// if let Some(answer) = client.ask(b"hi").await? {
///     println!("{}", String::from_utf8_lossy(&answer.text));
/// }
/// # Ok(()) }
/// ```
pub struct Client {
    connection: Connection,
    conversation: TimestampClient,
    buffer: Vec<u8>,
    answer_timeout: Duration,
    ended: bool,
}

impl Client {
    /// Connects; messages end with LF on streams.
    ///
    /// # Errors
    ///
    /// As [`lariat_net::connect`].
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, Error> {
        Client::connect_with(endpoint, Ending::Lf, ConnectOptions::default()).await
    }

    /// Connects with options, and with messages that end like this on streams.
    ///
    /// # Errors
    ///
    /// As [`lariat_net::connect`].
    pub async fn connect_with(
        endpoint: &Endpoint,
        ending: Ending,
        options: ConnectOptions,
    ) -> Result<Self, Error> {
        let connection = lariat_net::connect_with(endpoint, options).await?;
        Ok(Client::over(connection, ending))
    }

    /// A conversation over a connection that is there already.
    pub fn over(connection: Connection, ending: Ending) -> Self {
        // Where messages have boundaries, a line end would only be part of the message.
        let ending = match connection.is_message_oriented() {
            true => Ending::Bare,
            false => ending,
        };
        Client {
            connection,
            conversation: TimestampClient::new(ending),
            buffer: vec![0; BUFFER],
            answer_timeout: ANSWER_TIMEOUT,
            ended: false,
        }
    }

    /// Waits so long for each answer. Default [`ANSWER_TIMEOUT`].
    pub fn set_answer_timeout(&mut self, timeout: Duration) {
        self.answer_timeout = timeout;
    }

    /// The server.
    pub fn peer(&self) -> &Address {
        self.connection.peer()
    }

    /// Sends a message and waits for its answer; `None` when the server closed instead.
    ///
    /// # Errors
    ///
    /// When the connection breaks, nothing comes in time, or what comes is no answer.
    pub async fn ask(&mut self, message: &[u8]) -> Result<Option<Answer>, Error> {
        self.send(message).await?;
        let deadline = Instant::now() + self.answer_timeout;
        match timeout_at(deadline, self.next_answer()).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::TimedOut {
                peer: self.peer().clone(),
                after: self.answer_timeout,
            }),
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
    pub async fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        let request = self.conversation.request(message);
        let sent = async {
            if self.connection.is_message_oriented() {
                // One write is one message, of no bytes too, which `write_all` would skip.
                let _whole = self.connection.write(&request).await?;
            } else {
                self.connection.write_all(&request).await?;
            }
            self.connection.flush().await
        };
        let sent = sent.await;
        sent.map_err(|error| self.broken(error.into()))
    }

    /// Waits for an answer, however long; `None` when the server has closed. May be dropped
    /// and called again without losing anything.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what comes is no answer.
    pub async fn next_answer(&mut self) -> Result<Option<Answer>, Error> {
        if self.connection.is_message_oriented() {
            return self.next_message().await;
        }
        let mut quiet_from = None;
        loop {
            if let Some(answer) = self.conversation.next_answer() {
                return Ok(Some(answer));
            }
            if self.ended {
                return Ok(self.conversation.quiet());
            }
            let read = match quiet_from {
                None => self.read().await,
                Some(from) => match timeout_at(from + QUIET, self.read()).await {
                    Ok(read) => read,
                    Err(_) => return Ok(self.conversation.quiet()),
                },
            };
            match read.map_err(|error| self.broken(error))? {
                0 => self.ended = true,
                length => {
                    let taken = self.conversation.data_received(&self.buffer[..length]);
                    taken.map_err(|error| self.broken(error))?;
                    quiet_from = Some(Instant::now());
                }
            }
        }
    }

    /// On a carrier with messages each is one answer, whatever is in it, and there is
    /// nothing more of it to wait for.
    async fn next_message(&mut self) -> Result<Option<Answer>, Error> {
        let length = self.read().await.map_err(|error| self.broken(error))?;
        let text = Line::new(&self.buffer[..length]).content().to_vec();
        Ok((length > 0).then_some(Answer { text }))
    }

    /// Reads once; nothing at the end. On a carrier with messages, reads a whole one.
    async fn read(&mut self) -> Result<usize, lariat_protocol::Error> {
        let (connection, buffer) = (&mut self.connection, &mut self.buffer);
        let length = poll_fn(|context| {
            let mut buffer = ReadBuf::new(buffer);
            let polled = Pin::new(&mut *connection).poll_read(context, &mut buffer);
            polled.map_ok(|()| buffer.filled().len())
        })
        .await?;
        Ok(length)
    }

    fn broken(&self, error: lariat_protocol::Error) -> Error {
        Error::Connection {
            peer: self.peer().clone(),
            error,
        }
    }

    /// Ends the conversation in order.
    ///
    /// # Errors
    ///
    /// When the connection breaks before.
    pub async fn close(mut self) -> Result<(), Error> {
        let closed = self.connection.shutdown().await;
        closed.map_err(|error| self.broken(error.into()))
    }
}
