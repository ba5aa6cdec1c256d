//! Asking a service that answers whoever comes: by connecting, or by any datagram, which is sent
//! again when it or its answer may be lost.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use lariat_net::{ConnectOptions, Connection};
use lariat_protocol::{Address, Endpoint};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout_at};

/// How long a server may keep silent on a stream.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer to a datagram is waited for: one second, and then two and four after the
/// datagram was sent again.
pub const DATAGRAM_TIMEOUT: Duration = Duration::from_secs(7);

/// How a datagram's time is divided among the times that it is sent.
const SHARES: [u32; 3] = [1, 2, 4];

/// Larger than any message that carriers take, so that none is cut.
pub(crate) const BUFFER: usize = 64 * 1024 + 1024;

/// Enough for an answer of 512 bytes not to be more than three times the question, headers
/// counted: what a server may send over UDP that keeps others from being flooded.
pub(crate) const QUESTION: [u8; 160] = [0; 160];

/// How to ask.
#[derive(Clone, Debug, Default)]
pub struct AskOptions {
    /// How to connect.
    pub connect: ConnectOptions,
    /// How long an answer may take. Default [`ANSWER_TIMEOUT`], over datagrams
    /// [`DATAGRAM_TIMEOUT`].
    pub timeout: Option<Duration>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] lariat_net::Error),
    /// The server's bytes are no answer, or the connection broke.
    #[error("{peer}: {error}")]
    Connection {
        /// The server.
        peer: Address,
        /// What happened.
        #[source]
        error: lariat_protocol::Error,
    },
    /// The server was silent for too long.
    #[error("{peer}: no answer within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The server.
        peer: Address,
        /// The time that was allowed.
        after: Duration,
    },
    /// No datagram was answered.
    #[error(
        "{peer}: no answer to {datagrams} datagrams within {} s; they may be lost, or nobody \
         may be there",
        .after.as_secs_f64()
    )]
    NoAnswer {
        /// Whom they were sent to.
        peer: Address,
        /// How many were sent.
        datagrams: usize,
        /// The time in all.
        after: Duration,
    },
}

/// A connection to a server that is asked, with the time that it has.
pub(crate) struct Asked {
    pub(crate) connection: Connection,
    /// What it leads to: for a name, where that is.
    pub(crate) found: Endpoint,
    is_datagram: bool,
    timeout: Duration,
    buffer: Vec<u8>,
}

/// What a connection has moved.
pub(crate) enum Moved {
    /// So many bytes came; none is the end.
    Received(usize),
    /// So many left.
    Sent(usize),
}

impl Asked {
    pub(crate) async fn connect(endpoint: &Endpoint, options: AskOptions) -> Result<Self, Error> {
        // A name may lead to either.
        let (found, connection) = lariat_net::find(endpoint, options.connect).await?;
        let is_datagram = found.is_datagram();
        let otherwise = match is_datagram {
            true => DATAGRAM_TIMEOUT,
            false => ANSWER_TIMEOUT,
        };
        Ok(Asked {
            connection,
            found,
            is_datagram,
            timeout: options.timeout.unwrap_or(otherwise),
            buffer: vec![0; BUFFER],
        })
    }

    pub(crate) fn is_datagram(&self) -> bool {
        self.is_datagram
    }

    pub(crate) fn is_message_oriented(&self) -> bool {
        self.connection.is_message_oriented()
    }

    pub(crate) fn peer(&self) -> &Address {
        self.connection.peer()
    }

    pub(crate) fn broken(&self, error: impl Into<lariat_protocol::Error>) -> Error {
        Error::Connection {
            peer: self.peer().clone(),
            error: error.into(),
        }
    }

    /// Sends a message whole, also one of no bytes.
    pub(crate) async fn send_message(&mut self, message: &[u8]) -> Result<(), Error> {
        let sent = async {
            // One write is one message; `write_all` would send nothing for one of no bytes.
            let _whole = self.connection.write(message).await?;
            self.connection.flush().await
        };
        let sent: io::Result<()> = sent.await;
        sent.map_err(|error| self.broken(error))
    }

    /// Sends all of these bytes, in as many pieces as it takes.
    pub(crate) async fn send_all(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let sent = async {
            self.connection.write_all(bytes).await?;
            self.connection.flush().await
        };
        match tokio::time::timeout(self.timeout, sent).await {
            Ok(sent) => sent.map_err(|error| self.broken(error)),
            Err(_) => Err(Error::TimedOut {
                peer: self.peer().clone(),
                after: self.timeout,
            }),
        }
    }

