//! The quote of the day's client (RFC 865).

use lariat_protocol::Endpoint;
use lariat_protocol::qotd::QotdClient;

use crate::asking::{AskOptions, Asked, Error, QUESTION};

/// Asks a server for its quote, without its last line end.
///
/// ```no_run
/// # async fn f() -> Result<(), lariat_client::asking::Error> {
/// let endpoint = "tcp://localhost:17".parse().expect("a URL");
/// let quote = lariat_client::qotd::ask(&endpoint, Default::default()).await?;
/// println!("{}", String::from_utf8_lossy(&quote));
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// When there is no connection or no answer, or more than an answer can be.
pub async fn ask(endpoint: &Endpoint, options: AskOptions) -> Result<Vec<u8>, Error> {
    let mut asked = Asked::connect(endpoint, options).await?;
    let mut client = QotdClient::default();
    // Long enough for the longest quote to be allowed.
    let heard = asked.listen(&QUESTION, |came| client.data_received(came));
    heard.await?;
    client.answer().map_err(|error| asked.broken(error))
}
