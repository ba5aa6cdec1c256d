//! The echo client (RFC 862): what is sent must come back, over any endpoint.

use lariat_protocol::echo::EchoClient;
use lariat_protocol::{Address, Endpoint};
use tokio::io::AsyncWriteExt;

use crate::asking::{AskOptions, Asked, Error, Moved};

/// A conversation with an echo server.
///
/// ```no_run
/// use lariat_client::echo::Client;
///
/// # async fn f() -> Result<(), lariat_client::asking::Error> {
/// let endpoint = "tcp://localhost:7".parse().expect("a URL");
/// let mut client = Client::connect(&endpoint, Default::default()).await?;
/// client.exchange(b"hello").await?;
/// # Ok(()) }
/// ```
pub struct Client {
    asked: Asked,
    conversation: EchoClient,
    /// The datagram before the last one, whose answer may come once more.
    before: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// As [`lariat_net::connect`].
    pub async fn connect(endpoint: &Endpoint, options: AskOptions) -> Result<Self, Error> {
        Ok(Client {
            asked: Asked::connect(endpoint, options).await?,
            conversation: EchoClient::default(),
            before: Vec::new(),
        })
    }

    /// The server.
    pub fn peer(&self) -> &Address {
        self.asked.peer()
    }

    /// Whether what is exchanged is one message each time, rather than a part of a stream.
    pub fn is_message_oriented(&self) -> bool {
        self.asked.is_message_oriented()
    }

    /// Sends bytes and waits until they have come back; sends and reads at once, so they may be
    /// many. No bytes at all are not sent: nobody could see them come back.
    ///
    /// # Errors
    ///
    /// When something else comes back, or nothing in time, or the connection breaks.
    pub async fn exchange(&mut self, message: &[u8]) -> Result<(), Error> {
        if self.asked.is_message_oriented() && !message.is_empty() {
            return self.exchange_message(message).await;
        }
        let mut waiting = message;
        while !waiting.is_empty() || self.conversation.outstanding() > 0 {
            match self.asked.move_bytes(waiting).await? {
                Moved::Sent(length) => {
                    let (sent, rest) = waiting.split_at(length);
                    self.conversation.sent(sent);
                    waiting = rest;
                }
                Moved::Received(0) => return Err(self.closed(waiting.len())),
                Moved::Received(length) => {
                    let came = self.asked.received(length);
                    let checked = self.conversation.data_received(came);
                    checked.map_err(|error| self.asked.broken(error))?;
                }
            }
        }
        Ok(())
    }

    async fn exchange_message(&mut self, message: &[u8]) -> Result<(), Error> {
        let before = std::mem::replace(&mut self.before, message.to_vec());
        // Of datagrams, an answer may come twice.
        let may_repeat = self.asked.is_datagram();
        let is_answer = |came: &[u8]| !may_repeat || came == message || came != before;
        let came = self.asked.exchange(message, may_repeat, is_answer).await?;
        match came == message {
            true => Ok(()),
            false => {
                let error = lariat_protocol::Error::invalid(format!(
                    "what came back, of {} bytes, is not what was sent, of {}",
                    came.len(),
                    message.len()
                ));
                Err(self.asked.broken(error))
            }
        }
    }

    fn closed(&self, unsent: usize) -> Error {
        let missing = self.conversation.outstanding() + unsent;
        self.asked
            .broken(lariat_protocol::Error::unexpected(format!(
                "the server closed before the last {missing} bytes came back"
            )))
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
}