    /// Reads a piece, or a message; nothing at the end. The server may take its time for it.
    pub(crate) async fn receive(&mut self) -> Result<&[u8], Error> {
        match self.move_bytes(&[]).await? {
            Moved::Received(length) => Ok(&self.buffer[..length]),
            Moved::Sent(_) => Ok(&[]),
        }
    }

    /// What the last [`move_bytes`](Self::move_bytes) has received.
    pub(crate) fn received(&self, length: usize) -> &[u8] {
        &self.buffer[..length]
    }

    /// Receives, or sends of what waits, whichever can be done first.
    pub(crate) async fn move_bytes(&mut self, waiting: &[u8]) -> Result<Moved, Error> {
        let deadline = Instant::now() + self.timeout;
        let moved = timeout_at(deadline, self.move_when_ready(waiting)).await;
        match moved {
            Ok(moved) => moved.map_err(|error| self.broken(error)),
            Err(_) => Err(Error::TimedOut {
                peer: self.peer().clone(),
                after: self.timeout,
            }),
        }
    }

    async fn move_when_ready(&mut self, waiting: &[u8]) -> io::Result<Moved> {
        let (connection, buffer) = (&mut self.connection, &mut self.buffer);
        poll_fn(|context| {
            let mut buffer = ReadBuf::new(buffer);
            let mut connection = Pin::new(&mut *connection);
            if let Poll::Ready(read) = connection.as_mut().poll_read(context, &mut buffer) {
                return Poll::Ready(read.map(|()| Moved::Received(buffer.filled().len())));
            }
            if waiting.is_empty() {
                // Layers keep bytes back that they were given.
                return match connection.poll_flush(context) {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    _ => Poll::Pending,
                };
            }
            let written = connection.poll_write(context, waiting);
            written.map_ok(Moved::Sent)
        })
        .await
    }

    /// Sends a message until one comes that is an answer to it, and gives that; only once unless
    /// it may be sent again. An answer of no bytes is not seen, as if it were lost.
    pub(crate) async fn exchange(
        &mut self,
        question: &[u8],
        again: bool,
        mut is_answer: impl FnMut(&[u8]) -> bool,
    ) -> Result<&[u8], Error> {
        let shares = match again {
            true => &SHARES[..],
            false => &SHARES[..1],
        };
        let whole: u32 = shares.iter().sum();
        for share in shares {
            self.send_message(question).await?;
            let wait = self.timeout * *share / whole;
            let deadline = Instant::now() + wait;
            while let Ok(moved) = timeout_at(deadline, self.move_when_ready(&[])).await {
                let moved = moved.map_err(|error| self.broken(error))?;
                let Moved::Received(length) = moved else {
                    continue;
                };
                if length == 0 {
                    let closed = io::Error::from(io::ErrorKind::UnexpectedEof);
                    return Err(self.broken(closed));
                }
                if is_answer(&self.buffer[..length]) {
                    return Ok(&self.buffer[..length]);
                }
            }
        }
        let (peer, after) = (self.peer().clone(), self.timeout);
        Err(match self.is_datagram {
            true => Error::NoAnswer {
                peer,
                datagrams: shares.len(),
                after,
            },
            false => Error::TimedOut { peer, after },
        })
    }

    /// Gives everything that a server says to `take`, which speaks first and closes; over
    /// datagrams, the answer to this one.
    pub(crate) async fn listen(
        &mut self,
        question: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), lariat_protocol::Error>,
    ) -> Result<(), Error> {
        if self.is_datagram {
            let taken = take(self.exchange(question, true, |_| true).await?);
            return taken.map_err(|error| self.broken(error));
        }
        // Not from piece to piece: all of it is little.
        let deadline = Instant::now() + self.timeout;
        loop {
            let moved = timeout_at(deadline, self.move_when_ready(&[])).await;
            let length = match moved {
                Ok(Ok(Moved::Received(length))) => length,
                Ok(Ok(Moved::Sent(_))) => continue,
                Ok(Err(error)) => return Err(self.broken(error)),
                Err(_) => {
                    return Err(Error::TimedOut {
                        peer: self.peer().clone(),
                        after: self.timeout,
                    });
                }
            };
            if length == 0 {
                return Ok(());
            }
            let taken = take(&self.buffer[..length]);
            taken.map_err(|error| self.broken(error))?;
        }
    }
}
