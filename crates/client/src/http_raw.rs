//! Fetching by HTTP/1.1 over a connection of one's own: one `GET`, to its last byte.

use std::io;

use lariat_protocol::Endpoint;
use lariat_protocol::http_raw::{Header, ResponseReader, request};

use crate::asking::{AskOptions, Asked, Error, Moved};

/// Connects, sends a `GET` for the target on the host, and reads the answer. `begin` is told the header
/// and may say that the body is not wanted; `take` is given the body piece by piece.
///
/// Returns the header and how many bytes the body had. That those are all is certain where the header
/// has a length, or the body comes in chunks; otherwise the connection's end is believed.
///
/// ```no_run
/// # async fn f() -> Result<(), lariat_client::http_raw::FetchError> {
/// let endpoint = "tcp://example.org:80".parse().expect("a URL");
/// let mut page = Vec::new();
/// let take = |piece: &[u8]| {
///     page.extend_from_slice(piece);
///     Ok(())
/// };
/// lariat_client::http_raw::get(&endpoint, "example.org", "/", Default::default(), |_| true, take)
///     .await?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// When there is no connection or no whole answer, or the body cannot be taken.
pub async fn get(
    endpoint: &Endpoint,
    host: &str,
    target: &str,
    options: AskOptions,
    begin: impl FnOnce(&Header) -> bool,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(Header, u64), FetchError> {
    let mut asked = Asked::connect(endpoint, options).await?;
    let request = request(host, target).map_err(|error| asked.broken(error))?;
    asked.send_all(&request).await?;
    let mut reader = ResponseReader::default();
    let mut begin = Some(begin);
    let mut length = 0;
    while !reader.is_complete() {
        let Moved::Received(came) = asked.move_bytes(&[]).await? else {
            continue;
        };
        let came = asked.received(came);
        let mut content = Vec::new();
        let read = match came.is_empty() {
            true => reader.end(),
            false => reader.read(came, |piece| content.extend_from_slice(piece)),
        };
        if let Some(header) = reader.header()
            && let Some(begin) = begin.take()
            && !begin(header)
        {
            return Ok((header.clone(), 0));
        }
        length += content.len() as u64;
        take(&content).map_err(FetchError::Take)?;
        read.map_err(|error| asked.broken(error))?;
    }
    let header = reader.header().cloned().unwrap_or_default();
    Ok((header, length))
}

/// Why nothing whole was fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There was no connection, or no whole answer.
    #[error(transparent)]
    Asking(#[from] Error),
    /// The body could not be taken.
    #[error("{0}")]
    Take(#[source] io::Error),
}
