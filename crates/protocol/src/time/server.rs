//! The server's side: four bytes, and the end.

use crate::contract::{Protocol, Transport};
use crate::time::wire;

/// Says the time and closes.
///
/// ```
/// use lariat_protocol::time::TimeServer;
/// use lariat_protocol::{Protocol, Transport};
///
/// let mut transport = Transport::unconnected();
/// TimeServer::new(|| 0).connection_made(&mut transport);
/// assert_eq!(transport.take_written(), 2_208_988_800_u32.to_be_bytes());
/// assert!(transport.is_closing());
/// ```
#[derive(Clone, Debug)]
pub struct TimeServer<C>(C);

impl<C: FnMut() -> i64 + Send + 'static> TimeServer<C> {
    /// A server for one connection, or one datagram, that reads the seconds since 1970 from
    /// `clock`.
    pub fn new(clock: C) -> Self {
        TimeServer(clock)
    }
}

impl<C: FnMut() -> i64 + Send + 'static> Protocol for TimeServer<C> {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(&wire((self.0)()));
        // To connect is to ask, and that has been answered.
        transport.message_done();
        transport.lose_connection();
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

/// Whether a datagram may be a server's answer, and so is not to be answered: all of four bytes,
/// since each of those is a time. Clients send none, as the RFC has it.
///
/// ```
/// use lariat_protocol::time::is_answer;
///
/// assert!(is_answer(b"\xc8\x3e\xb9\xf9"));
/// assert!(!is_answer(b""));
/// ```
pub fn is_answer(datagram: &[u8]) -> bool {
    datagram.len() == 4
}
