//! Fetching by HTTP/1.1 over a connection of one's own: one `GET`, to its last byte.

use std::io;

use lariat_protocol::Endpoint;
use lariat_protocol::http_raw::{Header, ResponseReader, request};

use crate::asking::{AskOptions, Asked, Error, Moved};

/// Connects, sends a `GET` for the target on the host, and reads the answer. Without a host, what was
/// connected to is [named](host_of). `begin` is told the header and may say that the body is not wanted;
/// `take` is given the body piece by piece.
///
/// Returns the header and how many bytes the body had. That those are all is certain where the header
/// has a length, or the body comes in chunks ([`Header::names_length`]); otherwise the connection's end is
/// believed.
///
/// ```no_run
/// # async fn f() -> Result<(), lariat_client::http_raw::FetchError> {
/// let endpoint = "tcp://example.org:80".parse().expect("a URL");
/// let mut page = Vec::new();
/// let take = |piece: &[u8]| {
///     page.extend_from_slice(piece);
///     Ok(())
/// };
/// lariat_client::http_raw::get(&endpoint, None, "/", Default::default(), |_| true, take).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// When there is no connection or no whole answer, or the body cannot be taken.
pub async fn get(
    endpoint: &Endpoint,
    host: Option<&str>,
    target: &str,
    options: AskOptions,
    begin: impl FnOnce(&Header) -> bool,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(Header, u64), FetchError> {
    let mut asked = Asked::connect(endpoint, options).await?;
    if asked.is_message_oriented() {
        // A name may lead to one.
        let error = lariat_protocol::Error::misuse("it carries messages, and HTTP needs a stream");
        return Err(asked.broken(error).into());
    }
    let host = host.map_or_else(|| host_of(&asked.found), str::to_owned);
    let request = request(&host, target).map_err(|error| asked.broken(error))?;
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

/// What a request calls the host of an endpoint (RFC 9112, 3.2): with its port, unless that is the usual
/// one. Where there is none, as at a Unix socket, it is `localhost`.
///
/// ```
/// use lariat_client::http_raw::host_of;
///
/// let of = |text: &str| host_of(&text.parse().expect("an endpoint"));
/// assert_eq!(of("tcp://example.org:80"), "example.org");
/// assert_eq!(of("tls://[::1]:80"), "[::1]:80");
/// assert_eq!(of("unix:/run/web.sock"), "localhost");
/// ```
pub fn host_of(endpoint: &Endpoint) -> String {
    let usual = if endpoint.is_tls() { 443 } else { 80 };
    let Some(host) = endpoint.host() else {
        return "localhost".into();
    };
    let host = match host.address() {
        Some(address) if address.is_ipv6() => format!("[{address}]"),
        _ => host.to_string(),
    };
    match endpoint.port() {
        Some(port) if port != usual => format!("{host}:{port}"),
        _ => host,
    }
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
