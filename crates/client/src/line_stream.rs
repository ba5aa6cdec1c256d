//! A connection on which both sides say lines, at any time: what the clients of conversations have in
//! common.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use lariat_net::Connection;
use lariat_protocol::Address;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::asking::{BUFFER, Error};

/// How much may wait to be sent before who speaks should wait.
const MUCH: usize = 64 * 1024;

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// Lines in both directions. Where messages have boundaries, each ends its last line: other programs
/// send a line as a message, with a line end or without.
pub(crate) struct LineStream {
    connection: Connection,
    /// The longest line that is taken, in bytes.
    maximum: usize,
    /// Where a message is read to, where there are messages.
    message: Option<Box<[u8]>>,
    /// What came, how much of it was taken as lines, and how much has been looked at.
    incoming: Vec<u8>,
    taken: usize,
    searched: usize,
    outgoing: VecDeque<Bytes>,
    outgoing_bytes: usize,
    /// Nothing more can be sent; what the other side said last may still be there to be read.
    is_mute: bool,
    has_ended: bool,
}

impl LineStream {
    pub(crate) fn new(connection: Connection, maximum: usize) -> Self {
        let is_messages = connection.is_message_oriented();
        LineStream {
            connection,
            maximum,
            message: is_messages.then(|| vec![0; BUFFER].into_boxed_slice()),
            incoming: Vec::new(),
            taken: 0,
            searched: 0,
            outgoing: VecDeque::new(),
            outgoing_bytes: 0,
            is_mute: false,
            has_ended: false,
        }
    }

    pub(crate) fn peer(&self) -> &Address {
        self.connection.peer()
    }

    /// Puts a line among those to be sent, which [`next`](Self::next) does.
    pub(crate) fn send(&mut self, line: &str) {
        let line = Bytes::from(format!("{line}\n"));
        self.outgoing_bytes += line.len();
        self.outgoing.push_back(line);
    }

    /// Whether so little waits to be sent that more may be said.
    pub(crate) fn has_room(&self) -> bool {
        self.outgoing_bytes < MUCH
    }

    /// The next line, without its end; nothing at the end. Meanwhile sends what waits. May be
    /// dropped and called again without losing anything.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Error> {
        loop {
            if let Some(line) = self.take_line()? {
                return Ok(Some(line));
            }
            if self.has_ended {
                let rest = std::mem::take(&mut self.incoming);
                self.searched = 0;
                return Ok((!rest.is_empty()).then(|| text(&rest)));
            }
            let moved = poll_fn(|context| self.poll_move(context)).await;
            moved.map_err(|error| self.broken(error.into()))?;
        }
    }

    fn take_line(&mut self) -> Result<Option<String>, Error> {
        let end = self.incoming[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n');
        let end = end.map(|behind| self.searched + behind);
        if end.unwrap_or(self.incoming.len()) - self.taken > self.maximum {
            let maximum = self.maximum;
            let error = format!("a line is longer than {maximum} bytes");
            return Err(self.broken(lariat_protocol::Error::limit(error)));
        }
        let Some(end) = end else {
            // Moved to the front once for all lines of a piece, and not for each of them: thousands may
            // be in one.
            self.incoming.drain(..self.taken);
            self.taken = 0;
            self.searched = self.incoming.len();
            return Ok(None);
        };
        let line = text(&self.incoming[self.taken..end]);
        self.taken = end + 1;
        self.searched = self.taken;
        Ok(Some(line))
    }

    /// Sends what can be sent, and waits for something to come.
    fn poll_move(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if !self.is_mute {
            // Whoever cannot be spoken to may have said why.
            self.is_mute = matches!(self.poll_send(context), Poll::Ready(Err(_)));
        }
        let connection = Pin::new(&mut self.connection);
        if let Some(message) = &mut self.message {
            // It is as long as any message, so that each comes whole; one of no bytes is not handed up.
            let mut buffer = ReadBuf::new(message);
            ready!(connection.poll_read(context, &mut buffer))?;
            self.has_ended = buffer.filled().is_empty();
            self.incoming.extend_from_slice(buffer.filled());
            if self.incoming.last().is_some_and(|byte| *byte != b'\n') {
                self.incoming.push(b'\n');
            }
            return Poll::Ready(Ok(()));
        }
        let mut piece = [0; PIECE];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(connection.poll_read(context, &mut buffer))?;
        self.has_ended = buffer.filled().is_empty();
        self.incoming.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        while let Some(line) = self.outgoing.front_mut() {
            let sent = ready!(Pin::new(&mut self.connection).poll_write(context, line))?;
            if sent == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            line.advance(sent);
            self.outgoing_bytes -= sent;
            if line.is_empty() {
                self.outgoing.pop_front();
            }
        }
        Pin::new(&mut self.connection).poll_flush(context)
    }

    /// Sends what waits, and says that nothing more comes.
    pub(crate) async fn end(&mut self) -> Result<(), Error> {
        let ended = async {
            poll_fn(|context| self.poll_send(context)).await?;
            self.connection.shutdown().await
        };
        let ended = ended.await;
        ended.map_err(|error: std::io::Error| self.broken(error.into()))
    }

    pub(crate) fn broken(&self, error: lariat_protocol::Error) -> Error {
        Error::Connection {
            peer: self.peer().clone(),
            error,
        }
    }
}

/// A line as text, whatever is in it, without the CR that may stand at its end.
fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}
