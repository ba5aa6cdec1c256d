//! The server's side: everything is thrown away.

use crate::contract::{Protocol, Transport};

/// Throws everything away, as fast as it comes, and keeps none of it.
///
/// ```
/// use lariat_protocol::discard::DiscardServer;
/// use lariat_protocol::{Protocol, Transport};
///
/// let mut transport = Transport::unconnected();
/// DiscardServer.data_received(&mut transport, b"any bytes");
/// assert_eq!(transport.take_written(), b"");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DiscardServer;

impl Protocol for DiscardServer {
    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}
