//! The connection: commands sent, replies and blocks waited for, each within its time, compressed or not.

use std::io;
use std::time::Duration;

use lariat_net::Connection;
use lariat_protocol::Address;
use lariat_protocol::nntp::{Command, Conversation, Deflater, Event, Inflater, Limits, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::{Error, Watch};

/// How much is read, or comes out of what is compressed, at once.
const PIECE: usize = 16 * 1024;

/// How many bytes a second a block must keep up once its first time is over: below any line of a modem, and more than a
/// server that only wants to be waited for.
const MINIMUM_RATE: u64 = 128;

/// How long a server may take to say why it has closed a connection.
const EXPLANATION: Duration = Duration::from_secs(1);

/// A connection and what is being waited for on it.
pub(super) struct Wire {
    /// Gone when TLS could not be begun on it.
    connection: Option<Connection>,
    machine: Conversation,
    compression: Option<Box<(Deflater, Inflater)>>,
    peer: Address,
    timeout: Duration,
    /// Who is told how much of a block has come.
    pub(super) watch: Option<Watch>,
    /// What was sent last, for messages.
    last: String,
    piece: Box<[u8]>,
}

impl Wire {
    pub(super) fn new(connection: Connection, limits: Limits, timeout: Duration) -> Self {
        Wire {
            peer: connection.peer().clone(),
            connection: Some(connection),
            machine: Conversation::new(limits),
            compression: None,
            timeout,
            watch: None,
            last: "the connection".into(),
            piece: vec![0; PIECE].into_boxed_slice(),
        }
    }

    pub(super) fn peer(&self) -> &Address {
        &self.peer
    }

    /// Whether TLS is on it.
    pub(super) fn is_secret(&self) -> bool {
        let connection = self.connection.as_ref();
        connection.is_some_and(|connection| connection.tls().is_some())
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.compression.is_some()
    }

    /// Sends a command and waits for its answer, which must be that it was done, or that more is wanted.
    pub(super) async fn ask(&mut self, command: &Command) -> Result<Reply, Error> {
        self.send(command).await?;
        let reply = self.reply().await?;
        match reply.is_failure() {
            true => Err(self.refused(reply)),
            false => Ok(reply),
        }
    }

    /// What the server says next.
    pub(super) async fn reply(&mut self) -> Result<Reply, Error> {
        match timeout(self.timeout, self.next_reply()).await {
            Ok(heard) => heard,
            Err(_) => Err(self.timed_out("no answer")),
        }
    }

    /// Gives the lines of the block that stands behind the last answer to `take`, if one does.
    pub(super) async fn block(
        &mut self,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        // What `take` does with a line may take as long as it likes, such as a person who pages through a list.
        let (mut waited, mut received) = (Duration::ZERO, 0_u64);
        while self.machine.is_in_block() {
            let heard = self.machine.next_event();
            let heard = heard.map_err(|error| Error::Connection {
                peer: self.peer.clone(),
                error,
            })?;
            match heard {
                Some(Event::Line(line)) => take(line).map_err(|error| Error::Local {
                    what: "cannot keep what came",
                    error,
                })?,
                Some(_) => return Ok(()),
                None => {
                    let begun = Instant::now();
                    let length = match timeout(self.timeout, self.fill()).await {
                        Ok(filled) => filled?,
                        Err(_) => return Err(self.timed_out("no more of the answer")),
                    };
                    received = received.saturating_add(length as u64);
                    if let Some(watch) = &self.watch {
                        watch.tell(received);
                    }
                    waited = waited.saturating_add(begun.elapsed());
                    let earned = Duration::from_secs(received / MINIMUM_RATE);
                    if waited > self.timeout.saturating_add(earned) {
                        return Err(self.timed_out("not all of the answer"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends a command, and waits for nothing.
    pub(super) async fn send(&mut self, command: &Command) -> Result<(), Error> {
        if self.connection.is_none() || self.machine.is_closed() {
            return Err(self.gone());
        }
        tracing::debug!(command = command.shown(), "sent");
        let bytes = self
            .machine
            .send(command)
            .map_err(|error| self.broken(error))?;
        self.last = command.shown();
        self.send_bytes(&bytes).await
    }

    /// Sends a piece of an article, as it is to be on the wire.
    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let compressed;
        let bytes = match &mut self.compression {
            Some(streams) => {
                compressed = streams.0.compress(bytes);
                &compressed
            }
            None => bytes,
        };
        let Some(connection) = &mut self.connection else {
            return Err(self.gone());
        };
        let sending = async {
            connection.write_all(bytes).await?;
            connection.flush().await
        };
        match timeout(self.timeout, sending).await {
            Ok(Ok(())) => Ok(()),
            // Whoever was closed on may have been told why.
            Ok(Err(error)) => Err(match self.said_before_the_end().await {
                Some(reply) => Error::Closing(reply),
                None => self.broken(error.into()),
            }),
            Err(_) => Err(self.timed_out("cannot send what belongs")),
        }
    }

    /// The article that the server waited for has been sent.
    pub(super) fn article_sent(&mut self) -> Result<(), Error> {
        self.machine
            .article_sent()
            .map_err(|error| self.broken(error))
    }

    /// Begins TLS, to which the server has just agreed.
    pub(super) async fn start_tls(&mut self) -> Result<(), Error> {
        self.machine
            .start_tls()
            .map_err(|error| self.broken(error))?;
        let Some(connection) = self.connection.take() else {
            return Err(self.gone());
        };
        match timeout(self.timeout, connection.start_tls()).await {
            Ok(Ok(connection)) => {
                self.connection = Some(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(Error::Tls {
                peer: self.peer.clone(),
                error,
            }),
            Err(_) => Err(self.timed_out("no TLS handshake")),
        }
    }

    /// Begins compression, to which the server has just agreed.
    pub(super) fn start_compression(&mut self) -> Result<(), Error> {
        self.machine
            .start_compression()
            .map_err(|error| self.broken(error))?;
        self.compression = Some(Box::default());
        Ok(())
    }

    /// Ends the connection in order.
    pub(super) async fn close(mut self) {
        // Everything was said; how the server takes it changes nothing.
        self.break_off().await;
    }

    /// Ends the connection in the middle of what is being sent, so that the server does not wait for the rest.
    pub(super) async fn break_off(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            let _ = timeout(self.timeout, connection.shutdown()).await;
        }
    }

    /// The error that the server's no is.
    pub(super) fn refused(&self, reply: Reply) -> Error {
        Error::Refused {
            command: self.last.clone(),
            reply,
        }
    }

    /// What went wrong with the connection, or with what the caller wants of it.
    pub(super) fn broken(&self, error: lariat_protocol::Error) -> Error {
        match error {
            lariat_protocol::Error::Misuse(words) => Error::Misuse(words),
            error => Error::Connection {
                peer: self.peer.clone(),
                error,
            },
        }
    }

    fn timed_out(&self, what: &str) -> Error {
        Error::TimedOut {
            peer: self.peer.clone(),
            what: format!("{what} to {}", self.last),
            after: self.timeout,
        }
    }

    async fn next_reply(&mut self) -> Result<Reply, Error> {
        loop {
            let heard = self.machine.next_event();
            let heard = heard.map_err(|error| Error::Connection {
                peer: self.peer.clone(),
                error,
            })?;
            match heard {
                Some(Event::Reply(reply)) => {
                    tracing::debug!(reply = reply.shown(), "heard");
                    return Ok(reply);
                }
                Some(Event::Closing(reply)) => return Err(Error::Closing(reply)),
                // A step that was dropped has left lines behind, and the machine has refused to send another.
                Some(Event::Line(_) | Event::End) => {}
                None => {
                    self.fill().await?;
                }
            }
        }
    }

    /// Gets something more for the machine, and says how many bytes came over the connection for it.
    async fn fill(&mut self) -> Result<usize, Error> {
        let mut came = 0;
        loop {
            if let Some(streams) = &mut self.compression {
                // A piece at a time, so that the machine can refuse what becomes too much.
                let given =
                    streams
                        .1
                        .next_piece(&mut self.piece)
                        .map_err(|error| Error::Connection {
                            peer: self.peer.clone(),
                            error,
                        })?;
                if given > 0 {
                    self.machine.receive(&self.piece[..given]);
                    return Ok(came);
                }
            }
            let Some(connection) = &mut self.connection else {
                return Err(self.gone());
            };
            let length = match connection.read(&mut self.piece).await {
                Ok(0) => return Err(self.ended()),
                Ok(length) => length,
                Err(error) => return Err(self.broken(error.into())),
            };
            came += length;
            match &mut self.compression {
                Some(streams) => streams.1.receive(&self.piece[..length]),
                None => {
                    self.machine.receive(&self.piece[..length]);
                    return Ok(came);
                }
            }
        }
    }

    /// A farewell that came before the connection broke.
    async fn said_before_the_end(&mut self) -> Option<Reply> {
        match timeout(EXPLANATION, self.next_reply()).await {
            Ok(Err(Error::Closing(reply))) => Some(reply),
            _ => None,
        }
    }

    fn ended(&mut self) -> Error {
        let error = match self.machine.end() {
            Ok(()) => lariat_protocol::Error::unexpected("the server closed the connection"),
            Err(error) => error,
        };
        self.broken(error)
    }

    fn gone(&self) -> Error {
        let error = io::Error::new(io::ErrorKind::NotConnected, "the connection is closed");
        self.broken(error.into())
    }
}
