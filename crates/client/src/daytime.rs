//! The daytime client (RFC 867): the time as a server writes it.

use lariat_protocol::Endpoint;
use lariat_protocol::daytime::DaytimeClient;

use crate::asking::{AskOptions, Asked, Error};

/// Asks a server for the time, in whatever form it writes it, without its line end.
///
/// ```no_run
/// # async fn f() -> Result<(), lariat_client::asking::Error> {
/// let endpoint = "udp://localhost:13".parse().expect("a URL");
/// let time = lariat_client::daytime::ask(&endpoint, Default::default()).await?;
/// println!("{}", String::from_utf8_lossy(&time));
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// When there is no connection or no answer, or more than an answer can be.
pub async fn ask(endpoint: &Endpoint, options: AskOptions) -> Result<Vec<u8>, Error> {
    let mut asked = Asked::connect(endpoint, options).await?;
    let mut client = DaytimeClient::default();
    let heard = asked.listen(b"", |came| client.data_received(came));
    heard.await?;
    client.answer().map_err(|error| asked.broken(error))
}
