//! The server's side: everything back.

use crate::contract::{Protocol, Transport};

/// Says everything back. A peer that does not read is slowed by the driver, which reads no
/// more of it while much waits to be sent.
///
/// ```
/// use lariat_protocol::echo::EchoServer;
/// use lariat_protocol::{Protocol, Transport};
///
/// let mut transport = Transport::unconnected();
/// EchoServer.data_received(&mut transport, b"any bytes");
/// assert_eq!(transport.take_written(), b"any bytes");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoServer;

impl Protocol for EchoServer {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        transport.write(data);
    }
}
