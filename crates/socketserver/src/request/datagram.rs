//! One datagram, as its handler sees it.

use std::fmt;
use std::io::{self, Cursor};
use std::sync::Arc;

use crate::address::Address;
use crate::transport::Accepted;

/// One datagram: its bytes in `rfile`, and in `wfile` those of the one reply, which is sent when
/// the handler has finished. A handler that writes nothing sends no reply.
///
/// ```
/// use std::io::Write;
///
/// use lariat_socketserver::{DatagramRequest, HandlerResult};
///
/// fn shout(request: &mut DatagramRequest) -> HandlerResult {
///     let reply = request.packet().to_ascii_uppercase();
///     request.wfile.write_all(&reply)?;
///     Ok(())
/// }
/// ```
pub struct DatagramRequest {
    /// What the client sent.
    pub rfile: Cursor<Vec<u8>>,
    /// The reply, as far as it is written.
    pub wfile: Vec<u8>,
    /// Who sent it, and is replied to.
    pub client_address: Address,
    /// Where the server is.
    pub server_address: Address,
    replies: Arc<dyn Replies>,
}

/// A socket that replies are sent from.
pub(crate) trait Replies: Send + Sync {
    fn reply(&self, data: &[u8], to: &Address) -> io::Result<()>;
}

impl DatagramRequest {
    pub(crate) fn new(packet: Vec<u8>, accepted: &Accepted, replies: Arc<dyn Replies>) -> Self {
        DatagramRequest {
            rfile: Cursor::new(packet),
            wfile: Vec::new(),
            client_address: accepted.client.clone(),
            server_address: accepted.server.clone(),
            replies,
        }
    }

    /// The whole datagram, however much of `rfile` was read.
    pub fn packet(&self) -> &[u8] {
        self.rfile.get_ref()
    }

    /// Sends the reply, if there is one.
    pub(crate) fn reply(&mut self) -> io::Result<()> {
        if self.wfile.is_empty() {
            return Ok(());
        }
        self.replies.reply(&self.wfile, &self.client_address)
    }
}

impl fmt::Debug for DatagramRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramRequest")
            .field("client", &self.client_address)
            .field("length", &self.packet().len())
            .finish_non_exhaustive()
    }
}
