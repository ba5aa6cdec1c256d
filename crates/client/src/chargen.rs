//! The character generator's client (RFC 864): takes characters for as long as it wants.

use lariat_protocol::{Address, Endpoint};

use crate::asking::{AskOptions, Asked, Error, QUESTION};

/// A connection to a character generator.
///
/// ```no_run
/// use lariat_client::chargen::Client;
///
/// # async fn f() -> Result<(), lariat_client::asking::Error> {
/// let endpoint = "tcp://localhost:19".parse().expect("a URL");
/// let mut client = Client::connect(&endpoint, Default::default()).await?;
/// while let Some(characters) = client.next().await? {
///     println!("{}", String::from_utf8_lossy(characters));
/// }
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

    /// Whether each answer has to be asked for.
    pub fn is_message_oriented(&self) -> bool {
        self.0.is_message_oriented()
    }

    /// The next characters; nothing when the server has closed. Where messages have boundaries,
    /// asks for one and waits for it; one of no characters is like one that is lost.
    ///
    /// # Errors
    ///
    /// When nothing comes in time, or the connection breaks.
    pub async fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        if self.0.is_message_oriented() {
            // Long enough for the longest answer to be allowed.
            return Ok(Some(self.0.exchange(&QUESTION, true, |_| true).await?));
        }
        let came = self.0.receive().await?;
        Ok((!came.is_empty()).then_some(came))
    }
}
