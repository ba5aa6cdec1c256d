//! The discard client (RFC 863): sends, and hears nothing.

use lariat_protocol::{Address, Endpoint};
use tokio::io::AsyncWriteExt;

use crate::asking::{AskOptions, Asked, Error};

/// A connection to a discard server.
///
/// ```no_run
/// use lariat_client::discard::Client;
///
/// # async fn f() -> Result<(), lariat_client::asking::Error> {
/// let endpoint = "tcp://localhost:9".parse().expect("a URL");
/// let mut client = Client::connect(&endpoint, Default::default()).await?;
/// client.send(b"nobody wants this").await?;
/// client.finish().await?;
/// # Ok(()) }
/// ```
pub struct Client(Asked);

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// As [`lariat_net::connect`].
    pub async fn connect(endpoint: &Endpoint, options: AskOptions) -> Result<Self, Error> {
        Ok(Client(Asked::connect(endpoint, options).await?))
    }

    /// The server.
    pub fn peer(&self) -> &Address {
        self.0.peer()
    }

    /// Whether nobody says what has arrived.
    pub fn is_datagram(&self) -> bool {
        self.0.is_datagram()
    }

    /// Whether what is sent is one message each time.
    pub fn is_message_oriented(&self) -> bool {
        self.0.is_message_oriented()
    }

    /// Sends bytes; where messages have boundaries, as one.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
    pub async fn send(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.0.is_message_oriented() {
            return self.0.send_message(data).await;
        }
        let sent = self.0.connection.write_all(data).await;
        sent.map_err(|error| self.0.broken(error))
    }

    /// Ends, and waits until the server has taken everything and ended too. Over datagrams
    /// nobody can tell.
    ///
    /// # Errors
    ///
    /// When the connection breaks before, or the server does not end in time.
    pub async fn finish(mut self) -> Result<(), Error> {
        let ended = self.0.connection.shutdown().await;
        ended.map_err(|error| self.0.broken(error))?;
        if self.0.is_datagram() {
            return Ok(());
        }
        // What such a server says, if it does say something, is nothing to us.
        while !self.0.receive().await?.is_empty() {}
        Ok(())
    }
}
