//! The control connection: commands sent, replies waited for, each within its time.

use std::io;
use std::time::Duration;

use lariat_net::Connection;
use lariat_protocol::Address;
use lariat_protocol::ftp::{Command, ControlClient, Encoding, Event, Reply, Text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Error;
use crate::argument::{about, quoted};

/// How much is read at once.
const PIECE: usize = 8 * 1024;

/// A control connection and what is being waited for on it.
pub(super) struct Control {
    /// Gone when TLS could not be begun on it.
    connection: Option<Connection>,
    machine: ControlClient,
    peer: Address,
    local: Address,
    pub(super) timeout: Duration,
    /// What was sent last, for messages.
    last: String,
}

impl Control {
    pub(super) fn new(connection: Connection, encoding: Encoding, timeout: Duration) -> Self {
        Control {
            peer: connection.peer().clone(),
            local: connection.local().clone(),
            connection: Some(connection),
            machine: ControlClient::new(encoding),
            timeout,
            last: "the connection".into(),
        }
    }

    pub(super) fn peer(&self) -> &Address {
        &self.peer
    }

    pub(super) fn local(&self) -> &Address {
        &self.local
    }

    pub(super) fn is_idle(&self) -> bool {
        self.machine.is_idle()
    }

    pub(super) fn is_in_transfer(&self) -> bool {
        self.machine.is_in_transfer()
    }

    /// Whether TLS is on it.
    pub(super) fn is_secret(&self) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| connection.tls().is_some())
    }

    /// The server's first words. Each 120 before them asks for patience, and gets no time of its own: they could
    /// come for ever.
    pub(super) async fn welcome(&mut self) -> Result<Reply, Error> {
        let waiting = self.timeout;
        let reply = match timeout(waiting, self.answer()).await {
            Ok(heard) => heard?,
            Err(_) => return Err(self.timed_out("no answer")),
        };
        match reply.is_success() {
            true => Ok(reply),
            false => Err(self.refused(reply)),
        }
    }

    /// Sends a command and waits for its answer, whatever that is.
    pub(super) async fn ask(&mut self, command: &Command) -> Result<Reply, Error> {
        self.send(command).await?;
        match self.next().await? {
            Event::Reply(reply) | Event::Preliminary(reply) => Ok(reply),
            Event::Closing(reply) => Err(Error::Closing(reply)),
        }
    }

    /// Sends a command whose answer must be that it was done (2xx).
    pub(super) async fn expect_done(&mut self, command: &Command) -> Result<Reply, Error> {
        let reply = self.ask(command).await?;
        match reply.is_success() {
            true => Ok(reply),
            false => Err(self.refused(reply)),
        }
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
        if *command != Command::Noop {
            self.last = command.shown();
        }
        let Some(connection) = &mut self.connection else {
            return Err(self.gone());
        };
        let sending = async {
            connection.write_all(&bytes).await?;
            connection.flush().await
        };
        match timeout(self.timeout, sending).await {
            Ok(Ok(())) => Ok(()),
            // Whoever was closed on may have been told why.
            Ok(Err(error)) => Err(match self.said_before_the_end().await {
                Some(reply) => Error::Closing(reply),
                None => self.broken(error.into()),
            }),
            Err(_) => Err(self.timed_out("cannot send")),
        }
    }

    /// What the server says next.
    pub(super) async fn next(&mut self) -> Result<Event, Error> {
        let waiting = self.timeout;
        match timeout(waiting, self.listen()).await {
            Ok(heard) => heard,
            Err(_) => Err(self.timed_out("no answer")),
        }
    }

    /// The answer to the command, or the end of the transfer, behind what may come before.
    pub(super) async fn answer(&mut self) -> Result<Reply, Error> {
        loop {
            match self.next().await? {
                Event::Reply(reply) => return Ok(reply),
                Event::Preliminary(_) => {}
                Event::Closing(reply) => return Err(Error::Closing(reply)),
            }
        }
    }

    /// Hears what is owed to a step that was dropped, up to where a transfer has begun.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        while !self.machine.is_idle() && !self.machine.is_in_transfer() {
            if let Event::Closing(reply) = self.next().await? {
                return Err(Error::Closing(reply));
            }
        }
        Ok(())
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

    /// Ends the connection in order.
    pub(super) async fn close(mut self) {
        if let Some(mut connection) = self.connection.take() {
            // Everything was said; how the server takes it changes nothing.
            let _ = timeout(self.timeout, connection.shutdown()).await;
        }
    }

    /// An argument of a command.
    pub(super) fn text(&self, text: &str) -> Result<Text, Error> {
        Text::new(text).map_err(|error| self.broken(about(&quoted(text), error)))
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

    pub(super) fn timed_out(&self, what: &str) -> Error {
        Error::TimedOut {
            peer: self.peer.clone(),
            what: format!("{what} to {}", self.last),
            after: self.timeout,
        }
    }

    /// What was sent last, as it may be shown.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    async fn listen(&mut self) -> Result<Event, Error> {
        let mut piece = [0; PIECE];
        loop {
            let heard = self
                .machine
                .next_event()
                .map_err(|error| self.broken(error))?;
            if let Some(event) = heard {
                tracing::debug!(?event, "heard");
                return Ok(event);
            }
            let Some(connection) = &mut self.connection else {
                return Err(self.gone());
            };
            match connection.read(&mut piece).await {
                Ok(0) => return Err(self.ended()),
                Ok(length) => self.machine.receive(&piece[..length]),
                Err(error) => return Err(self.broken(error.into())),
            }
        }
    }

    /// A farewell that came before the connection broke.
    async fn said_before_the_end(&mut self) -> Option<Reply> {
        match timeout(Duration::from_secs(1), self.listen()).await {
            Ok(Ok(Event::Closing(reply))) => Some(reply),
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
