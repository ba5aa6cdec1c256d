//! How an answer came about.

use std::sync::Arc;

use http::Uri;
use lariat_protocol::{Address, TlsInfo};

/// How an answer came about, among the `extensions` of each.
///
/// ```no_run
/// # async fn f(client: lariat_client::http::Client, request: http::Request<lariat_client::http::Body>)
/// # -> Result<(), lariat_client::http::Error> {
/// use lariat_client::http::Exchange;
///
/// let response = client.send(request).await?;
/// if let Some(exchange) = response.extensions().get::<Exchange>() {
///     println!("{} from {}", exchange.address, exchange.peer);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// What was asked for at last.
    pub address: Uri,
    /// What was asked for before, each of which pointed to the next.
    pub redirects: Vec<Uri>,
    /// How often requests were repeated.
    pub repetitions: u32,
    /// The other end of the connection: the server, or a proxy.
    pub peer: Address,
    /// The TLS session, if there is one.
    pub tls: Option<Arc<TlsInfo>>,
    /// Whether an earlier request had the connection.
    pub is_reused: bool,
    /// How the body was compressed that is unpacked now: `gzip`, `deflate`, `br` or `zstd`. The header says nothing of it any more.
    pub encoding: Option<&'static str>,
    /// How many bytes it has on the connection, if the server says that.
    pub wire_length: Option<u64>,
}
